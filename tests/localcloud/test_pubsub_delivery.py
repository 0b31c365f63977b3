"""How messages are leased, tried again, given up and forgotten, by the virtual clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core.exceptions import NotFound

from worlds.pubsub import DEAD_TOPIC, TOPIC
from worlds.pubsub_local import Local, local_world

DAY = 86_400


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with local_world(tmp_path) as local:
        local.topic()
        yield local


def test_a_lease_that_ends_gives_the_message_back(local: Local) -> None:
    name = local.subscribe(ack_deadline_seconds=30)
    sent = local.publish()
    (first,) = local.pull(name)
    assert not local.pull(name)
    local.advance(29)
    assert not local.pull(name)
    local.advance(2)
    (second,) = local.pull(name)
    assert second.message.message_id == first.message.message_id == sent
    assert second.ack_id != first.ack_id


def test_an_ack_id_whose_lease_is_over_does_nothing(local: Local) -> None:
    name = local.subscribe()
    local.publish()
    (first,) = local.pull(name)
    local.advance(11)
    local.ack(name, first)
    local.nack(name, first)
    (second,) = local.pull(name)
    local.ack(name, first)
    local.ack(name, second)
    local.ack(name, second)
    local.advance(11)
    assert not local.pull(name)


def test_an_ack_id_of_a_deleted_subscription_fits_no_new_one_of_that_name(local: Local) -> None:
    name = local.subscribe()
    local.publish()
    (old,) = local.pull(name)
    local.subscriber.delete_subscription(subscription=name)
    local.subscribe()
    local.publish()
    local.pull(name)
    local.ack(name, old)
    local.advance(11)
    assert len(local.pull(name)) == 1


def test_a_lease_can_be_made_longer_and_shorter(local: Local) -> None:
    name = local.subscribe()
    local.publish()
    (received,) = local.pull(name)
    local.lease(name, 600, received)
    local.advance(599)
    assert not local.pull(name)
    local.lease(name, 5, received)
    local.advance(6)
    assert local.pull(name)


def test_a_negative_ack_redelivers_at_once_without_a_retry_policy(local: Local) -> None:
    name = local.subscribe()
    local.publish()
    for _ in range(4):
        local.nack(name, *local.pull(name))
    assert local.pull(name)


def test_backoff_doubles_from_the_minimum_to_the_maximum_for_each_message(local: Local) -> None:
    policy = {"minimum_backoff": {"seconds": 20}, "maximum_backoff": {"seconds": 70}}
    name = local.subscribe(retry_policy=policy)
    local.publish(b"failing")
    for wait in (20, 40, 70, 70):
        (received,) = local.pull(name)
        local.nack(name, received)
        local.advance(wait - 1)
        assert not local.pull(name)
        local.advance(1)
    (received,) = local.pull(name)
    local.publish(b"another")
    local.nack(name, received)
    (other,) = local.pull(name)
    assert other.message.data == b"another"
    local.nack(name, other)
    local.advance(21)
    assert [one.message.data for one in local.pull(name)] == [b"another"]


def test_backoff_counts_from_the_end_of_a_lease_too(local: Local) -> None:
    name = local.subscribe(retry_policy={"minimum_backoff": {"seconds": 100}})
    local.publish()
    local.pull(name)
    local.advance(105)
    assert not local.pull(name)
    local.advance(6)
    assert local.pull(name)


def test_attempts_are_told_only_where_dead_letters_are_asked_for(local: Local) -> None:
    local.topic(DEAD_TOPIC)
    counting = local.subscribe("counting", dead_letter_policy={"dead_letter_topic": DEAD_TOPIC})
    silent = local.subscribe("silent")
    local.publish()
    for attempt in (1, 2, 3):
        (told,), (untold,) = local.pull(counting), local.pull(silent)
        assert (told.delivery_attempt, untold.delivery_attempt) == (attempt, 0)
        local.nack(counting, told)
        local.nack(silent, untold)


def test_nacks_and_ended_leases_lead_to_the_dead_letters(local: Local) -> None:
    """T19: a dead letter is kept by a subscription of its own, whole and with its origin."""
    local.topic(DEAD_TOPIC)
    policy = {"dead_letter_topic": DEAD_TOPIC, "max_delivery_attempts": 6}
    name = local.subscribe("source", dead_letter_policy=policy)
    dead = local.subscribe("dead", topic=DEAD_TOPIC)
    sent = local.publish(b"poison", kind="test")
    (published,) = {one.message.publish_time for one in local.pull(name)}
    local.advance(11)
    for _ in range(4):
        local.nack(name, *local.pull(name))
    assert not local.pull(dead)
    local.pull(name)
    local.advance(11)
    assert not local.pull(name)
    (letter,) = local.pull(dead)
    assert letter.message.data == b"poison"
    assert letter.message.message_id != sent
    assert letter.message.publish_time > published
    assert dict(letter.message.attributes) == {
        "kind": "test",
        "CloudPubSubDeadLetterSourceDeliveryCount": "6",
        "CloudPubSubDeadLetterSourceSubscription": "source",
        "CloudPubSubDeadLetterSourceSubscriptionProject": "proj-one",
        "CloudPubSubDeadLetterSourceTopicPublishTime": published.isoformat(timespec="milliseconds"),
    }
    assert local.is_empty(name)


def test_without_its_dead_letter_topic_a_message_stays_and_is_tried_again(local: Local) -> None:
    """T19: nothing is lost because the dead letters have nowhere to go."""
    local.topic(DEAD_TOPIC)
    name = local.subscribe(dead_letter_policy={"dead_letter_topic": DEAD_TOPIC})
    local.publisher.delete_topic(topic=DEAD_TOPIC)
    local.publish()
    for _ in range(8):
        local.nack(name, *local.pull(name))
    (received,) = local.pull(name)
    assert received.delivery_attempt == 9


def test_messages_vanish_after_the_retention(local: Local) -> None:
    name = local.subscribe(message_retention_duration={"seconds": 600})
    week = local.subscribe("week")
    local.publish()
    (received,) = local.pull(name)
    local.lease(name, 600, received)
    local.advance(601)
    assert not local.pull(name)
    assert local.is_empty(name)
    local.advance(7 * DAY - 700)
    assert len(local.pull(week)) == 1
    local.advance(700)
    assert not local.pull(week)


def test_an_unused_subscription_is_deleted_after_31_days(local: Local) -> None:
    """T19: deletion topics are idle; without a policy of their own they lose subscriptions."""
    name = local.subscribe()
    local.advance(31 * DAY + 1)
    with pytest.raises(NotFound):
        local.subscriber.get_subscription(subscription=name)


def test_use_starts_the_time_to_live_again_and_reading_the_settings_does_not(local: Local) -> None:
    pulled = local.subscribe("pulled", expiration_policy={"ttl": {"seconds": DAY}})
    looked_at = local.subscribe("looked-at", expiration_policy={"ttl": {"seconds": DAY}})
    for _ in range(3):
        local.advance(DAY / 2)
        local.pull(pulled)
        if local.server.backlog.counts().get(looked_at):
            local.subscriber.get_subscription(subscription=looked_at)
    assert set(local.server.backlog.counts()) == {pulled}


def test_a_subscription_with_an_empty_expiration_policy_stays(local: Local) -> None:
    """T19: expiration never."""
    name = local.subscribe(expiration_policy={})
    local.advance(400 * DAY)
    found = local.subscriber.get_subscription(subscription=name)
    assert "ttl" not in found.expiration_policy


def test_a_subscription_outlives_its_topic_with_what_it_holds(local: Local) -> None:
    name = local.subscribe()
    local.publish(b"before")
    local.publisher.delete_topic(topic=TOPIC)
    found = local.subscriber.get_subscription(subscription=name)
    assert found.topic == "_deleted-topic_"
    local.topic()
    local.publish(b"after")
    assert [one.message.data for one in local.pull(name)] == [b"before"]


def test_a_pull_waits_for_a_message_and_answers_none_before_its_caller_gives_up(
    local: Local,
) -> None:
    name = local.subscribe()
    empty = local.subscriber.pull(subscription=name, max_messages=1, timeout=0.5)
    assert not empty.received_messages
    local.publish()
    assert local.subscriber.pull(subscription=name, max_messages=1).received_messages


def test_backlog_counts_tell_what_is_ready_leased_and_delayed(local: Local) -> None:
    name = local.subscribe(retry_policy={})
    for _ in range(3):
        local.publish()
    first, second, _ = local.pull(name)
    local.nack(name, first)
    local.ack(name, second)
    local.publish()
    local.advance(5)
    assert local.counts(name) == {"ready": 1, "leased": 1, "delayed": 1}
    assert 5 <= local.server.backlog.counts()[name]["oldest_unacked_seconds"] < 10


def test_publishing_without_a_subscription_keeps_nothing(local: Local) -> None:
    first = local.publish()
    name = local.subscribe()
    second = local.publish()
    assert [one.message.message_id for one in local.pull(name)] == [second]
    assert int(second) > int(first)
