"""Drive, Cloud Storage and Pub/Sub as programs of their own, so that only a client is measured."""

import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from benchmarks.front import Front
from custody.adapters.google_api import GoogleApi
from custody.adapters.objects import storage_client
from custody.cloud import Cloud
from custody.domain import topology
from custody.domain.vault import Customer, CustomerId, FileId, Holding, HoldingEpoch, Source
from custody.settings import Settings
from custody.steps.holdings import open_holding
from localcloud.deployment import make_buckets, make_s3_buckets, s3_client
from localcloud.environment import BUCKETS, OFFSITE, PROJECT, environment

START_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """One customer with one holding, in buckets that hold nothing else."""

    settings: dict[str, str]
    holding: Holding

    @cached_property
    def cloud(self) -> Cloud:
        return Cloud(Settings(self.settings))

    @property
    def life(self) -> HoldingEpoch:
        return self.holding.life

    def upload(self, path: Path, name: str) -> FileId:
        """As the customer would; a name that is there becomes a new revision."""
        with path.open("rb") as content:
            size = path.stat().st_size
            return self.cloud.folders.upload(self.holding.folder_id, name, content, size).file_id

    def stored_bytes(self) -> dict[str, int]:
        """What lies in each of its buckets: every generation of every object."""
        client = storage_client(self.settings["STORAGE_EMULATOR_HOST"])
        return {
            setting: sum(
                blob.size for blob in client.list_blobs(self.settings[setting], versions=True)
            )
            for setting in BUCKETS
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The running servers, and the settings that lead to them."""

    folder: Path
    settings: dict[str, str]
    front: Front

    def tenant(self, name: str, *, folder: FileId | None = None, tls: bool = False) -> Tenant:
        """A new one; with `folder` it takes in what lies there already.

        `tls` leads it to Drive through the front, which is the only way that rclone has.
        """
        settings = {
            **self.settings,
            **(self.front.settings if tls else {}),
            **{setting: f"{bucket}-{name}" for setting, bucket in (BUCKETS | OFFSITE).items()},
        }
        make_s3_buckets(
            s3_client(settings["AWS_ENDPOINT_URL_S3"]), *(settings[name] for name in OFFSITE)
        )
        make_buckets(
            settings["STORAGE_EMULATOR_HOST"], PROJECT, [settings[name] for name in BUCKETS]
        )
        cloud = Cloud(
            Settings(self.settings | {one: settings[one] for one in (*BUCKETS, *OFFSITE)})
        )
        return Tenant(settings=settings, holding=_open(cloud, name, folder))

    def own_folder(self, name: str) -> FileId:
        """A folder that its owner keeps outside the shared drive, to be adopted.

        rclone 1.60 reads content without `supportsAllDrives`, which a shared drive may not forgive.
        """
        return Cloud(Settings({**self.settings, "CUSTODY_DRIVE_ID": "root"})).folders.create(name)

    def bucket(self, name: str) -> storage.Bucket:
        """One for a rival."""
        endpoint = self.settings["STORAGE_EMULATOR_HOST"]
        make_buckets(endpoint, PROJECT, [name])
        client = storage.Client(
            PROJECT, AnonymousCredentials(), client_options={"api_endpoint": endpoint}
        )
        return client.bucket(name)


def _open(cloud: Cloud, name: str, folder: FileId | None) -> Holding:
    customer = Customer(customer=CustomerId(f"c-{secrets.token_hex(6)}"), slug=name, name=name)
    cloud.registry.add_customer(customer)
    return open_holding(cloud.office, customer, Source("stripe"), folder=folder)


@contextmanager
def running_site() -> Iterator[Site]:
    """Starts everything in a temporary folder, and leaves nothing behind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="custody-bench-")))
        storage_url, drive_url, pubsub, s3_url = (
            stack.enter_context(_serving(name, folder))
            for name in ("storage", "drive", "pubsub", "s3")
        )
        settings = environment(
            {},
            folder,
            drive=drive_url,
            storage=storage_url,
            s3=s3_url,
            pubsub=pubsub,
            push_url="https://push.example/",
        )
        _make_topics(pubsub)
        front = stack.enter_context(Front.running(folder, drive_url))
        yield Site(folder=folder, settings=settings, front=front)


@contextmanager
def _serving(name: str, folder: Path) -> Iterator[str]:
    """One server of the local cloud; its address."""
    ready = folder / f"{name}.ready"
    command = [sys.executable, "-m", f"localcloud.{name}"]
    words = ["--data", str(folder / name), "--ready-file", str(ready)]
    process = subprocess.Popen([*command, *words])
    try:
        yield wait_for(ready, process)
    finally:
        process.terminate()
        process.wait()


def wait_for(ready: Path, process: subprocess.Popen[bytes]) -> str:
    """What a server says once it listens."""
    until = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise TimeoutError(f"a server did not start: {process.args!r}")
        time.sleep(0.02)
    return ready.read_text()


def _make_topics(pubsub: str) -> None:
    api = GoogleApi("pubsub", "v1", root=f"http://{pubsub}/", credentials=AnonymousCredentials())
    topics = api.service().projects().topics()
    for topic in topology.TOPICS:
        topics.create(name=f"projects/{PROJECT}/topics/{topic}", body={}).execute()
