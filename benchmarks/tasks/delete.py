"""The least that deleting takes: a listing, and deletes by generation in batches. THREADS"""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from google.cloud import storage

from benchmarks.tasks.telling import tell
from custody.adapters.objects import storage_client
from custody.cloud import connect

BATCH = 100
FIELDS = "items(name,generation),nextPageToken"


class Bare:
    """Google's own client on the vault's bucket."""

    def __init__(self) -> None:
        settings = connect().settings
        self._client = storage_client(settings.text("STORAGE_EMULATOR_HOST"))
        self._bucket = self._client.bucket(settings.text("CUSTODY_VAULT_BUCKET"))

    def delete_all(self, threads: int) -> None:
        """The listing goes on while batches are under way."""
        found = iter(self._client.list_blobs(self._bucket, versions=True, fields=FIELDS))
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(self._delete, iter(lambda: list(islice(found, BATCH)), [])))

    def _delete(self, blobs: Sequence[storage.Blob]) -> None:
        with self._client.batch():
            for blob in blobs:
                self._bucket.delete_blob(blob.name, generation=blob.generation)


def main(threads: str) -> None:
    begun = time.perf_counter()
    Bare().delete_all(int(threads))
    tell(seconds=time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
