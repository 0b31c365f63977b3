"""The whole world in memory: every port, a Drive to act on, a clock to advance."""

from datetime import UTC, datetime, timedelta
from itertools import count

from custody.domain.events import Event
from custody.domain.vault import HoldingEpoch, ObjectName
from worlds.drive import SimulatedDrive
from worlds.drive_ports import MemoryDrive, MemoryFeed, MemoryFolders
from worlds.keys import MemoryKeys
from worlds.ledger import (
    MemoryChannels,
    MemoryCursors,
    MemoryFences,
    MemoryIndex,
    MemoryPublisher,
    MemoryQuarantine,
    MemoryRegistry,
)
from worlds.vault import MemoryVault
from worlds.writes import Writes


class MemoryWorld:
    """Stores outlive a crash of the process; what the process knew does not."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, tzinfo=UTC)
        self._ids = count(1)
        self._writes = Writes()
        self.google = SimulatedDrive(self.now)
        self.drive = MemoryDrive(self.google)
        self.feed = MemoryFeed(self.google)
        self.folders = MemoryFolders(self.google)
        self.vault = MemoryVault(self._writes, self.now)
        self.keys = MemoryKeys(self._writes)
        self.registry = MemoryRegistry(self._writes)
        self.fences = MemoryFences(self._writes)
        self.index = MemoryIndex(self._writes)
        self.cursors = MemoryCursors(self._writes)
        self.channels = MemoryChannels(self._writes)
        self.quarantine = MemoryQuarantine(self._writes)
        self.published: list[Event] = []
        self.publisher = MemoryPublisher(self._writes, self.published)

    def now(self) -> datetime:
        return self._now

    def advance(self, time: timedelta) -> None:
        self._now += time

    def fresh_id(self) -> str:
        return f"id-{next(self._ids):04}"

    def sent(self) -> list[Event]:
        return list(self.published)

    def lose_keyset(self, life: HoldingEpoch) -> None:
        self.keys.lose(life)

    def destroy_keyset(self, life: HoldingEpoch) -> None:
        self.keys.destroy(life)

    def damage(self, name: ObjectName) -> None:
        self.vault.damage(name)

    def crash_after(self, count: int, *, takes_effect: bool) -> None:
        """The `count`-th write to any store from now raises Crash, after its effect or before."""
        self._writes.crash_after(count, takes_effect=takes_effect)

    def calm_down(self) -> None:
        """The crash that was ordered does not happen any more."""
        self._writes.calm_down()
