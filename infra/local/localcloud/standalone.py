"""Runs one server alone: `python -m localcloud.<name> --data DIR [--port P] [--ready-file F]`."""

import argparse
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from localcloud.clock import Clock


class Server(Protocol):
    """What every server of the local cloud can do."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


Built = TypeVar("Built", bound=Server)


def run_alone(
    name: str, build: Callable[[Path, Clock, int], Built], address: Callable[[Built], str]
) -> None:
    """Serves until SIGINT or SIGTERM; tells where through the ready file."""
    options = _parse(name)
    options.data.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server = build(options.data, Clock(options.data / "clock"), options.port)
    server.start()
    if options.ready_file:
        write_whole(options.ready_file, address(server))
    ended.wait()
    server.stop()


def write_whole(path: Path, text: str) -> None:
    """A reader sees nothing or all of it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)


def _parse(name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m localcloud.{name}")
    parser.add_argument("--data", type=Path, required=True, help="where the server keeps its state")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--ready-file", type=Path, help="gets the server's address once it listens")
    return parser.parse_args()
