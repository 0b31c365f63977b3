"""The whole local cloud in one process: servers, functions and timers over one data folder."""

from collections.abc import Callable, Mapping
from pathlib import Path

from google.cloud import pubsub_v1

from custody.domain import topology
from custody.domain.drive import CORPORA
from custody.domain.events import DriveTouched, Event, TimerRang
from custody.events import to_message
from localcloud.clock import Clock
from localcloud.deployment import Messaging, make_buckets, make_s3_buckets, s3_client
from localcloud.drive import DriveServer
from localcloud.environment import BUCKETS, IDENTITY, MAILBOX, OFFSITE, PROJECT, environment
from localcloud.functions import FunctionsHost
from localcloud.gmail import GmailServer
from localcloud.pubsub import PubSubServer
from localcloud.s3 import S3Server
from localcloud.scheduler import Job, Scheduler
from localcloud.storage import StorageServer


class LocalCloud:
    """Starts on free ports over what `data` holds from earlier runs, however those ended."""

    def __init__(self, data: Path, functions: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._data = data
        self._sources = functions
        self.clock = Clock(data / "clock")
        self.storage = StorageServer(data=data / "storage", clock=self.clock)
        self.s3 = S3Server(data=data / "s3", clock=self.clock)
        self.drive = DriveServer(data=data / "drive", clock=self.clock, default_identity=IDENTITY)
        self.pubsub = PubSubServer(data=data / "pubsub", clock=self.clock)
        self.gmail = GmailServer(
            data=data / "gmail",
            clock=self.clock,
            pubsub=self.pubsub.address,
            mailboxes=(MAILBOX,),
        )
        self.functions = FunctionsHost()
        self._scheduler: Scheduler | None = None

    def start_servers(self, given: Mapping[str, str]) -> dict[str, str]:
        """Starts what speaks Google's and Amazon's protocols; settings for all else come back."""
        for server in (self.storage, self.s3, self.drive, self.pubsub, self.gmail):
            server.start()
        make_buckets(self.storage.url, PROJECT, BUCKETS.values())
        make_s3_buckets(s3_client(self.s3.url), *OFFSITE.values())
        return environment(
            given,
            self._data,
            drive=self.drive.url,
            storage=self.storage.url,
            s3=self.s3.url,
            pubsub=self.pubsub.address,
            push_url=self.functions.url_of("receive_push"),
        )

    def start_functions(self) -> None:
        """Serves the functions, points the subscriptions at them, and rings every timer once."""
        self.functions.load(self._sources, topology.FUNCTIONS)
        self.functions.start()
        messaging = Messaging(PROJECT)
        messaging.deploy(self.functions.url_of)
        messaging.close()
        self._scheduler = Scheduler(self.clock, list(_jobs(pubsub_v1.PublisherClient())))
        self._scheduler.start()

    def urls(self) -> dict[str, str]:
        return {
            "drive": self.drive.url,
            "gmail": self.gmail.url,
            "smtp": self.gmail.smtp_address,
            "storage": self.storage.url,
            "s3": self.s3.url,
            "pubsub": self.pubsub.address,
        }

    def function_urls(self) -> dict[str, str]:
        return {one.name: self.functions.url_of(one.name) for one in topology.FUNCTIONS}

    def stop(self) -> None:
        if self._scheduler:
            self._scheduler.stop()
        for server in (self.gmail, self.pubsub, self.functions, self.drive, self.s3, self.storage):
            server.stop()


def _jobs(publisher: pubsub_v1.PublisherClient) -> list[Job]:
    """Cloud Scheduler's jobs: each timer, and the sweep of every change log."""
    timers: list[tuple[Event, int]] = [
        (TimerRang(timer=timer), period) for timer, period in topology.TIMERS.items()
    ]
    sweeps: list[tuple[Event, int]] = [
        (DriveTouched(corpus=corpus), topology.SWEEP_SECONDS) for corpus in CORPORA
    ]
    return [
        Job(ring=_ringer(publisher, event), period_seconds=period)
        for event, period in timers + sweeps
    ]


def _ringer(publisher: pubsub_v1.PublisherClient, event: Event) -> Callable[[], None]:
    message = to_message(event)
    topic = f"projects/{PROJECT}/topics/{message.topic}"
    return lambda: publisher.publish(topic, message.data, **message.attributes).result()
