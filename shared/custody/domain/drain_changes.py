"""The cursor of one change log: who may move it, and what a change touches."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a change log was followed, who follows it now, and whether a bell rang meanwhile."""

    token: str
    moved_at: datetime
    holder: str | None = None
    leased_until: datetime | None = None
    due: bool = False
    """Rung while somebody was at it: the holder looks again before it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Drain, under this cursor."""

    cursor: Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveDue:
    """Somebody drains already: leave word that there may be more."""

    cursor: Cursor


def plan_drain(cursor: Cursor, *, holder: str, now: datetime) -> Take | LeaveDue:
    """One drain per corpus at a time; whoever meets a lease leaves `due` and goes."""
    if cursor.leased_until and now < cursor.leased_until and cursor.holder != holder:
        return LeaveDue(cursor=replace(cursor, due=True))
    return Take(cursor=leased(cursor, holder=holder, now=now))


def leased(cursor: Cursor, *, holder: str, now: datetime) -> Cursor:
    return replace(cursor, holder=holder, leased_until=now + LEASE, due=False)


def released(cursor: Cursor) -> Cursor:
    return replace(cursor, holder=None, leased_until=None)
