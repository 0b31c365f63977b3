"""Makes the vault and the off-site copies equal for one version: whichever lacks it gets it.

The same bytes under the same name. Who copies has no keys, and can read nothing of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from custody.domain import names
from custody.domain.events import VersionStored
from custody.domain.vault import ids
from custody.errors import CorruptError, MalformedEventError, NotFoundError
from custody.ports import Fences, Marks, Parcel, Shelf

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicate:
    """One delivery: both shelves, and until when its last byte may be sent."""

    vault: Shelf
    offsite: Shelf
    fences: Fences
    marks: Marks
    clock: Callable[[], datetime]
    deadline: datetime


def replicate_version(run: Replicate, stored: VersionStored) -> None:
    """Raises what may pass by itself.

    NotFoundError when neither place has it, CorruptError when both have it and differ: that is for
    a person, and the drill finds out which one is whole.
    """
    _require_own_name(stored)
    if reason := _unwanted(run, stored):
        log.info("version_skipped", reason=reason, **ids(stored.life))
        return
    begun = run.clock()
    parcel, to, was_new = _level(run, stored)
    if run.fences.closed(stored.life):
        # The last sweep runs when every writer has ended, and finds this.
        log.error("arrival_after_fence", copy=to, **ids(stored.life))
    elif was_new:
        log.info(
            "replicated",
            to=to,
            file_id=stored.file_id,
            size_bytes=parcel.size_bytes,
            duration_ms=round((run.clock() - begun).total_seconds() * 1000),
            **ids(stored.life),
        )


def _require_own_name(stored: VersionStored) -> None:
    """The fence that is asked must be that of the object that is copied."""
    try:
        life, file_id, _ = names.parse_version_name(stored.version)
    except CorruptError as error:
        raise MalformedEventError("the message names no version: publish it anew") from error
    if (life, file_id) != (stored.life, stored.file_id):
        raise MalformedEventError("the message names a version of another file: publish it anew")


def _unwanted(run: Replicate, stored: VersionStored) -> str | None:
    """T25: nothing of a closed epoch comes back, nor what retention let go."""
    if run.fences.closed(stored.life):
        return "stale epoch"
    return "expired" if run.marks.marked(stored.version) else None


def _level(run: Replicate, stored: VersionStored) -> tuple[Parcel, str, bool]:
    """What was copied, to where, and whether it was not there before."""
    try:
        parcel = run.vault.take(stored.version)
    except NotFoundError:
        parcel = run.offsite.take(stored.version)
        was_new = run.vault.put(parcel, deadline=run.deadline)
        log.warning("reconcile_mismatch", repaired="vault", **ids(stored.life))
        return parcel, "vault", was_new
    return parcel, "offsite", run.offsite.put(parcel, deadline=run.deadline)
