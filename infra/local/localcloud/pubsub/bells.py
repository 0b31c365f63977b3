"""Who waits for messages is woken the moment there may be some."""

import threading
from collections.abc import Iterable

from localcloud.clock import Clock


class Bell:
    """Counts its rings, so that one between a look at the tables and the wait is not missed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        return self._rings

    def ring(self) -> None:
        with self._condition:
            self._rings += 1
            self._condition.notify_all()

    def wait(self, seen: int, until: float | None) -> None:
        """Returns at once if it rang since `seen`; else at a ring, at `until`, or at an advance."""
        with self._condition:
            if self._rings == seen:
                self._clock.wait(self._condition, until)


class Bells:
    """A bell for each subscription, by its number, and one that rings with all of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bells: dict[int, Bell] = {}
        self.every = Bell(clock)
        self.closed = False

    def of(self, number: int) -> Bell:
        with self._lock:
            if number not in self._bells:
                self._bells[number] = Bell(self._clock)
            return self._bells[number]

    def ring(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self.of(number).ring()
        self.every.ring()

    def close(self) -> None:
        """The server stops: everybody is woken to see it."""
        self.closed = True
        with self._lock:
            numbers = list(self._bells)
        self.ring(numbers)
