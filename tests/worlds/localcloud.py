"""The real adapters on the local cloud's servers, which start once; a world for each test."""

import base64
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials

from custody import events
from custody.adapters.google_api import GoogleApi
from custody.adapters.keys import BucketKeyMaker
from custody.adapters.kms import LocalKek
from custody.adapters.recovery import RecoveryKey
from custody.adapters.signing import LocalSigner
from custody.cloud import Cloud
from custody.domain import names
from custody.domain.erasure import Copy
from custody.domain.events import Event
from custody.domain.topology import TOPICS
from custody.domain.vault import HoldingEpoch, ObjectName
from custody.settings import Settings
from localcloud.clock import Clock
from localcloud.deployment import make_buckets, make_s3_buckets, s3_client
from localcloud.drive import DriveServer
from localcloud.environment import amazon
from localcloud.pubsub import PubSubServer
from localcloud.s3 import S3Server
from localcloud.storage import StorageServer
from worlds.localpeople import IDENTITY, LocalPeople

_DECODERS: dict[str, Callable[[events.Delivery], Event]] = {
    "drive-pushes": events.drive_touched,
    "files-touched": events.files_touched,
    "versions-stored": events.version_stored,
    "timers": events.timer_rang,
    "deletion-requests": events.deletion_requested,
    **{f"erasure-tasks-{copy.value}": events.erasure_step for copy in Copy},
}
_CLOSED = "127.0.0.1:9"
"""Nobody listens there: clients must not ask a metadata server (T33)."""


class LocalServers:
    """Storage, S3, Drive and Pub/Sub on loopback, for as long as the tests of one process last."""

    def __init__(self, data: Path) -> None:
        clock = Clock(data / "clock")
        self.storage = StorageServer(data=data / "storage", clock=clock)
        self.s3 = S3Server(data=data / "s3", clock=clock)
        self.s3_client = s3_client(self.s3.url)
        self.drive = DriveServer(data=data / "drive", clock=clock, default_identity=IDENTITY)
        self.pubsub = PubSubServer(data=data / "pubsub", clock=clock)
        self.kek = data / "kek.json"
        LocalKek.create(self.kek)
        self.signing_key = data / "signing.key"
        LocalSigner.create(self.signing_key)
        self.recovery_key = data / "recovery.key"
        self.recovery = RecoveryKey.create(self.recovery_key).public
        self._running = ExitStack()
        for server in (self.storage, self.s3, self.drive, self.pubsub):
            server.start()
            self._running.callback(server.stop)

    def stop(self) -> None:
        self._running.close()


class LocalWorld(Cloud):
    """A project of its own on shared servers: fresh buckets, topics, and a fresh shared drive."""

    def __init__(self, servers: LocalServers, project: str) -> None:
        self.google = LocalPeople(servers.drive.url, project)
        buckets = {
            f"CUSTODY_{kind.upper()}_BUCKET": f"{project}-{kind}"
            for kind in ("vault", "keys", "ledger", "audit")
        }
        make_buckets(servers.storage.url, project, buckets.values())
        offsite = {
            "CUSTODY_OFFSITE_BUCKET": f"{project}-offsite",
            "CUSTODY_OFFSITE_KEYS_BUCKET": f"{project}-offsite-keys",
        }
        make_s3_buckets(servers.s3_client, *offsite.values())
        settings = {
            "CUSTODY_PROJECT": project,
            "CUSTODY_ENVIRONMENT": "test",
            "CUSTODY_KEK_URI": f"file:{servers.kek}",
            "CUSTODY_RECOVERY_KEY": servers.recovery,
            "CUSTODY_SIGNING_KEY_URI": f"file:{servers.signing_key}",
            "CUSTODY_DRIVE_ID": self.google.root,
            "CUSTODY_SUBJECT": IDENTITY,
            "CUSTODY_DRIVE_CALLS_PER_MINUTE": "600000",
            "CUSTODY_DRIVE_ENDPOINT": servers.drive.url,
            "STORAGE_EMULATOR_HOST": servers.storage.url,
            "PUBSUB_EMULATOR_HOST": servers.pubsub.address,
            "GCE_METADATA_HOST": _CLOSED,
            **amazon(servers.s3.url),
        }
        super().__init__(Settings(settings | buckets | offsite))
        self._sent: list[Event] = []
        self._subscriptions = _listen(servers.pubsub.url, project)

    @cached_property
    def keys(self) -> BucketKeyMaker:
        """As whoever opens holdings has them."""
        return self.key_maker

    def sent(self) -> list[Event]:
        for topic, subscription in self._subscriptions.items():
            self._sent += [_decoded(topic, one) for one in _pull_all(*subscription)]
        return list(self._sent)

    def lose_keyset(self, life: HoldingEpoch) -> None:
        bucket = self._bucket("CUSTODY_KEYS_BUCKET")
        name = names.keyset_name(life)
        bucket.delete(name, generation=bucket.read(name).generation)

    def destroy_keyset(self, life: HoldingEpoch) -> None:
        self.lose_keyset(life)
        self._bucket("CUSTODY_KEYS_BUCKET").create(names.destroyed_name(life), b"")

    def damage(self, name: ObjectName) -> None:
        bucket = self._bucket("CUSTODY_VAULT_BUCKET")
        stored = bucket.read(name)
        damaged = bytes([stored.data[0] ^ 1]) + stored.data[1:]
        bucket.replace(name, damaged, generation=stored.generation)


def _listen(url: str, project: str) -> dict[str, tuple[Any, str]]:
    """Every topic with a subscription that keeps what is published from now on."""
    api = GoogleApi("pubsub", "v1", root=url, credentials=AnonymousCredentials())
    projects = api.service().projects()
    listening = {}
    for topic in TOPICS:
        full = f"projects/{project}/topics/{topic}"
        name = f"projects/{project}/subscriptions/{topic}"
        projects.topics().create(name=full, body={}).execute()
        projects.subscriptions().create(name=name, body={"topic": full}).execute()
        listening[topic] = (projects.subscriptions(), name)
    return listening


def _pull_all(subscriptions: Any, name: str) -> list[dict[str, Any]]:
    body = {"maxMessages": 1000, "returnImmediately": True}
    found: list[dict[str, Any]] = []
    while (
        received := subscriptions.pull(subscription=name, body=body)
        .execute()
        .get("receivedMessages")
    ):
        found += [one["message"] for one in received]
        ids = [one["ackId"] for one in received]
        subscriptions.acknowledge(subscription=name, body={"ackIds": ids}).execute()
    return found


def _decoded(topic: str, message: dict[str, Any]) -> Event:
    return _DECODERS[topic](
        events.Delivery(
            message_id=message["messageId"],
            subscription=topic,
            data=base64.b64decode(message["data"]),
            attributes=message["attributes"],
        )
    )
