"""Finds which stored object of a version is damaged, and has it replaced by its whole twin.

An object proves itself: its record and its body are authentic, or they are not. So the damaged one
of the two places is known for certain, and only that one is ordered to go. Nobody overwrites.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from custody.domain import names
from custody.domain.disposal import Disposal, Why
from custody.domain.erasure import Copy
from custody.domain.events import version_stored
from custody.domain.vault import HoldingEpoch, ObjectName, ids
from custody.errors import CorruptError, NotFoundError
from custody.ports import Disposals, Publisher, Sealer, Versions
from custody.steps.orders import give_orders

log = structlog.get_logger()


class Health(StrEnum):
    """Of one object in one place."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    MISSING = "missing"


class Remedy(StrEnum):
    """What is done about one object."""

    NONE = "none"
    """Both are whole: whatever was wrong is over, or lies elsewhere."""
    COPY = "copy"
    REPLACE = "replace"
    LOST = "lost"
    """No place has it whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """Both places as whoever has the keys reads them, and where orders are written."""

    vault: Versions
    offsite: Versions
    disposals: Disposals
    publisher: Publisher
    clock: Callable[[], datetime]


def mend(run: Mend, links: Sequence[ObjectName], sealer: Sealer) -> list[Remedy]:
    """Looks at each object of a chain in both places, and rings for what helps."""
    return [_mend(run, name, sealer) for name in links]


def _mend(run: Mend, name: ObjectName, sealer: Sealer) -> Remedy:
    life = names.parse_version_name(name)[0]
    health = {
        Copy.VAULT: _health(run.vault, name, sealer),
        Copy.OFFSITE: _health(run.offsite, name, sealer),
    }
    remedy = _remedy(health.values())
    if remedy is Remedy.COPY:
        run.publisher.publish([version_stored(name)])
    if remedy is Remedy.REPLACE:
        (copy,) = [one for one, state in health.items() if state is Health.DAMAGED]
        _order(run, life, copy, name)
    if remedy is not Remedy.NONE:
        states = {copy.value: state.value for copy, state in health.items()}
        log.error("reconcile_mismatch", version=name, remedy=remedy.value, **states, **ids(life))
    return remedy


def _health(place: Versions, name: ObjectName, sealer: Sealer) -> Health:
    try:
        place.prove(name, sealer=sealer)
    except NotFoundError:
        return Health.MISSING
    except CorruptError:
        return Health.DAMAGED
    return Health.WHOLE


def _remedy(states: Collection[Health]) -> Remedy:
    known = set(states)
    if known == {Health.WHOLE}:
        return Remedy.NONE
    if Health.WHOLE not in known:
        return Remedy.LOST
    return Remedy.REPLACE if Health.DAMAGED in known else Remedy.COPY


def _order(run: Mend, life: HoldingEpoch, copy: Copy, name: ObjectName) -> None:
    """Who deletes looks again at nothing but this one object; `replicate` puts its twin there."""
    order = Disposal(
        life=life,
        copy=copy,
        why=Why.DAMAGED,
        names=(name,),
        keep=0,
        ordered_on=f"{run.clock():%Y-%m-%d}",
    )
    give_orders(run.disposals, run.publisher, [order])
