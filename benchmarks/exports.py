"""Export files on disk, made from the seeded histories."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.histories import History, Render, csv_row, jsonl_row

MB = 1_000_000
SAMPLED_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of export."""

    name: str
    render: Render


CSV = Format(name="CSV", render=csv_row)
JSONL = Format(name="JSONL", render=jsonl_row)


def history(form: Format, size_bytes: int) -> History:
    """One whose exports are about that large."""
    sampled = sum(len(form.render(row << 8)) for row in range(SAMPLED_ROWS))
    return History(form.render, size_bytes * SAMPLED_ROWS // sampled)


def write(content: Iterator[bytes], path: Path) -> int:
    """The size in bytes."""
    with path.open("wb") as file:
        return sum(map(file.write, content))


def repeated(content: bytes, size_bytes: int) -> Iterator[bytes]:
    """A large export in constant memory: the same rows again under numbered headings."""
    for number in range(max(size_bytes // len(content), 1)):
        yield b"# part %d\n" % number
        yield content
