"""Google's own Gmail client on our server, beside our Pub/Sub; clock and faults are at hand."""

import base64
import json
import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document

from localcloud.clock import Clock
from localcloud.faults import Rule
from localcloud.gmail import GmailServer
from localcloud.gmail.contract import contract
from localcloud.pubsub import PubSubServer

INTAKE = "intake@datasmash.example"
OFFICE = "office@datasmash.example"
ALICE = "alice@customer.example"
TOPIC = "projects/local/topics/mail-pushes"
DAY = 86_400.0
_ROOT = "http://root.invalid"
_SUBSCRIPTION = "projects/local/subscriptions/mail"


@cache
def _document() -> str:
    """Google's document for the client, in which only the root has to be filled in (T29)."""
    return json.dumps(contract().document(_ROOT))


def letter(text: str = "Hello", /, *attachments: tuple[str, bytes], **head: str) -> EmailMessage:
    """A message with the usual headers, others given by name (`Message_ID` and the like)."""
    message = EmailMessage()
    usual = {"From": ALICE, "To": INTAKE, "Subject": "A letter"}
    for name, value in {**usual, **head}.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    for name, data in attachments:
        message.add_attachment(data, "application", "octet-stream", filename=name)
    return message


class Client:
    """One user's mailbox, through the real client library."""

    def __init__(self, url: str, token: str) -> None:
        document = _document().replace(_ROOT, url)
        self.api = build_from_document(document, credentials=Credentials(token=token))
        self.users = self.api.users()
        self.messages = self.users.messages()
        self.labels = self.users.labels()

    def insert(self, message: EmailMessage | bytes, /, *labels: str, **more: Any) -> str:
        """Puts a message in; returns its id."""
        raw = message if isinstance(message, bytes) else bytes(message)
        body = {"raw": base64.urlsafe_b64encode(raw).decode(), "labelIds": list(labels)}
        made = self.messages.insert(userId="me", body=body, **more).execute()
        return str(made["id"])

    def send(self, message: EmailMessage) -> dict[str, Any]:
        body = {"raw": base64.urlsafe_b64encode(bytes(message)).decode()}
        sent: dict[str, Any] = self.messages.send(userId="me", body=body).execute()
        return sent

    def get(self, message_id: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.messages.get(userId="me", id=message_id, **more).execute()
        return found

    def raw(self, message_id: str) -> bytes:
        return base64.urlsafe_b64decode(self.get(message_id, format="raw")["raw"])

    def ids(self, q: str | None = None, **more: Any) -> list[str]:
        """What a listing finds, in its order, over all pages."""
        found, request = [], self.messages.list(userId="me", q=q, **more)
        while request is not None:
            page = request.execute()
            found += [message["id"] for message in page.get("messages", ())]
            request = self.messages.list_next(request, page)
        return found

    def attachment(self, message_id: str, attachment_id: str) -> bytes:
        request = self.messages.attachments().get(
            userId="me", messageId=message_id, id=attachment_id
        )
        return base64.urlsafe_b64decode(request.execute()["data"])

    def history_id(self) -> str:
        return str(self.users.getProfile(userId="me").execute()["historyId"])

    def history(self, since: str, **more: Any) -> list[dict[str, Any]]:
        """The records after an id, over all pages."""
        resource = self.users.history()
        found: list[dict[str, Any]] = []
        request = resource.list(userId="me", startHistoryId=since, **more)
        while request is not None:
            page = request.execute()
            found += page.get("history", ())
            request = resource.list_next(request, page)
        return found

    def watch(self, **body: Any) -> dict[str, Any]:
        request = self.users.watch(userId="me", body={"topicName": TOPIC, **body})
        answer: dict[str, Any] = request.execute()
        return answer


class Gmail:
    """A server in this process, its clients and its doors."""

    def __init__(self, server: GmailServer, pubsub: PubSubServer) -> None:
        self.server = server
        self.url = server.url
        self.advance = server.clock.advance
        self._pubsub = f"{pubsub.url}/v1/"
        self._clients: list[Client] = []

    def user(self, token: str) -> Client:
        client = Client(self.url, token)
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.api.close()

    def fault(self, method: str, **what: Any) -> None:
        self.server.faults.add(Rule(method=method, **what))

    def call(
        self, verb: str, path: str, body: bytes | None = None, /, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """A plain request, for what the client library would not send."""
        return _call(verb, self.url + path, body, headers)

    def post(
        self, message: EmailMessage | bytes, /, *to: str, sender: str = ALICE, **options: Any
    ) -> None:
        """Sends a message by SMTP."""
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
        with self.smtp() as line:
            line.sendmail(sender, to or (INTAKE,), raw, **options)

    def smtp(self) -> smtplib.SMTP:
        host, _, port = self.server.smtp_address.partition(":")
        return smtplib.SMTP(host, int(port), timeout=10)

    def make_topic(self) -> None:
        _call("PUT", self._pubsub + TOPIC, b"{}", {})
        _call("PUT", self._pubsub + _SUBSCRIPTION, json.dumps({"topic": TOPIC}).encode(), {})

    def pushed(self) -> list[dict[str, Any]]:
        """What was published since the last look."""
        body = b'{"maxMessages": 100, "returnImmediately": true}'
        _, pulled = _call("POST", f"{self._pubsub}{_SUBSCRIPTION}:pull", body, {})
        received = pulled.get("receivedMessages", [])
        if received:
            acknowledged = json.dumps({"ackIds": [one["ackId"] for one in received]}).encode()
            _call("POST", f"{self._pubsub}{_SUBSCRIPTION}:acknowledge", acknowledged, {})
        return [json.loads(base64.b64decode(one["message"]["data"])) for one in received]

    def wait_for_pushes(self, count: int) -> list[dict[str, Any]]:
        """So many pushes, and none besides."""
        pushes: list[dict[str, Any]] = []

        def arrived() -> bool:
            pushes.extend(self.pushed())
            return len(pushes) >= count

        eventually(arrived)
        time.sleep(0.2)
        pushes += self.pushed()
        assert len(pushes) == count, pushes
        return pushes


def _call(
    verb: str, url: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("Content-Type", "application/json")
    with urlopen(Request(url, data=body, method=verb, headers=named)) as answer:
        return answer.status, json.loads(answer.read() or b"{}")


def eventually(condition: Callable[[], Any]) -> None:
    """Waits until it holds."""
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


@contextmanager
def local_gmail(data: Path, clock: Clock | None = None) -> Iterator[Gmail]:
    """A Pub/Sub and a Gmail on `data`, and clients of it."""
    clock = clock or Clock()
    pubsub = PubSubServer(data=data / "pubsub", clock=clock)
    pubsub.start()
    server = GmailServer(
        data=data / "gmail", clock=clock, pubsub=pubsub.address, mailboxes=(INTAKE, OFFICE)
    )
    server.start()
    gmail = Gmail(server, pubsub)
    try:
        yield gmail
    finally:
        gmail.close()
        server.stop()
        pubsub.stop()


def header(message: dict[str, Any], name: str) -> list[str]:
    """The values of a header of a message, topmost first."""
    found = message["payload"]["headers"]
    return [one["value"] for one in found if one["name"].lower() == name.lower()]


def leaves(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a message that hold something."""
    if "parts" not in payload:
        yield payload
    for part in payload.get("parts", ()):
        yield from leaves(part)
