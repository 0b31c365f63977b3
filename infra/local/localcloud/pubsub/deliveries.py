"""The way of a message through the tables: queued, leased, forgotten, tried again, given up."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from localcloud.pubsub import catalogue, policy
from localcloud.pubsub.catalogue import Subscribed
from localcloud.pubsub.proto import Proto, PubsubMessage
from localcloud.pubsub.refusal import invalid
from localcloud.pubsub.state import Change

RESPONSE_BYTES: Final = 10_000_000  # one response carries no more, unless one message does
_ACK_ID = re.compile(r"([0-9a-f]{1,15})-([0-9a-f]{1,15})-([0-9a-f]{1,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message on its way to one subscriber, who holds it for the length of the lease."""

    subscription: Proto
    ack_id: str
    message: Proto
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A message that somebody has a lease on, and how often it was delivered."""

    message: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a subscriber takes at once."""

    messages: int
    size_bytes: int = RESPONSE_BYTES


def enqueue(change: Change, topic: str, messages: Sequence[Proto]) -> list[str]:
    """Names the messages and gives them to every subscription; without any they are gone."""
    numbers = catalogue.next_numbers(change.rows, "messages", len(messages))
    for number, message in zip(numbers, messages, strict=True):
        message.message_id = str(number)
        message.publish_time.FromMilliseconds(int(change.now * 1000))
    subscriptions = catalogue.numbers_of(change.rows, topic)
    if subscriptions:
        bodies = (message.SerializeToString() for message in messages)
        change.rows.executemany(
            "insert into messages values (?, ?)", zip(numbers, bodies, strict=True)
        )
        change.rows.executemany(
            "insert into deliveries (subscription, message, published, due) values (?, ?, ?, ?)",
            ((to, number, change.now, change.now) for to in subscriptions for number in numbers),
        )
    change.woken.update(subscriptions)
    return [message.message_id for message in messages]


def lease(change: Change, subscribed: Subscribed, room: Room, seconds: float) -> list[Delivery]:
    """Hands out messages that are due, the longest due first, as many as there is room for."""
    found = list(_due(change, subscribed, room))
    leases = catalogue.next_numbers(change.rows, "leases", len(found))
    change.rows.executemany(
        "update deliveries set lease = ?, due = ?, attempts = attempts + 1"
        " where subscription = ? and message = ?",
        (
            (number, change.now + seconds, subscribed.number, message)
            for number, (message, _, _) in zip(leases, found, strict=True)
        ),
    )
    return [
        Delivery(
            subscription=subscribed.config,
            ack_id=f"{subscribed.number:x}-{message:x}-{number:x}",
            message=PubsubMessage.FromString(body),
            attempt=attempts + 1,
        )
        for number, (message, attempts, body) in zip(leases, found, strict=True)
    ]


def held(change: Change, subscribed: Subscribed, ack_ids: Iterable[str]) -> Iterator[Held]:
    """What these ack ids hold; one whose lease is over holds nothing."""
    for ack_id in ack_ids:
        found = _ACK_ID.fullmatch(ack_id)
        if not found:
            raise invalid(f"You have passed an invalid ack ID to the service (ack_id={ack_id}).")
        number, message, serial = (int(part, 16) for part in found.groups())
        row = change.rows.execute(
            "select attempts from deliveries"
            " where subscription = ? and message = ? and lease = ? and due > ?",
            (number, message, serial, change.now),
        ).fetchone()
        if row and number == subscribed.number:
            yield Held(message=message, attempts=row[0])


def extend(change: Change, subscribed: Subscribed, message: int, seconds: int) -> None:
    """The lease ends `seconds` from now, be that later or sooner than it would have."""
    change.rows.execute(
        "update deliveries set due = ? where subscription = ? and message = ?",
        (change.now + seconds, subscribed.number, message),
    )


def forget(change: Change, subscribed: Subscribed, message: int) -> None:
    """The subscription is done with the message; the last one to be takes its bytes along."""
    change.deleted = True
    change.rows.execute(
        "delete from deliveries where subscription = ? and message = ?",
        (subscribed.number, message),
    )
    change.rows.execute(
        "delete from messages where number = ?1"
        " and not exists (select 1 from deliveries where message = ?1)",
        (message,),
    )


def fail(change: Change, subscribed: Subscribed, failed: Held, at: float) -> None:
    """The message came back at `at`: it rests and is tried again, or it is given up."""
    config = subscribed.config
    change.woken.add(subscribed.number)
    # Without its topic a dead letter would be lost: such a message stays and is tried again.
    if policy.is_spent(config, failed.attempts) and catalogue.has_topic(
        change.rows, config.dead_letter_policy.dead_letter_topic
    ):
        _give_up(change, subscribed, failed)
        return
    due = at + policy.backoff_seconds(config, failed.attempts)
    change.rows.execute(
        "update deliveries set lease = null, due = ? where subscription = ? and message = ?",
        (due, subscribed.number, failed.message),
    )


def _due(change: Change, subscribed: Subscribed, room: Room) -> Iterator[tuple[int, int, bytes]]:
    """Message, attempts so far and body; the first one is due however large it is."""
    rows = change.rows.execute(
        "select message, attempts, body from deliveries join messages on number = message"
        " where subscription = ? and lease is null and due <= ? and published > ?"
        " order by due, message limit ?",
        (
            subscribed.number,
            change.now,
            change.now - policy.retention_seconds(subscribed.config),
            room.messages,
        ),
    )
    size = 0
    for message, attempts, body in rows:
        if size and size + len(body) > room.size_bytes:
            return
        size += len(body)
        yield message, attempts, body


def _give_up(change: Change, subscribed: Subscribed, failed: Held) -> None:
    """Forwards to the dead-letter topic and acknowledges, both or neither."""
    config = subscribed.config
    (body,) = change.rows.execute(
        "select body from messages where number = ?", (failed.message,)
    ).fetchone()
    original = PubsubMessage.FromString(body)
    letter = PubsubMessage(data=original.data, attributes=original.attributes)
    letter.attributes.update(_origin(config, original, failed.attempts))
    enqueue(change, config.dead_letter_policy.dead_letter_topic, [letter])
    forget(change, subscribed, failed.message)


def _origin(config: Proto, message: Proto, attempts: int) -> dict[str, str]:
    """The attributes that "Dead-letter topics" lists (the error message is for exports alone)."""
    _, project, _, subscription = config.name.split("/")
    published = message.publish_time.ToDatetime(UTC).isoformat(timespec="milliseconds")
    return {
        "CloudPubSubDeadLetterSourceDeliveryCount": str(attempts),
        "CloudPubSubDeadLetterSourceSubscription": subscription,
        "CloudPubSubDeadLetterSourceSubscriptionProject": project,
        "CloudPubSubDeadLetterSourceTopicPublishTime": published,
    }
