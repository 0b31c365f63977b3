"""The off-site copies in S3: objects that are written once, whole and checked, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from custody.adapters.container import METADATA
from custody.adapters.ranges import RangeReader, Stored
from custody.adapters.s3 import our_errors
from custody.adapters.shelves import checked, chunked, crc32c_of
from custody.domain import names
from custody.domain.vault import HoldingEpoch, ObjectName
from custody.errors import (
    AlreadyExistsError,
    ConflictError,
    CorruptError,
    CustodyError,
    DeadlineError,
    UnavailableError,
)
from custody.ports import Parcel, Shelved

ATTEMPTS = 3
"""At one answer."""
PART = 16 << 20
"""Bytes in one part of an upload: two such pieces are in memory at once. S3 takes 10,000 parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Until when nobody may delete what is stored now (S3 Object Lock)."""

    mode: str
    """GOVERNANCE, which somebody with a right of its own may lift, or COMPLIANCE, nobody at all."""
    days: int

    def until(self, now: datetime) -> datetime:
        return now + timedelta(days=self.days)


class OffsiteBucket:
    """What objects.Objects promises, on S3."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def create(self, name: str, data: bytes) -> None:
        """Writes a name that must not exist, or finds there exactly what it would write.

        What is there with the same bytes may be our own: the answer was lost (T27).
        """
        try:
            with our_errors(name):
                self._client.put_object(
                    Bucket=self._name,
                    Key=name,
                    Body=data,
                    IfNoneMatch="*",
                    ChecksumCRC32C=crc32c_of([data]),
                )
        except ConflictError as error:
            if self.read(name).data != data:
                raise AlreadyExistsError(f"{name} exists off-site with other content") from error

    def read(self, name: str) -> Stored:
        return Stored(data=content(self._client, self._name, name), generation=0)

    def exists(self, name: str) -> bool:
        """Asked for by listing: a HEAD without the right to list says 403 for what is absent."""
        with our_errors(name):
            shown = self._client.list_objects_v2(Bucket=self._name, Prefix=name, MaxKeys=1)
        return any(one["Key"] == name for one in shown.get("Contents", ()))

    def read_tail(self, name: str, size: int) -> bytes:
        return content(self._client, self._name, name, Range=f"bytes=-{size}")

    def open(self, name: str, size: int) -> RangeReader:
        return RangeReader(fetcher(self._client, self._name, name), name, size)

    def names(self, prefix: str) -> Iterator[str]:
        return (one["Key"] for one in listed(self._client, self._name, prefix))


