"""The bytes of a version: a part of a file, read where they are wanted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from localcloud.wire import BLOCK


@dataclass(frozen=True, slots=True)
class Contents:
    """Stands where moto has bytes: it is measured, sliced, and sent."""

    path: Path
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, part: slice) -> "Contents":
        start, end, _ = part.indices(len(self))
        return replace(self, start=self.start + start, end=self.start + max(start, end))

    def blocks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = len(self)
            while left:
                block = file.read(min(BLOCK, left))
                left -= len(block)
                yield block
