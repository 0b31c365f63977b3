"""The copies in memory: stores that delete one thing a write, and witnesses that look anew."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from custody.domain import names
from custody.domain.erasure import Fate, Found, Horizon, Target, Thing
from custody.domain.quarantine import Quarantined
from custody.domain.vault import FileId, HoldingEpoch, ObjectName
from custody.errors import ConflictError, CustodyError
from worlds.erasures import MemoryHolds
from worlds.keys import MemoryKeys
from worlds.ledger import MemoryIndex, MemoryQuarantine, MemoryRegistry
from worlds.retention import MemoryMarks
from worlds.vault import MemoryVault
from worlds.writes import Writes

PAGE = 3
"""Things in one page: few, so that short stories turn pages."""

Acts = Sequence[Callable[[], object]]
"""The writes that delete one thing, in their order."""


class _MemoryStore(ABC):
    """The port Store over whatever a copy says it has; may be told to misbehave."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self.stale = 0
        """How many looks from now see nothing."""
        self.refuses: CustodyError | None = None
        """What deleting raises."""
        self.retained: dict[str, datetime | None] = {}
        """Names that a hold or a retention keeps, and until when."""
        self.keeps = Horizon()
        """What the settings of the store say."""

    @abstractmethod
    def standing(self, life: HoldingEpoch) -> Mapping[str, Acts]:
        """Each thing by its name, with what deletes it."""

    def close(self, target: Target) -> None:
        """Nothing adds to it by itself."""
        return

    def find(self, target: Target, after: str) -> Found:
        if self.stale:
            self.stale -= 1
            return Found()
        behind = [name for name in sorted(self.standing(target.life)) if name > after]
        page = behind[:PAGE]
        last = page[-1] if len(behind) > PAGE else None
        return Found(things=tuple(map(self._thing, page)), last=last)

    def _thing(self, name: str) -> Thing:
        if name in self.retained:
            return Thing(name=name, fate=Fate.RETAINED, until=self.retained[name])
        return Thing(name=name)

    def delete(self, target: Target, things: Sequence[Thing]) -> None:
        if self.refuses:
            raise self.refuses
        standing = self.standing(target.life)
        for one in things:
            for act in standing.get(one.name, ()):
                with self._writes.one():
                    act()

    def horizon(self, target: Target) -> Horizon:
        return self.keeps


def _count(found: Iterable[str], after: str, last: str | None) -> int:
    return sum(after < name and (last is None or name <= last) for name in found)


class MemoryVaultStore(_MemoryStore):
    def __init__(self, writes: Writes, vault: MemoryVault) -> None:
        super().__init__(writes)
        self._vault = vault

    def standing(self, life: HoldingEpoch) -> Mapping[str, Acts]:
        return {name: [partial(self._vault.erase, name)] for name in self._vault.names(life)}

    def _thing(self, name: str) -> Thing:
        _, stored_at = self._vault.stored(ObjectName(name))
        return replace(super()._thing(name), stamp=stored_at.isoformat())


class MemoryVaultWitness:
    def __init__(self, vault: MemoryVault) -> None:
        self._vault = vault

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        everything = self._vault.all_names()
        ours = (name for name in everything if names.parse_version_name(name)[0] == target.life)
        return _count(ours, after, last)


class MemoryKeysStore(_MemoryStore):
    def __init__(self, writes: Writes, keys: MemoryKeys) -> None:
        super().__init__(writes)
        self._keys = keys

    def close(self, target: Target) -> None:
        with self._writes.one():
            self._keys.mark(target.life)

    def standing(self, life: HoldingEpoch) -> Mapping[str, Acts]:
        if not self._keys.stands(life):
            return {}
        return {names.keyset_name(life): [partial(self._keys.erase, life)]}


class MemoryKeysWitness:
    def __init__(self, keys: MemoryKeys) -> None:
        self._keys = keys

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        if not self._keys.is_marked(target.life):
            raise ConflictError("the mark of the destroyed keyset is missing")
        standing = [names.keyset_name(target.life)] if self._keys.stands(target.life) else []
        return _count(standing, after, last)


