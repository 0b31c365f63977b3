"""Waits for an erasure, and shows what becomes of each copy as it happens."""

import time
from collections.abc import Callable
from typing import Any

from custody.cli.erasure_view import Standing, copy_rows, look_at
from custody.cli.failures import PartialError
from custody.cli.output import hint, show_line, show_summary
from custody.cli.world import Desk
from custody.domain.erasure import CopyState, ErasureId, State, at_rest, is_ready
from custody.errors import CustodyError, NotFoundError, RefusedError, UnavailableError

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 60
"""In which a request is taken on, unless it is refused or nobody listens."""
_MOVES = ("state", "deleted", "relinquished", "waiting", "reason")
_STUCK = (CopyState.BLOCKED, CopyState.FAILED, CopyState.UNKNOWN)


class ErasureFailedError(CustodyError):
    """A store refused for good, or shows less than was promised. It is tried again by itself."""


def await_erasure(
    world: Desk,
    erasure: ErasureId,
    form: str,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Standing:
    """Until nothing goes on by itself. UnavailableError when no erasure comes of the request."""
    patience_ends = clock() + PATIENCE_SECONDS
    progress = _Progress(form)
    while True:
        standing = _find(world, erasure)
        if standing:
            progress.show(standing)
            if _is_over(world, standing):
                return standing
        elif clock() >= patience_ends:
            raise UnavailableError(
                f"no erasure came of the request in {PATIENCE_SECONDS} s: 'custody quarantine ls' "
                "says why, if it was refused"
            )
        sleep(POLL_SECONDS)


def conclude(world: Desk, standing: Standing, form: str) -> None:
    """The summary; then the error that decides the exit code, when not all is well."""
    erasure = standing.erasure.erasure
    receipt = world.books.receipts.last(erasure)
    stuck = [row for row in copy_rows(standing) if row["state"] in _STUCK]
    summary: dict[str, Any] = {
        "erasure": erasure,
        "state": standing.state.value,
        "receipt": receipt.number if receipt else None,
    }
    if form != "table":
        summary["stuck"] = stuck
    show_summary(summary, form)
    why = "; ".join(dict.fromkeys(map(_why, stuck)))
    if standing.state is State.BLOCKED:
        raise PartialError(f"{erasure} is blocked: {why}")
    if standing.state is State.FAILED:
        raise ErasureFailedError(f"{erasure} failed: {why}; it is tried again within the hour")
    if standing.state is State.CANCELLED:
        raise RefusedError(f"{erasure} was cancelled: nothing is erased")


def _find(world: Desk, erasure: ErasureId) -> Standing | None:
    try:
        return look_at(world, world.books.erasures.find(erasure))
    except NotFoundError:
        return None


def _is_over(world: Desk, standing: Standing) -> bool:
    tracks = standing.tracks
    match standing.state:
        case State.AWAITING_APPROVAL | State.CANCELLED:
            return True
        case State.CERTIFIED | State.BLOCKED:
            return at_rest(tracks) and _has_receipt(world, standing)
        case State.FAILED:
            going = [one for one in tracks if one.state is CopyState.FENCED]
            return not any(is_ready(one, tracks) for one in going)
        case _:
            return False


def _has_receipt(world: Desk, standing: Standing) -> bool:
    """A copy moves first, and the receipt that says so follows."""
    receipt = world.books.receipts.last(standing.erasure.erasure)
    return receipt is not None and all(one.since <= receipt.issued_at for one in standing.tracks)


class _Progress:
    """Shows what changed since the last look: JSON lines, or a line for people."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._state: State | None = None
        self._moves: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def show(self, standing: Standing) -> None:
        if standing.state is not self._state:
            self._state = standing.state
            self._tell_state(standing)
        for row in copy_rows(standing):
            copy = (row["source"], row["epoch"], row["copy"])
            moves = tuple(row[name] for name in _MOVES)
            if self._moves.get(copy) != moves:
                self._moves[copy] = moves
                self._tell_copy(row)

    def _tell_state(self, standing: Standing) -> None:
        erasure, state = standing.erasure.erasure, standing.state.value
        if self._form == "jsonl":
            show_line("status", erasure=erasure, state=state)
        elif self._form == "table":
            hint(f"{erasure} {state}")

    def _tell_copy(self, row: dict[str, Any]) -> None:
        if self._form == "jsonl":
            show_line("error" if row["state"] in _STUCK else "item", **row)
        elif self._form == "table":
            hint(_sentence(row))


def _sentence(row: dict[str, Any]) -> str:
    counts = [f"{row[name]} {name}" for name in ("deleted", "relinquished", "waiting") if row[name]]
    told = ", ".join([row["state"], *counts])
    return f"{_name(row)}: {told}" + (f"; {_why(row)}" if row["reason"] else "")


def _name(row: dict[str, Any]) -> str:
    return f"{row['source']} epoch {row['epoch']} {row['copy']}"


def _why(row: dict[str, Any]) -> str:
    return f"{row['reason']} until {row['until']}" if row["until"] else str(row["reason"])
