"""Where the next version of a file is kept: which series, which place in it, against which base.

Versions come in series of at most 32 that begin with a full one. Number k of a series is kept as
its difference to number k & (k - 1), k without its lowest bit: as many links as k has bits, five
at most, and most links are short. A number is a hint, because two captures at once may take the
same one and a failed one leaves a gap: what counts is the depth and the base in the record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

MAX_DEPTH = 5
SMALLEST_DELTA_BYTES = 8 << 10
"""Of a smaller content a delta saves less than reading its base costs."""
SERIES_LENGTH = 1 << MAX_DEPTH

# Formats that are compressed by themselves: a small change in them changes all bytes that follow.
_COMPRESSED = (
    b"PK\x03\x04",  # zip, hence xlsx, docx, ods
    b"PK\x05\x06",  # an empty zip
    b"\x1f\x8b",  # gzip
    b"\x28\xb5\x2f\xfd",  # zstd
    b"BZh",  # bzip2
    b"\xfd7zXZ\x00",  # xz
    b"7z\xbc\xaf\x27\x1c",  # 7-zip
    b"Rar!\x1a\x07",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",  # jpeg
    b"PAR1",  # Parquet: its pages are compressed
)


class Link(Protocol):
    """What must be known of a stored version to keep another one against it."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str:
        """`full`, `delta`, or `same`, which has no content of its own and bears nothing."""

    @property
    def series(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def depth(self) -> int:
        """How many objects must be read besides this one to have its content."""

    @property
    def size_bytes(self) -> int: ...
    @property
    def stored_bytes(self) -> int: ...


L = TypeVar("L", bound=Link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Generic[L]):
    """A place in a series; number 0 is the full version that opens it."""

    series: int
    number: int
    base: L | None

    @property
    def depth(self) -> int:
        return self.base.depth + 1 if self.base else 0


def next_place(history: Iterable[L], size_bytes: int | None = None) -> Place[L]:
    """Where the next version goes, after those committed so far, in any order.

    A content that turns out to gain nothing from its base is full, and opens the next series.
    """
    stored = [link for link in history if link.kind != "same"]
    series = max((link.series for link in stored), default=-1)
    members = [link for link in stored if link.series == series]
    is_small = size_bytes is not None and size_bytes < SMALLEST_DELTA_BYTES
    if is_small or not members or _wore_out(members):
        return Place(series=series + 1, number=0, base=None)
    number = max(link.number for link in members) + 1
    base = _base(number, members)
    if number >= SERIES_LENGTH or base is None:
        return Place(series=series + 1, number=0, base=None)
    return Place(series=series, number=number, base=base)


def _base(number: int, members: Sequence[L]) -> L | None:
    """The latest member, up to the wanted one, that keeps the new depth within the number's bits.

    Where all numbers are there, that is the wanted one. A full member has depth 0 and always fits.
    """
    wanted, depth = number & (number - 1), number.bit_count()
    fitting = [link for link in members if link.number <= wanted and link.depth < depth]
    return max(fitting, key=lambda link: (link.number, link.name), default=None)


def _wore_out(members: Sequence[Link]) -> bool:
    """Whether the latest delta cost half of a full copy or more: the content has moved on."""
    fulls = [link for link in members if link.kind == "full"]
    if not fulls:
        return True
    opening = min(fulls, key=lambda link: (link.number, link.name))
    latest = max(members, key=lambda link: (link.number, link.name))
    full_bytes = opening.stored_bytes * latest.size_bytes / max(opening.size_bytes, 1)
    return latest.kind != "full" and not pays(latest.stored_bytes, full_bytes)


def pays(delta_bytes: float, full_bytes: float) -> bool:
    """A delta ties its version to a base, which is worth it only below half of a full copy."""
    return delta_bytes * 2 < full_bytes


def is_compressed(head: bytes) -> bool:
    """Whether a content is compressed by itself, so that no delta against it gains anything."""
    return head.startswith(_COMPRESSED)
