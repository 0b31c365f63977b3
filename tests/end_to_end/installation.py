"""`custody up` as a process: started, killed, started again on the same folder."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import requests

from custody.cloud import Cloud
from custody.domain.erasure import ErasureId, State
from custody.domain.topology import RETRY_SECONDS
from custody.domain.vault import FileId, Holding
from custody.errors import NotFoundError
from custody.settings import Settings
from custody.steps.books import standing
from faults.people import People
from localcloud.environment import PROJECT

CUSTODY = (sys.executable, "-m", "custody.cli")
PATIENCE_SECONDS = 120.0


class Installation(People):
    """One data folder, and the process that runs on it, if any."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.ready_file = folder / "ready.json"
        self.output = folder / "output"
        self._cache = folder / "cache"
        self.ready: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None

    # The process.

    def start(self) -> None:
        """Returns when the ready file is there."""
        self.ready_file.unlink(missing_ok=True)
        environment = {**os.environ, "XDG_CACHE_HOME": str(self._cache)}
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [*CUSTODY, "up", "--data", self.data, "--ready-file", self.ready_file],
                stdout=output,
                stderr=output,
                env=environment,
            )
        wait_for(self._is_ready)
        self.ready = json.loads(self.ready_file.read_text())
        self.world = Cloud(Settings(self.ready["env"]))

    def _is_ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.output.read_text()[-3000:]
        return self.ready_file.exists()

    def kill(self) -> None:
        """As a power cut does."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As ctrl-C does; the exit code."""
        assert self.process
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)

    def family(self) -> list[psutil.Process]:
        """The process and all that it started."""
        assert self.process
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def command(self, *words: str | Path) -> Any:
        """What an operator's command line answers, as JSON."""
        done = subprocess.run(
            [*CUSTODY, *words, "--format", "json"],
            env={**os.environ, **self.ready["env"]},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    # Its servers.

    def publish(self, topic: str, *messages: tuple[bytes, Mapping[str, str]]) -> None:
        """Data and attributes of messages, as anybody may send them."""
        url = f"http://{self.ready['pubsub']}/v1/projects/{PROJECT}/topics/{topic}:publish"
        wire = [
            {"data": base64.b64encode(data).decode(), "attributes": dict(attributes)}
            for data, attributes in messages
        ]
        requests.post(url, json={"messages": wire}, timeout=10).raise_for_status()

    def fails(self, method: str, **fault: Any) -> None:
        """Arms a fault on the server whose method it is."""
        rule = {"method": method, **fault}
        answer = requests.post(f"{self._server(method)}/_faults", json=rule, timeout=10)
        answer.raise_for_status()

    def hits(self, method: str) -> int:
        """How many calls met the faults of a server."""
        rules = requests.get(f"{self._server(method)}/_faults", timeout=10).json()
        return sum(rule["hits"] for rule in rules)

    def calm_down(self) -> None:
        for url in self._servers():
            requests.delete(f"{url}/_faults", timeout=10)

    def _server(self, method: str) -> str:
        drive, storage, pubsub = self._servers()
        return {"storage": storage, "pubsub": pubsub}.get(method.partition(".")[0], drive)

    def _servers(self) -> tuple[str, str, str]:
        return self.ready["drive"], self.ready["storage"], f"http://{self.ready['pubsub']}"

    def advance(self, seconds: float) -> None:
        """Turns the clock of everything."""
        requests.post(f"{self.ready['drive']}/_clock", json={"advance": seconds}, timeout=10)

    def waiting(self) -> dict[str, dict[str, Any]]:
        """What each function's subscription holds."""
        counts = requests.get(f"http://{self.ready['pubsub']}/_state", timeout=10).json()
        held = {name.rpartition("/")[2]: one for name, one in counts.items()}
        return {name: held[name] for name in self.ready["functions"] if name in held}

    def settle(self) -> None:
        """Waits until no function is at work or about to be."""
        for _ in range(2):
            wait_for(self._is_quiet)
            time.sleep(0.1)

    def hurry(self, condition: Callable[[], object]) -> None:
        """Waits for it without the pauses that Pub/Sub makes between two deliveries."""

        def has_come() -> object:
            if self._is_quiet():
                self.advance(RETRY_SECONDS[0])
            return condition()

        wait_for(has_come)

    def _is_quiet(self) -> bool:
        return not any(one["ready"] or one["leased"] for one in self.waiting().values())

    # What comes of it.

    def expect(self, holding: Holding, file_id: FileId, *contents: bytes) -> None:
        """Waits until the vault holds exactly these contents."""
        wait_for(lambda: len(self.history(holding, file_id).versions) >= len(contents))
        self.settle()
        assert self.contents(holding, file_id) == list(contents)

    def state(self, erasure: ErasureId) -> State | None:
        """None until the request is taken on."""
        books = self.world.books
        try:
            return standing(books, books.erasures.find(erasure))
        except NotFoundError:
            return None

    def certify(self, erasure: ErasureId) -> None:
        """Waits until it is certified, and nothing is left to do."""
        self.hurry(lambda: self.state(erasure) is State.CERTIFIED)
        self.settle()

    def lines(self) -> Iterator[dict[str, Any]]:
        """What was logged."""
        for line in self.output.read_text().splitlines():
            if line.startswith("{"):
                yield json.loads(line)


def wait_for(condition: Callable[[], object]) -> None:
    """Fails when it does not come true in a time that is long for this machine."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.03)
