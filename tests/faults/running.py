"""The whole local cloud in this process: servers, functions, timers, and a clock to turn."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials

from custody import cloud
from custody.adapters.google_api import GoogleApi
from custody.domain.channels import sign_token
from custody.domain.drive import CORPORA, Corpus
from custody.domain.vault import FileId, Holding
from faults.people import People, server_of
from localcloud.environment import PROJECT
from localcloud.faults import Rule
from localcloud.local import LocalCloud

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
PATIENCE_SECONDS = 20.0


class Running(People):
    """Custody as `custody up` runs it; the environment is this process's for as long."""

    def __init__(self, data: Path, process: pytest.MonkeyPatch) -> None:
        self.local = LocalCloud(data, FUNCTIONS)
        for name, value in self.local.start_servers({}).items():
            process.setenv(name, value)
        cloud.connect.cache_clear()
        self.world = cloud.connect()
        self.local.start_functions()
        wait_for(lambda: all(self.world.channels.all(one) for one in CORPORA))
        self.settle()

    def stop(self) -> None:
        self.local.stop()
        cloud.connect.cache_clear()

    # Faults and time.

    def fails(self, method: str, **fault: Any) -> None:
        """Arms a fault on the server whose method it is; `push` means Drive's."""
        getattr(self.local, server_of(method)).faults.add(Rule(method=method, **fault))

    def calm_down(self) -> None:
        for server in (self.local.storage, self.local.s3, self.local.pubsub, self.local.drive):
            server.faults.clear()

    def advance(self, seconds: float) -> None:
        """Turns the clock of all servers, functions and timers, as a rehearsal does over HTTP."""
        requests.post(f"{self.local.drive.url}/_clock", json={"advance": seconds}, timeout=10)

    def stop_timers(self) -> None:
        """For good: nothing rings any more but what a test publishes."""
        assert self.local._scheduler
        self.local._scheduler.stop()

    def settle(self) -> None:
        """Waits until nothing is due, and what failed rests until its next delivery."""
        wait_for(self._is_quiet)
        time.sleep(0.1)
        wait_for(self._is_quiet)

    def _is_quiet(self) -> bool:
        return not any(self.is_due(name) for name in self.waiting())

    def is_due(self, function: str) -> bool:
        """Whether a function is at work, or about to be."""
        held = self.waiting()[function]
        return bool(held["ready"] or held["leased"])

    def is_held(self) -> bool:
        """Whether any message waits for its time."""
        return any(held["delayed"] for held in self.waiting().values())

    def waiting(self) -> dict[str, dict[str, Any]]:
        """What each function's subscription holds."""
        counts = self.local.pubsub.backlog.counts()
        held = {name.rpartition("/")[2]: one for name, one in counts.items()}
        return {name: one for name, one in held.items() if not name.endswith("-dead")}

    # Pub/Sub, by hand.

    @property
    def projects(self) -> Any:
        api = GoogleApi(
            "pubsub", "v1", root=self.local.pubsub.url, credentials=AnonymousCredentials()
        )
        return api.service().projects()

    def publish(self, topic: str, message: dict[str, Any]) -> str:
        """A message as anybody may send one; its id."""
        sent = (
            self.projects.topics()
            .publish(topic=f"projects/{PROJECT}/topics/{topic}", body={"messages": [message]})
            .execute()
        )
        return str(sent["messageIds"][0])

    def dead_letters(self, topic: str) -> list[dict[str, Any]]:
        """What was given up, without taking it away."""
        subscriptions = self.projects.subscriptions()
        name = f"projects/{PROJECT}/subscriptions/{topic}-dead"
        body = {"maxMessages": 1000, "returnImmediately": True}
        received = (
            subscriptions.pull(subscription=name, body=body).execute().get("receivedMessages", [])
        )
        if received:
            back = {"ackIds": [one["ackId"] for one in received], "ackDeadlineSeconds": 0}
            subscriptions.modifyAckDeadline(subscription=name, body=back).execute()
        return [one["message"] for one in received]

    # Drive's pushes, by hand.

    def push(self, **headers: str) -> int:
        """What the function answers to a push with these `X-Goog-` headers."""
        named = {f"X-Goog-{name.replace('_', '-')}": value for name, value in headers.items()}
        answer = requests.post(self.world.push_url, headers=named, timeout=10)
        return answer.status_code

    def genuine(self, corpus: Corpus, channel: str, life_seconds: float = 3600) -> dict[str, str]:
        """The headers of a push that proves itself."""
        until = self.world.now() + timedelta(seconds=life_seconds)
        token = sign_token(self.world.push_secret, channel=channel, corpus=corpus, expires_at=until)
        return {"Channel_ID": channel, "Channel_Token": token, "Resource_State": "change"}

    # What comes of it.

    def expect(self, holding: Holding, file_id: FileId, *contents: bytes) -> None:
        """Waits until the vault holds exactly these contents."""
        wait_for(lambda: len(self.history(holding, file_id).versions) >= len(contents))
        self.settle()
        assert self.contents(holding, file_id) == list(contents)


def wait_for(condition: Callable[[], object]) -> None:
    """Fails when it does not come true in a time that is long for this machine."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.02)
