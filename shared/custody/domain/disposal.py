"""Orders to delete certain stored versions of an epoch that stays open.

An erasure takes all of an epoch; a disposal takes what retention let go, or one object that is
damaged and whole elsewhere. It is written down before anybody acts on it, and only `erase` acts.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NewType

from custody.domain import names
from custody.domain.erasure import Copy, Fate, Thing
from custody.domain.vault import HoldingEpoch, ObjectName
from custody.errors import RefusedError

DisposalId = NewType("DisposalId", str)
"""`d-` and 20 hex digits that follow from what the order says."""


class Why(StrEnum):
    """What makes an object go."""

    EXPIRED = "expired"
    """Retention let it go. It carries a mark, and comes back nowhere."""
    DAMAGED = "damaged"
    """Its bytes are not what was stored. Another copy is whole and takes its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposal:
    """Which versions of one epoch go from one copy, and why."""

    life: HoldingEpoch
    copy: Copy
    why: Why
    names: tuple[ObjectName, ...]
    keep: int
    """How many other versions of this epoch the copy must hold before and after."""
    ordered_on: str
    """The day of the order: what is damaged anew is a new order."""
    approved: bool = False
    """Whether a person said yes to losing so many at once."""

    @property
    def id(self) -> DisposalId:
        facts = (self.copy, self.why, self.keep, self.ordered_on, self.approved)
        said = "\n".join(map(str, (self.life, *facts, *self.names)))
        return DisposalId("d-" + hashlib.sha256(said.encode()).hexdigest()[:20])


def is_disposal(task: str) -> bool:
    """Whether what a task names is a disposal; all others are erasures."""
    return task.startswith("d-")


NAMES_AT_ONCE = 1_000
"""Names in one order: what one task deletes and looks after in its time."""
DAMAGED_AT_ONCE = 10
"""Damage comes one by one. More of it at once is a mistake, and a person's affair."""
DAMAGE_STANDS_FOR = timedelta(days=2)
"""An older order about damage may meet a copy that was made good meanwhile."""
MANY = 100


def is_too_much(lost: int, of: int) -> bool:
    """More than a hundred versions, and more than half of all: a person must say yes to that."""
    return lost > MANY and lost * 2 > of


_PLACES = {Copy.VAULT: "", Copy.OFFSITE: "versions/"}
"""What the names of the things that are stored versions begin with, in each copy that has any."""


def version_in(copy: Copy, thing: str) -> ObjectName | None:
    """The version that a thing of a copy is; None for a thing of another kind."""
    place = _PLACES[copy]
    return ObjectName(thing.removeprefix(place)) if thing.startswith(place) else None


def first_name(copy: Copy, life: HoldingEpoch) -> str:
    """Behind this name stand all versions of an epoch in a copy, and nothing of another kind."""
    return _PLACES[copy] + names.life_prefix(life)


def require_sound(disposal: Disposal, today: date) -> None:
    """What an order must be whoever wrote it. RefusedError for one that could only do harm."""
    if disposal.copy not in _PLACES:
        raise RefusedError(f"the copy {disposal.copy} has no versions: nothing is deleted")
    if any(names.parse_version_name(name)[0] != disposal.life for name in disposal.names):
        raise RefusedError("an order names versions of another epoch: nothing is deleted")
    if disposal.why is Why.DAMAGED:
        _require_few_and_fresh(disposal, today)


def _require_few_and_fresh(disposal: Disposal, today: date) -> None:
    """T25: an old order that is replayed must not meet what took the damaged one's place."""
    if len(disposal.names) > DAMAGED_AT_ONCE:
        raise RefusedError(
            f"more than {DAMAGED_AT_ONCE} versions are called damaged at once: look at the copy "
            "with 'custody backups verify' before anything is deleted"
        )
    if not timedelta(0) <= today - date.fromisoformat(disposal.ordered_on) <= DAMAGE_STANDS_FOR:
        raise RefusedError("this order about damage is too old: the next drill orders anew")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a copy shows, as far as an order is concerned."""

    named: tuple[Thing, ...] = ()
    """Everything that stands under the names of the order."""
    others: int = 0
    """How many other versions there are."""
    things: int = 0
    """How many things there are at all."""

    def plus(self, disposal: Disposal, things: Iterable[Thing]) -> "Look":
        """With one more stretch of the copy. All that has one name stands in one stretch."""
        seen = [(version_in(disposal.copy, one.name), one) for one in things]
        wanted = set(disposal.names)
        return Look(
            named=(*self.named, *(one for name, one in seen if name in wanted)),
            others=self.others + len({name for name, _ in seen if name} - wanted),
            things=self.things + len(seen),
        )


def require_enough(disposal: Disposal, look: Look) -> None:
    """What must be kept is counted before and after. RefusedError where it is not there."""
    if look.others < disposal.keep:
        raise RefusedError(
            f"{disposal.keep} other versions must be in the copy and {look.others} are: nothing "
            "more is deleted; run 'custody reconcile run' and look at what is missing"
        )
    lost = len({one.name for one in look.named})
    if not disposal.approved and is_too_much(lost, look.others + lost):
        raise RefusedError(
            f"{lost} of {look.others + lost} versions would go at once: "
            "a person must say yes with 'custody retention apply --yes'"
        )


def doomed(things: Iterable[Thing]) -> list[Thing]:
    """Those that go; a lock keeps the others for now, and retention orders them again."""
    return [one for one in things if one.fate is Fate.DELETE]
