"""Follows a change log from its cursor and says which files of which holdings were touched."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from custody.domain.drain_changes import Cursor, Take, leased, plan_drain, released
from custody.domain.drive import Change, ChangePage, Corpus
from custody.domain.events import DriveTouched, Event, TimerRang, in_events
from custody.domain.vault import FileId, HoldingEpoch
from custody.errors import ConflictError, CustodyError, NotFoundError, UnavailableError
from custody.ports import ChangeFeed, Cursors, Index, Publisher, Seen
from custody.steps.scope import Scope

log = structlog.get_logger()

TAKE_TRIES = 8
MOVE_EVERY = timedelta(seconds=1)
"""No object of the ledger is written more often than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """One run over one change log: its ports, who runs it, and until when."""

    corpus: Corpus
    feed: ChangeFeed
    cursors: Cursors
    index: Index
    publisher: Publisher
    scope: Scope
    holder: str
    clock: Callable[[], datetime]
    deadline: datetime


def drain_changes(run: Drain) -> None:
    """Publishes what changed, then moves the cursor: a crash in between repeats, never loses."""
    held = _take(run)
    if held is None:
        return
    try:
        _follow(run, held)
    except CustodyError:
        _let_go(run)
        raise


def _let_go(run: Drain) -> None:
    """A run that failed leaves no lease behind: its redelivery must not wait for it to end."""
    seen = run.cursors.read(run.corpus)
    if seen and seen.value.holder == run.holder:
        run.cursors.move(run.corpus, released(seen.value), stamp=seen.stamp)


def _take(run: Drain) -> Seen[Cursor] | None:
    """The lease; None when somebody else has it and knows now that there may be more."""
    for _ in range(TAKE_TRIES):
        try:
            seen = run.cursors.read(run.corpus) or _start(run, stamp=0)
            plan = plan_drain(seen.value, holder=run.holder, now=run.clock())
            if plan.cursor == seen.value:
                return None
            moved = run.cursors.move(run.corpus, plan.cursor, stamp=seen.stamp)
        except ConflictError:
            continue  # somebody was faster: look again
        return moved if isinstance(plan, Take) else None
    raise ConflictError("too many ring for this change log at once: the timer rings again")


def _start(run: Drain, *, stamp: int) -> Seen[Cursor]:
    """T4: a new start token first; then the full listing and difference, which reconcile does."""
    token = run.feed.start(run.corpus)
    run.publisher.publish([TimerRang(timer="reconcile")])
    cursor = Cursor(token=token, moved_at=run.clock())
    return run.cursors.move(run.corpus, cursor, stamp=stamp)


def _follow(run: Drain, held: Seen[Cursor]) -> None:
    pages, token = 0, held.value.token
    followed: set[str] = set()
    while True:
        if token in followed:
            raise UnavailableError("Drive's change log leads in a circle (T4): try again")
        page = _page(run, token)
        if page is None:
            log.error("cursor_lost", corpus=run.corpus)
            _start(run, stamp=held.stamp)
            return
        _publish(run, page)
        if page.more:
            followed.add(token)
        pages, token = pages + 1, page.cursor
        if page.more and run.clock() < run.deadline:
            held = _advance(run, held, token)
            continue
        if page.more:
            run.publisher.publish([DriveTouched(corpus=run.corpus)])
        if _end(run, held, token):
            log.info("changes_drained", corpus=run.corpus, pages=pages, more=page.more)
            return
        held = _retake(run)


def _page(run: Drain, token: str) -> ChangePage | None:
    try:
        return run.feed.page(run.corpus, token)
    except NotFoundError:
        return None


def _advance(run: Drain, held: Seen[Cursor], token: str) -> Seen[Cursor]:
    """Moves the stored cursor, at most once a second, and keeps the lease alive with it."""
    now = run.clock()
    if now - held.value.moved_at < MOVE_EVERY:
        return held
    moved = replace(leased(held.value, holder=run.holder, now=now), token=token, moved_at=now)
    try:
        return run.cursors.move(run.corpus, moved, stamp=held.stamp)
    except ConflictError:
        return _retake(run)


def _end(run: Drain, held: Seen[Cursor], token: str) -> bool:
    """Gives the lease up; False when a bell rang meanwhile, so that we look again."""
    done = replace(released(held.value), token=token, moved_at=run.clock())
    try:
        run.cursors.move(run.corpus, done, stamp=held.stamp)
    except ConflictError:
        return False
    return True


def _retake(run: Drain) -> Seen[Cursor]:
    """After somebody's write: a `due` is answered under our lease; a lost lease ends the run."""
    seen = run.cursors.read(run.corpus)
    if seen is None or seen.value.holder != run.holder:
        raise ConflictError("another drain took over this change log: it does the rest")
    taken = leased(seen.value, holder=run.holder, now=run.clock())
    return run.cursors.move(run.corpus, taken, stamp=seen.stamp)


def _publish(run: Drain, page: ChangePage) -> None:
    touched: defaultdict[HoldingEpoch, dict[FileId, None]] = defaultdict(dict)
    events: list[Event] = []
    for change in page.changes:
        places = _places(run, change)
        if not places and change.file is None:
            # Perhaps a folder: nobody names what was in it, so the full listing must.
            events = [TimerRang(timer="reconcile")]
        for life, file_id in places:
            touched[life][file_id] = None
    for life, file_ids in touched.items():
        events += in_events(life, list(file_ids))
    if events:
        run.publisher.publish(events)


def _places(run: Drain, change: Change) -> list[tuple[HoldingEpoch, FileId]]:
    """Which files of which holdings a change concerns. A folder's change is its subtree's."""
    if change.file is None:
        return [(life, change.file_id) for life in run.index.whereabouts(change.file_id)]
    place = run.scope.place_of(change.file)
    files = run.scope.files_below(change.file_id) if change.file.is_folder else [change.file]
    return [
        (life, file.file_id)
        for file in files
        for life in ([place.life] if place else run.index.whereabouts(file.file_id))
    ]
