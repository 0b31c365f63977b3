"""The ledger's ports in memory: small records with stamps, each kept as the bytes it would be."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from custody.domain.channels import Channel
from custody.domain.drain_changes import Cursor
from custody.domain.drive import Corpus
from custody.domain.erasure import Fence
from custody.domain.events import Event
from custody.domain.names import index_name
from custody.domain.quarantine import Quarantined, Verdict
from custody.domain.vault import (
    Customer,
    CustomerId,
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    Source,
    Summary,
)
from custody.errors import AlreadyExistsError, ConflictError, NotFoundError
from custody.ports import Sealer, Seen
from worlds.writes import Writes


class MemoryRegistry:
    """The port Registry."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._customers: dict[CustomerId, Customer] = {}
        self._holdings: dict[tuple[CustomerId, Source], Holding] = {}

    def customers(self) -> Iterator[Customer]:
        return iter(list(self._customers.values()))

    def customer(self, customer: CustomerId) -> Customer:
        if customer not in self._customers:
            raise NotFoundError(f"no customer {customer}")
        return self._customers[customer]

    def add_customer(self, customer: Customer) -> None:
        with self._writes.one():
            if any(other.slug == customer.slug for other in self._customers.values()):
                raise AlreadyExistsError(f"the slug {customer.slug} is taken")
            self._customers[customer.customer] = customer

    def save_customer(self, customer: Customer) -> None:
        with self._writes.one():
            self._customers[customer.customer] = customer

    def holdings(self) -> Iterator[Holding]:
        return iter(list(self._holdings.values()))

    def holding(self, customer: CustomerId, source: Source) -> Holding:
        if (customer, source) not in self._holdings:
            raise NotFoundError(f"no holding {customer}/{source}")
        return self._holdings[customer, source]

    def save_holding(self, holding: Holding) -> None:
        with self._writes.one():
            self._holdings[holding.life.customer, holding.life.source] = holding

    def erase_customer(self, customer: CustomerId) -> None:
        self._customers.pop(customer, None)

    def erase_holding(self, customer: CustomerId, source: Source) -> None:
        self._holdings.pop((customer, source), None)


