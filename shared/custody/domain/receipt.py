"""The statement that an erasure ends in: what was done, on what evidence, and what it is not."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from custody.domain.erasure import Copy, CopyState, Erasure, ErasureId, State, Track
from custody.domain.sweep import WAITS, latest
from custody.domain.topology import MESSAGE_RETENTION_DAYS
from custody.domain.vault import HoldingEpoch

TYP = "erasure-receipt+jws"
"""The `typ` of a receipt's header (RFC 7515, section 4.1.9)."""

_ELSEWHERE = """\
Copies outside the places named here were not looked for: a download, a file moved or copied to \
another drive, a mail, a printout."""
_PROVIDER = """\
What a provider does with its own backups until t2 rests on its published terms, and was not \
observed."""
_NAMES = """\
Which person or company the ids stand for is not said here; after a termination nobody can say."""
_MESSAGES = f"""\
Messages that functions sent each other may stay in Pub/Sub for up to {MESSAGE_RETENTION_DAYS} \
days: ids of files and epochs, and nothing else."""
_SOFTWARE = """\
That the software does what it says: its version is named so that it can be examined."""
CANNOT_PROVE = (_ELSEWHERE, _PROVIDER, _NAMES, _MESSAGES, _SOFTWARE)
"""What no receipt proves, and what stays for a while: in plain words, in every receipt."""

_EVIDENCE = {
    Copy.KEYS: "every generation of the wrapped keyset was looked for by its name, soft-deleted "
    "ones too, and none was found; a mark forbids that it is made again",
    Copy.VAULT: "a listing of all generations under the epoch's prefix by code that did not delete "
    "found nothing; what soft delete keeps is reckoned with in t1",
    Copy.OFFSITE: "listings of all versions, delete markers and unfinished uploads under the "
    "epoch's prefix, and of the copies of its keyset by their names, by code that did not delete "
    "found nothing; a mark forbids that the keyset is copied there again",
    Copy.DRIVE: "each file ever seen in the epoch, and the folder, was asked for by its id by "
    "code that did not delete; none that should be gone was shown",
    Copy.LEDGER: "a listing of the records by code that did not delete found nothing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One signed statement. The number counts up: a later receipt supersedes all earlier ones."""

    erasure: ErasureId
    number: int
    issued_at: datetime
    facts: str
    """sha256 of what is stated, without number and date: the same facts make no new receipt."""
    jws: str


def facts_of(
    erasure: Erasure, state: State, tracks: Sequence[Track], *, software: str
) -> dict[str, Any]:
    """What is stated. Opaque ids, states, counts and times; nothing personal."""
    return {
        "erasure": erasure.erasure,
        "request": {
            "id": erasure.request_id,
            "received_at": _text(erasure.requested_at),
            "scope": erasure.scope.value,
            "reason": erasure.reason.value,
            "deadline": _text(erasure.deadline),
        },
        "customer": erasure.customer,
        "state": state.value,
        "holdings": [_holding(life, found) for life, found in _by_life(tracks)],
        "software": f"custody {software}",
        "cannot_prove": list(CANNOT_PROVE),
    }


def digest_of(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def statement(facts: dict[str, Any], *, number: int, issued_at: datetime) -> dict[str, Any]:
    """The facts as they are signed."""
    numbered = {"number": number, "supersedes": number - 1 or None}
    return facts | numbered | {"issued_at": _text(issued_at)}


def _by_life(tracks: Iterable[Track]) -> list[tuple[HoldingEpoch, list[Track]]]:
    ordered = sorted(tracks, key=lambda track: (track.life, list(Copy).index(track.copy)))
    return [(life, list(found)) for life, found in groupby(ordered, lambda track: track.life)]


def _holding(life: HoldingEpoch, tracks: list[Track]) -> dict[str, Any]:
    return {
        "source": life.source,
        "epoch": life.epoch,
        "fenced_at": _text(tracks[0].fenced_at),
        "erased_by": tracks[0].by,
        "keyset_destroyed_at": _text(_keyset_destroyed_at(tracks)),
        "copies": [_copy(track, why(track, tracks)) for track in tracks],
    }


def _keyset_destroyed_at(tracks: Iterable[Track]) -> datetime | None:
    """From when on no copy of the keyset was left. None until somebody saw that of each place."""
    found = {one.copy: one for one in tracks}
    keys, offsite = found.get(Copy.KEYS), found.get(Copy.OFFSITE)
    if not keys or not keys.settled or not keys.deleted:
        return None
    if not offsite or not _has_no_keyset(offsite):
        return None
    return latest([keys.deleted_at, offsite.deleted_at if offsite.deleted else None])


def _has_no_keyset(offsite: Track) -> bool:
    """Settled, or seen with nothing but what is locked: a keyset off-site cannot be."""
    return offsite.settled or _is_locked(offsite)


def _is_locked(offsite: Track) -> bool:
    """Blocked by a look at it, after which nothing else was deleted; a hold is no look."""
    looked, deleted = offsite.checked_at, offsite.deleted_at
    return (
        offsite.state is CopyState.BLOCKED
        and bool(offsite.waiting)
        and bool(looked and (not deleted or deleted <= looked))
    )


def why(track: Track, others: Iterable[Track]) -> str | None:
    """What keeps a copy from being erased; `others` are the same epoch's."""
    if track.copy is Copy.OFFSITE and track.reason == WAITS and _is_locked(track):
        return f"{_LOCKED} {_until(track)} {_unreadable(_keyset_destroyed_at(others))}"
    return track.reason or None


_LOCKED = (
    "Object Lock forbids to delete what is left, versions and nothing else: no copy of the keyset "
    "is left off-site, as code that did not delete has seen."
)


def _until(track: Track) -> str:
    if track.until is None:
        return "It is under a legal hold, which has no date."
    return f"A lock lasts until {_text(track.until)}, or longer under a legal hold as well."


def _unreadable(destroyed_at: datetime | None) -> str:
    if destroyed_at is None:
        return "That the keyset is gone everywhere is not shown yet: see the copy keys."
    return "The keyset is gone everywhere, so nobody can read it."


def _copy(track: Track, why: str | None) -> dict[str, Any]:
    return {
        "copy": track.copy.value,
        "state": track.state.value,
        "before": track.before,
        "inventory_sha256": track.inventory or None,
        "deleted": track.deleted,
        "relinquished": track.relinquished,
        "kept_in_other_holdings": track.kept,
        "waiting": track.waiting,
        "missing": track.missing,
        "stragglers": track.stragglers,
        "deleted_at": _text(track.deleted_at),
        "checked_at": _text(track.checked_at),
        "evidence": evidence(track),
        "why": why,
        "blocked_until": _text(track.until),
        "t1": _text(track.t1),
        "t2": _text(track.t2),
        "configuration": list(track.notes),
    }


def evidence(track: Track) -> str | None:
    """What was looked at before a copy was called erased; None where it is not."""
    return _EVIDENCE[track.copy] if track.settled else None


def _text(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
