"""Cloud Storage: objects with generation preconditions, every failure in our words.

T27: the client repeats what it got no answer for, so our own write can come back as somebody
else's (412). Whoever creates compares what stands there with what was sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import requests
from google.api_core import exceptions as google
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from custody.adapters.ranges import RANGE, UPLOAD_CHUNK, RangeReader, Stored
from custody.errors import (
    AlreadyExistsError,
    ConflictError,
    CorruptError,
    CustodyError,
    NotFoundError,
    RateLimitedError,
    TornReadError,
    UnavailableError,
)

CALL_SECONDS = 30.0
"""How long one call is repeated by the client before Pub/Sub's redelivery takes over."""
_RETRY = DEFAULT_RETRY.with_timeout(CALL_SECONDS)


def storage_client(endpoint: str) -> storage.Client:
    """Google's client; against another endpoint it needs neither credentials nor project."""
    client = _client_of(endpoint)
    # For traces, which we do not make, it would ask about every bucket in a thread of its own.
    client._bucket_metadata_cache = None  # noqa: SLF001 (else an environment variable)
    return client


def _client_of(endpoint: str) -> storage.Client:
    if not endpoint:
        with _our_errors("storage"):
            return storage.Client()
    return storage.Client(
        project="local",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": endpoint},
    )


@contextmanager
def _our_errors(name: str) -> Iterator[None]:
    try:
        yield
    except InvalidResponse as error:
        # What the client's resumable writer raises instead of its own exceptions.
        raise _meaning(int(error.response.status_code), name, str(error)) from error
    except google.GoogleAPICallError as error:
        raise _meaning(error.code or 503, name, error.message) from error
    except DataCorruption as error:
        raise TornReadError(f"{name} arrived with another checksum than was sent") from error
    except (google.RetryError, requests.RequestException) as error:
        raise UnavailableError(f"storage did not take or give {name}") from error
    except GoogleAuthError as error:
        raise UnavailableError("no credentials to be had: run 'custody doctor'") from error


def _meaning(status: int, name: str, message: str) -> CustodyError:
    """What a refusal means for the caller (Cloud Storage, "HTTP status and error codes")."""
    if status == 404 and "bucket does not exist" not in message:
        return NotFoundError(f"no object {name}: it was never written, or is erased")
    if status == 412:
        return ConflictError(f"somebody wrote {name} first: read it and decide again")
    if status == 416:
        return CorruptError(f"{name} is shorter than its record promises: restore another copy")
    if status == 429:
        return RateLimitedError(f"storage asked to slow down at {name}")
    # Retried, not acknowledged: a grant or a bucket that is missing now may be there in a while.
    return UnavailableError(f"storage answered {status} for {name}: run 'custody doctor'")


@contextmanager
def _writing(name: str) -> Iterator[None]:
    """Writing needs no object to be there: a 404 means that the bucket is missing."""
    try:
        with _our_errors(name):
            yield
    except NotFoundError as error:
        raise UnavailableError(f"the bucket for {name} does not exist: create it") from error


def _send_whole(blob: Any, data: bytes, generation: int) -> None:
    """One call; the service refuses bytes that differ from their checksum."""
    blob.upload_from_string(
        data,
        content_type="application/octet-stream",
        if_generation_match=generation,
        checksum="crc32c",
        retry=_RETRY,
    )