class OffsiteShelf:
    """The Shelf port on S3."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        clock: Callable[[], datetime],
        *,
        lock: Lock | None = None,
        part: int = PART,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock
        self._lock = lock
        self._part = part

    def all(self, life: HoldingEpoch) -> Iterator[Shelved]:
        for one in listed(self._client, self._bucket, names.life_prefix(life)):
            yield Shelved(
                name=ObjectName(one["Key"]), size_bytes=one["Size"], stored_at=one["LastModified"]
            )

    def take(self, name: ObjectName) -> Parcel:
        with our_errors(name):
            head = self._client.head_object(Bucket=self._bucket, Key=name, ChecksumMode="ENABLED")
        size = int(head["ContentLength"])

        def chunks() -> Iterator[bytes]:
            fetch = fetcher(self._client, self._bucket, name)
            return chunked(RangeReader(fetch, name, size, step=self._part))

        crc32c = str(head.get("ChecksumCRC32C", ""))
        if not crc32c or "-" in crc32c:  # a checksum of checksums, where S3 knows no other
            crc32c = crc32c_of(chunks())
        return Parcel(name=name, size_bytes=size, crc32c=crc32c, chunks=chunks)

    def put(self, parcel: Parcel, *, deadline: datetime) -> bool:
        try:
            if parcel.size_bytes <= self._part:
                self._put_whole(parcel, deadline)
            else:
                self._put_in_parts(parcel, deadline)
        except ConflictError as error:
            self._require_same(parcel, error)
            return False
        return True

    def _put_whole(self, parcel: Parcel, deadline: datetime) -> None:
        data = b"".join(checked(parcel))
        self._require_time(deadline)
        with our_errors(parcel.name):
            self._client.put_object(
                **self._target(parcel.name),
                **self._settings(),
                Body=data,
                IfNoneMatch="*",
                ChecksumAlgorithm="CRC32C",
                ChecksumCRC32C=parcel.crc32c,
            )

    def _put_in_parts(self, parcel: Parcel, deadline: datetime) -> None:
        """Without the last call there is no object; what was begun and failed is ended."""
        with our_errors(parcel.name):
            begun = self._client.create_multipart_upload(
                **self._target(parcel.name), **self._settings(), **_OF_THE_WHOLE
            )
        upload = {**self._target(parcel.name), "UploadId": begun["UploadId"]}
        try:
            parts = self._send_parts(upload, parcel, deadline)
            self._require_time(deadline)
            with our_errors(parcel.name):
                self._client.complete_multipart_upload(
                    **upload,
                    MultipartUpload={"Parts": parts},
                    IfNoneMatch="*",
                    ChecksumCRC32C=parcel.crc32c,
                    ChecksumType="FULL_OBJECT",
                )
        except CustodyError:
            with suppress(CustodyError), our_errors(parcel.name):
                self._client.abort_multipart_upload(**upload)
            raise

    def _send_parts(
        self, upload: dict[str, Any], parcel: Parcel, deadline: datetime
    ) -> list[dict[str, Any]]:
        parts = []
        for number, data in enumerate(_pieces(checked(parcel), self._part), start=1):
            self._require_time(deadline)
            sent = crc32c_of([data])
            with our_errors(parcel.name):
                answer = self._client.upload_part(
                    **upload, PartNumber=number, Body=data, ChecksumCRC32C=sent
                )
            parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32C": sent})
        return parts

    def _require_same(self, parcel: Parcel, error: ConflictError) -> None:
        """Another delivery, or our own lost answer (T27), stored the same: nothing to do."""
        standing = self.take(parcel.name)
        if (standing.size_bytes, standing.crc32c) != (parcel.size_bytes, parcel.crc32c):
            raise CorruptError(f"{parcel.name} differs off-site from the vault's") from error

    def _require_time(self, deadline: datetime) -> None:
        if self._clock() >= deadline:
            raise DeadlineError("this delivery ran out of time: the next one copies the version")

    def _target(self, name: ObjectName) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": name}

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"Metadata": METADATA}
        if self._lock:
            settings["ObjectLockMode"] = self._lock.mode
            settings["ObjectLockRetainUntilDate"] = self._lock.until(self._clock())
        return settings


_OF_THE_WHOLE = {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "FULL_OBJECT"}
"""S3 checks the whole object, not only each part ("Checking object integrity")."""


def _pieces(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of this size; the last one is what is left."""
    kept = bytearray()
    for chunk in chunks:
        kept += chunk
        while len(kept) >= size:
            yield bytes(kept[:size])
            del kept[:size]
    if kept:
        yield bytes(kept)


def content(client: Any, bucket: str, name: str, **wanted: str) -> bytes:
    """What an object says, or a range of it.

    The client tries calls again, but not an answer whose line breaks half-way.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(UnavailableError):
            return _content(client, bucket, name, **wanted)
    return _content(client, bucket, name, **wanted)


def _content(client: Any, bucket: str, name: str, **wanted: str) -> bytes:
    with our_errors(name):
        data: bytes = client.get_object(Bucket=bucket, Key=name, **wanted)["Body"].read()
    return data


def fetcher(client: Any, bucket: str, name: str) -> Callable[[int, int], bytes]:
    """What gives the bytes of an object from one offset to another, both included."""
    return lambda start, end: content(client, bucket, name, Range=f"bytes={start}-{end}")


def listed(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """The present version of every object with this prefix, page by page."""
    with our_errors(prefix):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            yield from page.get("Contents", ())
