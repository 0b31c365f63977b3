"""The books of an erasure: what was asked, where it stands, what was found, what was signed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from custody.domain.erasure import Copy, Decision, Erasure, State, Track, is_ready, state_of
from custody.domain.events import ErasureStep
from custody.ports import (
    Audit,
    Erasures,
    Fences,
    Holds,
    Index,
    Pages,
    Plans,
    Publisher,
    Receipts,
    Registry,
    Tracks,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What every step of an erasure reads and writes."""

    registry: Registry
    index: Index
    fences: Fences
    holds: Holds
    erasures: Erasures
    tracks: Tracks
    pages: Pages
    plans: Plans
    receipts: Receipts
    audit: Audit
    publisher: Publisher


def step_of(track: Track, page: int | None = 0) -> ErasureStep:
    return ErasureStep(
        erasure=track.erasure,
        source=track.life.source,
        epoch=track.life.epoch,
        copy=track.copy,
        page=page,
    )


def standing(books: Books, erasure: Erasure, tracks: Sequence[Track] | None = None) -> State:
    """How far an erasure came. What was approved only waits for its message."""
    known = books.tracks.of(erasure.erasure) if tracks is None else tracks
    decision = books.erasures.decision(erasure.erasure)
    if decision is None and books.erasures.approved_by(erasure.erasure):
        decision = Decision.PROCEED
    return state_of(erasure, decision, known)


def waiting(tracks: Iterable[Track]) -> list[Track]:
    """Those that can go on: not settled, and not behind another copy."""
    known = list(tracks)
    return [one for one in known if not one.settled and is_ready(one, known)]


def ids_of(track: Track) -> dict[str, str | int]:
    """A track as the fields of a log line and of an audit entry."""
    return {
        "erasure": track.erasure,
        "source": track.life.source,
        "epoch": track.life.epoch,
        "copy": track.copy.value,
    }


KEYS_PROMISED = 1


def promised(books: Books, track: Track) -> int:
    """How many things the ledger says a copy had: less than that found is no evidence."""
    if track.life.epoch == 0:
        return 0
    match track.copy:
        case Copy.VAULT:
            return books.index.promised(track.life)
        case Copy.KEYS:
            return KEYS_PROMISED
        case Copy.OFFSITE:
            return 0  # what was not replicated before the fence never will be
        case Copy.DRIVE | Copy.LEDGER:
            return 0  # each file that the index knows is itself looked for
