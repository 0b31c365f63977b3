"""Restores a sample from the vault and from off-site, and tries to read what was erased.

A backup that nobody has restored is none; an erasure that nobody tried to undo is a hope.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog

from custody.domain.drill import (
    ERASED,
    FILES,
    HOLDINGS,
    by_lot,
    chain,
    sample,
)
from custody.domain.erasure import Copy, Track
from custody.domain.reconcile import is_on_its_way
from custody.domain.sweep import Glance
from custody.domain.vault import FileHistory, Holding, HoldingEpoch, HoldingState, Version, ids
from custody.errors import (
    CorruptError,
    CustodyError,
    MissingKeysetError,
    NotFoundError,
    RetryableError,
)
from custody.ports import Fences, Index, Keys, Registry, Sealer, Tracks, Versions
from custody.steps.mend import Mend, mend
from custody.steps.restore import copy_checked

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One run. What it restores goes nowhere: it is compared and forgotten."""

    vault: Versions
    offsite: Versions
    keys: Keys
    offsite_keys: Keys
    registry: Registry
    fences: Fences
    index: Index
    tracks: Tracks
    mend: Mend
    clock: Callable[[], datetime]
    deadline: datetime


Failures = Counter[str]
"""How often each kind of failure was met."""


def drill(run: Drill) -> int:
    """How many checks failed. Each failure is told, and what can be mended is ordered."""
    day = f"{run.clock():%Y-%m-%d}"
    checked, failed = 0, 0
    for outcome in _checks(run, day):
        checked += 1
        failed += not outcome
        if run.clock() >= run.deadline:
            break
    tell = log.error if failed else log.info
    tell("drill_failed" if failed else "drill_passed", checked=checked, failed=failed)
    return failed


def _checks(run: Drill, day: str) -> Iterator[bool]:
    """What was erased first: it is little, and would be worst."""
    for track in _erased(run, day):
        yield _is_gone(run, track)
    holdings = [one for one in run.registry.holdings() if one.state is HoldingState.OPEN]
    for holding in by_lot(holdings, day, lambda one: str(one.life))[:HOLDINGS]:
        yield from _restores(run, holding, day)


# What is to be there.


def _restores(run: Drill, holding: Holding, day: str) -> Iterator[bool]:
    life = holding.life
    if run.fences.closed(life):
        return
    histories: list[FileHistory] | None = None
    for place, keys, versions in _places(run):
        try:
            sealer = keys.unwrap(life)
            if histories is None:
                histories = _histories(run, life, day, sealer)
        except CustodyError as error:
            yield _fail(life, place, error)
            continue
        by_file = {one.file_id: one for one in histories}
        for version in sample(histories, day):
            yield _restore(run, by_file[version.file_id], version, place, versions, sealer)


def _places(run: Drill) -> tuple[tuple[Copy, Keys, Versions], ...]:
    """Each with its own copy of the keyset: one that does not unwrap is no copy."""
    return (
        (Copy.VAULT, run.keys, run.vault),
        (Copy.OFFSITE, run.offsite_keys, run.offsite),
    )


def _histories(run: Drill, life: HoldingEpoch, day: str, sealer: Sealer) -> list[FileHistory]:
    drawn = by_lot(run.index.files(life), day, str)[:FILES]
    return [run.index.read(life, file_id, sealer=sealer).value for file_id in drawn]


def _restore(
    run: Drill,
    history: FileHistory,
    version: Version,
    place: Copy,
    versions: Versions,
    sealer: Sealer,
) -> bool:
    """Whether the content comes back as it was captured; what does not is mended."""
    is_young = place is Copy.OFFSITE and is_on_its_way(version, run.clock())
    try:
        content = versions.content(version.name, sealer=sealer)
        copy_checked(content, len, version.sha256)
    except (CorruptError, NotFoundError) as error:
        if isinstance(error, NotFoundError) and is_young:
            return True
        mend(run.mend, chain(history, version), sealer)
        return _fail(version.life, place, error)
    except RetryableError as error:
        return _fail(version.life, place, error)
    return True


# What is to be gone.


def _erased(run: Drill, day: str) -> list[Track]:
    """By lot, copies of which an erasure says that they are gone."""
    gone = [one for one in run.tracks.glance() if one.settled and one.copy in _READABLE]
    drawn = by_lot(gone, day, _name_of)[:ERASED]
    return [run.tracks.read(one.erasure, one.source, one.epoch, one.copy).value for one in drawn]


_READABLE = frozenset({Copy.KEYS, Copy.VAULT, Copy.OFFSITE})
"""The copies that a restore would read."""


def _name_of(one: Glance) -> str:
    return f"{one.erasure}/{one.source}/{one.epoch}/{one.copy}"


def _is_gone(run: Drill, track: Track) -> bool:
    """Tries to restore what was erased, as whoever has all rights would."""
    life = track.life
    try:
        if track.copy is Copy.KEYS:
            return _has_no_keyset(run.keys, life)
        if track.copy is Copy.OFFSITE:
            return _has_no_keyset(run.offsite_keys, life) and _has_nothing(run.offsite, life)
        return _has_nothing(run.vault, life)
    except CustodyError as error:
        return _fail(life, track.copy, error)


def _has_no_keyset(keys: Keys, life: HoldingEpoch) -> bool:
    try:
        keys.unwrap(life)
    except MissingKeysetError:
        return True
    log.critical("drill_failed", reason="the keyset of an erased epoch unwraps", **ids(life))
    return False


def _has_nothing(versions: Versions, life: HoldingEpoch) -> bool:
    if next(iter(versions.names(life)), None) is None:
        return True
    log.critical("drill_failed", reason="an erased epoch has versions", **ids(life))
    return False


def _fail(life: HoldingEpoch, place: Copy, error: CustodyError) -> bool:
    log.error("drill_failed", copy=place.value, reason=str(error), **ids(life))
    return False
