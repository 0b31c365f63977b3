"""Reads the audit trail from its beginning and says whether it stands as it was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from custody.domain.audit import Broken, Checkpoint, Entry, Head, check_chain, check_heads
from custody.errors import CorruptError

T = TypeVar("T")


class Trail(Protocol):
    """The audit trail for somebody who reads it and believes nobody."""

    def heads(self) -> Mapping[str, Head]: ...
    def entries(self, stream: str) -> Iterator[Entry]: ...
    def checkpoints(self, keys: dict[str, Any]) -> Iterator[Checkpoint]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a reading of the whole trail found."""

    entries: int
    signed_at: datetime | None
    """When the last checkpoint was signed: no entry from before it can be cut off unseen."""
    broken: Broken | None


def verify_trail(trail: Trail, keys: dict[str, Any]) -> Inspection:
    """Every chain, every signature under one of these keys (a JWKS), and every head they vouch for.

    Heads are read before entries, so that what is noted meanwhile breaks nothing.
    """
    checkpoints, broken = _read(trail.checkpoints(keys), stream=None)
    vouched = [checkpoint.heads for checkpoint in checkpoints] + [trail.heads()]
    streams = sorted({stream for heads in vouched for stream in heads})
    count = 0
    for stream in streams:
        entries, unreadable = _read(trail.entries(stream), stream)
        heads = [heads[stream] for heads in vouched if stream in heads]
        broken = (
            broken
            or check_chain(stream, entries)
            or unreadable
            or check_heads(stream, entries, heads)
        )
        count += len(entries)
    signed_at = max((checkpoint.at for checkpoint in checkpoints), default=None)
    return Inspection(entries=count, signed_at=signed_at, broken=broken)


def _read(items: Iterator[T], stream: str | None) -> tuple[list[T], Broken | None]:
    """All up to the first that is not as it was written."""
    found: list[T] = []
    try:
        found.extend(items)
    except CorruptError as error:
        return found, Broken(stream=stream, number=len(found) + 1, reason=str(error))
    return found, None
