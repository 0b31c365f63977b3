"""The gate through which every write of the memory world goes: one at a time, and breakable."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock


class Crash(BaseException):
    """The process died at a write. No step can take it for an error of its own."""


class Writes:
    """Lets writes through one by one, and kills the process at one of them when told to."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._left: int | None = None
        self._takes_effect = False

    def crash_after(self, count: int, *, takes_effect: bool) -> None:
        """The `count`-th write from now raises Crash, after it took effect or before."""
        self._left = count
        self._takes_effect = takes_effect

    @property
    def waits(self) -> bool:
        """Whether a crash that was ordered has not happened yet."""
        return self._left is not None

    def calm_down(self) -> None:
        """No crash any more: the next process lives."""
        self._left = None

    @contextmanager
    def one(self) -> Iterator[None]:
        """Around the change of a store. Reads that decide about the write belong inside."""
        with self._lock:
            dies = self._is_the_last()
            if dies and not self._takes_effect:
                raise Crash
            yield
            if dies:
                raise Crash

    def _is_the_last(self) -> bool:
        if self._left is None:
            return False
        self._left -= 1
        if self._left:
            return False
        self._left = None
        return True
