"""Wrapped keysets and their copies: one stands in for the other, and what is lost is put back."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import structlog

from custody.domain.vault import Holding, HoldingEpoch, ids
from custody.errors import CorruptError, CustodyError, RefusedError, RetryableError
from custody.ports import Fences, KeyMaker, KeyRescue, Keys, Sealer

log = structlog.get_logger()


class EitherKeys:
    """The Keys port on two places: the copies count where the first place does not give one."""

    def __init__(self, first: Keys, copies: Keys) -> None:
        self._first = first
        self._copies = copies

    def unwrap(self, life: HoldingEpoch) -> Sealer:
        try:
            return self._first.unwrap(life)
        except (RetryableError, CorruptError):
            sealer = self._copies.unwrap(life)
        log.warning("keyset_copy_used", **ids(life))
        return sealer


class KeyResult(StrEnum):
    """What became of the keyset of one epoch."""

    DONE = "done"
    STANDS = "stands"
    """Nothing was missing."""
    ERASED = "erased"
    """Its epoch is closed, or its keyset destroyed: refused."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOutcome:
    """What became of the keyset of one epoch, and why when it is not well."""

    life: HoldingEpoch
    result: KeyResult
    copies: int = 0
    """How many wrapped copies were made."""
    reason: str | None = None


def copy_keysets(
    keys: KeyMaker, fences: Fences, holdings: Iterable[Holding]
) -> Iterator[KeyOutcome]:
    """Makes the off-site copies that are missing, of every epoch that was not erased."""
    return (_outcome(fences, life, keys.complete) for one in holdings for life in one.lives)


def restore_keysets(
    keys: KeyRescue, fences: Fences, holdings: Iterable[Holding]
) -> Iterator[KeyOutcome]:
    """Puts keysets back where they got lost. Nothing of a closed epoch comes back (T25)."""

    def act(life: HoldingEpoch) -> int:
        if keys.stands(life):
            return 0
        keys.put_back(life)
        return 1

    return (_outcome(fences, life, act) for one in holdings for life in one.lives)


def look_at_keysets(
    missing: Callable[[HoldingEpoch], int], fences: Fences, holdings: Iterable[Holding]
) -> Iterator[KeyOutcome]:
    """What would be done, by what is missing."""
    return (_outcome(fences, life, missing) for one in holdings for life in one.lives)


def _outcome(fences: Fences, life: HoldingEpoch, act: Callable[[HoldingEpoch], int]) -> KeyOutcome:
    if fences.closed(life):
        return KeyOutcome(life=life, result=KeyResult.ERASED, reason="its epoch was erased")
    try:
        made = act(life)
    except RefusedError as error:
        return KeyOutcome(life=life, result=KeyResult.ERASED, reason=str(error))
    except CustodyError as error:
        return KeyOutcome(life=life, result=KeyResult.FAILED, reason=str(error))
    if made and fences.closed(life):
        # The erasure looks once more when every writer has ended, and finds this.
        log.error("arrival_after_fence", copy="keys", **ids(life))
    return KeyOutcome(life=life, result=KeyResult.DONE if made else KeyResult.STANDS, copies=made)
