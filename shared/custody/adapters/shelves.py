"""Stored versions as mere bytes: the vault's shelf, and what shelves have in common."""

import base64
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import google_crc32c

from custody.adapters.container import METADATA
from custody.adapters.ranges import UPLOAD_CHUNK
from custody.domain import names
from custody.domain.vault import HoldingEpoch, ObjectName
from custody.errors import AlreadyExistsError, CorruptError, DeadlineError, TornReadError
from custody.ports import Parcel, Shelved

if TYPE_CHECKING:  # S3 has shelves too, and no Google client
    from custody.adapters.objects import Bucket


class VaultShelf:
    """The Shelf port on the vault's bucket."""

    def __init__(self, bucket: "Bucket", clock: Callable[[], datetime]) -> None:
        self._bucket = bucket
        self._clock = clock

    def all(self, life: HoldingEpoch) -> Iterator[Shelved]:
        for blob in self._bucket.listed(names.life_prefix(life)):
            yield Shelved(
                name=ObjectName(blob.name), size_bytes=blob.size, stored_at=blob.time_created
            )

    def take(self, name: ObjectName) -> Parcel:
        blob = self._bucket.stat(name)
        size = int(blob.size)
        return Parcel(
            name=name,
            size_bytes=size,
            crc32c=blob.crc32c,
            chunks=lambda: chunked(self._bucket.open(name, size, step=UPLOAD_CHUNK)),
        )

    def put(self, parcel: Parcel, *, deadline: datetime) -> bool:
        try:
            with self._bucket.upload(parcel.name, METADATA) as upload:
                for chunk in checked(parcel):
                    self._require_time(deadline)
                    upload.write(chunk)
                self._require_time(deadline)
                upload.commit()
        except AlreadyExistsError as error:
            standing = self._bucket.stat(parcel.name)
            if (int(standing.size), standing.crc32c) != (parcel.size_bytes, parcel.crc32c):
                raise CorruptError(f"{parcel.name} differs in the vault from off-site") from error
            return False
        return True

    def _require_time(self, deadline: datetime) -> None:
        if self._clock() >= deadline:
            raise DeadlineError("this delivery ran out of time: the next one copies the version")


def chunked(reader: io.RawIOBase) -> Iterator[bytes]:
    """A stream in pieces, each as large as it comes."""
    while chunk := reader.read(UPLOAD_CHUNK):
        yield chunk


def checked(parcel: Parcel) -> Iterator[bytes]:
    """The bytes of a parcel. TornReadError in place of an end that is not what it promises."""
    size, crc32c = 0, 0
    for chunk in parcel.chunks():
        size += len(chunk)
        crc32c = google_crc32c.extend(crc32c, chunk)
        yield chunk
    if (size, _text(crc32c)) != (parcel.size_bytes, parcel.crc32c):
        raise TornReadError(f"{parcel.name} did not arrive as it is stored: read it again")


def crc32c_of(chunks: Iterable[bytes]) -> str:
    """In base64, as Cloud Storage and S3 write it."""
    crc32c = 0
    for chunk in chunks:
        crc32c = google_crc32c.extend(crc32c, chunk)
    return _text(crc32c)


def _text(crc32c: int) -> str:
    return base64.b64encode(crc32c.to_bytes(4, "big")).decode()
