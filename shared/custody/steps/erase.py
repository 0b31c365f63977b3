"""Moves one copy of one epoch one step: a page of a sweep, and at a round's end the verdict.

Every write may happen twice. What was found is written down before any of it is deleted, the
track moves once a round, and whatever rings for the next step does so before this one is called
finished: a crash anywhere repeats, and never forgets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from custody.domain.disposal import is_disposal
from custody.domain.erasure import (
    ACTED_ON,
    GOES,
    Copy,
    CopyState,
    Erasure,
    Target,
    Track,
    is_behind,
    is_ready,
    target_of,
)
from custody.domain.events import ErasureStep
from custody.domain.holds import Hold
from custody.domain.sweep import (
    Page,
    begin,
    count,
    failed,
    held_up,
    mirrored,
    quiet_at,
    ripened,
    verdict,
    within,
)
from custody.errors import (
    MalformedEventError,
    NotFoundError,
    PermanentError,
    RefusedError,
    StillThereError,
    TooEarlyError,
)
from custody.ports import Disposals, Marks, Seen, Signer, Store, Witness
from custody.steps.books import Books, ids_of, promised, step_of, waiting
from custody.steps.certify import certify
from custody.steps.dispose import Dispose, dispose

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """One delivery: its books, the copies, and how long old writers may still be at work."""

    books: Books
    stores: Mapping[Copy, Store]
    witnesses: Mapping[Copy, Witness]
    disposals: Disposals
    marks: Marks
    signer: Signer
    quiescence: timedelta
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one step is about."""

    erasure: Erasure
    target: Target
    seen: Seen[Track]
    page: int
    previous: Page | None
    """The page before, which says where this one begins."""

    @property
    def track(self) -> Track:
        return self.seen.value


def erase(run: Erase, step: ErasureStep) -> None:
    """Raises what may pass by itself; what will not is a state of the copy, and alerts."""
    if is_disposal(step.erasure):
        dispose(_dispose(run), step)
        return
    task = _task(run, step)
    if task.track.follows:
        _follow(run, task)
        return
    _require_fence(run, task)
    if hold := _hold(run, task):
        _conclude(run, task, held_up(task.track, hold.until, now=run.clock()))
        return
    if task.page == 0 and not is_ready(task.track, run.books.tracks.of(step.erasure)):
        log.info("erasure_waits", **ids_of(task.track))  # what comes first rings for it
        return
    try:
        _require_whole(run, task)
        _sweep(run, task)
    except PermanentError as error:
        _fail(run, task, error)


def _dispose(run: Erase) -> Dispose:
    """An order concerns some versions of an epoch that stays open; it has no track and no pages."""
    return Dispose(
        books=run.books,
        disposals=run.disposals,
        marks=run.marks,
        stores=run.stores,
        witnesses=run.witnesses,
        clock=run.clock,
    )


def _task(run: Erase, step: ErasureStep) -> Task:
    books = run.books
    try:
        erasure = books.erasures.find(step.erasure)
        seen = books.tracks.read(step.erasure, step.source, step.epoch, step.copy)
    except NotFoundError as error:
        raise MalformedEventError("the message names an erasure that was never begun") from error
    page = books.pages.next_number(seen.value) if step.page is None else step.page
    part = erasure.part(seen.value.life)
    previous = books.pages.read(seen.value, page - 1) if page else None
    if part is None or (page and previous is None):
        raise MalformedEventError("the message names what is no part of its erasure")
    return Task(
        erasure=erasure,
        target=target_of(erasure.erasure, part),
        seen=seen,
        page=page,
        previous=previous,
    )


def _follow(run: Erase, task: Task) -> None:
    """Another erasure closed this epoch and erases it: its word is ours."""
    track, life = task.track, task.track.life
    try:
        leader = run.books.tracks.read(track.by, life.source, life.epoch, track.copy)
    except NotFoundError as error:
        raise TooEarlyError("the erasure that closed this epoch has not begun") from error
    _conclude(run, task, mirrored(track, leader.value, now=run.clock()))


def _require_fence(run: Erase, task: Task) -> None:
    """Nothing of an open epoch is ever deleted, whatever a message says."""
    fence = run.books.fences.fence(task.track.life)
    if fence is None or fence.erasure != task.erasure.erasure:
        raise RefusedError("this erasure did not close the epoch: nothing of it is deleted")


