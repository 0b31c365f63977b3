"""The servers of the local cloud, and the steps run by hand on the real adapters against them."""

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials

from custody.adapters.google_api import GoogleApi
from custody.cloud import Cloud
from custody.domain.drive import Corpus
from custody.domain.events import FilesTouched
from custody.domain.topology import TOPICS
from custody.domain.vault import FileId, Holding
from custody.settings import Settings
from custody.steps.capture import capture_files
from custody.steps.drain_changes import Drain, drain_changes
from custody.steps.reconcile import reconcile
from custody.steps.scope import Scope
from faults.people import People, server_of
from localcloud.clock import Clock
from localcloud.deployment import make_buckets, make_s3_buckets, s3_client
from localcloud.drive import DriveServer
from localcloud.environment import BUCKETS, OFFSITE, PROJECT, environment
from localcloud.faults import Rule
from localcloud.pubsub import PubSubServer
from localcloud.s3 import S3Server
from localcloud.storage import StorageServer

TIMEOUT_SECONDS = 540


class Rig(People):
    """Servers without functions: a test delivers what it likes, and reads what was published."""

    def __init__(self, data: Path) -> None:
        self.clock = Clock(data / "clock")
        self.storage = StorageServer(data=data / "storage", clock=self.clock)
        self.drive = DriveServer(data=data / "drive", clock=self.clock)
        self.pubsub = PubSubServer(data=data / "pubsub", clock=self.clock)
        self.s3 = S3Server(data=data / "s3", clock=self.clock)
        self._servers = (self.storage, self.s3, self.drive, self.pubsub)
        for server in self._servers:
            server.start()
        make_buckets(self.storage.url, PROJECT, BUCKETS.values())
        make_s3_buckets(s3_client(self.s3.url), *OFFSITE.values())
        self.settings = environment(
            {},
            data,
            drive=self.drive.url,
            storage=self.storage.url,
            s3=self.s3.url,
            pubsub=self.pubsub.address,
            push_url="http://127.0.0.1:9/receive_push",
        )
        self.world = self.world_with()
        self._listen()

    def stop(self) -> None:
        for server in self._servers:
            server.stop()

    def world_with(self, **settings: str) -> Cloud:
        """The adapters under other settings: another identity, a bucket that is not there."""
        return Cloud(Settings({**self.settings, **settings}))

    # Faults.

    def fails(self, method: str, **fault: Any) -> None:
        """Arms a fault on the server whose method it is."""
        getattr(self, server_of(method)).faults.add(Rule(method=method, **fault))

    def hits(self) -> int:
        """How many calls met a fault."""
        return sum(rule["hits"] for server in self._servers for rule in server.faults.list())

    def calm_down(self) -> None:
        for server in self._servers:
            server.faults.clear()

    # What functions do.

    def capture(self, holding: Holding, *files: FileId, world: Cloud | None = None) -> None:
        """One delivery of files-touched."""
        run = (world or self.world).capture(TIMEOUT_SECONDS)
        capture_files(run, FilesTouched(life=holding.life, file_ids=files))

    def drain(self, corpus: Corpus, world: Cloud | None = None) -> None:
        """One delivery of drive-pushes."""
        world = world or self.world
        drain_changes(
            Drain(
                corpus=corpus,
                feed=world.feed,
                cursors=world.cursors,
                index=world.index,
                publisher=world.publisher,
                scope=Scope(world.drive, world.registry.holdings()),
                holder=world.fresh_id(),
                clock=world.now,
                deadline=world.deadline(TIMEOUT_SECONDS),
            )
        )

    def reconcile(self) -> int:
        """One delivery of the timer."""
        return reconcile(self.world.reconcile(self.world.deadline(TIMEOUT_SECONDS)))

    # What was published.

    def _listen(self) -> None:
        api = GoogleApi("pubsub", "v1", root=self.pubsub.url, credentials=AnonymousCredentials())
        self._projects = api.service().projects()
        for topic in TOPICS:
            full = f"projects/{PROJECT}/topics/{topic}"
            self._projects.topics().create(name=full, body={}).execute()
            self._projects.subscriptions().create(
                name=f"projects/{PROJECT}/subscriptions/{topic}-seen", body={"topic": full}
            ).execute()

    def published(self, topic: str) -> list[dict[str, Any]]:
        """The data of all messages of a topic since the last look."""
        return [json.loads(data) for data in self.data(topic)]

    def data(self, topic: str) -> list[bytes]:
        """The data of all messages of a topic since the last look, as it was sent."""
        return [base64.b64decode(one["data"]) for one in self.messages(topic)]

    def messages(self, topic: str) -> list[dict[str, Any]]:
        """All messages of a topic since the last look."""
        name = f"projects/{PROJECT}/subscriptions/{topic}-seen"
        subscriptions = self._projects.subscriptions()
        body = {"maxMessages": 1000, "returnImmediately": True}
        found: list[dict[str, Any]] = []
        while True:
            answer = subscriptions.pull(subscription=name, body=body).execute()
            received = answer.get("receivedMessages", [])
            if not received:
                return found
            found += [one["message"] for one in received]
            ids = [one["ackId"] for one in received]
            subscriptions.acknowledge(subscription=name, body={"ackIds": ids}).execute()

    def touched(self) -> Counter[FileId]:
        """How often each file was named in files-touched since the last look."""
        named = self.published("files-touched")
        return Counter(FileId(file_id) for one in named for file_id in one["file_ids"])
