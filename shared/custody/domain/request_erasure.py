"""What a deletion request comes to: which epochs, until when, and whether it must wait."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from custody.domain.erasure import (
    Erasure,
    ErasureId,
    Fence,
    Part,
    Reason,
    Scope,
    Track,
    copies_of,
    entry_of,
)
from custody.domain.events import DeletionRequested
from custody.domain.plan import Held, Plan
from custody.domain.sweep import FIRST_LOOK
from custody.domain.vault import CustomerId, Holding, Source
from custody.errors import RefusedError


def erasure_id(request_id: str) -> ErasureId:
    """The same request is the same erasure, however often it comes."""
    return ErasureId("e-" + hashlib.sha256(request_id.encode()).hexdigest()[:20])


def parts_of(
    customer: CustomerId,
    holdings: Iterable[Holding],
    *,
    scope: Scope,
    sources: Sequence[Source],
    reason: Reason,
) -> tuple[Part, ...]:
    """Every epoch of every holding in scope, earlier ones too; RefusedError for an unknown source.

    The registry knows the folder of the present epoch alone. Earlier ones were closed by an
    erasure, which wrote theirs down.
    """
    theirs = {one.life.source: one for one in holdings if one.life.customer == customer}
    wanted = sorted(theirs if scope is Scope.ALL else set(sources))
    if unknown := [source for source in wanted if source not in theirs]:
        raise RefusedError(
            f"{len(unknown)} of {len(wanted)} sources of this request are not the customer's: "
            "nothing is erased; 'custody customers show' names them, ask again with those"
        )
    parts = [part for source in wanted for part in _epochs(theirs[source])]
    if reason is Reason.TERMINATION:
        parts.append(Part(life=entry_of(customer)))
    return tuple(parts)


def _epochs(holding: Holding) -> Iterable[Part]:
    *earlier, _ = holding.lives
    yield from (Part(life=life) for life in earlier)
    yield Part(life=holding.life, folder_id=holding.folder_id, adopted=holding.adopted)


def taken_on(
    request: DeletionRequested,
    parts: tuple[Part, ...],
    *,
    deadline: timedelta,
    needs_approval: bool,
    now: datetime,
) -> Erasure:
    return Erasure(
        erasure=erasure_id(request.request_id),
        request_id=request.request_id,
        customer=request.customer,
        scope=request.scope,
        reason=request.reason,
        requested_at=now,
        deadline=now + deadline,
        parts=parts,
        plan=request.plan,
        requested_by=request.requested_by,
        needs_approval=needs_approval,
    )


def require_same_world(
    plan: Plan, request: DeletionRequested, parts: Sequence[Part], holds: Sequence[Held]
) -> None:
    """RefusedError when what the ledger says is not what the person was shown."""
    asked = (request.customer, request.scope, set(request.sources), request.reason)
    shown = (plan.customer, plan.scope, set(plan.sources), plan.reason)
    if asked != shown or tuple(parts) != plan.parts or tuple(holds) != plan.holds:
        raise RefusedError(
            f"the world changed since {plan.id} was made: nothing is erased; "
            "make a new plan with 'custody erasures plan'"
        )


def first_tracks(erasure: Erasure, part: Part, fence: Fence) -> list[Track]:
    """One for each copy, beginning with the fence that stands, whoever closed it."""
    return [
        Track(
            erasure=erasure.erasure,
            life=part.life,
            copy=copy,
            by=fence.erasure,
            fenced_at=fence.closed_at,
            since=fence.closed_at,
            due_at=fence.closed_at + FIRST_LOOK,
        )
        for copy in copies_of(part.life)
    ]


def request_again(erasure: Erasure) -> DeletionRequested:
    """The request of an erasure, as it came: for one whose message was lost half-way."""
    named = {part.life.source for part in erasure.parts}
    return DeletionRequested(
        request_id=erasure.request_id,
        customer=erasure.customer,
        scope=erasure.scope,
        sources=() if erasure.scope is Scope.ALL else tuple(sorted(named)),
        reason=erasure.reason,
        submitted_at=erasure.requested_at,
        plan=erasure.plan,
        requested_by=erasure.requested_by,
    )
