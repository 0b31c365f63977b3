"""What is read of stored objects, wherever they lie; nothing here knows any store."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from custody.errors import CorruptError

RANGE = 2 << 20
"""What one call reads of an object: every link of a chain of bases holds so much at once."""
UPLOAD_CHUNK = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A small object as it was read."""

    data: bytes
    generation: int


class Objects(Protocol):
    """What is read of objects, and written once: on Cloud Storage and S3 alike."""

    def create(self, name: str, data: bytes) -> object:
        """Writes a name that must not exist, or finds there exactly what it would write.

        AlreadyExistsError when something else stands there.
        """

    def read(self, name: str) -> Stored:
        """The whole object. NotFoundError."""

    def exists(self, name: str) -> bool: ...
    def read_tail(self, name: str, size: int) -> bytes:
        """The last `size` bytes, or all of a shorter object. NotFoundError."""

    def open(self, name: str, size: int) -> "RangeReader":
        """The first `size` bytes as a stream in constant memory."""

    def names(self, prefix: str) -> Iterator[str]:
        """Every live name with this prefix, page by page."""


class RangeReader(io.RawIOBase):
    """Reads an object front to back by ranges; a broken line is taken up where it broke."""

    def __init__(
        self, fetch: Callable[[int, int], bytes], name: str, size: int, *, step: int = RANGE
    ) -> None:
        """`fetch` gives the bytes from one offset to another, both included."""
        self._fetch = fetch
        self._name = name
        self._size = size
        self._step = step
        self._offset = 0
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._chunk and self._offset < self._size:
            self._chunk = memoryview(self._next())
        taken = self._chunk[: len(buffer)]
        buffer[: len(taken)] = taken
        self._chunk = self._chunk[len(taken) :]
        return len(taken)

    def _next(self) -> bytes:
        end = min(self._offset + self._step, self._size) - 1
        data = self._fetch(self._offset, end)
        if len(data) != end + 1 - self._offset:
            raise CorruptError(f"{self._name} is shorter than its record promises")
        self._offset += len(data)
        return data