def _require_whole(run: Erase, task: Task) -> None:
    """A customer's entry leads to its holdings: it goes when none is left that nobody erased."""
    life = task.track.life
    if life.epoch:
        return
    covered = {part.life for part in task.erasure.parts}
    theirs = {
        one.life for one in run.books.registry.holdings() if one.life.customer == life.customer
    }
    if theirs - covered:
        raise RefusedError("a source was opened since the request: ask again for everything")


def _hold(run: Erase, task: Task) -> Hold | None:
    life = task.track.life
    hold = run.books.holds.find(life.customer, life.source)
    return hold if hold and hold.in_force(run.clock()) else None


def _fail(run: Erase, task: Task, error: PermanentError) -> None:
    log.error("erasure_failed", error=type(error).__name__, **ids_of(task.track))
    _conclude(run, task, failed(task.track, str(error), now=run.clock()))


def _sweep(run: Erase, task: Task) -> None:
    pages, track = run.books.pages, task.track
    if pages.finished(track, task.page):
        log.info("erasure_step_skipped", page=task.page, **ids_of(track))
        return
    page = _sweep_page(run, task)
    if page.last is not None:
        run.books.publisher.publish([step_of(track, task.page + 1)])
    else:
        _end_round(run, task, page)
    if page.recorded:
        pages.finish(track, task.page)


def _sweep_page(run: Erase, task: Task) -> Page:
    """Looks, writes down, deletes, and has somebody else look."""
    store, witness = run.stores[task.track.copy], run.witnesses[task.track.copy]
    start = _begin(run, task)
    if not start.after:
        store.close(task.target)
    found = store.find(task.target, start.after)
    page = _write_down(run, task, count(start, found))
    things = within(page, found.things)
    if acted_on := [one for one in things if one.fate in ACTED_ON]:
        store.delete(task.target, acted_on)
    left = witness.remaining(task.target, page.after, page.last)
    if left != sum(one.fate not in GOES for one in things):
        raise StillThereError(f"{left} things are still to be seen: delete again")
    return page


def _begin(run: Erase, task: Task) -> Page:
    """T18: the last sweep begins when every writer from before the fence has ended."""
    now, track = run.clock(), task.track
    start = begin(task.page, task.previous, now)
    if track.swept_at and not start.after and now < quiet_at(track, run.quiescence):
        raise TooEarlyError("the last sweep waits until every writer has ended")
    return start


def _write_down(run: Erase, task: Task, page: Page) -> Page:
    """What an earlier delivery wrote down stands; a round without a thing leaves nothing."""
    if page.recorded:
        return run.books.pages.put(task.track, page)
    return run.books.pages.read(task.track, task.page) or page


def _end_round(run: Erase, task: Task, page: Page) -> None:
    now, track = run.clock(), task.track
    come_to = verdict(
        track,
        page,
        quiescence=run.quiescence,
        promised=promised(run.books, track),
        adopted=task.target.adopted and track.copy is Copy.DRIVE,
        now=now,
    )
    if page.news and track.settled:
        log.error("arrival_after_fence", things=page.news, **ids_of(track))
    after = come_to.track
    if after.settled and not come_to.again:
        after = ripened(after, run.stores[track.copy].horizon(task.target), now=now)
    if come_to.again:
        _move(run, task, after)
        following = task.page + 1 if page.recorded else task.page
        run.books.publisher.publish([step_of(after, following)])
    else:
        _conclude(run, task, after)


def _conclude(run: Erase, task: Task, after: Track) -> None:
    """The copy goes no further by itself: what there is to say of its erasure is signed."""
    _move(run, task, after)
    tracks = run.books.tracks.of(after.erasure)
    certify(run.books, run.signer, task.erasure, tracks, now=run.clock())


def _move(run: Erase, task: Task, after: Track) -> None:
    """Writes where the copy stands now, and rings for what it held up."""
    books, before = run.books, task.track
    if after.state is not before.state:
        subject = ids_of(after) | {"from": before.state.value, "to": after.state.value}
        books.audit.note(after.erasure, "copy", subject, run.clock())
    books.tracks.write(after, stamp=task.seen.stamp)
    _tell(before, after)
    if waited := [one for one in waiting(books.tracks.of(after.erasure)) if is_behind(one, after)]:
        books.publisher.publish([step_of(one) for one in waited])


def _tell(before: Track, after: Track) -> None:
    if after.state is before.state:
        return
    if after.state is CopyState.BLOCKED:
        log.warning("erasure_blocked", **ids_of(after))
    elif after.settled and not before.settled:
        log.info("copy_erased", state=after.state.value, deleted=after.deleted, **ids_of(after))
