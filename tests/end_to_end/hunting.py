"""Canaries of an erased customer, hunted in every byte that an installation keeps or shows."""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import requests
from google.cloud import storage

from custody.adapters.drive_api import DriveApi
from custody.adapters.objects import storage_client
from custody.domain.topology import TOPICS
from end_to_end.installation import Installation
from end_to_end.test_canaries import BIRD, sings
from localcloud.environment import BUCKETS, PROJECT

_WORD = re.compile(BIRD.encode() + rb"(?:[a-z]*1)?", re.IGNORECASE)
IN_DISGUISE = "in disguise"
"""A canary in hex or base64, whose name nobody can read."""
Found = dict[str, set[str]]
"""Canaries, each with the places where it was."""


def canary(word: str) -> str:
    """Ends in a digit, which parts it from whatever stands behind it in a database."""
    return f"{BIRD}{word}1"


def canaries(data: bytes) -> set[str]:
    words = {word.decode().lower() for word in _WORD.findall(data)}
    return words | ({IN_DISGUISE} if sings(_WORD.sub(b"", data)) else set())


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it was published."""

    topic: str
    data: bytes
    attributes: tuple[tuple[str, str], ...]


@dataclass
class Hunt:
    """Searches everything, and has heard everything."""

    custody: Installation
    heard: list[Said] = field(default_factory=list)
    """Each message once, in the order in which it was first said; dead letters too."""

    # Messages.

    def listen(self) -> None:
        """From now on, to whatever anybody publishes."""
        for topic in _all_topics():
            wanted = {"topic": f"projects/{PROJECT}/topics/{topic}"}
            url = self._subscription(topic)
            requests.put(url, json=wanted, timeout=10).raise_for_status()

    def hear(self) -> None:
        for topic in _all_topics():
            while received := self._pull(topic):
                ids = [one["ackId"] for one in received]
                self._post(topic, "acknowledge", ackIds=ids)
                said = [_said(topic, one["message"]) for one in received]
                self.heard += [one for one in dict.fromkeys(said) if one not in self.heard]

    def said(self, topic: str) -> list[tuple[bytes, dict[str, str]]]:
        """All that was heard on a topic."""
        return [(one.data, dict(one.attributes)) for one in self.heard if one.topic == topic]

    def repeat(self) -> None:
        """Whatever was ever said is said again: T25, a seek of Pub/Sub and replayed letters."""
        self.hear()
        for topic in {one.topic for one in self.heard}:
            self.custody.publish(topic, *self.said(topic))

    def _pull(self, topic: str) -> list[dict[str, Any]]:
        answer = self._post(topic, "pull", maxMessages=1000, returnImmediately=True)
        received: list[dict[str, Any]] = answer.get("receivedMessages", [])
        return received

    def _post(self, topic: str, verb: str, **body: Any) -> Any:
        answer = requests.post(f"{self._subscription(topic)}:{verb}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def _subscription(self, topic: str) -> str:
        root = f"http://{self.custody.ready['pubsub']}/v1/projects/{PROJECT}"
        return f"{root}/subscriptions/{topic}-overheard"

    # Everything.

    def find(self) -> Found:
        found: Found = defaultdict(set)
        for place, data in self._everything():
            for one in canaries(data):
                found[one].add(place)
        return found

    def _everything(self) -> Iterator[tuple[str, bytes]]:
        self.hear()
        yield "the log", self.custody.output.read_bytes()
        yield from (("messages", repr(one).encode() + one.data) for one in self.heard)
        yield from self._on_disk()
        yield from self._in_buckets()
        yield from (("what we see in Drive", data) for data in self._in_drive())

    def _on_disk(self) -> Iterator[tuple[str, bytes]]:
        for path in self.custody.data.rglob("*"):
            if path.is_file():
                server = path.relative_to(self.custody.data).parts[0]
                yield f"disk of {server}", path.read_bytes()

    def _in_buckets(self) -> Iterator[tuple[str, bytes]]:
        for blob in self.objects():
            folder = blob.name.partition("/")[0]
            told = repr((blob.name, blob.metadata, blob.content_type)).encode()
            yield f"{blob.bucket.name}/{folder}", told + blob.download_as_bytes()

    def objects(self) -> Iterator[storage.Blob]:
        """Every generation of every object. Soft delete is off, so that there are no others."""
        client = storage_client(self.custody.ready["storage"])
        for name in BUCKETS.values():
            yield from client.list_blobs(name, versions=True)

    def naming(self, *ids: str) -> set[str]:
        """Where the objects lie that have one of these ids in their name or content."""
        wanted = re.compile("|".join(map(re.escape, ids)).encode())
        return {place for place, data in self._in_buckets() if wanted.search(data)}

    def _in_drive(self) -> Iterator[bytes]:
        """What an organizer of our drive and the role identity see, the trash included."""
        for email in (self.custody.ready["env"]["CUSTODY_SUBJECT"], ORGANIZER):
            api = self.custody.as_person(email)
            for file in files_seen(api):
                yield json.dumps([file, readers_of(api, file["id"])]).encode()
                if not file["mimeType"].startswith("application/vnd.google-apps."):
                    yield read(api, file["id"])


ORGANIZER = "organizer@datasmash.example"


def files_seen(api: DriveApi, query: str | None = None) -> Iterator[dict[str, Any]]:
    """All that somebody sees in Drive, or of that what a query wants."""
    token = None
    while True:
        page = api.call("everything", partial(_list, query, token))
        yield from page["files"]
        token = page.get("nextPageToken")
        if not token:
            return


def _list(query: str | None, token: str | None, service: Any) -> Any:
    return service.files().list(
        q=query,
        pageToken=token,
        corpora="allDrives",
        fields="*",
        includeItemsFromAllDrives=True,
        supportsAllDrives=True,
    )


def readers_of(api: DriveApi, file_id: str) -> Any:
    ask = {"fileId": file_id, "fields": "*", "supportsAllDrives": True}
    return api.call("readers", lambda s: s.permissions().list(**ask))


def read(api: DriveApi, file_id: str) -> bytes:
    content: bytes = api.call(
        "a content", lambda s: s.files().get_media(fileId=file_id, supportsAllDrives=True)
    )
    return content


def _all_topics() -> list[str]:
    return [name for topic in TOPICS for name in (topic, f"{topic}-dead")]


def _said(topic: str, message: dict[str, Any]) -> Said:
    attributes = tuple(sorted(message.get("attributes", {}).items()))
    return Said(topic, base64.b64decode(message.get("data", "")), attributes)
