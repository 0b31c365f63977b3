"""Deletes a few named versions of an open epoch from one copy, by a written order, and counts.

An order is a suggestion until it was checked: what keeps a wrong one from doing harm stands here
and in `domain/disposal.py`. All of it may happen twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from custody.domain.disposal import (
    Disposal,
    DisposalId,
    Look,
    Why,
    doomed,
    first_name,
    require_enough,
    require_sound,
)
from custody.domain.erasure import Copy, ErasureId, Found, Target, Thing
from custody.domain.events import ErasureStep, version_stored
from custody.domain.vault import ids
from custody.errors import MalformedEventError, NotFoundError, RefusedError, StillThereError
from custody.ports import Disposals, Marks, Store, Witness
from custody.steps.books import Books

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispose:
    """One delivery: the orders, what guards them, and the copies."""

    books: Books
    disposals: Disposals
    marks: Marks
    stores: Mapping[Copy, Store]
    witnesses: Mapping[Copy, Witness]
    clock: Callable[[], datetime]


def dispose(run: Dispose, step: ErasureStep) -> None:
    """RefusedError for an order that must not be carried out: whoever is alerted looks at it."""
    order = _order(run, step)
    require_sound(order, run.clock().date())
    if reason := _stands_back(run, order):
        log.warning("disposal_skipped", reason=reason, **_ids(order))
        return
    _require_marks(run, order)
    subject = _ids(order) | {"why": order.why.value, "versions": len(order.names)}
    run.books.audit.note(order.id, "dispose", subject, run.clock())
    gone, locked = _delete(run, order)
    if order.why is Why.DAMAGED:
        _have_it_replaced(run, order)
    outcome = _ids(order) | {"deleted": gone, "locked": locked}
    run.books.audit.note(order.id, "disposed", outcome, run.clock())
    log.info("versions_disposed", why=order.why.value, deleted=gone, locked=locked, **_ids(order))


def _order(run: Dispose, step: ErasureStep) -> Disposal:
    try:
        order = run.disposals.find(DisposalId(step.erasure))
    except NotFoundError as error:
        raise MalformedEventError("the message names an order that nobody gave") from error
    if (order.life.source, order.life.epoch, order.copy) != (step.source, step.epoch, step.copy):
        raise MalformedEventError("the message names what is no part of its order")
    return order


def _stands_back(run: Dispose, order: Disposal) -> str | None:
    """Why nothing is deleted by this order. Retention orders anew what still waits."""
    life = order.life
    if run.books.fences.closed(life):
        return "the epoch is closed: its erasure takes everything"
    hold = run.books.holds.find(life.customer, life.source)
    if hold and hold.in_force(run.clock()):
        return "a hold forbids to delete anything of this holding"
    return None


def _require_marks(run: Dispose, order: Disposal) -> None:
    """What has no mark may be wanted by somebody."""
    if order.why is not Why.EXPIRED:
        return
    if not set(order.names) <= run.marks.all(order.life):
        raise RefusedError("an order names versions that retention did not let go: none is deleted")


def _delete(run: Dispose, order: Disposal) -> tuple[int, int]:
    """How many things are gone, and how many a lock keeps for now."""
    store, target = run.stores[order.copy], _target(order)
    before = _look(store, order)
    require_enough(order, before)
    # An order that comes again finds what took the place of what it deleted, and lets it be.
    found = run.disposals.note(order.id, before.named)
    store.delete(target, _still_there(doomed(found), before))
    after = _look(store, order)
    require_enough(order, after)
    if left := _still_there(doomed(found), after):
        raise StillThereError(f"{len(left)} things are still to be seen: delete again")
    if run.witnesses[order.copy].remaining(target, _start(order), None) != after.things:
        raise StillThereError("two looks at the copy differ: look again")
    return len(doomed(found)), len(found) - len(doomed(found))


def _target(order: Disposal) -> Target:
    return Target(erasure=ErasureId(order.id), life=order.life)


def _start(order: Disposal) -> str:
    return first_name(order.copy, order.life)


def _look(store: Store, order: Disposal) -> Look:
    """At all versions of the epoch, stretch by stretch."""
    look, found = Look(), Found(last=_start(order))
    while found.last is not None:
        found = store.find(_target(order), found.last)
        look = look.plus(order, found.things)
    return look


def _still_there(things: Sequence[Thing], look: Look) -> list[Thing]:
    there = {(one.name, one.stamp) for one in look.named}
    return [one for one in things if (one.name, one.stamp) in there]


def _have_it_replaced(run: Dispose, order: Disposal) -> None:
    """Whoever copies versions puts the whole one where the damaged one was."""
    run.books.publisher.publish([version_stored(name) for name in order.names])


def _ids(order: Disposal) -> dict[str, str | int]:
    return {"disposal": order.id, "copy": order.copy.value, **ids(order.life)}
