"""The audit trail in memory, each entry kept as the bytes that it would be."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from custody.adapters.audit import parse_checkpoint, parse_entry, signed_checkpoint
from custody.domain.audit import START, Checkpoint, Entry, Head, Subject, following
from custody.ports import Signer
from worlds.writes import Writes


class MemoryAudit:
    """The port Audit, and what only a reading of the whole trail needs."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._streams: dict[str, dict[int, bytes]] = {}
        self._heads: dict[str, Head] = {}
        self._signed: list[str] = []
        self._signed_at: datetime | None = None

    def note(self, stream: str, act: str, subject: Subject, at: datetime) -> None:
        with self._writes.one():
            entries = self._streams.setdefault(stream, {})
            last = parse_entry(entries[max(entries)]) if entries else None
            if last and last.repeats(act, subject):
                return
            entry = following(last.head if last else START, stream, act, subject, at)
            entries[entry.number] = entry.canonical()
            self._heads[stream] = entry.head

    def heads(self) -> dict[str, Head]:
        return dict(self._heads)

    def entries(self, stream: str) -> Iterator[Entry]:
        return map(parse_entry, list(self._streams.get(stream, {}).values()))

    def sign_heads(self, signer: Signer, at: datetime) -> Checkpoint:
        checkpoint = Checkpoint(at=at, heads=self.heads())
        with self._writes.one():
            self._signed_at = at
            self._signed.append(signed_checkpoint(signer, checkpoint))
        return checkpoint

    def signed_at(self) -> datetime | None:
        return self._signed_at

    def checkpoints(self, keys: dict[str, Any]) -> Iterator[Checkpoint]:
        return (parse_checkpoint(jws, keys) for jws in list(self._signed))

    def overwrite(self, stream: str, number: int, data: bytes) -> None:
        """What nobody may: other bytes in an entry's place."""
        self._streams[stream][number] = data

    def remove(self, stream: str, number: int) -> None:
        """What nobody may. Where it was the last entry, the stream now ends before it."""
        entries = self._streams[stream]
        del entries[number]
        del self._heads[stream]
        if entries:
            self._heads[stream] = parse_entry(entries[max(entries)]).head

    def sign_as(self, jws: str) -> None:
        """What nobody may: a checkpoint that is not ours."""
        self._signed.append(jws)
