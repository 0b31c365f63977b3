"""Runs a program in a process of its own and says what it cost."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
LOOK_EVERY_SECONDS = 0.01
SAID = 2000
"""So many of a failed program's last characters are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A program that has ended: what it took and what it said."""

    wall_seconds: float
    cpu_seconds: float
    """User and system time of the process and of those that it waited for."""
    peak_mib: float
    """The most memory that was resident (VmHWM)."""
    output: str

    @property
    def told(self) -> dict[str, Any]:
        """The figures that one of our tasks gives as its last line."""
        told: dict[str, Any] = json.loads(self.output.rstrip().rpartition("\n")[2])
        return told


class FailedError(Exception):
    """A measured program failed: its figures would mean nothing."""


def run(command: Sequence[str], settings: Mapping[str, str] | None = None) -> Run:
    """Waits for the program. Raises FailedError with what it said when it fails."""
    with tempfile.TemporaryFile("w+") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            env={**os.environ, **(settings or {})},
        )
        watch = _Watch(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        peak_mib = watch.stop()
        said.seek(0)
        output = said.read()
    if process.returncode:
        raise FailedError(f"{command[:9]} ended with {process.returncode}:\n{output[-SAID:]}")
    return Run(
        wall_seconds=wall,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=peak_mib,
        output=output,
    )


def run_task(name: str, *words: str, settings: Mapping[str, str]) -> Run:
    """One of `benchmarks/tasks` in a fresh interpreter."""
    return run([sys.executable, "-m", f"benchmarks.tasks.{name}", *words], settings)


class _Watch:
    """Looks at a process's peak until it ends.

    The peak that wait4 gives is of no use here: it begins with the size of whoever forked.
    """

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._peak_kib = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        return self._peak_kib / 1024

    def _look(self) -> None:
        while not self._ended.wait(LOOK_EVERY_SECONDS):
            try:
                self._peak_kib = max(self._peak_kib, peak_kib(self._status.read_text()))
            except (FileNotFoundError, ProcessLookupError):
                return


def peak_kib(status: str) -> int:
    """VmHWM of a /proc/<pid>/status; 0 for a process that has ended."""
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) if lines else 0
