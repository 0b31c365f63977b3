"""The statement that an erasure ends in: what was done, on what evidence, and what it is not."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from custody.domain.erasure import Copy, Erasure, ErasureId, State, Track
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
    keys = next((one for one in tracks if one.copy is Copy.KEYS), None)
    destroyed = keys.deleted_at if keys and keys.settled and keys.deleted else None
    return {
        "source": life.source,
        "epoch": life.epoch,
        "fenced_at": _text(tracks[0].fenced_at),
        "erased_by": tracks[0].by,
        "keyset_destroyed_at": _text(destroyed),
        "copies": [_copy(track) for track in tracks],
    }


def _copy(track: Track) -> dict[str, Any]:
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
        "why": track.reason or None,
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
