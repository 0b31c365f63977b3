"""Lets go what no policy keeps: a mark each, then out of the index, then an order to delete it.

Whoever plans has the keys and deletes nothing; whoever deletes has none and acts on orders. A mark
comes before all else, so that nothing brings a version back on its way out. A crash anywhere leaves
marks whose objects are still there, and the next run orders those anew.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from custody.domain import names
from custody.domain.disposal import NAMES_AT_ONCE, Disposal, Why
from custody.domain.erasure import Copy
from custody.domain.events import TimerRang
from custody.domain.retention import (
    DEFAULT,
    RetentionPlan,
    Thinning,
    expired,
    is_level,
    needed,
    pruned,
    require_safe,
    require_same,
)
from custody.domain.vault import (
    CustomerId,
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    HoldingState,
    ObjectName,
    ids,
)
from custody.errors import ConflictError, CustodyError, DeadlineError, RetryableError
from custody.ports import Disposals, Keys, Marks, RetentionPlans, Sealer, Shelf
from custody.steps.books import Books
from custody.steps.orders import give_orders

log = structlog.get_logger()

AT_ONCE = 8
"""Files that are read or written at once."""
INDEX_TRIES = 8
TIMER = "timer"
"""Who let go what no person did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retain:
    """One run, or one person at work: what is read, and where marks and orders are written."""

    books: Books
    keys: Keys
    shelves: Mapping[Copy, Shelf]
    """The vault, which says what is stored, and every other copy of it."""
    marks: Marks
    disposals: Disposals
    plans: RetentionPlans
    clock: Callable[[], datetime]
    deadline: datetime


def retain(run: Retain, after: str | None = None) -> int:
    """How many versions were let go. Out of time, it rings for itself to go on.

    A customer of whom too much would go, or whose index cannot be read, does not keep the others
    waiting: the first error that may pass by itself is raised in the end.
    """
    gone = 0
    failed = None
    for customer in sorted(one.customer for one in run.books.registry.customers()):
        if after and customer <= after:
            continue
        if run.clock() >= run.deadline:
            run.books.publisher.publish([TimerRang(timer="retention", after=after)])
            break
        try:
            gone += apply_retention(run, plan_retention(run, customer), by=TIMER)
        except CustodyError as error:
            failed = failed or (error if isinstance(error, RetryableError) else None)
            log.error("retention_failed", error=type(error).__name__, customer=customer)
        after = customer
    if failed:
        raise failed
    return gone


# What would go.


def plan_retention(run: Retain, customer: CustomerId, at: datetime | None = None) -> RetentionPlan:
    """What no policy keeps as of now, or of the moment of an earlier plan. Changes nothing."""
    at = at or run.clock()
    theirs = [one for one in run.books.registry.holdings() if one.life.customer == customer]
    parts = (_thin(run, one, at) for one in sorted(theirs, key=lambda one: one.life))
    return RetentionPlan(customer=customer, parts=tuple(part for part in parts if part), made_at=at)


def _thin(run: Retain, holding: Holding, at: datetime) -> Thinning | None:
    """None where nothing may go."""
    life = holding.life
    if holding.state is not HoldingState.OPEN or _is_kept(run, life):
        return None
    sealer = run.keys.unwrap(life)
    stored = _stored(run, Copy.VAULT, life)
    marked = run.marks.all(life)
    known = run.books.index.files(life)
    several = [file_id for file_id, summary in known.items() if summary.versions > 1]
    histories = list(_read(run, life, several, sealer))
    level = [one for one in histories if is_level(one, stored.get(one.file_id, ()), marked)]
    policy = holding.retention or DEFAULT
    gone = [name for one in level for name in expired(one, policy, at=at, marked=marked)]
    waiting = {name for found in stored.values() for name in found} & marked
    return Thinning(
        life=life,
        keep=sum(summary.versions for summary in known.values()) - len(gone),
        expire=tuple(gone),
        waiting=len(waiting - set(gone)),
        uneven=len(histories) - len(level),
    )


def _is_kept(run: Retain, life: HoldingEpoch) -> bool:
    """A hold keeps everything; of a closed epoch an erasure takes everything."""
    hold = run.books.holds.find(life.customer, life.source)
    return run.books.fences.closed(life) or bool(hold and hold.in_force(run.clock()))


Stored = Mapping[FileId, Collection[ObjectName]]


def _stored(run: Retain, copy: Copy, life: HoldingEpoch) -> Stored:
    """What a copy lists, file by file."""
    return _by_file(one.name for one in run.shelves[copy].all(life))


def _by_file(listed: Iterable[ObjectName]) -> dict[FileId, list[ObjectName]]:
    found: defaultdict[FileId, list[ObjectName]] = defaultdict(list)
    for name in listed:
        found[names.parse_version_name(name)[1]].append(name)
    return found


