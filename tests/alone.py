"""One server of the local cloud as a process of its own: started, killed, started again."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil


class Alone:
    """`python -m localcloud.<server>` over one folder."""

    def __init__(self, server: str, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> str:
        """Where it answers."""
        ready = self._folder / "ready"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", f"localcloud.{self._server}"]
        words = ["--data", str(self._folder / "data"), "--ready-file", str(ready)]
        self._started.append(subprocess.Popen([*command, *words]))
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        return ready.read_text()

    def end(self, number: signal.Signals) -> int:
        """The exit code."""
        self._started[-1].send_signal(number)
        return self._started[-1].wait(30)

    def clear(self) -> None:
        """Kills what still runs."""
        for process in self._started:
            process.kill()
            process.wait(30)

    @property
    def memory(self) -> int:
        """In bytes."""
        return int(psutil.Process(self._started[-1].pid).memory_info().rss)
