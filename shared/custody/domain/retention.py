"""Which versions of a file are kept, and which retention lets go. It decides; nothing is rewritten.

Of each period the newest version stays, and a version's age says which kind of period counts. A
week ends with its month, so that days make up weeks and weeks make up months: what went once would
never be wanted again later. Whatever a kept version needs to be read is kept too.
"""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NewType

from custody.domain.disposal import is_too_much
from custody.domain.vault import (
    CustomerId,
    FileHistory,
    HoldingEpoch,
    Kind,
    ObjectName,
    Retention,
    Version,
)
from custody.errors import RefusedError

RetentionPlanId = NewType("RetentionPlanId", str)
"""`r-` and 20 hex digits that follow from what the plan says."""

DEFAULT = Retention()
SEALING = timedelta(days=1)
"""How long a capture may be at work, and more: it leans on what was there when it began."""


class UnsafePlanError(RefusedError):
    """So much would go at once that a person must say yes."""


def expired(
    history: FileHistory,
    policy: Retention,
    *,
    at: datetime,
    marked: Collection[ObjectName] = frozenset(),
) -> tuple[ObjectName, ...]:
    """What is not kept any more, each before what it leans on: any beginning of it can go alone.

    `marked` was let go before, whatever the policy has become since.
    """
    then = [one for one in history.versions if one.captured_at <= at]
    wanted = {one.name for one in _newest(then, policy, at.astimezone(UTC).date())}
    wanted.difference_update(marked)
    wanted.update(one.name for one in history.versions if one.captured_at > at)
    wanted.update(one.name for one in _in_use(then, at))
    wanted.update(one.name for one in (history.latest,) if one)
    kept = needed(wanted, history.versions)
    gone = [one for one in history.versions if one.name not in kept]
    return tuple(one.name for one in sorted(gone, key=lambda one: (-one.depth, one.name)))


def _newest(versions: Iterable[Version], policy: Retention, today: date) -> Iterable[Version]:
    """In Drive's order, the last of each period."""
    newest = {}
    for version in sorted(versions, key=lambda one: one.order):
        if (rivals := _rivals(version, policy, today)) is not None:
            newest[rivals] = version
    return newest.values()


def _rivals(version: Version, policy: Retention, today: date) -> ObjectName | date | None:
    """Of all versions with the same answer only the newest stays; of those with None, none does.

    The first day of a period names it: no two periods that count begin on the same day.
    """
    day = version.captured_at.astimezone(UTC).date()
    month = day.replace(day=1)
    next_month = (month + timedelta(days=31)).replace(day=1)
    week = max(day - timedelta(days=day.weekday()), month)
    next_week = min(day + timedelta(days=7 - day.weekday()), next_month)
    daily = policy.all_days + policy.daily_days
    weekly = daily + policy.weekly_days
    if (today - day).days <= policy.all_days:
        return version.name
    if (today - next_week).days < daily:
        return day
    if (today - next_month).days < weekly:
        return week
    if policy.monthly_days is None or (today - next_month).days < weekly + policy.monthly_days:
        return month
    return None


def _in_use(versions: Collection[Version], at: datetime) -> Iterable[Version]:
    """What a capture that began a day ago may still lean on: the last series, and the latest."""
    settled = [one for one in versions if one.captured_at <= at - SEALING]
    last = max((one.series for one in settled if one.kind is not Kind.SAME), default=0)
    yield from (one for one in versions if one.series >= last)
    yield from sorted(settled, key=lambda one: one.order)[-1:]


def needed(wanted: Iterable[ObjectName], versions: Iterable[Version]) -> frozenset[ObjectName]:
    """These, and whatever must be read to read them."""
    bases = {one.name: one.base for one in versions}
    found: set[ObjectName] = set()
    for name in wanted:
        link: ObjectName | None = name
        while link is not None and link not in found:
            found.add(link)
            link = bases.get(link)
    return frozenset(found)


def pruned(history: FileHistory, names: Collection[ObjectName]) -> FileHistory:
    """The history without these; one that turned out to be needed since stays."""
    left = {one.name for one in history.versions} - set(names)
    left.update(one.name for one in (history.latest,) if one)
    return history.without(set(names) - needed(left, history.versions))


def is_level(
    history: FileHistory, stored: Collection[ObjectName], marked: Collection[ObjectName]
) -> bool:
    """Whether the index knows exactly what is stored, and all that each version leans on.

    Of any other file nothing is let go: reconcile brings it level first.
    """
    known, there, gone = {one.name for one in history.versions}, set(stored), set(marked)
    leans_on = {one.base for one in history.versions if one.base}
    return bool(known) and known - gone == there - gone and leans_on <= known <= there


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinning:
    """What retention makes of one epoch."""

    life: HoldingEpoch
    keep: int
    expire: tuple[ObjectName, ...]
    """Of each file in an order in which they can go one by one."""
    waiting: int = 0
    """How many were let go before and still are to be deleted."""
    uneven: int = 0
    """Of how many files nothing is let go, since the index and the vault differ about them."""

    @property
    def lost(self) -> int:
        return len(self.expire) + self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPlan:
    """What retention lets go of one customer. Nothing in it says what a file is called."""

    customer: CustomerId
    parts: tuple[Thinning, ...]
    made_at: datetime

    @property
    def id(self) -> RetentionPlanId:
        """What goes is bound; how much stays is shown, and grows with every capture."""
        bound = [self.customer, [(str(one.life), sorted(one.expire)) for one in self.parts]]
        digest = hashlib.sha256(json.dumps(bound).encode()).hexdigest()
        return RetentionPlanId("r-" + digest[:20])

    @property
    def keep(self) -> int:
        return sum(one.keep for one in self.parts)

    @property
    def expire(self) -> int:
        return sum(len(one.expire) for one in self.parts)


def require_safe(plan: RetentionPlan, *, approved: bool) -> None:
    """UnsafePlanError when more than half of a holding or of the customer would go at once."""
    kept, lost = plan.keep, sum(one.lost for one in plan.parts)
    sums = [(one.lost, one.keep + one.lost) for one in plan.parts]
    if not approved and any(is_too_much(*one) for one in (*sums, (lost, kept + lost))):
        raise UnsafePlanError(
            f"{lost} of {kept + lost} versions would go at once: nothing is let go; look at a plan "
            "with 'custody retention plan', and say yes with 'custody retention apply --yes'"
        )


def require_same(plan: RetentionPlan, now: RetentionPlan, marked: Collection[ObjectName]) -> None:
    """RefusedError when something of the plan would be kept now. `marked` has gone already."""
    going = {part.life: {*part.expire, *marked} for part in now.parts}
    if any(not going.get(part.life, set()).issuperset(part.expire) for part in plan.parts):
        raise RefusedError(
            f"the world changed since {plan.id} was made: nothing is let go; look at a new plan"
        )
