"""The documented limits, each from both sides, and the defaults that are written out."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument, NotFound
from google.protobuf.field_mask_pb2 import FieldMask

from worlds.pubsub import DEAD_TOPIC, TOPIC, named
from worlds.pubsub_local import Local, local_world

MINUTES = 60
DAYS = 86_400


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with local_world(tmp_path) as local:
        local.topic()
        yield local


@pytest.mark.parametrize(
    "name", ["ab", "1abc", "googabc", "a" * 256, "a b c", "abc/d", "abc!", "äbc", ""]
)
def test_names_that_break_the_rules_are_refused(local: Local, name: str) -> None:
    with pytest.raises(InvalidArgument):
        local.topic(f"projects/proj-one/topics/{name}")
    with pytest.raises(InvalidArgument):
        local.subscribe(name)


@pytest.mark.parametrize("name", ["abc", "a" * 255, "A-b_c.d~e+f%25", "not-goog"])
def test_names_that_keep_them_are_taken(local: Local, name: str) -> None:
    local.topic(f"projects/proj-one/topics/{name}")
    local.subscribe(name)


def test_a_name_is_taken_once_and_missing_ones_are_not_found(local: Local) -> None:
    local.subscribe()
    with pytest.raises(AlreadyExists):
        local.topic()
    with pytest.raises(AlreadyExists):
        local.subscribe()
    with pytest.raises(NotFound):
        local.subscribe("two", topic=TOPIC + "-missing")
    with pytest.raises(NotFound):
        local.publish(topic=TOPIC + "-missing")
    with pytest.raises(NotFound):
        local.subscriber.pull(subscription=named("missing"), max_messages=1)
    with pytest.raises(NotFound):
        local.publisher.list_topic_subscriptions(topic=TOPIC + "-missing")


@pytest.mark.parametrize(
    "settings",
    [
        {"ack_deadline_seconds": 9},
        {"ack_deadline_seconds": 601},
        {"ack_deadline_seconds": -1},
        {"message_retention_duration": timedelta(minutes=10) - timedelta(seconds=1)},
        {"message_retention_duration": timedelta(days=31, seconds=1)},
        {"expiration_policy": {"ttl": timedelta(days=1) - timedelta(seconds=1)}},
        {"retry_policy": {"minimum_backoff": timedelta(seconds=-1)}},
        {"retry_policy": {"maximum_backoff": timedelta(seconds=601)}},
        {"retry_policy": {"maximum_backoff": timedelta(seconds=5)}},
        {"dead_letter_policy": {"dead_letter_topic": DEAD_TOPIC, "max_delivery_attempts": 4}},
        {"dead_letter_policy": {"dead_letter_topic": DEAD_TOPIC, "max_delivery_attempts": 101}},
        {"dead_letter_policy": {"dead_letter_topic": "nonsense"}},
        {"push_config": {"push_endpoint": "nonsense"}},
        {"push_config": {"push_endpoint": "ftp://127.0.0.1/"}},
        {"push_config": {"push_endpoint": "http://127.0.0.1/", "attributes": {"x": "y"}}},
        {"push_config": {"push_endpoint": "http://127.0.0.1/", "oidc_token": {"audience": "a"}}},
    ],
    ids=str,
)
def test_settings_out_of_range_are_refused(local: Local, settings: dict[str, Any]) -> None:
    local.topic(DEAD_TOPIC)
    with pytest.raises(InvalidArgument):
        local.subscribe(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"ack_deadline_seconds": 10},
        {"ack_deadline_seconds": 600},
        {"message_retention_duration": timedelta(minutes=10)},
        {"message_retention_duration": timedelta(days=31)},
        {"expiration_policy": {"ttl": timedelta(days=1)}},
        {"retry_policy": {"minimum_backoff": timedelta(), "maximum_backoff": timedelta()}},
        {"retry_policy": {"minimum_backoff": timedelta(seconds=600)}},
        {"dead_letter_policy": {"dead_letter_topic": DEAD_TOPIC, "max_delivery_attempts": 5}},
        {"dead_letter_policy": {"dead_letter_topic": DEAD_TOPIC, "max_delivery_attempts": 100}},
    ],
    ids=str,
)
def test_settings_at_the_ends_of_their_ranges_are_taken(
    local: Local, settings: dict[str, Any]
) -> None:
    local.topic(DEAD_TOPIC)
    local.subscribe(**settings)


def test_dead_letters_need_a_topic_that_is_there(local: Local) -> None:
    with pytest.raises(NotFound):
        local.subscribe(dead_letter_policy={"dead_letter_topic": DEAD_TOPIC})


def test_defaults_are_written_out(local: Local) -> None:
    local.topic(DEAD_TOPIC)
    name = local.subscribe(dead_letter_policy={"dead_letter_topic": DEAD_TOPIC}, retry_policy={})
    found = local.subscriber.get_subscription(subscription=name)
    assert found.ack_deadline_seconds == 10
    assert found.message_retention_duration == timedelta(days=7)
    assert found.expiration_policy.ttl == timedelta(days=31)
    assert found.dead_letter_policy.max_delivery_attempts == 5
    assert found.retry_policy.minimum_backoff == timedelta(seconds=10)
    assert found.retry_policy.maximum_backoff == timedelta(seconds=600)
    assert found.state == found.State.ACTIVE


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"data": b"x", "attributes": {str(number): "" for number in range(101)}},
        {"data": b"x", "attributes": {"k" * 257: "v"}},
        {"data": b"x", "attributes": {"": "v"}},
        {"data": b"x", "attributes": {"google": "v"}},
        {"data": b"x", "attributes": {"k": "v" * 1025}},
        {"data": b"x", "attributes": {"k": "ä" * 513}},
        {"data": b"x" * 10_000_001},
    ],
    ids=["empty", "attributes", "key", "no key", "goog", "value", "value in bytes", "size"],
)
def test_messages_beyond_the_limits_are_refused_with_all_that_came_with_them(
    local: Local, message: dict[str, Any]
) -> None:
    name = local.subscribe()
    with pytest.raises(InvalidArgument):
        local.publish_all([{"data": b"good"}, message])
    assert local.is_empty(name)


def test_messages_at_the_limits_are_taken_and_come_back_whole(local: Local) -> None:
    name = local.subscribe()
    attributes = {f"{number:0256}": "v" * 1024 for number in range(100)}
    local.publish_all([{"attributes": attributes}])
    local.publish_all([{"data": b"x" * 9_990_000}])
    received = [local.pull(name), local.pull(name)]
    assert [len(some) for some in received] == [1, 1]
    assert dict(received[0][0].message.attributes) == attributes
    assert received[1][0].message.data == b"x" * 9_990_000


def test_a_request_carries_one_to_a_thousand_messages(local: Local) -> None:
    for count in (0, 1001):
        with pytest.raises(InvalidArgument, match="message_count"):
            local.publish_all([{"data": b"x"}] * count)
    ids = local.publish_all([{"data": b"x"}] * 1000)
    assert len(set(ids)) == 1000
    assert sorted(ids) == ids


def test_ids_and_time_are_the_servers_whatever_the_publisher_says(local: Local) -> None:
    name = local.subscribe()
    message = {"data": b"x", "message_id": "mine", "publish_time": {"seconds": 1}}
    (sent,) = local.publish_all([message])
    (received,) = local.pull(name)
    assert received.message.message_id == sent != "mine"
    assert received.message.publish_time.timestamp() > 1_000_000


def test_deadlines_and_ack_ids_are_checked(local: Local) -> None:
    name = local.subscribe()
    local.publish()
    received = local.pull(name)
    for seconds in (-1, 601):
        with pytest.raises(InvalidArgument):
            local.lease(name, seconds, *received)
    with pytest.raises(InvalidArgument):
        local.ack(name)
    with pytest.raises(InvalidArgument):
        local.subscriber.acknowledge(subscription=name, ack_ids=["nonsense"])
    with pytest.raises(InvalidArgument):
        local.subscriber.pull(subscription=name, max_messages=0)


def test_an_update_changes_what_its_mask_names_and_nothing_else(local: Local) -> None:
    name = local.subscribe(labels={"a": "b"}, ack_deadline_seconds=20)
    wanted = {"name": name, "ack_deadline_seconds": 60, "labels": {"c": "d"}}
    changed = local.subscriber.update_subscription(
        subscription=wanted, update_mask=FieldMask(paths=["ack_deadline_seconds"])
    )
    assert changed.ack_deadline_seconds == 60
    assert dict(changed.labels) == {"a": "b"}
    changed = local.subscriber.update_subscription(
        subscription=wanted, update_mask=FieldMask(paths=["labels", "message_retention_duration"])
    )
    assert dict(changed.labels) == {"c": "d"}
    assert local.subscriber.get_subscription(subscription=name) == changed


@pytest.mark.parametrize(
    "paths", [[], ["nonsense"], ["topic"], ["name"], ["filter"], ["enable_message_ordering"]]
)
def test_masks_that_name_nothing_or_what_cannot_change_are_refused(
    local: Local, paths: list[str]
) -> None:
    name = local.subscribe()
    with pytest.raises(InvalidArgument):
        local.subscriber.update_subscription(
            subscription={"name": name, "topic": TOPIC}, update_mask=FieldMask(paths=paths)
        )


def test_a_topics_labels_and_retention_change_and_its_subscriptions_tell(local: Local) -> None:
    name = local.subscribe()
    topic = {"name": TOPIC, "labels": {"a": "b"}, "message_retention_duration": {"seconds": 600}}
    local.publisher.update_topic(
        topic=topic, update_mask=FieldMask(paths=["labels", "message_retention_duration"])
    )
    assert dict(local.publisher.get_topic(topic=TOPIC).labels) == {"a": "b"}
    found = local.subscriber.get_subscription(subscription=name)
    assert found.topic_message_retention_duration == timedelta(minutes=10)
    with pytest.raises(InvalidArgument):
        local.publisher.update_topic(topic=topic, update_mask=FieldMask(paths=["name"]))


def test_lists_come_in_pages_and_keep_to_their_project(local: Local) -> None:
    for number in range(5):
        local.topic(f"projects/proj-two/topics/topic-{number}")
        local.subscribe(f"sub-{number}")
    topics = local.publisher.list_topics(request={"project": "projects/proj-two", "page_size": 2})
    assert [len(page.topics) for page in topics.pages] == [2, 2, 1]
    assert [one.name for one in local.publisher.list_topics(project="projects/proj-one")] == [TOPIC]
    names = [named(f"sub-{number}") for number in range(5)]
    listed = local.subscriber.list_subscriptions(
        request={"project": "projects/proj-one", "page_size": 2}
    )
    assert [one.name for one in listed] == names
    attached = local.publisher.list_topic_subscriptions(request={"topic": TOPIC, "page_size": 3})
    assert list(attached) == names
    for wrong in ({"page_size": -1}, {"page_token": "nonsense!"}, {"project": "nonsense"}):
        with pytest.raises(InvalidArgument):
            local.publisher.list_topics(request={"project": "projects/proj-one", **wrong})
