"""How one copy is swept: round after round, page after page, until a round finds nothing.

A round lists the copy from its first name to its last and deletes what goes. Before a page deletes
anything it writes down what it found (create-only), so that a crash or a second delivery neither
counts twice nor forgets. A round that finds nothing, begun after every writer from before the
fence has ended, is the evidence that the copy is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from custody.domain.erasure import (
    GOES,
    SETTLED,
    Copy,
    CopyState,
    ErasureId,
    Fate,
    Found,
    Horizon,
    Thing,
    Track,
    extend,
    moved,
)
from custody.domain.vault import Source

FIRST_LOOK = timedelta(hours=1)
"""When a sweep that says nothing is looked after."""
SECOND_LOOK = timedelta(hours=1)
"""Between the look that found less than promised and the one that settles it."""
DAILY, WEEKLY = timedelta(days=1), timedelta(days=7)
DAILY_FOR = timedelta(days=8)
"""Longer than a resumable upload can live (Cloud Storage: one week)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one task found in one stretch, written down before any of it was deleted."""

    number: int
    round: int
    began_at: datetime
    """When the round began."""
    after: str = ""
    last: str | None = None
    """The last name of the stretch; None when it reached the end of the copy."""
    before: int = 0
    inventory: str = ""
    """Of the first round, up to and with this page."""
    deleted: int = 0
    relinquished: int = 0
    """Of all rounds, up to and with this page."""
    news: int = 0
    kept: int = 0
    waiting: int = 0
    until: datetime | None = None
    """Of this round, up to and with this page: what goes, what stays, what cannot go yet."""

    @property
    def recorded(self) -> bool:
        """A round that finds nothing at all leaves nothing to remember."""
        return bool(self.after or self.last is not None or self.news or self.kept or self.waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """As much of a track as a listing shows."""

    erasure: ErasureId
    source: Source
    epoch: int
    copy: Copy
    state: CopyState
    due_at: datetime

    @property
    def settled(self) -> bool:
        return self.state in SETTLED


def begin(number: int, previous: Page | None, now: datetime) -> Page:
    """The page with this number before anybody looked: the next stretch, or the next round."""
    if previous is None:
        return Page(number=number, round=1, began_at=now)
    if previous.last is not None:
        return replace(previous, number=number, after=previous.last, last=None)
    return replace(
        previous,
        number=number,
        round=previous.round + 1,
        began_at=now,
        after="",
        news=0,
        kept=0,
        waiting=0,
        until=None,
    )


def count(page: Page, found: Found) -> Page:
    """The page with what was found; only the first round makes the inventory."""
    fates = [thing.fate for thing in found.things]
    is_first = page.round == 1
    return replace(
        page,
        last=found.last,
        before=page.before + (len(fates) if is_first else 0),
        inventory=extend(page.inventory, found.things) if is_first else page.inventory,
        deleted=page.deleted + fates.count(Fate.DELETE),
        relinquished=page.relinquished + fates.count(Fate.RELINQUISH),
        news=page.news + sum(fate in GOES for fate in fates),
        kept=page.kept + fates.count(Fate.KEEP),
        waiting=page.waiting + fates.count(Fate.RETAINED) + fates.count(Fate.ASK_OWNER),
        until=latest([page.until, *(thing.until for thing in found.things)]),
    )


def latest(moments: Iterable[datetime | None]) -> datetime | None:
    """Of those that are known."""
    return max((one for one in moments if one), default=None)


def within(page: Page, things: Iterable[Thing]) -> list[Thing]:
    """Those of the stretch that was written down; a second look may reach further."""
    return [one for one in things if page.last is None or one.name <= page.last]


def quiet_at(track: Track, quiescence: timedelta) -> datetime:
    """When every writer from before the fence has ended."""
    return track.fenced_at + quiescence


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a whole round comes to."""

    track: Track
    again: bool
    """Whether another round must follow: what was found may not have been all."""


def verdict(
    track: Track,
    page: Page,
    *,
    quiescence: timedelta,
    promised: int,
    now: datetime,
    adopted: bool = False,
) -> Verdict:
    """Decides when a round that began after the quiescence found nothing; else asks for more.

    `adopted` for a folder that the customer owns: when we see nothing of it, its owner may.
    """
    track = _counted(track, page, now)
    if page.news or page.began_at < quiet_at(track, quiescence):
        return Verdict(track=track, again=True)
    is_others = bool(page.relinquished) or (adopted and not page.deleted)
    end = CopyState.RELINQUISHED if is_others else CopyState.DELETED_BY_US
    return Verdict(track=_decide(track, page, promised, end, now), again=False)


