"""The least that must be done for each file: one read from Drive, one create. THREADS FILE_ID..."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from google.auth.transport.requests import AuthorizedSession
from google.cloud import storage
from google.oauth2.credentials import Credentials

from benchmarks.tasks.telling import tell
from custody.adapters.objects import storage_client
from custody.cloud import connect


class Bare:
    """Google's own clients, one session of each for a thread."""

    def __init__(self) -> None:
        self._settings = connect().settings
        self._local = threading.local()

    def copy(self, file_id: str) -> None:
        root = self._settings.text("CUSTODY_DRIVE_ENDPOINT")
        answer = self._drive().get(
            f"{root}/drive/v3/files/{file_id}?alt=media&supportsAllDrives=true"
        )
        answer.raise_for_status()
        blob = self._bucket().blob(f"bare/{file_id}")
        blob.upload_from_string(answer.content, if_generation_match=0, checksum="crc32c")

    def _drive(self) -> AuthorizedSession:
        if not hasattr(self._local, "drive"):
            token = self._settings.text("CUSTODY_SUBJECT")
            self._local.drive = AuthorizedSession(Credentials(token=token))
        session: AuthorizedSession = self._local.drive
        return session

    def _bucket(self) -> storage.Bucket:
        if not hasattr(self._local, "bucket"):
            client = storage_client(self._settings.text("STORAGE_EMULATOR_HOST"))
            self._local.bucket = client.bucket(self._settings.text("CUSTODY_VAULT_BUCKET"))
        return self._local.bucket


def main(threads: str, *file_ids: str) -> None:
    begun = time.perf_counter()
    bare = Bare()
    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(bare.copy, file_ids))
    tell(seconds=time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
