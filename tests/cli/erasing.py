"""The functions behind an erasure, run by hand: whatever waits for one of them is delivered."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import flask

from custody import cloud, events
from custody.domain.erasure import Copy
from custody.domain.events import DeletionRequested, ErasureStep
from custody.entry import Response, on_message
from custody.steps.erase import erase
from custody.steps.request_erasure import request_erasure

from .conftest import Shell

Message = tuple[str, bytes]
"""A queue, and the data of a message."""
QUEUES = ("request_erasure", *(f"erase_{copy.value}" for copy in Copy))


def take_on(request: DeletionRequested, world: cloud.Cloud) -> None:
    request_erasure(world.request, request)


def move_on(step: ErasureStep, world: cloud.Cloud) -> None:
    erase(world.erase, step)


class Functions:
    """Pub/Sub's part too: what a function does not acknowledge is delivered again."""

    def __init__(self, shell: Shell) -> None:
        self._messages = shell.messages
        world = shell.world
        asked = on_message(events.deletion_requested, lambda: world, refusal="request_refused")
        self._request = asked(take_on)
        self._erase = on_message(events.erasure_step, lambda: world)(move_on)
        self._waiting: list[Message] = []

    def settle(self) -> None:
        """Until nothing waits."""
        while self.deliver():
            time.sleep(0.05)

    def deliver(self) -> bool:
        """All that waits, once; whether anything was there."""
        for queue in QUEUES:
            self._waiting += [(queue, data) for data, _ in self._messages.pull(queue)]
        waiting, self._waiting = self._waiting, []
        for queue, data in waiting:
            function = self._request if queue == "request_erasure" else self._erase
            if _answer(function, queue, data)[1] != 204:
                self._waiting.append((queue, data))
        return bool(waiting)


def _answer(function: Callable[[flask.Request], Response], queue: str, data: bytes) -> Response:
    message = {"messageId": "7", "data": base64.b64encode(data).decode()}
    body = json.dumps({"message": message, "subscription": f"projects/p/subscriptions/{queue}"})
    with flask.Flask(__name__).test_request_context(method="POST", data=body):
        return function(flask.request)


class Background:
    """Functions that work while a command waits for them."""

    def __init__(self, shell: Shell) -> None:
        self._functions = Functions(shell)
        self._thread = Thread(target=self._run)
        self._ended = False

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            self._functions.deliver()
            time.sleep(0.1)


def fill(shell: Shell, path: Path, holding: str = "acorn/hubspot") -> None:
    """One file of two versions."""
    for content in (b"a\n", b"b\n"):
        path.write_bytes(content)
        shell.capture(path, holding)