class MemoryOffsiteStore(_MemoryStore):
    """Versions and keyset copies off-site; versions may be locked, keysets may not."""

    def __init__(
        self,
        writes: Writes,
        versions: MemoryVault,
        keys: MemoryKeys,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(writes)
        self._versions = versions
        self._keys = keys
        self._now = now
        self.keeps = Horizon(provider=None)

    def close(self, target: Target) -> None:
        with self._writes.one():
            self._keys.mark(target.life)

    def standing(self, life: HoldingEpoch) -> Mapping[str, Acts]:
        versions = {
            f"versions/{name}": [partial(self._versions.erase, name)]
            for name in self._versions.names(life)
        }
        return {**self._keysets(life), **versions}

    def _keysets(self, life: HoldingEpoch) -> dict[str, Acts]:
        found: dict[str, Acts] = {}
        if self._keys.stands(life):
            found[f"keys/{names.keyset_name(life)}"] = [partial(self._keys.erase, life)]
        if life in self._keys.recoverable:
            forget = partial(self._keys.recoverable.discard, life)
            found[f"keys/{names.recovery_name(life)}"] = [forget]
        return found

    def delete(self, target: Target, things: Sequence[Thing]) -> None:
        if any(self._is_locked(one.name) for one in things):
            raise ConflictError("an object became locked: look again")
        super().delete(target, things)

    def _thing(self, name: str) -> Thing:
        one = super()._thing(name) if self._is_locked(name) else Thing(name=name)
        kind, _, version = name.partition("/")
        if kind != "versions":
            return one
        _, stored_at = self._versions.stored(ObjectName(version))
        return replace(one, stamp=stored_at.isoformat())

    def _is_locked(self, name: str) -> bool:
        """A lock ends at its date; one without a date, when somebody lifts it."""
        until = self.retained.get(name)
        return name in self.retained and (until is None or until > self._now())


class MemoryOffsiteWitness:
    def __init__(self, versions: MemoryVault, keys: MemoryKeys) -> None:
        self._versions = versions
        self._keys = keys

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        if not after and not self._keys.is_marked(target.life):
            raise ConflictError("the mark of the destroyed keyset is missing off-site")
        return _count(self._left(target.life), after, last)

    def _left(self, life: HoldingEpoch) -> Iterator[str]:
        if self._keys.stands(life):
            yield f"keys/{names.keyset_name(life)}"
        if life in self._keys.recoverable:
            yield f"keys/{names.recovery_name(life)}"
        for name in self._versions.all_names():
            if names.parse_version_name(name)[0] == life:
                yield f"versions/{name}"


class MemoryLedgerStore(_MemoryStore):
    def __init__(
        self,
        writes: Writes,
        index: MemoryIndex,
        quarantine: MemoryQuarantine,
        registry: MemoryRegistry,
        holds: MemoryHolds,
        marks: MemoryMarks,
    ) -> None:
        super().__init__(writes)
        self._index = index
        self._quarantine = quarantine
        self._registry = registry
        self._holds = holds
        self._marks = marks

    def standing(self, life: HoldingEpoch) -> Mapping[str, Acts]:
        known = self._customer(life) if life.epoch == 0 else self._of_files(life)
        return {**known, **self._entries(life)}

    def _of_files(self, life: HoldingEpoch) -> dict[str, Acts]:
        marks = {
            names.mark_name(one): [partial(self._marks.erase, one)] for one in self._marks.all(life)
        }
        return {**self._indexed(life), **marks}

    def _indexed(self, life: HoldingEpoch) -> dict[str, Acts]:
        """The whereabouts of a file go before what leads to them."""
        return {
            names.index_name(life, file_id): [
                partial(self._index.forget_whereabouts, file_id, life),
                partial(self._index.erase, life, file_id),
            ]
            for file_id in self._index.files(life)
        }

    def _entries(self, life: HoldingEpoch) -> dict[str, Acts]:
        return {
            f"quarantine/{entry.id}.json": [
                partial(self._index.forget_whereabouts, FileId(entry.reference), life),
                partial(self._quarantine.verdicts.pop, entry.id, None),
                partial(self._quarantine.erase, entry.id),
            ]
            for entry in self._quarantine.everything()
            if _is_of(entry, life)
        }

    def _customer(self, life: HoldingEpoch) -> dict[str, Acts]:
        customer, registry = life.customer, self._registry
        found: dict[str, Acts] = {}
        for key in self._holds._holds:
            if key[0] == customer:
                found[names.hold_name(*key)] = [partial(self._holds._holds.pop, key, None)]
        for key in registry._holdings:
            if key[0] == customer:
                found[names.holding_name(*key)] = [partial(registry.erase_holding, *key)]
        if customer in registry._customers:
            record = names.customer_name(customer)
            found[record] = [partial(registry.erase_customer, customer)]
        return found


def _is_of(entry: Quarantined, life: HoldingEpoch) -> bool:
    if life.epoch == 0:
        return entry.customer == life.customer
    whose = (entry.customer, entry.source, entry.epoch or life.epoch)
    return whose == (life.customer, life.source, life.epoch)


class MemoryLedgerWitness:
    def __init__(
        self,
        index: MemoryIndex,
        quarantine: MemoryQuarantine,
        registry: MemoryRegistry,
        holds: MemoryHolds,
        marks: MemoryMarks,
    ) -> None:
        self._index = index
        self._quarantine = quarantine
        self._registry = registry
        self._holds = holds
        self._marks = marks

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        life = target.life
        found = self._of_customer(life) if life.epoch == 0 else self._of_epoch(life)
        return _count(found, after, last)

    def _of_epoch(self, life: HoldingEpoch) -> Iterator[str]:
        for file_id in self._index.files(life):
            yield names.index_name(life, file_id)
        yield from map(names.mark_name, self._marks.all(life))
        for entry in self._quarantine.everything():
            ours = (entry.customer, entry.source) == (life.customer, life.source)
            if ours and (entry.epoch is None or entry.epoch == life.epoch):
                yield f"quarantine/{entry.id}.json"

    def _of_customer(self, life: HoldingEpoch) -> Iterator[str]:
        for entry in self._quarantine.everything():
            if entry.customer == life.customer:
                yield f"quarantine/{entry.id}.json"
        for hold in self._holds._holds.values():
            if hold.customer == life.customer:
                yield names.hold_name(hold.customer, hold.source)
        for holding in self._registry.holdings():
            if holding.life.customer == life.customer:
                yield names.holding_name(holding.life.customer, holding.life.source)
        for customer in self._registry.customers():
            if customer.customer == life.customer:
                yield names.customer_name(customer.customer)
