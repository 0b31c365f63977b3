"""Cloud Scheduler's part: rings every timer at once, then once a period of the virtual clock."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from localcloud.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to ring, and how many seconds lie between two rings."""

    ring: Callable[[], None]
    period_seconds: float


class Scheduler:
    """One thread for all jobs. A ring that fails is an error of the process, not a silence."""

    def __init__(self, clock: Clock, jobs: Sequence[Job]) -> None:
        self._clock = clock
        self._jobs = jobs
        self._condition = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._condition:
            self._stopped = True
            self._condition.notify_all()
        self._thread.join()

    def _run(self) -> None:
        due = {number: self._clock.time() for number in range(len(self._jobs))}
        while not self._stopped:
            now = self._clock.time()
            for number in [number for number, at in due.items() if at <= now]:
                self._jobs[number].ring()
                due[number] = now + self._jobs[number].period_seconds
            with self._condition:
                if not self._stopped:
                    self._clock.wait(self._condition, min(due.values()))
