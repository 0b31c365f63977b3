"""Resumable uploads (docs "Resumable uploads"): sessions that outlive requests and restarts."""

import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from localcloud.errors import ApiError
from localcloud.storage.call import Call
from localcloud.storage.content import Content, Digest
from localcloud.storage.contract import checked_body
from localcloud.storage.model import State, Upload, UploadState
from localcloud.storage.preconditions import require_object
from localcloud.storage.refusals import invalid
from localcloud.storage.resources import object_resource
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.uploads import finish, require_intact, require_name
from localcloud.wire import parse_json

_LIFE = 7 * 86_400
_QUANTUM = 256 * 1024  # all but the last request bring multiples of this
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What one request says about its body."""

    first: int | None  # None asks how far the upload is
    length: int | None  # None where only the end of the body tells
    total: int | None  # None while the client does not know

    @property
    def is_last(self) -> bool:
        if self.first is None or self.length is None:
            return self.length is None
        return self.total is not None and self.first + self.length >= self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The upload is not complete; so many bytes are safe."""

    size: int


@dataclass(slots=True)
class _Running:
    """What this process knows of a session: one request at a time, and its checksums so far."""

    lock: threading.Lock
    digest: Digest | None = None


class Sessions:
    """The resumable uploads of one server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._running: dict[str, _Running] = {}

    def start(self, call: Call, body: bytes) -> str:
        """A new session; what could not be finished anyway is refused at once."""
        metadata = checked_body("Object", parse_json(body))
        if announced := call.headers.get("x-upload-content-type"):
            metadata.setdefault("contentType", announced)
        name = require_name(call.params, metadata)
        store, upload_id = self._store, uuid.uuid4().hex
        with store.transaction() as tables:
            bucket = the_bucket(tables, call.params["bucket"])
            require_object(call.params, tables.live(bucket, name))
            tables.put_upload(
                Upload(
                    id=upload_id,
                    state=UploadState.OPEN,
                    expires_at=store.clock.time() + _LIFE,
                    bucket_id=bucket.id,
                    name=name,
                    params=dict(call.params),
                    metadata=metadata,
                    content=store.contents.new(),
                )
            )
        return upload_id

    def resume(
        self, upload_id: str, chunk: Chunk, headers: Mapping[str, str], blocks: Iterator[bytes]
    ) -> dict[str, Any] | Received:
        """Takes a chunk, or answers how far the upload is; the object when it is complete."""
        running = self._run(upload_id)
        with running.lock:
            upload = self._find(upload_id)
            if upload.state is UploadState.DONE:
                return self._result(upload)
            content = str(upload.content)
            digest = running.digest or self._store.contents.digest(content)
            running.digest = None  # a torn request leaves the file ahead of it
            if chunk.first is not None:
                news = _news(chunk, digest.size, blocks)
                self._store.contents.append(content, news, digest)
            running.digest = digest
            if not _is_complete(chunk, digest.size):
                return Received(size=digest.size)
            return self._finish(upload, digest, headers)

    def cancel(self, upload_id: str) -> None:
        """The bytes go at once; the session answers 499 from now on."""
        with self._run(upload_id).lock, self._store.transaction() as tables:
            upload = tables.upload(upload_id)
            if upload is None:
                raise _unknown()
            tables.drop_upload(upload)
            tables.put_upload(
                Upload(
                    id=upload_id,
                    state=UploadState.CANCELLED,
                    expires_at=upload.expires_at,
                    params={},
                    metadata={},
                )
            )

    def _run(self, upload_id: str) -> _Running:
        with self._guard:
            return self._running.setdefault(upload_id, _Running(threading.Lock()))

    def _forget(self, upload_id: str) -> None:
        with self._guard:
            self._running.pop(upload_id, None)

    def _find(self, upload_id: str) -> Upload:
        with self._store.reading() as tables:
            upload = tables.upload(upload_id)
        if upload is None:
            self._forget(upload_id)
            raise _unknown()
        if upload.state is UploadState.CANCELLED:
            self._forget(upload_id)
            raise ApiError(499, "clientClosedRequest", "The upload was cancelled.")
        return upload

    def _finish(self, upload: Upload, digest: Digest, headers: Mapping[str, str]) -> dict[str, Any]:
        """The object and the end of its session are one transaction: a lost answer is found."""
        store = self._store
        content = Content(
            id=str(upload.content), size=digest.size, crc32c=digest.crc32c, md5=digest.md5
        )
        self._forget(upload.id)
        try:
            require_intact(content, upload.metadata, headers)
            with store.transaction() as tables:
                if the_bucket(tables, upload.params["bucket"]).id != upload.bucket_id:
                    raise _unknown()  # another bucket has the name by now
                made = finish(store, tables, upload.params, upload.metadata, content)
                tables.put_upload(_done(upload, made[1].number))
        except ApiError:
            with store.transaction() as tables:
                tables.drop_upload(upload)
            raise
        return object_resource(store, *made, upload.params)

    def _result(self, upload: Upload) -> dict[str, Any]:
        """The object that the session made, as it is now."""
        self._forget(upload.id)
        where = "bucket_id = ? and name = ? and number = ?"
        with self._store.reading() as tables:
            bucket = tables.bucket_of(upload.bucket_id)
            found = tables.generations(where, upload.bucket_id, upload.name, upload.generation)
        if bucket is None or not found or found[0].state is State.SOFT:
            raise _unknown()
        return object_resource(self._store, bucket, found[0], {})


def _done(upload: Upload, generation: int) -> Upload:
    return replace(
        upload,
        state=UploadState.DONE,
        params={},
        metadata={},
        content=None,
        generation=generation,
    )


def chunk_of(content_range: str | None, body_length: int | None) -> Chunk:
    """Reads Content-Range; a request without one brings the whole content."""
    if content_range is None:
        return Chunk(first=0, length=body_length, total=body_length)
    found = _RANGE.fullmatch(content_range.strip())
    if not found:
        raise invalid("Failed to parse Content-Range header.")
    total = None if found[3] == "*" else int(found[3])
    if found[1] is None:
        if body_length:
            raise invalid("Client sent query request with a non-empty body.")
        return Chunk(first=None, length=0, total=total)
    first, length = int(found[1]), int(found[2]) - int(found[1]) + 1
    if length < 1 or (total is not None and first + length > total):
        raise invalid("Failed to parse Content-Range header.")
    if body_length not in (None, length):
        raise invalid(f"The body has {body_length} bytes, and Content-Range says {length}.")
    return Chunk(first=first, length=length, total=total)


def _news(chunk: Chunk, have: int, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The part of the body that is not here yet, and is to be kept."""
    first = chunk.first or 0
    if first > have:
        raise ApiError(503, "backendError", f"Invalid request. The upload has {have} bytes.")
    keep = None
    if not chunk.is_last and chunk.length is not None:
        keep = (first + chunk.length) // _QUANTUM * _QUANTUM - have
    return _window(blocks, have - first, keep)


def _window(blocks: Iterator[bytes], skip: int, keep: int | None) -> Iterator[bytes]:
    for block in blocks:
        new = block[skip:]
        skip = max(skip - len(block), 0)
        if keep is not None:
            new = new[: max(keep, 0)]
            keep -= len(new)
        if new:
            yield new


def _is_complete(chunk: Chunk, have: int) -> bool:
    if chunk.length is None:
        return True
    return chunk.total is not None and have >= chunk.total


def _unknown() -> ApiError:
    return ApiError(404, "notFound", "There is no such upload session, or not any more.")
