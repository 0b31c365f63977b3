"""Finds erasures that stand still and rings for them: lost messages, holds that ended, dates.

Closed epochs stay on the list for ever: each of their copies is looked at daily for eight days
after the fence and weekly after, and on the days when it passes beyond us and the provider.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import structlog

from custody.domain.erasure import Erasure, ErasureId, State, is_ready
from custody.domain.events import Event
from custody.domain.request_erasure import request_again
from custody.domain.sweep import Glance
from custody.errors import CustodyError
from custody.steps.books import Books, standing, step_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chase:
    """One look over all erasures."""

    books: Books
    now: datetime


def chase(run: Chase) -> int:
    """How many copies and requests were rung for.

    An erasure that cannot be read does not keep the others waiting: the first error comes last.
    """
    glances = _glances(run.books)
    rung, failed = 0, None
    for erasure in run.books.erasures.ids():
        try:
            rung += _ring(run, _events(run, erasure, glances.get(erasure, [])))
        except CustodyError as error:
            failed = failed or error
            log.error("reconcile_failed", error=type(error).__name__, erasure=erasure)
    if failed:
        raise failed
    return rung


def _ring(run: Chase, events: list[Event]) -> int:
    if events:
        run.books.publisher.publish(events)
    return len(events)


def _glances(books: Books) -> dict[ErasureId, list[Glance]]:
    found: defaultdict[ErasureId, list[Glance]] = defaultdict(list)
    for one in books.tracks.glance():
        found[one.erasure].append(one)
    return found


def _events(run: Chase, erasure: ErasureId, glances: list[Glance]) -> list[Event]:
    """Of an erasure that is settled and not due, only the listing was read."""
    now = run.now
    if glances and all(one.settled and one.due_at > now for one in glances):
        return []
    asked, tracks = run.books.erasures.find(erasure), run.books.tracks.of(erasure)
    state = standing(run.books, asked, tracks)
    _warn(asked, state, now)
    if state is State.REQUESTED:
        return [request_again(asked)]
    return [
        step_of(one, page=None) for one in tracks if one.due_at <= now and is_ready(one, tracks)
    ]


def _warn(erasure: Erasure, state: State, now: datetime) -> None:
    if now > erasure.deadline and state not in (State.CERTIFIED, State.CANCELLED):
        log.error("erasure_overdue", erasure=erasure.erasure, state=state.value)
