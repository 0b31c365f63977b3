"""What retention let go and what was ordered to be deleted, in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from custody.domain.disposal import Disposal, DisposalId
from custody.domain.erasure import Thing
from custody.domain.names import parse_version_name
from custody.domain.retention import RetentionPlan, RetentionPlanId
from custody.domain.series import next_place
from custody.domain.vault import FileHistory, FileId, HoldingEpoch, ObjectName
from custody.errors import NotFoundError
from custody.ports import Index, Keys, Vault
from samples import a_draft
from worlds.writes import Writes


class MemoryMarks:
    """The port Marks."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._marks: set[ObjectName] = set()

    def put(self, name: ObjectName) -> None:
        with self._writes.one():
            self._marks.add(name)

    def marked(self, name: ObjectName) -> bool:
        return name in self._marks

    def erase(self, name: ObjectName) -> None:
        """What the store of the ledger does, and nobody else."""
        self._marks.discard(name)

    def all(self, life: HoldingEpoch) -> frozenset[ObjectName]:
        return frozenset(one for one in self._marks.copy() if parse_version_name(one)[0] == life)


class MemoryDisposals:
    """The port Disposals."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._disposals: dict[DisposalId, Disposal] = {}
        self._found: dict[DisposalId, tuple[Thing, ...]] = {}

    def add(self, disposal: Disposal) -> None:
        with self._writes.one():
            self._disposals.setdefault(disposal.id, disposal)

    def find(self, disposal: DisposalId) -> Disposal:
        if disposal not in self._disposals:
            raise NotFoundError(f"no order {disposal}")
        return self._disposals[disposal]

    def note(self, disposal: DisposalId, things: Sequence[Thing]) -> Sequence[Thing]:
        with self._writes.one():
            return self._found.setdefault(disposal, tuple(things))


class MemoryRetentionPlans:
    """The port RetentionPlans."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._plans: dict[RetentionPlanId, RetentionPlan] = {}

    def save(self, plan: RetentionPlan) -> None:
        with self._writes.one():
            self._plans.setdefault(plan.id, plan)

    def find(self, plan: RetentionPlanId) -> RetentionPlan:
        if plan not in self._plans:
            raise NotFoundError(f"no plan {plan}")
        return self._plans[plan]


class Writable(Protocol):
    """As much of a world as a history of exports needs."""

    @property
    def vault(self) -> Vault: ...
    @property
    def index(self) -> Index: ...
    @property
    def keys(self) -> Keys: ...
    def now(self) -> datetime: ...


def an_export(day: int) -> bytes:
    """Worth a delta: 32 of them make a series."""
    return b"a row like all others\n" * 500 + b"day %d\n" % day


def daily_exports(
    world: Writable, life: HoldingEpoch, file_id: FileId, days: int
) -> dict[ObjectName, bytes]:
    """A file into which a tool exported once a day, until yesterday: captured, and indexed."""
    sealer, history = world.keys.unwrap(life), FileHistory(life=life, file_id=file_id)
    stored = {}
    for day in range(days):
        place = next_place(history.versions, len(an_export(day)))
        draft = a_draft(
            f"r{day}",
            life,
            file_id,
            drive_version=day + 1,
            captured_at=world.now() - timedelta(days=days - day),
            series=place.series,
            number=place.number,
        )
        version = world.vault.store(
            draft,
            partial(lambda data: iter([data]), an_export(day)),
            sealer=sealer,
            base=place.base,
            latest=history.latest,
            deadline=world.now() + timedelta(days=1),
        )
        history = history.with_version(version)
        stored[version.name] = an_export(day)
    world.index.write(history, stamp=0, sealer=sealer)
    return stored
