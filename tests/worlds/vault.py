"""The vault in memory: sealed records and contents under names that are written once."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

import msgspec

from custody.domain.names import life_prefix
from custody.domain.series import pays
from custody.domain.vault import Draft, HoldingEpoch, Kind, ObjectName, Version
from custody.errors import CorruptError, DeadlineError, NotFoundError, TornReadError
from custody.ports import Sealer
from worlds.writes import Writes

PIECE = 1000
"""Bytes in one piece of a content that is read back."""


class MemoryVault:
    """The port Vault. Kinds and places follow the rules of `custody.domain.series`."""

    def __init__(self, writes: Writes, now: Callable[[], datetime]) -> None:
        self._writes = writes
        self._now = now
        self._records: dict[ObjectName, bytes] = {}
        self._contents: dict[ObjectName, bytes] = {}
        self._stored_at: dict[ObjectName, datetime] = {}
        self._before_store: Callable[[], object] = lambda: None

    def store(
        self,
        draft: Draft,
        content: Callable[[], Iterator[bytes]],
        *,
        sealer: Sealer,
        base: Version | None,
        latest: Version | None,
        deadline: datetime,
    ) -> Version:
        self._interrupt()
        data = b"".join(content())
        _check_promise(draft, data)
        if base is not None and not self._pays(data, base, sealer):
            base, draft = None, replace(draft, series=draft.series + 1, number=0)
        version = _version(draft, data, base, latest)
        with self._writes.one():
            if self._now() >= deadline:
                raise DeadlineError(f"out of time before the last byte of {draft.name}")
            if draft.name not in self._records:
                self._put(version, data, sealer)
        return self.version(draft.name, sealer=sealer)

    def version(self, name: ObjectName, *, sealer: Sealer) -> Version:
        if name not in self._records:
            raise NotFoundError(f"the vault has no {name}")
        clear = sealer.open(self._records[name], b"record|" + name.encode())
        return msgspec.json.decode(clear, type=Version)

    def content(self, name: ObjectName, *, sealer: Sealer) -> Iterator[bytes]:
        version = self.version(name, sealer=sealer)
        if version.kind is Kind.SAME and version.base is not None:
            yield from self.content(version.base, sealer=sealer)
            return
        if version.base is not None:
            self.version(version.base, sealer=sealer)  # a delta cannot be read without its base
        data = sealer.open(self._contents[name], b"content|" + name.encode())
        if hashlib.sha256(data).hexdigest() != version.sha256:
            raise CorruptError(f"{name} does not hold what its record promises")
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]

    def prove(self, name: ObjectName, *, sealer: Sealer) -> None:
        self.version(name, sealer=sealer)
        if name in self._contents:
            sealer.open(self._contents[name], b"content|" + name.encode())

    def names(self, life: HoldingEpoch) -> Iterator[ObjectName]:
        return iter([name for name in self._records if name.startswith(life_prefix(life))])

    def all_names(self) -> frozenset[ObjectName]:
        """Every name in the vault, of whatever epoch: for invariants."""
        return frozenset(self._records)

    def erase(self, name: ObjectName) -> None:
        """What stores of erasures do, and nobody else."""
        self._records.pop(name, None)
        self._contents.pop(name, None)
        self._stored_at.pop(name, None)

    def stored(self, name: ObjectName) -> tuple[bytes, datetime]:
        """The bytes of one version as they lie there, and since when. NotFoundError."""
        if name not in self._records:
            raise NotFoundError(f"the vault has no {name}")
        parts = (self._records[name], self._contents.get(name))
        return msgspec.msgpack.encode(parts), self._stored_at[name]

    def lay(self, name: ObjectName, data: bytes) -> None:
        """Puts bytes there that lay elsewhere."""
        record, content = msgspec.msgpack.decode(data, type=tuple[bytes, bytes | None])
        self._records[name] = record
        if content is not None:
            self._contents[name] = content
        self._stored_at[name] = self._now()

    def before_next_store(self, happens: Callable[[], object]) -> None:
        """Lets something happen in the world when a capture is about to store a version."""
        self._before_store = happens

    def damage(self, name: ObjectName) -> None:
        """Flips a bit of a stored content, or of the record of a version that has none."""
        place = self._contents if name in self._contents else self._records
        sealed = place[name]
        place[name] = sealed[:-1] + bytes([sealed[-1] ^ 1])

    def _interrupt(self) -> None:
        happens, self._before_store = self._before_store, lambda: None
        happens()

    def _put(self, version: Version, data: bytes, sealer: Sealer) -> None:
        name = version.name
        record = msgspec.json.encode(version)
        self._records[name] = sealer.seal(record, b"record|" + name.encode())
        self._stored_at[name] = self._now()
        if version.kind is not Kind.SAME:
            self._contents[name] = sealer.seal(data, b"content|" + name.encode())

    def _pays(self, data: bytes, base: Version, sealer: Sealer) -> bool:
        """What differs between the common beginning and end is the delta."""
        try:
            before = b"".join(self.content(base.name, sealer=sealer))
        except (NotFoundError, CorruptError):
            return False
        head = _common(before, data)
        tail = _common(before[head:][::-1], data[head:][::-1])
        return pays(len(data) - head - tail, len(data))


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two contents have in common from their beginning."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _check_promise(draft: Draft, data: bytes) -> None:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    wrong_size = draft.size_bytes is not None and draft.size_bytes != len(data)
    if wrong_size or draft.md5 not in (None, md5):
        raise TornReadError(f"the content of {draft.name} is not what Drive promised")


def _version(draft: Draft, data: bytes, base: Version | None, latest: Version | None) -> Version:
    """What is stored: a reference to the same content, a delta, or a full copy."""
    sha256 = hashlib.sha256(data).hexdigest()
    if latest is not None and latest.sha256 == sha256:
        # A reference leads to an object that has a content of its own, never to another reference.
        twin = latest.base if latest.kind is Kind.SAME else latest.name
        return _record(draft, data, Kind.SAME, twin, latest.depth + (latest.kind is not Kind.SAME))
    if base is not None:
        return _record(draft, data, Kind.DELTA, base.name, base.depth + 1)
    return _record(draft, data, Kind.FULL, None, 0)


def _record(draft: Draft, data: bytes, kind: Kind, base: ObjectName | None, depth: int) -> Version:
    return Version(
        name=draft.name,
        life=draft.life,
        file_id=draft.file_id,
        revision=draft.revision,
        drive_version=draft.drive_version,
        behind=draft.behind,
        file_name=draft.file_name,
        folder_path=draft.folder_path,
        content_type=draft.content_type,
        captured_at=draft.captured_at,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        md5=draft.md5,
        semantic=draft.semantic,
        kind=kind,
        base=base,
        series=draft.series,
        number=draft.number,
        depth=depth,
        stored_bytes=0 if kind is Kind.SAME else len(data),
    )