class MemoryFences:
    """The port Fences."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._fences: dict[HoldingEpoch, Fence] = {}

    def close(self, life: HoldingEpoch, fence: Fence) -> Fence:
        with self._writes.one():
            return self._fences.setdefault(life, fence)

    def fence(self, life: HoldingEpoch) -> Fence | None:
        return self._fences.get(life)

    def closed(self, life: HoldingEpoch) -> bool:
        return life in self._fences


class MemoryIndex:
    """The port Index."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._histories: dict[tuple[HoldingEpoch, FileId], Seen[bytes]] = {}
        self._counts: dict[tuple[HoldingEpoch, FileId], Summary] = {}
        self._whereabouts: dict[FileId, list[HoldingEpoch]] = {}

    def read(self, life: HoldingEpoch, file_id: FileId, *, sealer: Sealer) -> Seen[FileHistory]:
        seen = self._histories.get((life, file_id))
        if seen is None:
            return Seen(value=FileHistory(life=life, file_id=file_id), stamp=0)
        clear = sealer.open(seen.value, index_name(life, file_id).encode())
        return Seen(value=msgspec.json.decode(clear, type=FileHistory), stamp=seen.stamp)

    def write(self, history: FileHistory, *, stamp: int, sealer: Sealer) -> Seen[FileHistory]:
        life, file_id = history.life, history.file_id
        name = index_name(life, file_id)
        sealed = sealer.seal(msgspec.json.encode(history), name.encode())
        with self._writes.one():
            _expect(self._histories.get((life, file_id)), stamp, name)
            self._histories[life, file_id] = Seen(value=sealed, stamp=stamp + 1)
            self._counts[life, file_id] = history.summary
        return Seen(value=history, stamp=stamp + 1)

    def known(self, life: HoldingEpoch, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        return frozenset(file_id for file_id in file_ids if (life, file_id) in self._histories)

    def files(self, life: HoldingEpoch) -> dict[FileId, Summary]:
        return {
            file_id: self._counts[other, file_id]
            for other, file_id in self._histories
            if other == life
        }

    def ids_after(self, life: HoldingEpoch, after: FileId | None, limit: int) -> list[FileId]:
        last = index_name(life, after) if after else ""
        named = {index_name(life, file_id): file_id for file_id in self.files(life)}
        return [named[name] for name in sorted(named) if name > last][:limit]

    def promised(self, life: HoldingEpoch) -> int:
        return sum(summary.versions for summary in self.files(life).values())

    def note_whereabouts(self, file_id: FileId, life: HoldingEpoch) -> Sequence[HoldingEpoch]:
        with self._writes.one():
            known = self._whereabouts.setdefault(file_id, [])
            before = [other for other in known if other != life]
            if life not in known:
                known.append(life)
        return before

    def whereabouts(self, file_id: FileId) -> Sequence[HoldingEpoch]:
        return list(self._whereabouts.get(file_id, []))

    def forget_whereabouts(self, file_id: FileId, life: HoldingEpoch) -> None:
        """What is said of a file, without this epoch; nothing when it says nothing more."""
        left = [other for other in self.whereabouts(file_id) if other != life]
        self._whereabouts[file_id] = left
        if not left:
            del self._whereabouts[file_id]

    def erase(self, life: HoldingEpoch, file_id: FileId) -> None:
        self._histories.pop((life, file_id), None)

    def damage(self, life: HoldingEpoch, file_id: FileId) -> None:
        """Flips a bit of a stored record."""
        seen = self._histories[life, file_id]
        broken = seen.value[:-1] + bytes([seen.value[-1] ^ 1])
        self._histories[life, file_id] = replace(seen, value=broken)

    def lose(self, life: HoldingEpoch, file_id: FileId) -> None:
        """The index is a cache: whatever becomes of it, the vault can rebuild it."""
        del self._histories[life, file_id]


class MemoryCursors:
    """The port Cursors."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._cursors: dict[Corpus, Seen[Cursor]] = {}

    def read(self, corpus: Corpus) -> Seen[Cursor] | None:
        return self._cursors.get(corpus)

    def move(self, corpus: Corpus, cursor: Cursor, *, stamp: int) -> Seen[Cursor]:
        with self._writes.one():
            _expect(self._cursors.get(corpus), stamp, f"the cursor of {corpus}")
            self._cursors[corpus] = Seen(value=cursor, stamp=stamp + 1)
        return self._cursors[corpus]


class MemoryChannels:
    """The port Channels."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._channels: dict[str, Channel] = {}

    def all(self, corpus: Corpus) -> Sequence[Channel]:
        return [channel for channel in self._channels.values() if channel.corpus == corpus]

    def add(self, channel: Channel) -> None:
        with self._writes.one():
            self._channels[channel.channel] = channel

    def remove(self, channel: Channel) -> None:
        with self._writes.one():
            self._channels.pop(channel.channel, None)


class MemoryQuarantine:
    """The port Quarantine."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._entries: dict[str, Quarantined] = {}
        self.verdicts: dict[str, Verdict] = {}

    def put(self, entry: Quarantined) -> None:
        with self._writes.one():
            self._entries.setdefault(entry.id, entry)

    def all(self) -> Iterator[Quarantined]:
        waiting = [entry for entry in self._entries.values() if entry.id not in self.verdicts]
        return iter(waiting)

    def settle(self, entry_id: str, verdict: Verdict) -> Quarantined:
        with self._writes.one():
            if entry_id not in self._entries or entry_id in self.verdicts:
                raise NotFoundError(f"no entry {entry_id} waits in quarantine")
            self.verdicts[entry_id] = verdict
        return self._entries[entry_id]

    def everything(self) -> list[Quarantined]:
        """What waits and what waits no more."""
        return list(self._entries.values())

    def erase(self, entry_id: str) -> None:
        self._entries.pop(entry_id, None)


class MemoryPublisher:
    """The port Publisher. Sends each event by itself: a crash may leave a part unsent."""

    def __init__(self, writes: Writes, sent: list[Event]) -> None:
        self._writes = writes
        self._sent = sent

    def publish(self, events: Sequence[Event]) -> None:
        for event in events:
            with self._writes.one():
                self._sent.append(event)


def _expect(standing: Seen[bytes] | Seen[Cursor] | None, stamp: int, name: str) -> None:
    if (standing.stamp if standing else 0) != stamp:
        raise ConflictError(f"somebody wrote {name} first: read it and decide again")
