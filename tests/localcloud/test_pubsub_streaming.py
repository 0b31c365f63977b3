"""StreamingPull with Google's own streaming client, and with the bare stream."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core.exceptions import FailedPrecondition, InvalidArgument, NotFound
from google.cloud.pubsub_v1.subscriber.message import Message
from google.pubsub_v1.types import ReceivedMessage, StreamingPullRequest

from worlds.pubsub import eventually, named
from worlds.pubsub_local import Local, local_world

DAY = 86_400


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with local_world(tmp_path) as local:
        local.topic()
        yield local


class Stream:
    """A bare stream; requests go up when they are put in."""

    def __init__(self, local: Local, **first: object) -> None:
        self._requests: queue.Queue[StreamingPullRequest | None] = queue.Queue()
        self.send(**{"stream_ack_deadline_seconds": 10, **first})
        self._responses = local.subscriber.streaming_pull(requests=iter(self._requests.get, None))

    def send(self, **fields: object) -> None:
        self._requests.put(StreamingPullRequest(fields))

    def messages(self) -> list[ReceivedMessage]:
        """Those of the next response that carries some."""
        return next(list(one.received_messages) for one in self._responses if one.received_messages)

    def end(self) -> None:
        self._requests.put(None)
        for _ in self._responses:
            pass


def test_a_callback_gets_every_message_and_what_it_acknowledges_is_gone(local: Local) -> None:
    name = local.subscribe()
    seen: list[bytes] = []

    def handle(message: Message) -> None:
        seen.append(message.data)
        message.ack()

    subscribing = local.subscriber.subscribe(name, callback=handle)
    sent = [f"{number}".encode() for number in range(300)]
    for data in sent:
        local.publisher.publish("projects/proj-one/topics/things", data)
    eventually(lambda: len(seen) >= 300 and local.is_empty(name))
    subscribing.cancel()
    subscribing.result()
    assert sorted(seen) == sorted(sent)


def test_what_a_callback_refuses_comes_again(local: Local) -> None:
    name = local.subscribe()
    seen: list[str] = []

    def handle(message: Message) -> None:
        seen.append(message.message_id)
        if len(seen) < 3:
            message.nack()
        else:
            message.ack()

    subscribing = local.subscriber.subscribe(name, callback=handle)
    sent = local.publish()
    eventually(lambda: local.is_empty(name))
    subscribing.cancel()
    subscribing.result()
    assert seen == [sent] * 3


def test_no_more_is_sent_than_the_client_allows(local: Local) -> None:
    name = local.subscribe()
    for _ in range(5):
        local.publish()
    stream = Stream(local, subscription=name, max_outstanding_messages=2)
    first = stream.messages()
    assert len(first) == 2
    assert local.counts(name) == {"ready": 3, "leased": 2, "delayed": 0}
    stream.send(ack_ids=[first[0].ack_id])
    assert len(stream.messages()) == 1
    stream.end()


def test_no_more_bytes_are_sent_than_the_client_allows(local: Local) -> None:
    name = local.subscribe()
    for _ in range(5):
        local.publish(b"x" * 1000)
    stream = Stream(local, subscription=name, max_outstanding_bytes=2500)
    eventually(lambda: local.counts(name)["leased"])
    assert 2 <= len(stream.messages()) <= 3
    stream.end()


def test_the_streams_deadline_is_the_length_of_its_leases(local: Local) -> None:
    name = local.subscribe(ack_deadline_seconds=600)
    local.publish()
    stream = Stream(local, subscription=name, stream_ack_deadline_seconds=20)
    (first,) = stream.messages()
    local.advance(21)
    (second,) = stream.messages()
    assert second.ack_id != first.ack_id
    stream.send(modify_deadline_ack_ids=[second.ack_id], modify_deadline_seconds=[0])
    (third,) = stream.messages()
    stream.send(ack_ids=[third.ack_id])
    eventually(lambda: local.is_empty(name))
    stream.end()


def test_an_open_stream_keeps_its_subscription_alive(local: Local) -> None:
    """T19: idle is who has no subscriber, not who has no messages."""
    name = local.subscribe()
    stream = Stream(local, subscription=name)
    eventually(lambda: local.server.state.streams)
    local.advance(40 * DAY)
    local.publish()
    assert stream.messages()
    stream.end()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"subscription": named("missing")}, NotFound),
        ({"subscription": "nonsense"}, InvalidArgument),
        ({"stream_ack_deadline_seconds": 9}, InvalidArgument),
        ({"stream_ack_deadline_seconds": 601}, InvalidArgument),
        ({"ack_ids": ["nonsense"]}, InvalidArgument),
        ({"modify_deadline_ack_ids": ["1-1-1"]}, InvalidArgument),
        (
            {"modify_deadline_ack_ids": ["1-1-1"], "modify_deadline_seconds": [-1]},
            InvalidArgument,
        ),
    ],
)
def test_a_stream_that_starts_wrong_is_refused(
    local: Local, wrong: dict[str, object], error: type[Exception]
) -> None:
    stream = Stream(local, **{"subscription": local.subscribe(), **wrong})
    with pytest.raises(error):
        stream.end()


def test_a_malformed_ack_id_aborts_the_stream(local: Local) -> None:
    stream = Stream(local, subscription=local.subscribe())
    stream.send(ack_ids=["nonsense"])
    with pytest.raises(InvalidArgument):
        stream.messages()


def test_a_stream_names_its_subscription_once(local: Local) -> None:
    name = local.subscribe()
    stream = Stream(local, subscription=name)
    stream.send(subscription=name)
    with pytest.raises(InvalidArgument):
        stream.messages()


def test_a_stream_ends_when_its_subscription_is_deleted(local: Local) -> None:
    name = local.subscribe()
    stream = Stream(local, subscription=name)
    eventually(lambda: local.server.state.streams)
    local.subscriber.delete_subscription(subscription=name)
    with pytest.raises(NotFound):
        stream.messages()


def test_push_subscriptions_cannot_be_pulled_from(local: Local) -> None:
    name = local.subscribe(push_config={"push_endpoint": "http://127.0.0.1:9/"})
    with pytest.raises(FailedPrecondition):
        local.subscriber.pull(subscription=name, max_messages=1)
    with pytest.raises(FailedPrecondition):
        Stream(local, subscription=name).messages()


def test_stopping_ends_open_streams_and_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with local_world(tmp_path) as local:
        local.topic()
        name = local.subscribe()
        subscribing = local.subscriber.subscribe(name, callback=lambda message: message.ack())
        eventually(lambda: local.server.state.streams)
        subscribing.cancel()
        subscribing.result()
        stream = Stream(local, subscription=name)
        eventually(lambda: local.server.state.streams)
    stream.send()
    eventually(lambda: len(set(threading.enumerate()) - before) <= 2)
    left = set(threading.enumerate()) - before
    assert not [one.name for one in left if one.name.startswith("pubsub-")]
