"""The virtual clock of the local cloud: real time plus an offset that only grows."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path


class Clock:
    """Real time plus an offset; the offset outlives a restart when it has a file."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._waiting: list[threading.Condition] = []
        self._listeners: list[Callable[[], None]] = []
        self._offset = float(path.read_text()) if path and path.exists() else 0.0

    def time(self) -> float:
        """Virtual Unix seconds."""
        return time.time() + self._offset

    def now(self) -> datetime:
        """Virtual time, aware UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Moves time forward, wakes every waiter, and runs every listener before it returns."""
        if seconds < 0:
            raise ValueError(f"time only moves forward, not by {seconds} s")
        with self._lock:
            self._offset += seconds
            self._save()
            waiting, listeners = list(self._waiting), list(self._listeners)
        for condition in waiting:
            with condition:
                condition.notify_all()
        for listener in listeners:
            listener()

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Calls `listener` after each advance, so that what time brings is done when it returns."""
        with self._lock:
            self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Stops calling `listener`."""
        with self._lock:
            self._listeners.remove(listener)

    def wait(self, condition: threading.Condition, until: float | None) -> None:
        """Waits on the held `condition` until notified, virtual time `until`, or an advance."""
        with self._lock:
            self._waiting.append(condition)
        try:
            condition.wait(None if until is None else max(until - self.time(), 0))
        finally:
            with self._lock:
                self._waiting.remove(condition)

    def _save(self) -> None:
        if self._path is None:
            return
        partial = self._path.with_suffix(".partial")
        partial.write_text(repr(self._offset))
        partial.replace(self._path)


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as Google's JSON APIs write it."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    )
