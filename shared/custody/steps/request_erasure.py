"""Takes a deletion request on: writes it down, fences every epoch, and rings for the rest.

Nothing is deleted here. A known request is answered with its erasure before anything else is
looked at, so that a repeat changes nothing, also after the customer's entry is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from custody.domain.erasure import Decision, Erasure, Fence, Part, Track
from custody.domain.events import DeletionRequested
from custody.domain.plan import Held
from custody.domain.request_erasure import (
    erasure_id,
    first_tracks,
    parts_of,
    require_same_world,
    taken_on,
)
from custody.domain.vault import CustomerId
from custody.errors import ConflictError, NotFoundError, RefusedError
from custody.steps.books import Books, ids_of, step_of, waiting

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One delivery of a request, and the policy that it meets."""

    books: Books
    deadline: timedelta
    """Until when an erasure is to be certified."""
    four_eyes_objects: int | None
    """Above so many versions, everything of a customer needs a second person; None for never."""
    clock: Callable[[], datetime]


def request_erasure(run: Request, request: DeletionRequested) -> Erasure:
    """The erasure of this request. RefusedError, NotFoundError: refused whole."""
    erasure = _known(run, request) or _take_on(run, request)
    if _may_proceed(run, erasure):
        _fence(run, erasure)
        _ring(run, erasure)
    return erasure


def _known(run: Request, request: DeletionRequested) -> Erasure | None:
    try:
        return run.books.erasures.find(erasure_id(request.request_id))
    except NotFoundError:
        return None


def _take_on(run: Request, request: DeletionRequested) -> Erasure:
    now = run.clock()
    parts = _parts(run.books, request)
    _require_planned(run.books, request, parts, now)
    wanted = taken_on(
        request,
        parts,
        deadline=run.deadline,
        needs_approval=_needs_approval(run, request, parts),
        now=now,
    )
    subject: dict[str, str | int] = {
        "customer": request.customer,
        "parts": len(parts),
        "reason": request.reason.value,
    }
    run.books.audit.note(wanted.erasure, "requested", subject, now)
    log.info("erasure_requested", erasure=wanted.erasure, **subject)
    return run.books.erasures.add(wanted)


def _require_planned(
    books: Books, request: DeletionRequested, parts: Sequence[Part], now: datetime
) -> None:
    """Whoever names a plan gets what it showed, or nothing."""
    if request.plan is None:
        return
    try:
        plan = books.plans.find(request.plan)
    except NotFoundError as error:
        raise RefusedError(
            f"request {request.request_id} names a plan that nobody made: nothing is erased; "
            "make one with 'custody erasures plan'"
        ) from error
    require_same_world(plan, request, parts, held(books, parts, now))


def _parts(books: Books, request: DeletionRequested) -> tuple[Part, ...]:
    try:
        books.registry.customer(request.customer)
    except NotFoundError as error:
        raise RefusedError(
            f"request {request.request_id} names no customer of ours: nothing is erased; "
            "'custody customers ls' names them all, ask again with the right id"
        ) from error
    parts = parts_of(
        request.customer,
        books.registry.holdings(),
        scope=request.scope,
        sources=request.sources,
        reason=request.reason,
    )
    if not parts:
        raise RefusedError(
            f"request {request.request_id}: the customer has no source, so there is nothing to "
            "erase; to end its contract ask for a termination"
        )
    return parts


def held(books: Books, parts: Sequence[Part], now: datetime) -> list[Held]:
    """The holds in force on the sources of these parts."""
    sources = sorted({(part.life.customer, part.life.source) for part in parts if part.life.epoch})
    found = [books.holds.find(customer, source) for customer, source in sources]
    return [Held(source=one.source, until=one.until) for one in found if one and one.in_force(now)]


def _needs_approval(run: Request, request: DeletionRequested, parts: Sequence[Part]) -> bool:
    """A request for everything of a large customer waits for a second pair of eyes."""
    if run.four_eyes_objects is None or not _is_everything(run.books, request.customer, parts):
        return False
    objects = sum(run.books.index.promised(part.life) for part in parts)
    return objects > run.four_eyes_objects


def _is_everything(books: Books, customer: CustomerId, parts: Sequence[Part]) -> bool:
    """Naming each source of a customer is asking for all of it."""
    theirs = {one.life for one in books.registry.holdings() if one.life.customer == customer}
    return theirs <= {part.life for part in parts}


def _may_proceed(run: Request, erasure: Erasure) -> bool:
    """Whether the point of no return is passed, or is passed now."""
    books = run.books
    decision = books.erasures.decision(erasure.erasure)
    if decision is None:
        if erasure.needs_approval and books.erasures.approved_by(erasure.erasure) is None:
            log.warning("erasure_requested", erasure=erasure.erasure, state="AWAITING_APPROVAL")
            return False
        decision = books.erasures.decide(erasure.erasure, Decision.PROCEED)
    return decision is Decision.PROCEED


def _fence(run: Request, erasure: Erasure) -> None:
    """Closes every epoch, each for ever, and begins the tracks of its copies."""
    for part in erasure.parts:
        now = run.clock()
        wanted = Fence(erasure=erasure.erasure, closed_at=now)
        subject: dict[str, str | int] = {
            "source": part.life.source,
            "epoch": part.life.epoch,
        }
        if run.books.fences.fence(part.life) is None:
            run.books.audit.note(erasure.erasure, "fence", subject, now)
        standing = run.books.fences.close(part.life, wanted)
        for track in first_tracks(erasure, part, standing):
            _begin(run, track)


def _begin(run: Request, track: Track) -> None:
    """A track that stands already belongs to an earlier delivery, and goes on from there."""
    try:
        run.books.tracks.write(track, stamp=0)
    except ConflictError:
        log.debug("erasure_requested", reason="begun before", **ids_of(track))


def _ring(run: Request, erasure: Erasure) -> None:
    tracks = run.books.tracks.of(erasure.erasure)
    run.books.publisher.publish([step_of(track) for track in waiting(tracks)])
