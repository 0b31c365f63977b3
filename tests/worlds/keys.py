"""Keysets and sealing, with real authentication and no cipher: tests can look inside."""

import hashlib
import hmac
from enum import Enum, auto
from io import BytesIO

from custody.domain.vault import HoldingEpoch
from custody.errors import (
    AlreadyExistsError,
    CorruptError,
    MissingKeysetError,
    RefusedError,
)
from custody.ports import Sink, Source
from worlds.writes import Writes

_TAG = 32
_PIECE = 1 << 16


class MemorySealer:
    """Opens nothing that was sealed by another keyset, for another name, or changed since."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, data: bytes, associated: bytes) -> bytes:
        return self._tag(data, associated) + data

    def open(self, sealed: bytes, associated: bytes) -> bytes:
        tag, data = sealed[:_TAG], sealed[_TAG:]
        if not hmac.compare_digest(tag, self._tag(data, associated)):
            raise CorruptError("the sealed bytes are not what this keyset sealed under this name")
        return data

    def encrypting(self, sink: Sink, associated: bytes) -> "MemorySealing":
        return MemorySealing(self, sink, associated)

    def decrypting(self, source: Source, associated: bytes) -> BytesIO:
        sealed = bytearray()
        while piece := source.read(_PIECE):
            sealed += piece
        return BytesIO(self.open(bytes(sealed), associated))

    def _tag(self, data: bytes, associated: bytes) -> bytes:
        digest = hashlib.sha256(associated).digest()
        return hmac.new(self._key, digest + data, hashlib.sha256).digest()


class MemorySealing:
    """Writes nothing until it is finished, so that no part of it can be taken for the whole."""

    def __init__(self, sealer: MemorySealer, sink: Sink, associated: bytes) -> None:
        self._sealer = sealer
        self._sink = sink
        self._associated = associated
        self._data = bytearray()

    def write(self, data: bytes) -> None:
        self._data += data

    def finish(self) -> None:
        self._sink.write(self._sealer.seal(bytes(self._data), self._associated))


class _Keyset(Enum):
    LIVE = auto()
    LOST = auto()


class MemoryKeys:
    """The port KeyMaker, and the accidents that befall keysets."""

    def __init__(self, writes: Writes, copies: "MemoryKeys | None" = None) -> None:
        """`copies` lie off-site."""
        self._writes = writes
        self._keysets: dict[HoldingEpoch, _Keyset] = {}
        self._marks: set[HoldingEpoch] = set()
        self._copies = copies
        self.recoverable: set[HoldingEpoch] = set()
        """Whose keysets lie here for the recovery key, too."""

    def create(self, life: HoldingEpoch) -> None:
        with self._writes.one():
            self._require_not_destroyed(life)
            if self.stands(life):
                raise AlreadyExistsError(f"{life} has a keyset")
            self._keysets[life] = _Keyset.LIVE
        self._copy_out(life)

    def complete(self, life: HoldingEpoch) -> int:
        self._require_not_destroyed(life)
        self.unwrap(life)
        return self._copy_out(life)

    def _copy_out(self, life: HoldingEpoch) -> int:
        made = 0
        if self._copies and not self._copies.stands(life):
            with self._writes.one():
                self._copies.find(life)
            made += 1
        if self._copies and life not in self._copies.recoverable:
            with self._writes.one():
                self._copies.recoverable.add(life)
            made += 1
        return made

    def _require_not_destroyed(self, life: HoldingEpoch) -> None:
        if self.is_marked(life) or (self._copies and self._copies.is_marked(life)):
            raise RefusedError(f"the keyset of {life} was destroyed: open the next epoch")

    def unwrap(self, life: HoldingEpoch) -> MemorySealer:
        if not self.stands(life):
            raise MissingKeysetError(f"no keyset of {life} can be had")
        return MemorySealer(str(life).encode())

    def lose(self, life: HoldingEpoch) -> None:
        """The wrapped keyset cannot be had, until it is found again."""
        self._keysets[life] = _Keyset.LOST

    def find(self, life: HoldingEpoch) -> None:
        self._keysets[life] = _Keyset.LIVE

    def destroy(self, life: HoldingEpoch) -> None:
        """Shreds the keyset for good."""
        self.mark(life)
        self.erase(life)

    def stands(self, life: HoldingEpoch) -> bool:
        return self._keysets.get(life) is _Keyset.LIVE

    def erase(self, life: HoldingEpoch) -> None:
        self._keysets.pop(life, None)

    def mark(self, life: HoldingEpoch) -> None:
        """From now on nobody makes this keyset."""
        self._marks.add(life)

    def is_marked(self, life: HoldingEpoch) -> bool:
        return life in self._marks
