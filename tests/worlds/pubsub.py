"""Google's own Pub/Sub clients on some server, and an endpoint to push to."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from google.cloud import pubsub_v1
from google.pubsub_v1 import PublisherClient as UnbatchedPublisher
from google.pubsub_v1.services.publisher.transports.grpc import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports.grpc import SubscriberGrpcTransport
from google.pubsub_v1.types import PullRequest, ReceivedMessage

TOPIC = "projects/proj-one/topics/things"
DEAD_TOPIC = "projects/proj-one/topics/things-dead"
PATIENCE = 15.0


def named(subscription: str) -> str:
    """The full name of a subscription."""
    return f"projects/proj-one/subscriptions/{subscription}"


def eventually(condition: Callable[[], Any], within: float = PATIENCE) -> Any:
    """What `condition` gives once it gives something."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return found


class Clients:
    """A publisher and a subscriber that talk to one server."""

    def __init__(self, address: str) -> None:
        self.address = address
        options = [("grpc.max_receive_message_length", -1)]
        self._channels = [grpc.insecure_channel(address, options) for _ in range(2)]
        publishing = PublisherGrpcTransport(channel=self._channels[0])
        self.publisher = pubsub_v1.PublisherClient(transport=publishing)
        self._unbatched = UnbatchedPublisher(transport=publishing)
        self._subscribing = SubscriberGrpcTransport(channel=self._channels[1])
        self.subscriber = pubsub_v1.SubscriberClient(transport=self._subscribing)

    def close(self) -> None:
        self.publisher.stop()
        for channel in self._channels:
            channel.close()

    def topic(self, name: str = TOPIC) -> str:
        """Creates a topic."""
        self.publisher.create_topic(name=name)
        return name

    def subscribe(self, subscription: str = "one", topic: str = TOPIC, **settings: Any) -> str:
        """Creates a subscription."""
        name = named(subscription)
        request = {"name": name, "topic": topic, **settings}
        self.subscriber.create_subscription(request=request)
        return name

    def publish(self, data: bytes = b"data", topic: str = TOPIC, **attributes: str) -> str:
        """Publishes one message; its id."""
        (message_id,) = self.publish_all([{"data": data, "attributes": attributes}], topic)
        return message_id

    def publish_all(
        self, messages: Sequence[Mapping[str, Any]], topic: str = TOPIC, **options: Any
    ) -> list[str]:
        """Publishes messages in one request; their ids."""
        request = {"topic": topic, "messages": messages}
        return list(self._unbatched.publish(request=request, **options).message_ids)

    def pull(self, subscription: str, wait: float = 0) -> list[ReceivedMessage]:
        """What is there now, or the first that comes within `wait` seconds."""
        # The client library warns of return_immediately, which tests need: so without it.
        request = PullRequest(subscription=subscription, max_messages=100, return_immediately=True)
        deadline = time.monotonic() + wait
        while True:
            found = list(self._subscribing.pull(request).received_messages)
            if found or time.monotonic() >= deadline:
                return found
            time.sleep(0.02)

    def ack(self, subscription: str, *received: ReceivedMessage) -> None:
        ack_ids = [one.ack_id for one in received]
        self.subscriber.acknowledge(subscription=subscription, ack_ids=ack_ids)

    def nack(self, subscription: str, *received: ReceivedMessage) -> None:
        self.lease(subscription, 0, *received)

    def lease(self, subscription: str, seconds: int, *received: ReceivedMessage) -> None:
        """Moves the ends of leases."""
        self.subscriber.modify_ack_deadline(
            subscription=subscription,
            ack_ids=[one.ack_id for one in received],
            ack_deadline_seconds=seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One request that an endpoint received."""

    at: float
    headers: Mapping[str, str]
    body: bytes

    @property
    def envelope(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def message_id(self) -> str:
        return str(self.envelope["message"]["messageId"])


@dataclass(slots=True)
class Endpoint:
    """Answers with `statuses` in turn, and with the last of them for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    answer_after: threading.Event | None = None
    pushes: list[Push] = field(default_factory=list)

    def ids(self) -> list[str]:
        return [push.message_id for push in self.pushes]

    def wait_for(self, count: int, within: float = PATIENCE) -> list[Push]:
        eventually(lambda: len(self.pushes) >= count, within)
        return self.pushes

    def next_status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def listening(idle_seconds: float | None = None) -> Iterator[Endpoint]:
    """A push endpoint on loopback; it may close connections that were idle for so long."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = idle_seconds

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = endpoint.next_status()
            endpoint.pushes.append(Push(at=time.monotonic(), headers=dict(self.headers), body=body))
            if endpoint.answer_after:
                endpoint.answer_after.wait(PATIENCE)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", endpoint.url)
            if status >= 200 and status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/push"
    try:
        yield endpoint
    finally:
        if endpoint.answer_after:
            endpoint.answer_after.set()
        server.shutdown()
        thread.join()
        server.server_close()