def _counted(track: Track, page: Page, now: datetime) -> Track:
    """What came to light after the copy was called erased takes that word back until t1.

    What was kept elsewhere is counted no more once the index that led to it is erased, too.
    """
    if page.news and track.settled:
        track = replace(track, stragglers=track.stragglers + page.news)
        if track.state is not CopyState.RELINQUISHED:
            track = moved(track, CopyState.DELETED_BY_US, now=now)
    return replace(
        track,
        before=page.before,
        inventory=page.inventory,
        deleted=page.deleted,
        relinquished=page.relinquished,
        kept=track.kept if track.settled and not page.news else page.kept,
        waiting=page.waiting,
        reason="" if page.news else track.reason,
        swept_at=track.swept_at or now,
        deleted_at=now if page.news or not track.deleted_at else track.deleted_at,
    )


def _decide(track: Track, page: Page, promised: int, end: CopyState, now: datetime) -> Track:
    if track.settled and not page.waiting and not _has_stragglers(track):
        return track  # the evidence stands; a later look that finds nothing adds nothing
    if page.waiting:
        if track.state is not CopyState.BLOCKED or _has_stragglers(track):
            track = replace(track, checked_at=now)
        return blocked(track, WAITS, page.until, now=now)
    track = replace(track, checked_at=now)
    if track.settled:
        return track
    # A writer that raced the fence adds to the promise what only a later round could find.
    missing = max(promised - max(page.before, page.deleted), 0)
    if missing and not _is_second_look(track, now):
        due = now + SECOND_LOOK
        track = moved(track, CopyState.UNKNOWN, now=now, reason=FEWER, due_at=due)
        return replace(track, missing=missing)
    return moved(track, end, now=now, missing=missing, reason="", until=None)


def _has_stragglers(track: Track) -> bool:
    """Whether nobody looked yet, or something was deleted since the look that decided."""
    return not track.checked_at or bool(track.deleted_at and track.deleted_at > track.checked_at)


WAITS = "a hold, a retention or an owner forbids to delete some of it"
FEWER = "nothing is left, but fewer things were found than the ledger promises: looked at again"


def _is_second_look(track: Track, now: datetime) -> bool:
    """Two looks an hour apart that find nothing are evidence; one is not (T7)."""
    return track.state is CopyState.UNKNOWN and now - track.since >= SECOND_LOOK


def blocked(track: Track, reason: str, until: datetime | None, *, now: datetime) -> Track:
    """Stands in its own state until the date, or until somebody decides: looked at daily."""
    due = min(until, now + DAILY) if until and until > now else now + DAILY
    return moved(track, CopyState.BLOCKED, now=now, reason=reason, until=until, due_at=due)


HELD = "a hold on this holding forbids to delete anything of it"


def held_up(track: Track, until: datetime, *, now: datetime) -> Track:
    """A hold keeps what there is; where nothing is left, it only puts off the next look."""
    if track.settled:
        return replace(track, due_at=now + DAILY)
    return blocked(track, HELD, until, now=now)


def failed(track: Track, reason: str, *, now: datetime) -> Track:
    """A store refused for good: tried again every hour, in case a person mended it."""
    return moved(track, CopyState.FAILED, now=now, reason=reason, due_at=now + FIRST_LOOK)


def ripened(track: Track, horizon: Horizon, *, now: datetime) -> Track:
    """A settled track as far as time has brought it, with the next day to look at it."""
    if track.state is not CopyState.RELINQUISHED:
        track = _aged(_dated(track, horizon, now), now)
    return replace(track, due_at=_next_look(track, now))


def _dated(track: Track, horizon: Horizon, now: datetime) -> Track:
    """A date that was told once never moves to an earlier day, whatever the settings become."""
    t1, t2 = dates(horizon, track.deleted_at or now)
    return replace(
        track,
        t1=latest([t1, track.t1]) if t1 else None,
        t2=latest([t2, track.t2]) if t2 else None,
        notes=horizon.notes,
    )


def dates(horizon: Horizon, deleted_at: datetime) -> tuple[datetime | None, datetime | None]:
    """When what is deleted then is beyond us (t1), and beyond the provider (t2)."""
    if horizon.ours is None:
        return None, None
    t1 = max(deleted_at + horizon.ours, horizon.ours_until or deleted_at)
    return t1, t1 + horizon.provider if horizon.provider is not None else None


def _aged(track: Track, now: datetime) -> Track:
    if track.state is CopyState.DELETED_BY_US and track.t1 and now >= track.t1:
        track = moved(track, CopyState.UNRECOVERABLE_BY_US, now=now)
    if track.state is CopyState.UNRECOVERABLE_BY_US and track.t2 and now >= track.t2:
        track = moved(track, CopyState.UNRECOVERABLE_BY_PROVIDER, now=now)
    return track


def _next_look(track: Track, now: datetime) -> datetime:
    """Daily for eight days after the fence, then weekly; and on the days that change its state."""
    pace = DAILY if now < track.fenced_at + DAILY_FOR else WEEKLY
    return min(one for one in (now + pace, track.t1, track.t2) if one and one > now)


def mirrored(track: Track, leader: Track, *, now: datetime) -> Track:
    """What a track that follows says: all that its leader says, looked at an hour later."""
    due = max(leader.due_at, now) + FIRST_LOOK if leader.settled else now + FIRST_LOOK
    return replace(leader, erasure=track.erasure, by=track.by, due_at=due)
