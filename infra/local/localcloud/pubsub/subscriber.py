"""The service google.pubsub.v1.Subscriber, a method each; StreamingPull is in `streaming`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from localcloud.pubsub import catalogue, limits, masks, policy
from localcloud.pubsub.backlog import Backlog
from localcloud.pubsub.catalogue import Subscribed
from localcloud.pubsub.deliveries import Delivery, Room
from localcloud.pubsub.pages import page
from localcloud.pubsub.proto import (
    Empty,
    ListSubscriptionsResponse,
    Proto,
    PullResponse,
    ReceivedMessage,
)
from localcloud.pubsub.refusal import already_exists, invalid
from localcloud.pubsub.state import Change, State

LONGEST_PULL_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who waits for a pull, how long, and how to learn that nobody does any more."""

    patience_seconds: float
    is_there: Callable[[], bool]
    when_gone: Callable[[Callable[[], None]], object]


class Subscriber:
    """Subscriptions, and what subscribers do with them."""

    def __init__(self, state: State, backlog: Backlog) -> None:
        self._state = state
        self._backlog = backlog

    # ---- subscriptions

    def create_subscription(self, config: Proto) -> Proto:
        policy.settle_subscription(config)
        limits.check_name("topics", config.topic)
        with self._state.change() as change:
            if catalogue.has_subscription(change.rows, config.name):
                raise already_exists(config.name)
            catalogue.find_topic(change.rows, config.topic)
            _check_dead_letters(change, config)
            catalogue.add_subscription(change.rows, config, change.now)
            return catalogue.shown(change.rows, config)

    def update_subscription(self, request: Proto) -> Proto:
        limits.check_name("subscriptions", request.subscription.name)
        with self._state.change() as change:
            found = catalogue.find_subscription(change.rows, request.subscription.name)
            masks.apply(request.update_mask, request.subscription, found.config)
            if "dead_letter_policy" in {path.split(".")[0] for path in request.update_mask.paths}:
                _check_dead_letters(change, found.config)
            return _settle(change, found)

    def modify_push_config(self, request: Proto) -> Proto:
        limits.check_name("subscriptions", request.subscription)
        with self._state.change() as change:
            found = catalogue.find_subscription(change.rows, request.subscription)
            found.config.push_config.CopyFrom(request.push_config)
            _settle(change, found)
        return Empty()

    def get_subscription(self, request: Proto) -> Proto:
        limits.check_name("subscriptions", request.subscription)
        with self._state.database.reading() as rows:
            found = catalogue.find_subscription(rows, request.subscription)
            return catalogue.shown(rows, found.config)

    def list_subscriptions(self, request: Proto) -> Proto:
        limits.check_project(request.project)
        with self._state.database.reading() as rows:
            found = partial(catalogue.subscriptions, rows, request.project)
            configs, token = page(request, found, _name)
            shown = [catalogue.shown(rows, config) for config in configs]
        return ListSubscriptionsResponse(subscriptions=shown, next_page_token=token)

    def delete_subscription(self, request: Proto) -> Proto:
        limits.check_name("subscriptions", request.subscription)
        with self._state.change() as change:
            found = catalogue.find_subscription(change.rows, request.subscription)
            catalogue.remove_subscription(change, found.number)
        return Empty()

    # ---- messages

    def pull(self, request: Proto, caller: Caller) -> Proto:
        """Waits for a message as long as the caller does, and 10 s at most."""
        limits.check_name("subscriptions", request.subscription)
        limits.check_range("max_messages", request.max_messages, 1, 2**31 - 1)
        with self._state.database.reading() as rows:
            number = catalogue.find_subscription(rows, request.subscription).number
        room = Room(messages=min(request.max_messages, limits.MESSAGES))
        bell = self._state.bells.of(number)
        patience = 0.0 if request.return_immediately else caller.patience_seconds
        give_up = time.monotonic() + patience
        caller.when_gone(bell.ring)
        while not self._state.bells.closed and caller.is_there():
            rings = bell.rings
            found = self._backlog.take(request.subscription, room)
            left = give_up - time.monotonic()
            if found or left <= 0:
                return PullResponse(received_messages=[received(one) for one in found])
            until = self._state.clock.time() + left
            due = self._backlog.next_due(request.subscription)
            bell.wait(rings, until if due is None else min(due, until))
        return PullResponse()

    def acknowledge(self, request: Proto) -> Proto:
        limits.check_name("subscriptions", request.subscription)
        _check_ack_ids(request)
        self._backlog.acknowledge(request.subscription, request.ack_ids)
        return Empty()

    def modify_ack_deadline(self, request: Proto) -> Proto:
        limits.check_name("subscriptions", request.subscription)
        _check_ack_ids(request)
        seconds = request.ack_deadline_seconds
        limits.check_range("ack_deadline_seconds", seconds, 0, limits.ACK_DEADLINE[1])
        self._backlog.extend(request.subscription, request.ack_ids, seconds)
        return Empty()


def received(delivery: Delivery) -> Proto:
    """A message as a subscriber gets it who pulls."""
    counts = policy.counts_attempts(delivery.subscription)
    return ReceivedMessage(
        ack_id=delivery.ack_id,
        message=delivery.message,
        delivery_attempt=delivery.attempt if counts else 0,
    )


def _settle(change: Change, subscribed: Subscribed) -> Proto:
    policy.settle_subscription(subscribed.config)
    catalogue.change_subscription(change.rows, subscribed, change.now)
    change.woken.add(subscribed.number)
    return catalogue.shown(change.rows, subscribed.config)


def _check_dead_letters(change: Change, config: Proto) -> None:
    if policy.counts_attempts(config):
        catalogue.find_topic(change.rows, config.dead_letter_policy.dead_letter_topic)


def _check_ack_ids(request: Proto) -> None:
    if not request.ack_ids:
        raise invalid("No ack ids specified.")


def _name(config: Proto) -> str:
    return str(config.name)
