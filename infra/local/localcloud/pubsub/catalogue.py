"""Topics and subscriptions as they stand in the tables."""

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from localcloud.pubsub.policy import expires_at, is_push
from localcloud.pubsub.proto import Proto, Subscription, Topic
from localcloud.pubsub.refusal import not_found
from localcloud.pubsub.state import Change

DELETED_TOPIC: Final = "_deleted-topic_"
_FIRST_NUMBER: Final = {"messages": 10**15}  # ids of one length sort as texts, as Google's do


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A subscription; its number is never used again, so an old ack id fits no new one."""

    number: int
    config: Proto


def next_numbers(rows: Connection, counter: str, count: int) -> range:
    """Numbers that this counter never gave before, not even to a process that was killed."""
    found = rows.execute("select next from counters where name = ?", (counter,)).fetchone()
    first = found[0] if found else _FIRST_NUMBER.get(counter, 1)
    rows.execute("insert or replace into counters values (?, ?)", (counter, first + count))
    return range(first, first + count)


def has_topic(rows: Connection, name: str) -> bool:
    return rows.execute("select 1 from topics where name = ?", (name,)).fetchone() is not None


def find_topic(rows: Connection, name: str) -> Proto:
    found = rows.execute("select config from topics where name = ?", (name,)).fetchone()
    if found is None:
        raise not_found(name)
    return Topic.FromString(found[0])


def put_topic(rows: Connection, topic: Proto) -> None:
    """New, or in the place of the one of that name."""
    values = (topic.name, topic.SerializeToString())
    rows.execute("insert or replace into topics values (?, ?)", values)


def remove_topic(rows: Connection, name: str) -> None:
    """The subscriptions stay, with what they hold, and get nothing more."""
    find_topic(rows, name)
    rows.execute("delete from topics where name = ?", (name,))
    rows.execute("update subscriptions set topic = ? where topic = ?", (DELETED_TOPIC, name))


def topics(rows: Connection, project: str, after: str, limit: int) -> list[Proto]:
    """A page of a project's topics by name, from behind `after`."""
    found = rows.execute(
        "select config from topics where name > ? and substr(name, 1, ?) = ? order by name limit ?",
        (after, len(project) + 1, project + "/", limit),
    )
    return [Topic.FromString(config) for (config,) in found]


def find_subscription(rows: Connection, name: str) -> Subscribed:
    found = rows.execute(
        "select number, topic, config from subscriptions where name = ?", (name,)
    ).fetchone()
    if found is None:
        raise not_found(name)
    return _subscribed(*found)


def has_subscription(rows: Connection, name: str) -> bool:
    return (
        rows.execute("select 1 from subscriptions where name = ?", (name,)).fetchone() is not None
    )


def add_subscription(rows: Connection, config: Proto, now: float) -> None:
    (number,) = next_numbers(rows, "subscriptions", 1)
    rows.execute(
        "insert into subscriptions values (?, ?, ?, ?, ?, ?)",
        (
            number,
            config.name,
            config.topic,
            is_push(config),
            expires_at(config, now),
            config.SerializeToString(),
        ),
    )


def change_subscription(rows: Connection, subscribed: Subscribed, now: float) -> None:
    """Writes a changed configuration; a change is a sign of life."""
    config = subscribed.config
    rows.execute(
        "update subscriptions set push = ?, expires_at = ?, config = ? where number = ?",
        (
            is_push(config),
            expires_at(config, now),
            config.SerializeToString(),
            subscribed.number,
        ),
    )


def keep_alive(rows: Connection, subscribed: Subscribed, now: float) -> None:
    """Somebody uses the subscription: its time to live starts again."""
    values = (expires_at(subscribed.config, now), subscribed.number)
    rows.execute("update subscriptions set expires_at = ? where number = ?", values)


def remove_subscription(change: Change, number: int) -> None:
    """With all that it holds; whoever waits there is woken to see it gone."""
    change.deleted = True
    change.woken.add(number)
    change.rows.execute("delete from subscriptions where number = ?", (number,))
    change.rows.execute("delete from deliveries where subscription = ?", (number,))
    remove_orphans(change.rows)


def remove_orphans(rows: Connection) -> None:
    """Messages that no subscription holds any more."""
    rows.execute("delete from messages where number not in (select message from deliveries)")


def subscriptions(rows: Connection, project: str, after: str, limit: int) -> list[Proto]:
    """A page of a project's subscriptions by name, from behind `after`."""
    found = rows.execute(
        "select number, topic, config from subscriptions"
        " where name > ? and substr(name, 1, ?) = ? order by name limit ?",
        (after, len(project) + 1, project + "/", limit),
    )
    return [_subscribed(*row).config for row in found]


def numbers_of(rows: Connection, topic: str) -> list[int]:
    """The subscriptions that get what is published to the topic."""
    found = rows.execute("select number from subscriptions where topic = ?", (topic,))
    return [number for (number,) in found]


def names_of(rows: Connection, topic: str, after: str, limit: int) -> list[str]:
    """A page of the names of a topic's subscriptions, from behind `after`."""
    found = rows.execute(
        "select name from subscriptions where topic = ? and name > ? order by name limit ?",
        (topic, after, limit),
    )
    return [name for (name,) in found]


def shown(rows: Connection, config: Proto) -> Proto:
    """The subscription as its readers see it: with the retention of its topic."""
    if has_topic(rows, config.topic):
        topic = find_topic(rows, config.topic)
        if topic.HasField("message_retention_duration"):
            config.topic_message_retention_duration.CopyFrom(topic.message_retention_duration)
    return config


def every_subscription(rows: Connection) -> list[Subscribed]:
    found = rows.execute("select number, topic, config from subscriptions")
    return [_subscribed(*row) for row in found]


def expired(rows: Connection, now: float) -> list[int]:
    """The numbers of subscriptions that nobody used for as long as they may be unused."""
    found = rows.execute("select number from subscriptions where expires_at <= ?", (now,))
    return [number for (number,) in found]


def _subscribed(number: int, topic: str, config: bytes) -> Subscribed:
    parsed = Subscription.FromString(config)
    parsed.topic = topic
    return Subscribed(number=number, config=parsed)
