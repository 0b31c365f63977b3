"""The whole world in memory: every port, a Drive to act on, a clock to advance."""

from datetime import UTC, datetime, timedelta
from itertools import count

from custody.domain.erasure import Copy
from custody.domain.events import Event
from custody.domain.vault import HoldingEpoch, ObjectName
from custody.ports import Store, Witness
from custody.steps.books import Books
from worlds.audit import MemoryAudit
from worlds.copies import (
    MemoryKeysStore,
    MemoryKeysWitness,
    MemoryLedgerStore,
    MemoryLedgerWitness,
    MemoryOffsiteStore,
    MemoryOffsiteWitness,
    MemoryVaultStore,
    MemoryVaultWitness,
)
from worlds.drive import SimulatedDrive
from worlds.drive_copy import MemoryDriveStore, MemoryDriveWitness
from worlds.drive_ports import MemoryDrive, MemoryFeed, MemoryFolders
from worlds.erasures import (
    MemoryErasures,
    MemoryHolds,
    MemoryPages,
    MemoryPlans,
    MemoryReceipts,
    MemoryTracks,
)
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
from worlds.offsite import MemoryShelf
from worlds.retention import MemoryDisposals, MemoryMarks, MemoryRetentionPlans
from worlds.signing import memory_signer
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
        self.offsite = MemoryVault(self._writes, self.now)
        self.vault_shelf = MemoryShelf(self._writes, self.vault, self.now)
        self.offsite_shelf = MemoryShelf(self._writes, self.offsite, self.now)
        self.offsite_keys = MemoryKeys(self._writes)
        self.keys = MemoryKeys(self._writes, self.offsite_keys)
        self.registry = MemoryRegistry(self._writes)
        self.fences = MemoryFences(self._writes)
        self.index = MemoryIndex(self._writes)
        self.cursors = MemoryCursors(self._writes)
        self.channels = MemoryChannels(self._writes)
        self.quarantine = MemoryQuarantine(self._writes)
        self.holds = MemoryHolds(self._writes)
        self.erasures = MemoryErasures(self._writes)
        self.tracks = MemoryTracks(self._writes)
        self.pages = MemoryPages(self._writes)
        self.plans = MemoryPlans(self._writes)
        self.receipts = MemoryReceipts(self._writes)
        self.marks = MemoryMarks(self._writes)
        self.disposals = MemoryDisposals(self._writes)
        self.retention_plans = MemoryRetentionPlans(self._writes)
        self.audit = MemoryAudit(self._writes)
        self.signer = memory_signer()
        self._connect_copies()
        self.published: list[Event] = []
        self.publisher = MemoryPublisher(self._writes, self.published)

    def now(self) -> datetime:
        return self._now

    def _connect_copies(self) -> None:
        ledger = (self.index, self.quarantine, self.registry, self.holds, self.marks)
        self.vault_store = MemoryVaultStore(self._writes, self.vault)
        self.keys_store = MemoryKeysStore(self._writes, self.keys)
        self.offsite_store = MemoryOffsiteStore(
            self._writes, self.offsite, self.offsite_keys, self.now
        )
        self.ledger_store = MemoryLedgerStore(self._writes, *ledger)
        self.drive_store = MemoryDriveStore(
            self.google,
            self._writes,
            index=self.index,
            quarantine=self.quarantine,
            registry=self.registry,
        )
        self.stores: dict[Copy, Store] = {
            Copy.VAULT: self.vault_store,
            Copy.OFFSITE: self.offsite_store,
            Copy.KEYS: self.keys_store,
            Copy.LEDGER: self.ledger_store,
            Copy.DRIVE: self.drive_store,
        }
        self.witnesses: dict[Copy, Witness] = {
            Copy.VAULT: MemoryVaultWitness(self.vault),
            Copy.OFFSITE: MemoryOffsiteWitness(self.offsite, self.offsite_keys),
            Copy.KEYS: MemoryKeysWitness(self.keys),
            Copy.LEDGER: MemoryLedgerWitness(*ledger),
            Copy.DRIVE: MemoryDriveWitness(
                self.google, index=self.index, quarantine=self.quarantine
            ),
        }

    @property
    def books(self) -> Books:
        return Books(
            registry=self.registry,
            index=self.index,
            fences=self.fences,
            holds=self.holds,
            erasures=self.erasures,
            tracks=self.tracks,
            pages=self.pages,
            plans=self.plans,
            receipts=self.receipts,
            audit=self.audit,
            publisher=self.publisher,
        )

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

    def crashed(self) -> bool:
        """Whether the crash that was ordered has happened."""
        return not self._writes.waits

    def calm_down(self) -> None:
        """The crash that was ordered does not happen any more."""
        self._writes.calm_down()
