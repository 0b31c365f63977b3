"""What subscriptions hold, for those who publish, deliver and acknowledge."""

from collections.abc import Iterable, Sequence
from typing import Any

from localcloud.pubsub import catalogue, deliveries, policy
from localcloud.pubsub.catalogue import Subscribed
from localcloud.pubsub.deliveries import Delivery, Room
from localcloud.pubsub.proto import Proto
from localcloud.pubsub.refusal import precondition
from localcloud.pubsub.state import Change, State


class Backlog:
    """Every call is one transaction, durable when it returns."""

    def __init__(self, state: State) -> None:
        self._state = state

    def publish(self, topic: str, messages: Sequence[Proto]) -> list[str]:
        """Stores the messages for every subscription of the topic, and names them."""
        with self._state.change() as change:
            catalogue.find_topic(change.rows, topic)
            return deliveries.enqueue(change, topic, messages)

    def take(self, name: str, room: Room, lease_seconds: float | None = None) -> list[Delivery]:
        """Leases messages that are due to who pulls, which keeps the subscription alive."""
        with self._state.change() as change:
            subscribed = catalogue.find_subscription(change.rows, name)
            if policy.is_push(subscribed.config):
                raise precondition("This method is not supported for this subscription type.")
            catalogue.keep_alive(change.rows, subscribed, change.now)
            seconds = lease_seconds or subscribed.config.ack_deadline_seconds
            return deliveries.lease(change, subscribed, room, seconds)

    def take_pushes(self, name: str, room: Room) -> list[Delivery]:
        """Leases messages that are due to be pushed; none when the subscription went or changed."""
        with self._state.change() as change:
            if not catalogue.has_subscription(change.rows, name):
                return []
            subscribed = catalogue.find_subscription(change.rows, name)
            if not policy.is_push(subscribed.config):
                return []
            seconds = subscribed.config.ack_deadline_seconds
            return deliveries.lease(change, subscribed, room, seconds)

    def acknowledge(self, name: str, ack_ids: Iterable[str]) -> None:
        """Forgets the messages. An ack id whose lease is over does nothing, and no harm."""
        with self._state.change() as change:
            subscribed = _used(change, name)
            for held in deliveries.held(change, subscribed, ack_ids):
                deliveries.forget(change, subscribed, held.message)

    def extend(self, name: str, ack_ids: Iterable[str], seconds: int) -> None:
        """The leases end `seconds` from now; 0 gives the messages back: a negative ack."""
        with self._state.change() as change:
            subscribed = _used(change, name)
            for held in deliveries.held(change, subscribed, ack_ids):
                if seconds:
                    deliveries.extend(change, subscribed, held.message, seconds)
                else:
                    deliveries.fail(change, subscribed, held, change.now)

    def refuse(self, delivery: Delivery) -> None:
        """A push that failed: a negative ack, but no sign of life of the subscription."""
        with self._state.change() as change:
            subscribed = catalogue.find_subscription(change.rows, delivery.subscription.name)
            for held in deliveries.held(change, subscribed, [delivery.ack_id]):
                deliveries.fail(change, subscribed, held, change.now)

    def still_held(self, name: str, ack_ids: Iterable[str]) -> set[str]:
        """Those of the ack ids whose leases still run."""
        with self._state.database.reading() as rows:
            change = Change(rows=rows, now=self._state.clock.time())
            subscribed = catalogue.find_subscription(rows, name)
            return {
                ack_id for ack_id in ack_ids if any(deliveries.held(change, subscribed, [ack_id]))
            }

    def next_due(self, name: str) -> float | None:
        """When the subscription's next message may be delivered."""
        with self._state.database.reading() as rows:
            number = catalogue.find_subscription(rows, name).number
            (due,) = rows.execute(
                "select min(due) from deliveries where subscription = ? and lease is null",
                (number,),
            ).fetchone()
        return None if due is None else float(due)

    def due_pushes(self) -> list[str]:
        """The push subscriptions that have something to deliver now."""
        with self._state.database.reading() as rows:
            found = rows.execute(
                "select name from subscriptions where push and exists (select 1 from deliveries"
                " where subscription = number and lease is null and due <= ?)",
                (self._state.clock.time(),),
            )
            return [name for (name,) in found]

    def next_push_due(self) -> float | None:
        """When something is to be pushed that rests until then."""
        with self._state.database.reading() as rows:
            found = rows.execute(
                "select (select min(due) from deliveries"
                " where subscription = number and lease is null and due > ?)"
                " from subscriptions where push",
                (self._state.clock.time(),),
            )
            return min((due for (due,) in found if due is not None), default=None)

    def counts(self) -> dict[str, dict[str, Any]]:
        """What each subscription holds: ready, leased, delayed, and how old the oldest is."""
        now = self._state.clock.time()
        with self._state.database.reading() as rows:
            found = rows.execute(
                "select name, count(message), count(lease),"
                " count(case when lease is null and due > ? then 1 end), min(published)"
                " from subscriptions left join deliveries on subscription = number"
                " group by number order by name",
                (now,),
            ).fetchall()
        return {
            name: {
                "ready": held - leased - delayed,
                "leased": leased,
                "delayed": delayed,
                "oldest_unacked_seconds": None if oldest is None else max(now - oldest, 0.0),
            }
            for name, held, leased, delayed, oldest in found
        }


def _used(change: Change, name: str) -> Subscribed:
    """The subscription that a subscriber works on, which keeps it alive."""
    subscribed = catalogue.find_subscription(change.rows, name)
    catalogue.keep_alive(change.rows, subscribed, change.now)
    change.woken.add(subscribed.number)
    return subscribed
