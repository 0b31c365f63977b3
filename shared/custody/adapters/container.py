"""One stored object: its body's ciphertext, its sealed record, and a trailer that tells them apart.

`docs/format.md` describes it for whoever has to read it without this code.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from custody.adapters.sealing import associated
from custody.adapters.windows import Window
from custody.errors import CorruptError
from custody.ports import Sealer

FORMAT = 1
METADATA = {"custody-format": str(FORMAT)}
"""All that stands in the clear beside the bytes; the keyset follows from the name."""
MAGIC = b"CUSTODY"
# Length of the body's ciphertext, length of the sealed record, magic, version of the format.
TRAILER = struct.Struct(">QI7sB")
# One read of this much from the end of an object brings nearly every record.
TAIL_BYTES = 64 << 10


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What a version says of itself. Later fields need a default; unknown ones are ignored."""

    customer: str
    source: str
    epoch: int
    file_id: str
    file_name: str
    folder_path: str
    revision: str
    drive_version: int
    behind: int
    captured_at: datetime
    size_bytes: int
    sha256: str
    content_type: str
    md5: str | None = None
    semantic: str | None = None
    base: str | None = None
    """The object whose content the windows need."""
    same_as: str | None = None
    """The object whose content this is; it has a body of its own, and this one has none."""
    series: int = 0
    number: int = 0
    depth: int = 0
    windows: list[Window] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A record, and where its object's parts end."""

    record: Record
    body_bytes: int
    stored_bytes: int


def encode_record(record: Record) -> bytes:
    return msgspec.msgpack.encode(record)


def decode_record(data: bytes) -> Record:
    try:
        return msgspec.msgpack.decode(data, type=Record)
    except msgspec.DecodeError as error:
        raise CorruptError("a record lacks what it must say: restore another copy") from error


def ending(record: Record, *, body_bytes: int, sealer: Sealer, name: str) -> bytes:
    """What follows the body's ciphertext and completes the object of this name."""
    sealed = sealer.seal(encode_record(record), associated("record", name))
    return sealed + TRAILER.pack(body_bytes, len(sealed), MAGIC, FORMAT)


def read_record(tail: Callable[[int], bytes], *, sealer: Sealer, name: str) -> Described:
    """The record of an object, of which `tail` gives the last so many bytes (or all it has)."""
    last = tail(TAIL_BYTES)
    body_bytes, record_bytes = _parse_trailer(last)
    ending_bytes = record_bytes + TRAILER.size
    if len(last) < ending_bytes:
        last = tail(ending_bytes)
    sealed = last[-ending_bytes : -TRAILER.size]
    return Described(
        record=decode_record(sealer.open(sealed, associated("record", name))),
        body_bytes=body_bytes,
        stored_bytes=body_bytes + ending_bytes,
    )


def _parse_trailer(last: bytes) -> tuple[int, int]:
    if len(last) < TRAILER.size:
        raise CorruptError("an object is shorter than its trailer: restore another copy")
    body_bytes, record_bytes, magic, version = TRAILER.unpack(last[-TRAILER.size :])
    if magic != MAGIC:
        raise CorruptError("an object does not end as custody ends them: restore another copy")
    if version != FORMAT:
        raise CorruptError(f"an object has format {version}: read it with a later custody")
    return body_bytes, record_bytes