def _read(
    run: Retain, life: HoldingEpoch, files: Iterable[FileId], sealer: Sealer
) -> Iterator[FileHistory]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        read = partial(run.books.index.read, life, sealer=sealer)
        yield from (seen.value for seen in pool.map(read, files))


# What goes.


def confirm_retention(run: Retain, plan: RetentionPlan) -> None:
    """Looks again. RefusedError when something of the plan would be kept by now."""
    marked = {name for part in plan.parts for name in run.marks.all(part.life)}
    require_same(plan, plan_retention(run, plan.customer, plan.made_at), marked)


def apply_retention(run: Retain, plan: RetentionPlan, *, by: str, approved: bool = False) -> int:
    """How many versions were let go. UnsafePlanError when a person must say yes first."""
    require_safe(plan, approved=approved)
    if plan.expire:
        run.plans.save(plan)
        told: dict[str, str | int] = {"customer": plan.customer, "expire": plan.expire, "by": by}
        run.books.audit.note(plan.id, "retention", told, run.clock())
    for part in plan.parts:
        _apply(run, part, approved=approved)
    return plan.expire


def _apply(run: Retain, part: Thinning, *, approved: bool) -> None:
    life = part.life
    if _is_kept(run, life):
        return
    sealer = run.keys.unwrap(life)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        let_go = partial(_let_go, run, life, sealer)
        for _ in pool.map(let_go, _by_file(part.expire).items()):
            pass
    ordered = _order(run, life, sealer, approved=approved)
    if part.uneven:
        log.warning("retention_waits", files=part.uneven, **ids(life))
    if part.expire or ordered:
        log.info("versions_expired", versions=len(part.expire), orders=ordered, **ids(life))


def _let_go(
    run: Retain, life: HoldingEpoch, sealer: Sealer, of: tuple[FileId, Sequence[ObjectName]]
) -> None:
    """Marks some versions of one file and takes them out of the index, whoever writes it too."""
    file_id, wanted = of
    for _ in range(INDEX_TRIES):
        if run.clock() >= run.deadline:
            raise DeadlineError("this run ran out of time: the next one goes on")
        seen = run.books.index.read(life, file_id, sealer=sealer)
        history = pruned(seen.value, wanted)
        if history == seen.value:
            return
        _mark(run, seen.value, history, wanted)
        try:
            run.books.index.write(history, stamp=seen.stamp, sealer=sealer)
        except ConflictError:
            continue
        return
    raise ConflictError("the index of one file is written by too many at once: try again")


def _mark(
    run: Retain, before: FileHistory, after: FileHistory, wanted: Sequence[ObjectName]
) -> None:
    """In the plan's order, so that whatever has no mark yet leans on nothing that has one."""
    left = {one.name for one in after.versions}
    gone = {one.name for one in before.versions} - left
    for name in wanted:
        if name in gone:
            run.marks.put(name)


# What is ordered.


def _order(run: Retain, life: HoldingEpoch, sealer: Sealer, *, approved: bool) -> int:
    """Orders what has a mark and is still stored, from whatever run; how many orders.

    The vault comes first: it says what is stored, and does not wait for another copy's outage.
    """
    vault = _stored(run, Copy.VAULT, life)
    marked = run.marks.all(life)
    orders = 0
    for copy in sorted(run.shelves, key=lambda one: one is not Copy.VAULT):
        stored = vault if copy is Copy.VAULT else _stored(run, copy, life)
        touched = [file_id for file_id, found in stored.items() if marked.intersection(found)]
        histories = _read(run, life, touched, sealer)
        spared = {name for one in histories for name in _spared(one, stored, vault, marked)}
        listed = {name for found in stored.values() for name in found}
        order = partial(
            Disposal,
            life=life,
            copy=copy,
            why=Why.EXPIRED,
            keep=len(listed - marked),
            ordered_on=run.clock().date().isoformat(),
            approved=approved,
        )
        given = [order(names=one) for one in _batches((listed & marked) - spared)]
        give_orders(run.disposals, run.books.publisher, given)
        orders += len(given)
    return orders


def _spared(
    history: FileHistory, stored: Stored, vault: Stored, marked: Collection[ObjectName]
) -> Collection[ObjectName]:
    """What must stay although it is marked: what the index leans on, and all of an uneven file."""
    if not is_level(history, vault.get(history.file_id, ()), marked):
        return stored[history.file_id]
    return needed((one.name for one in history.versions), history.versions)


def _batches(wanted: Collection[ObjectName]) -> Iterator[tuple[ObjectName, ...]]:
    ordered = sorted(wanted)
    for start in range(0, len(ordered), NAMES_AT_ONCE):
        yield tuple(ordered[start : start + NAMES_AT_ONCE])
