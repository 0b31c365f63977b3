"""What Google's clients find on our server and on Google's own emulator alike.

Where the two differ, the documentation decides, and `DIFFERENCES` says what the emulator does.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    DeadlineExceeded,
    InvalidArgument,
    MethodNotImplemented,
    NotFound,
)
from google.cloud.pubsub_v1.subscriber.message import Message
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import ReceivedMessage

from localcloud.clock import Clock
from localcloud.pubsub import PubSubServer
from worlds.pubsub import DEAD_TOPIC, TOPIC, Clients, eventually, listening

# What the emulator does against the documentation; the tests of these names run on ours alone.
DIFFERENCES = {
    "test_202_acknowledges_a_push": "it refuses 202, and takes 203 for an acknowledgement",
    "test_attempts_are_in_the_push_where_dead_letters_are_asked_for": "no deliveryAttempt",
    "test_pushes_carry_a_token_where_one_is_asked_for": "it sends no Authorization header",
    "test_dead_letters_take_5_to_100_attempts": "it answers OUT_OF_RANGE",
    "test_filters_are_never_ignored": "it stores a filter and delivers everything",
    "test_requests_beyond_10_mb_are_refused": "it takes them",
    "test_ack_deadlines_are_10_to_600_seconds": "it takes shorter ones",
    "test_backoff_holds_a_message_back_after_a_negative_ack": "it redelivers to pulls at once",
    "test_reserved_attribute_keys_are_refused": "it takes them",
    "test_defaults_are_written_out": "it tells no expiration policy and no state",
    "test_labels_can_be_updated": "it knows no labels in update masks",
    "test_pages_of_lists_keep_to_their_size": "it takes negative page sizes",
}


# Workers that keep groups together start one emulator instead of one each.
EMULATOR = pytest.param("emulator", marks=pytest.mark.xdist_group("emulator"))


@pytest.fixture(params=["ours", EMULATOR])
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    test = request.node.originalname
    if request.param == "emulator" and test in DIFFERENCES:
        pytest.skip(f"the emulator differs: {DIFFERENCES[test]}")
    clients = Clients(request.getfixturevalue(request.param))
    clients.topic()
    yield clients
    _clean(clients)
    clients.close()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = PubSubServer(data=tmp_path_factory.mktemp("pubsub"), clock=Clock())
    server.start()
    yield server.address
    server.stop()


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    jar, java = _emulator_jar(), shutil.which("java")
    if jar is None or java is None:
        pytest.skip(
            "Google's Pub/Sub emulator is not installed; CUSTODY_PUBSUB_EMULATOR_JAR may name it"
        )
    with _emulating(java, jar) as address:
        yield address


def _emulator_jar() -> str | None:
    if named_jar := os.environ.get("CUSTODY_PUBSUB_EMULATOR_JAR"):
        return named_jar
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return None
    installed = Path(gcloud).resolve().parent.parent / "platform" / "pubsub-emulator" / "lib"
    return next((str(jar) for jar in installed.glob("*.jar")), None)


@contextmanager
def _emulating(java: str, jar: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [java, "-Xmx256m", "-jar", jar, "--host=127.0.0.1", f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: _listens(port), within=60)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _clean(clients: Clients) -> None:
    for subscription in clients.subscriber.list_subscriptions(project="projects/proj-one"):
        clients.subscriber.delete_subscription(subscription=subscription.name)
    for topic in clients.publisher.list_topics(project="projects/proj-one"):
        clients.publisher.delete_topic(topic=topic.name)


# ---- topics and subscriptions


def test_topics_are_made_found_listed_and_deleted(clients: Clients) -> None:
    with pytest.raises(AlreadyExists):
        clients.topic()
    assert clients.publisher.get_topic(topic=TOPIC).name == TOPIC
    assert [one.name for one in clients.publisher.list_topics(project="projects/proj-one")] == [
        TOPIC
    ]
    clients.publisher.delete_topic(topic=TOPIC)
    with pytest.raises(NotFound):
        clients.publisher.get_topic(topic=TOPIC)
    with pytest.raises(NotFound):
        clients.publish()


def test_subscriptions_are_made_found_listed_and_deleted(clients: Clients) -> None:
    name = clients.subscribe(ack_deadline_seconds=30)
    with pytest.raises(AlreadyExists):
        clients.subscribe()
    with pytest.raises(NotFound):
        clients.subscribe("two", topic=TOPIC + "-missing")
    found = clients.subscriber.get_subscription(subscription=name)
    assert (found.topic, found.ack_deadline_seconds) == (TOPIC, 30)
    assert found.message_retention_duration.days == 7
    assert list(clients.publisher.list_topic_subscriptions(topic=TOPIC)) == [name]
    clients.subscriber.delete_subscription(subscription=name)
    with pytest.raises(NotFound):
        clients.subscriber.get_subscription(subscription=name)


def test_names_keep_the_rules(clients: Clients) -> None:
    for name in ("ab", "1abc", "googabc", "a b c"):
        with pytest.raises(InvalidArgument):
            clients.topic(f"projects/proj-one/topics/{name}")
        with pytest.raises(InvalidArgument):
            clients.subscribe(name)


def test_updates_change_what_their_mask_names(clients: Clients) -> None:
    name = clients.subscribe(ack_deadline_seconds=20)
    wanted = {"name": name, "topic": TOPIC, "ack_deadline_seconds": 60}
    mask = FieldMask(paths=["ack_deadline_seconds"])
    clients.subscriber.update_subscription(subscription=wanted, update_mask=mask)
    assert clients.subscriber.get_subscription(subscription=name).ack_deadline_seconds == 60
    for paths in ([], ["nonsense"], ["topic"]):
        with pytest.raises(InvalidArgument):
            clients.subscriber.update_subscription(
                subscription=wanted, update_mask=FieldMask(paths=paths)
            )


def test_labels_can_be_updated(clients: Clients) -> None:
    topic = {"name": TOPIC, "labels": {"a": "b"}}
    changed = clients.publisher.update_topic(topic=topic, update_mask=FieldMask(paths=["labels"]))
    assert dict(changed.labels) == {"a": "b"}


def test_defaults_are_written_out(clients: Clients) -> None:
    found = clients.subscriber.get_subscription(subscription=clients.subscribe())
    assert found.expiration_policy.ttl.days == 31
    assert found.state == found.State.ACTIVE


def test_pages_of_lists_keep_to_their_size(clients: Clients) -> None:
    names = [clients.subscribe(f"sub-{number}") for number in range(5)]
    request = {"project": "projects/proj-one", "page_size": 2}
    pages = list(clients.subscriber.list_subscriptions(request=request).pages)
    assert [len(page.subscriptions) for page in pages] == [2, 2, 1]
    assert [one.name for page in pages for one in page.subscriptions] == names
    with pytest.raises(InvalidArgument):
        clients.subscriber.list_subscriptions(request={**request, "page_size": -1})


def test_a_deleted_topic_leaves_its_subscriptions_behind(clients: Clients) -> None:
    name = clients.subscribe()
    clients.publish(b"before")
    clients.publisher.delete_topic(topic=TOPIC)
    found = clients.subscriber.get_subscription(subscription=name)
    assert found.topic == "_deleted-topic_"


# ---- publish, pull, acknowledge


def test_every_subscription_gets_every_message_published_after_it(clients: Clients) -> None:
    first = clients.subscribe("first")
    early = clients.publish(b"early", kind="test")
    second = clients.subscribe("second")
    late = clients.publish(b"late")
    received = _pull_all(clients, first, 2)
    assert [one.message.message_id for one in received] == [early, late]
    assert dict(received[0].message.attributes) == {"kind": "test"}
    assert abs(received[0].message.publish_time.timestamp() - time.time()) < 60
    assert [one.message.data for one in clients.pull(second, wait=5)] == [b"late"]


def test_ids_are_unique(clients: Clients) -> None:
    assert len(set(clients.publish_all([{"data": b"x"}] * 1000))) == 1000


def test_messages_need_data_or_attributes_and_requests_messages(clients: Clients) -> None:
    refused: list[list[dict[str, bytes]]] = [[], [{}], [{"data": b"x"}] * 1001]
    for messages in refused:
        with pytest.raises(InvalidArgument):
            clients.publish_all(messages)


def test_requests_beyond_10_mb_are_refused(clients: Clients) -> None:
    with pytest.raises(InvalidArgument):
        clients.publish(b"x" * 10_000_001)


def test_reserved_attribute_keys_are_refused(clients: Clients) -> None:
    with pytest.raises(InvalidArgument):
        clients.publish(google="mine")


def test_what_is_acknowledged_never_comes_back(clients: Clients) -> None:
    name = clients.subscribe()
    clients.publish()
    received = clients.pull(name, wait=5)
    clients.lease(name, 1, *received)
    clients.ack(name, *received)
    clients.ack(name, *received)
    time.sleep(1.5)
    assert not clients.pull(name)


def test_a_negative_ack_and_an_ended_lease_bring_it_back(clients: Clients) -> None:
    name = clients.subscribe()
    sent = clients.publish()
    clients.nack(name, *clients.pull(name, wait=5))
    again = clients.pull(name, wait=5)
    assert [one.message.message_id for one in again] == [sent]
    clients.lease(name, 1, *again)
    (third,) = clients.pull(name, wait=5)
    assert third.message.message_id == sent
    clients.ack(name, third)


def test_ack_ids_must_be_there_and_well_formed(clients: Clients) -> None:
    name = clients.subscribe()
    with pytest.raises(InvalidArgument):
        clients.ack(name)
    with pytest.raises(InvalidArgument):
        clients.subscriber.acknowledge(subscription=name, ack_ids=["nonsense"])
    with pytest.raises(InvalidArgument):
        clients.subscriber.pull(subscription=name, max_messages=0)


def test_ack_deadlines_are_10_to_600_seconds(clients: Clients) -> None:
    for seconds in (9, 601):
        with pytest.raises(InvalidArgument):
            clients.subscribe(ack_deadline_seconds=seconds)


def test_a_waiting_pull_gets_what_is_published_meanwhile(clients: Clients) -> None:
    name = clients.subscribe()
    future = clients.publisher.publish(TOPIC, b"soon")
    found = clients.subscriber.pull(subscription=name, max_messages=1, timeout=10)
    assert [one.message.message_id for one in found.received_messages] == [future.result()]


def test_a_pull_that_finds_nothing_answers_in_time(clients: Clients) -> None:
    try:
        found = clients.subscriber.pull(subscription=clients.subscribe(), max_messages=1, timeout=1)
    except DeadlineExceeded:
        pytest.fail("the caller's deadline passed without an answer")
    assert not found.received_messages


def test_a_streaming_subscriber_gets_and_acknowledges_everything(clients: Clients) -> None:
    name = clients.subscribe()
    seen: list[bytes] = []

    def handle(message: Message) -> None:
        seen.append(message.data)
        message.ack()

    subscribing = clients.subscriber.subscribe(name, callback=handle)
    sent = [f"{number}".encode() for number in range(100)]
    for data in sent:
        clients.publisher.publish(TOPIC, data)
    eventually(lambda: len(seen) >= 100)
    subscribing.cancel()
    subscribing.result()
    assert sorted(set(seen)) == sorted(sent)


def test_filters_are_never_ignored(clients: Clients) -> None:
    """The local cloud has none, and says so rather than deliver what was filtered out."""
    with pytest.raises(MethodNotImplemented):
        clients.subscribe(filter='attributes.kind = "test"')


# ---- push


def test_a_push_has_the_documented_envelope(clients: Clients) -> None:
    with listening() as endpoint:
        name = clients.subscribe(push_config={"push_endpoint": endpoint.url})
        sent = clients.publish(b"hello", kind="test")
        (push,) = endpoint.wait_for(1)
    message = push.envelope["message"]
    assert push.envelope["subscription"] == name
    assert (message["data"], message["attributes"]) == ("aGVsbG8=", {"kind": "test"})
    assert message["messageId"] == message["message_id"] == sent
    assert message["publishTime"] == message["publish_time"]


def test_a_refused_push_comes_again(clients: Clients) -> None:
    with listening() as endpoint:
        endpoint.statuses = [500, 204]
        clients.subscribe(push_config={"push_endpoint": endpoint.url})
        sent = clients.publish()
        endpoint.wait_for(2)
        assert endpoint.ids() == [sent, sent]


def test_202_acknowledges_a_push(clients: Clients) -> None:
    with listening() as endpoint:
        endpoint.statuses = [203, 202]
        clients.subscribe(push_config={"push_endpoint": endpoint.url})
        clients.publish()
        endpoint.wait_for(2)
        time.sleep(0.5)
        assert len(endpoint.pushes) == 2


def test_attempts_are_in_the_push_where_dead_letters_are_asked_for(clients: Clients) -> None:
    clients.topic(DEAD_TOPIC)
    with listening() as endpoint:
        clients.subscribe(
            push_config={"push_endpoint": endpoint.url},
            dead_letter_policy={"dead_letter_topic": DEAD_TOPIC},
        )
        clients.publish()
        assert endpoint.wait_for(1)[0].envelope["deliveryAttempt"] == 1


def test_pushes_carry_a_token_where_one_is_asked_for(clients: Clients) -> None:
    token = {"service_account_email": "invoker@proj-one.iam.gserviceaccount.com"}
    with listening() as endpoint:
        clients.subscribe(push_config={"push_endpoint": endpoint.url, "oidc_token": token})
        clients.publish()
        assert endpoint.wait_for(1)[0].headers["Authorization"].startswith("Bearer ")


def test_an_unwrapped_push_is_the_data_with_headers(clients: Clients) -> None:
    with listening() as endpoint:
        unwrapped = {"push_endpoint": endpoint.url, "no_wrapper": {"write_metadata": True}}
        name = clients.subscribe(push_config=unwrapped)
        sent = clients.publish(b"raw", kind="test")
        (push,) = endpoint.wait_for(1)
    assert push.body == b"raw"
    assert push.headers["x-goog-pubsub-subscription-name"] == name
    assert push.headers["x-goog-pubsub-message-id"] == sent
    assert push.headers["kind"] == "test"


def test_a_subscription_changes_from_push_to_pull(clients: Clients) -> None:
    with listening() as endpoint:
        name = clients.subscribe(push_config={"push_endpoint": endpoint.url})
        clients.subscriber.modify_push_config(subscription=name, push_config={})
        clients.publish(b"pulled")
        assert [one.message.data for one in clients.pull(name, wait=5)] == [b"pulled"]
        assert not endpoint.pushes


# ---- retries and dead letters


def test_backoff_holds_a_message_back_after_a_negative_ack(clients: Clients) -> None:
    policy = {"minimum_backoff": {"seconds": 2}, "maximum_backoff": {"seconds": 2}}
    name = clients.subscribe(retry_policy=policy)
    clients.publish()
    clients.nack(name, *clients.pull(name, wait=5))
    refused_at = time.monotonic()
    assert clients.pull(name, wait=5)
    assert time.monotonic() - refused_at >= 1.9


def test_a_message_refused_five_times_goes_to_the_dead_letters(clients: Clients) -> None:
    clients.topic(DEAD_TOPIC)
    name = clients.subscribe(dead_letter_policy={"dead_letter_topic": DEAD_TOPIC})
    dead = clients.subscribe("dead", topic=DEAD_TOPIC)
    clients.publish(b"poison", kind="test")
    for attempt in range(1, 6):
        (received,) = clients.pull(name, wait=5)
        assert received.delivery_attempt == attempt
        clients.nack(name, received)
    assert not clients.pull(name)  # the emulator forwards when it is asked for the message again
    (letter,) = clients.pull(dead, wait=5)
    assert letter.message.data == b"poison"
    attributes = letter.message.attributes
    assert attributes["kind"] == "test"
    assert attributes["CloudPubSubDeadLetterSourceSubscription"] == "one"
    assert attributes["CloudPubSubDeadLetterSourceSubscriptionProject"] == "proj-one"
    assert attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert attributes["CloudPubSubDeadLetterSourceTopicPublishTime"]


def test_dead_letters_need_a_topic(clients: Clients) -> None:
    with pytest.raises(NotFound):
        clients.subscribe(dead_letter_policy={"dead_letter_topic": DEAD_TOPIC})


def test_dead_letters_take_5_to_100_attempts(clients: Clients) -> None:
    clients.topic(DEAD_TOPIC)
    for attempts in (4, 101):
        policy = {"dead_letter_topic": DEAD_TOPIC, "max_delivery_attempts": attempts}
        with pytest.raises(InvalidArgument):
            clients.subscribe(dead_letter_policy=policy)


def test_every_difference_names_a_test() -> None:
    assert set(DIFFERENCES) <= set(globals())


def _pull_all(clients: Clients, name: str, count: int) -> list[ReceivedMessage]:
    received: list[ReceivedMessage] = []
    while len(received) < count:
        found = clients.pull(name, wait=5)
        assert found, f"only {len(received)} of {count} came"
        received += found
    return received
