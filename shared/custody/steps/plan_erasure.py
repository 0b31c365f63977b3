"""Shows what an erasure would do, and sees to it that nothing else is done. Deletes nothing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from custody.domain.erasure import (
    Copy,
    Decision,
    Erasure,
    ErasureId,
    Fate,
    Found,
    Part,
    Reason,
    Scope,
    State,
    Target,
    copies_of,
)
from custody.domain.plan import Outlook, Plan
from custody.domain.request_erasure import parts_of
from custody.domain.sweep import dates, latest
from custody.domain.vault import CustomerId, Source
from custody.errors import RefusedError
from custody.ports import Store
from custody.steps.books import Books, standing
from custody.steps.request_erasure import held

NOBODYS = ErasureId("e-none")
"""What a plan has instead of an erasure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """What a person needs to see before saying yes."""

    books: Books
    stores: Mapping[Copy, Store]
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to be erased."""

    customer: CustomerId
    scope: Scope
    sources: tuple[Source, ...]
    reason: Reason


def plan_erasure(run: Planning, wish: Wish) -> Plan:
    """Looks at every copy of every epoch. RefusedError for a source that the customer lacks."""
    parts = parts_of(
        wish.customer,
        run.books.registry.holdings(),
        scope=wish.scope,
        sources=wish.sources,
        reason=wish.reason,
    )
    now = run.clock()
    return Plan(
        customer=wish.customer,
        scope=wish.scope,
        sources=wish.sources,
        reason=wish.reason,
        parts=parts,
        outlooks=tuple(
            _outlook(run, part, copy, now) for part in parts for copy in copies_of(part.life)
        ),
        holds=tuple(held(run.books, parts, now)),
        made_at=now,
    )


def _outlook(run: Planning, part: Part, copy: Copy, now: datetime) -> Outlook:
    """Counts page by page, in constant memory."""
    store = run.stores[copy]
    target = Target(erasure=NOBODYS, life=part.life, folder_id=part.folder_id, adopted=part.adopted)
    fates: Counter[Fate] = Counter()
    size_bytes, until = 0, None
    found = Found(last="")
    while found.last is not None:
        found = store.find(target, found.last)
        fates.update(thing.fate for thing in found.things)
        size_bytes += sum(thing.size_bytes for thing in found.things)
        until = latest([until, *(thing.until for thing in found.things)])
    horizon = store.horizon(target)
    t1, t2 = dates(horizon, now)
    return Outlook(
        life=part.life,
        copy=copy,
        objects=fates.total(),
        size_bytes=size_bytes,
        fates=tuple(sorted(fates)),
        until=until,
        t1=t1,
        t2=t2,
        notes=horizon.notes,
    )


def confirm_plan(run: Planning, plan: Plan) -> None:
    """Looks again. RefusedError when another plan would come of it now."""
    wish = Wish(customer=plan.customer, scope=plan.scope, sources=plan.sources, reason=plan.reason)
    if plan_erasure(run, wish).id != plan.id:
        raise RefusedError(
            f"the world changed since {plan.id} was made: nothing is erased; look at a new plan"
        )


def approve(books: Books, erasure: Erasure, by: str) -> None:
    """The second pair of eyes. RefusedError for the first one, and when nothing waits."""
    if standing(books, erasure) is not State.AWAITING_APPROVAL:
        raise RefusedError(f"{erasure.erasure} does not wait for approval: nothing is changed")
    if by == erasure.requested_by:
        raise RefusedError(
            f"whoever asked for {erasure.erasure} cannot approve it: a second person must"
        )
    books.erasures.approve(erasure.erasure, by)


def cancel(books: Books, erasure: Erasure, now: datetime) -> None:
    """Before the point of no return alone. RefusedError once an erasure goes on."""
    books.audit.note(erasure.erasure, "cancel", {}, now)
    if books.erasures.decide(erasure.erasure, Decision.CANCEL) is not Decision.CANCEL:
        raise RefusedError(
            f"{erasure.erasure} has begun: what is fenced cannot be opened again; "
            "a returning customer gets a new epoch with 'custody holdings open'"
        )
