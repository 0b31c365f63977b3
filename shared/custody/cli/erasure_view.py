"""An erasure as people name it, and as people and scripts see it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from custody.cli.output import rfc3339
from custody.cli.world import Desk
from custody.domain.erasure import (
    Copy,
    CopyState,
    Erasure,
    Part,
    State,
    Track,
    copies_of,
)
from custody.domain.receipt import evidence, why
from custody.domain.request_erasure import erasure_id
from custody.domain.vault import CustomerId, HoldingEpoch
from custody.errors import NotFoundError
from custody.steps.books import standing

LEAST = 4
"""How many characters of an id are enough, where no other begins with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far an erasure came, at one look."""

    erasure: Erasure
    state: State
    tracks: Sequence[Track]


def erasure_of(world: Desk, given: str) -> Erasure:
    """E: an erasure's id or enough of it, or the id of its request."""
    asked = erasure_id(given.lower())
    ids = list(world.books.erasures.ids())
    found = [one for one in ids if one == asked or (len(given) >= LEAST and one.startswith(given))]
    if len(found) > 1:
        raise click.UsageError(f"{given!r} begins the ids of {len(found)} erasures: write more")
    if not found:
        raise NotFoundError(f"no erasure {given!r}: 'custody erasures ls' names them all")
    return world.books.erasures.find(found[0])


def look_at(world: Desk, erasure: Erasure) -> Standing:
    books = world.books
    tracks = books.tracks.of(erasure.erasure)
    return Standing(erasure=erasure, state=standing(books, erasure, tracks), tracks=tracks)


def slugs_of(world: Desk) -> dict[CustomerId, str]:
    """Of those that are customers still."""
    return {one.customer: one.slug for one in world.registry.customers()}


def erasure_row(look: Standing, slugs: Mapping[CustomerId, str]) -> dict[str, Any]:
    erasure = look.erasure
    return {
        "erasure": erasure.erasure,
        "customer": erasure.customer,
        "slug": slugs.get(erasure.customer),
        "state": look.state.value,
        "requested_at": rfc3339(erasure.requested_at),
        "deadline": rfc3339(erasure.deadline),
    }


def erasure_document(world: Desk, look: Standing) -> dict[str, Any]:
    """All that there is to know of it."""
    erasure = look.erasure
    receipt = world.books.receipts.last(erasure.erasure)
    return erasure_row(look, slugs_of(world)) | {
        "request_id": erasure.request_id,
        "reason": erasure.reason.value,
        "scope": erasure.scope.value,
        "plan": erasure.plan,
        "requested_by": erasure.requested_by,
        "approved_by": world.books.erasures.approved_by(erasure.erasure),
        "receipt": receipt.number if receipt else None,
        "parts": [_part(part) for part in erasure.parts],
        "copies": copy_rows(look),
    }


def copy_rows(look: Standing) -> list[dict[str, Any]]:
    """A row for each copy of each epoch, in the order in which they are erased."""
    known = {(one.life, one.copy): one for one in look.tracks}
    rows = []
    for life, copy in _expected(look):
        track = known.get((life, copy))
        row = {"source": life.source, "epoch": life.epoch, "copy": copy.value}
        others = [one for one in look.tracks if one.life == life]
        rows.append(row | (_begun(track, others) if track else _NOT_BEGUN))
    return rows


def _expected(look: Standing) -> Iterator[tuple[HoldingEpoch, Copy]]:
    if look.state is not State.CANCELLED:
        for part in look.erasure.parts:
            yield from ((part.life, copy) for copy in copies_of(part.life))


_COUNTS = ("before", "deleted", "relinquished", "kept", "waiting", "missing", "stragglers")
_NOTHING_YET = ("evidence", "reason", "until", "t1", "t2", "due_at", "erased_by")
_NOT_BEGUN: dict[str, Any] = {
    "state": CopyState.REQUESTED.value,
    **dict.fromkeys(_COUNTS, 0),
    **dict.fromkeys(_NOTHING_YET),
}


def _begun(track: Track, others: Sequence[Track]) -> dict[str, Any]:
    how = evidence(track)
    checked = {"checked_at": _text(track.checked_at), "how": how}
    return {
        "state": track.state.value,
        **{name: getattr(track, name) for name in _COUNTS},
        "evidence": checked if how else None,
        "reason": why(track, others),
        "until": _text(track.until),
        "t1": _text(track.t1),
        "t2": _text(track.t2),
        "due_at": _text(track.due_at),
        "erased_by": track.by,
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "source": part.life.source,
        "epoch": part.life.epoch,
        "folder_id": part.folder_id,
        "adopted": part.adopted,
    }


def _text(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
