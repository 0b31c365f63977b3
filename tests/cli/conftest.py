"""The command against a local cloud: servers shared, buckets and topics of each test its own."""

import base64
import gc
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
import structlog
from click.testing import CliRunner, Result

from custody.cli import custody
from custody.cli.world import Desk
from custody.domain.topology import FUNCTIONS, TOPICS
from custody.settings import SETTINGS, Settings
from localcloud.deployment import make_buckets, make_s3_buckets, s3_client
from localcloud.environment import BUCKETS, IDENTITY, OFFSITE
from localcloud.local import LocalCloud
from worlds.drive_local import Client

# A command's connections end with its process. Here the process goes on.
CONNECTIONS_STAY = pytest.mark.filterwarnings("ignore::ResourceWarning")
FUNCTIONS_FOLDER = Path(__file__).parents[2] / "functions"


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.path.is_relative_to(Path(__file__).parent):
        item.add_marker(CONNECTIONS_STAY)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command logs for people, and only warnings. The process goes on with other tests."""
    yield
    structlog.reset_defaults()


@dataclass(frozen=True, kw_only=True)
class Shell:
    """Runs commands in this process, as a shell with these settings would."""

    environment: dict[str, str]
    servers: LocalCloud

    def run(self, *words: str | Path) -> Result:
        unset: dict[str, str | None] = dict.fromkeys(SETTINGS)
        runner = CliRunner(env=unset | self.environment)
        return runner.invoke(custody, [str(word) for word in words])

    def json(self, *words: str | Path) -> Any:
        """What a command that succeeds answers."""
        done = self.run(*words, "--format", "json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def fails(self, *words: str | Path) -> tuple[int, dict[str, str]]:
        """The exit code, and the error as JSON."""
        done = self.run(*words, "--format", "json")
        return done.exit_code, json.loads(done.stderr.splitlines()[-1])["error"]

    @property
    def messages(self) -> "Messages":
        return Messages(self.servers.pubsub.url, self.environment["CUSTODY_PROJECT"])

    @property
    def world(self) -> Desk:
        return Desk(Settings(self.environment))

    @cached_property
    def drive(self) -> Client:
        """The shared drive, as an operator uses it."""
        return self.drive_of(IDENTITY)

    def drive_of(self, email: str) -> Client:
        return Client(self.servers.drive.url, email)

    def add(self, name: str = "Acorn", *sources: str) -> Any:
        """Registers a customer."""
        words = [word for source in sources or ("hubspot",) for word in ("--source", source)]
        return self.json("customers", "add", name, *words)

    def capture(self, path: Path, holding: str = "acorn/hubspot") -> Any:
        """Uploads a file and captures it; its versions."""
        [row] = self.json("files", "put", path, "--to", holding)
        return self.json("files", "capture", row["file_id"])


class Messages:
    """One project's Pub/Sub, by its REST API."""

    def __init__(self, url: str, project: str) -> None:
        self._root = f"{url}/v1/projects/{project}"

    def publish(self, topic: str, data: bytes, **attributes: str) -> None:
        message = {"data": base64.b64encode(data).decode(), "attributes": attributes}
        self._post(f"topics/{topic}:publish", messages=[message])

    def pull(self, queue: str) -> list[tuple[bytes, dict[str, str]]]:
        """All that waits now, taken from the queue."""
        found = self._post(
            f"subscriptions/{queue}:pull", maxMessages=1000, returnImmediately=True
        ).get("receivedMessages", [])
        if found:
            self._post(f"subscriptions/{queue}:acknowledge", ackIds=[one["ackId"] for one in found])
        messages = [one["message"] for one in found]
        return [(base64.b64decode(one["data"]), one.get("attributes", {})) for one in messages]

    def delete(self, resource: str) -> None:
        requests.delete(f"{self._root}/{resource}", timeout=10).raise_for_status()

    def _post(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self._root}/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="session")
def servers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[LocalCloud, dict[str, str]]]:
    """Drive, Cloud Storage, S3 and Pub/Sub, once for all tests of a process."""
    local = LocalCloud(tmp_path_factory.mktemp("local"), FUNCTIONS_FOLDER)
    environment = local.start_servers({})
    local.functions.start()
    yield local, environment
    local.stop()


@pytest.fixture
def shell(servers: tuple[LocalCloud, dict[str, str]]) -> Iterator[Shell]:
    """Settings, buckets and topics that no other test has."""
    local, shared = servers
    name = uuid4().hex[:8]
    buckets = {setting: f"{bucket}-{name}" for setting, bucket in BUCKETS.items()}
    make_buckets(local.storage.url, f"project-{name}", buckets.values())
    offsite = {setting: f"{bucket}-{name}" for setting, bucket in OFFSITE.items()}
    make_s3_buckets(s3_client(local.s3.url), *offsite.values())
    own = buckets | offsite | {"CUSTODY_PROJECT": f"project-{name}", "NO_COLOR": "1"}
    environment = shared | own
    make_topics(local.pubsub.url, f"projects/project-{name}")
    yield Shell(environment=environment, servers=local)
    local.drive.faults.clear()
    local.storage.faults.clear()
    local.s3.faults.clear()
    gc.collect()  # before a test that minds connections


def make_topics(url: str, project: str) -> None:
    """Topics and queues as they are deployed, but that nothing is pushed to a function."""
    queues = {f"{topic}-dead": f"{topic}-dead" for topic in TOPICS}
    queues |= {one.name: one.topic for one in FUNCTIONS if one.topic}
    for topic in (*TOPICS, *(f"{topic}-dead" for topic in TOPICS)):
        requests.put(f"{url}/v1/{project}/topics/{topic}", json={}, timeout=10).raise_for_status()
    for queue, topic in queues.items():
        attached = {"topic": f"{project}/topics/{topic}"}
        made = requests.put(f"{url}/v1/{project}/subscriptions/{queue}", json=attached, timeout=10)
        made.raise_for_status()