class Bucket:
    """One bucket. Names are ours; every write says which generation it replaces."""

    def __init__(self, client: storage.Client, name: str) -> None:
        self._bucket = client.bucket(name)
        self._client = client

    def create(self, name: str, data: bytes) -> int:
        """Writes a name that must not exist, or finds there exactly what it would write.

        Returns the generation. Raises AlreadyExistsError when something else stands there.
        """
        try:
            return self.replace(name, data, generation=0)
        except ConflictError as error:
            raise AlreadyExistsError(f"{name} exists already with other content") from error

    def replace(
        self,
        name: str,
        data: bytes,
        *,
        generation: int,
        metadata: dict[str, str] | None = None,
    ) -> int:
        """Writes over exactly this generation (0: nothing). ConflictError for any other.

        What stands there already, byte for byte, was written: our answer was lost (T27).
        """
        blob = self._bucket.blob(name)
        blob.metadata = metadata
        try:
            with _writing(name):
                _send_whole(blob, data, generation)
        except ConflictError:
            standing = self._standing(name)
            if standing is None or standing.data != data:
                raise
            return standing.generation
        return int(blob.generation)

    def _standing(self, name: str) -> Stored | None:
        try:
            return self.read(name)
        except NotFoundError:
            return None

    def read(self, name: str) -> Stored:
        """The whole object and its generation, checked by crc32c. NotFoundError."""
        blob = self._bucket.blob(name)
        with _our_errors(name):
            data = blob.download_as_bytes(checksum="crc32c", retry=_RETRY)
        return Stored(data=data, generation=int(blob.generation))

    def exists(self, name: str) -> bool:
        try:
            with _our_errors(name):
                self._bucket.blob(name).reload(retry=_RETRY)
        except NotFoundError:
            return False
        return True

    def read_tail(self, name: str, size: int) -> bytes:
        """The last `size` bytes, or all of a shorter object. NotFoundError."""
        with _our_errors(name):
            data: bytes = self._bucket.blob(name).download_as_bytes(
                start=-size, checksum=None, retry=_RETRY
            )
        return data

    def open(self, name: str, size: int, *, step: int = RANGE) -> "RangeReader":
        """The first `size` bytes as a stream in constant memory."""
        blob = self._bucket.blob(name)

        def fetch(start: int, end: int) -> bytes:
            with _our_errors(name):
                data: bytes = blob.download_as_bytes(
                    start=start, end=end, checksum=None, retry=_RETRY, raw_download=True
                )
            return data

        return RangeReader(fetch, name, size, step=step)

    def upload(self, name: str, metadata: dict[str, str]) -> "Upload":
        blob = self._bucket.blob(name)
        blob.metadata = metadata
        return Upload(blob, name)

    def names(self, prefix: str) -> Iterator[str]:
        """Every live name with this prefix, page by page."""
        return (blob.name for blob in self._listed(prefix, "items(name),nextPageToken"))

    def metadata(self, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Every live name with this prefix, and what stands beside its bytes in the clear."""
        found = self._listed(prefix, "items(name,metadata),nextPageToken")
        return ((blob.name, blob.metadata or {}) for blob in found)

    def _listed(self, prefix: str, fields: str) -> Iterator[Any]:
        with _our_errors(prefix):
            yield from self._client.list_blobs(
                self._bucket, prefix=prefix, fields=fields, retry=_RETRY
            )

    def names_between(self, first: str, last: str) -> list[str] | None:
        """The live names from `first` to `last`, both included; None if one page is too small."""
        with _our_errors(first):
            found = self._client.list_blobs(
                self._bucket,
                start_offset=first,
                end_offset=last + "\x00",
                fields="items(name),nextPageToken",
                retry=_RETRY,
            )
            names = [blob.name for blob in next(found.pages, [])]
        return None if found.next_page_token else names

    def names_after(self, prefix: str, after: str, limit: int) -> list[str]:
        """The next live names with this prefix behind `after`, in their order."""
        with _our_errors(prefix):
            found = self._client.list_blobs(
                self._bucket,
                prefix=prefix,
                start_offset=after + "\x00",
                max_results=limit,
                fields="items(name),nextPageToken",
                retry=_RETRY,
            )
            return [blob.name for blob in found]

    def listed(self, prefix: str) -> Iterator[Any]:
        """Every live object with this prefix: name, size and when it was made."""
        return self._listed(prefix, "items(name,size,timeCreated),nextPageToken")

    def stat(self, name: str) -> Any:
        """Size, crc32c and generation of an object. NotFoundError."""
        blob = self._bucket.blob(name)
        with _our_errors(name):
            blob.reload(retry=_RETRY)
        return blob

    def delete(self, name: str, *, generation: int) -> None:
        """Deletes exactly this generation, for good (T28). One that is gone is no error (T27)."""
        try:
            with _our_errors(name):
                self._bucket.delete_blob(
                    name, generation=generation, if_generation_match=generation, retry=_RETRY
                )
        except NotFoundError:
            return


class Upload:
    """A stream into a new object: one call when small, resumable when large.

    Without `commit` there will be no object; an error abandons it.
    """

    def __init__(self, blob: Any, name: str) -> None:
        self._blob = blob
        self._name = name
        self._small: bytearray | None = bytearray()
        self._stream: Any = None

    def write(self, data: bytes, /) -> int:
        if self._small is not None:
            self._small += data
            if len(self._small) < UPLOAD_CHUNK:
                return len(data)
            data_now, self._small = bytes(self._small), None
            self._stream = self._blob.open(
                "wb",
                chunk_size=UPLOAD_CHUNK,
                if_generation_match=0,
                checksum="crc32c",
                retry=_RETRY,
                content_type="application/octet-stream",
            )
        else:
            data_now = data
        with self._taken():
            self._stream.write(data_now)
        return len(data)

    def commit(self) -> None:
        with self._taken():
            if self._small is None:
                self._stream.close()
            else:
                _send_whole(self._blob, bytes(self._small), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Ends an unfinished session. Without a last chunk no object exists (T26)."""
        if kind is not None and self._stream is not None and not self._stream.closed:
            with _our_errors(self._name):
                self._stream.terminate()

    @contextmanager
    def _taken(self) -> Iterator[None]:
        try:
            with _writing(self._name):
                yield
        except ConflictError as error:
            raise AlreadyExistsError(f"{self._name} is stored already") from error
