"""Push delivery: messages go to the endpoints of push subscriptions as HTTP requests."""

import http.client
import threading
from collections import Counter, defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import grpc

from localcloud.faults import Faults, Rule
from localcloud.pubsub.backlog import Backlog
from localcloud.pubsub.connections import Connections
from localcloud.pubsub.deliveries import Delivery, Room
from localcloud.pubsub.envelope import push_request
from localcloud.pubsub.identity import Identity
from localcloud.pubsub.refusal import RefusedError
from localcloud.pubsub.state import State

_EACH: Final = 8  # requests under way for one subscription
_THREADS: Final = 256
_ACKNOWLEDGING: Final = frozenset({102, 200, 201, 202, 204})  # "Push subscriptions"


class Pusher:
    """One thread hands out what is due, others wait for the endpoints' answers."""

    def __init__(
        self, *, state: State, backlog: Backlog, identity: Identity, faults: Faults
    ) -> None:
        self._state = state
        self._backlog = backlog
        self._identity = identity
        self._faults = faults
        self._connections = Connections()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._held_back: dict[str, list[Delivery]] = defaultdict(list)
        self._workers = ThreadPoolExecutor(_THREADS, thread_name_prefix="pubsub-push")
        self._thread = threading.Thread(target=self._run, name="pubsub-pusher", daemon=True)

    def start(self) -> None:
        """An advance of the clock between a look and the wait must not be missed: it rings, too."""
        self._state.clock.on_advance(self._state.bells.every.ring)
        self._thread.start()

    def stop(self) -> None:
        """The bells are closed by now. What is under way breaks, and counts as not delivered."""
        self._ended.set()
        self._state.clock.forget(self._state.bells.every.ring)
        self._thread.join()
        self._connections.close()
        self._workers.shutdown(cancel_futures=True)

    # ---- handing out

    def _run(self) -> None:
        bell = self._state.bells.every
        while not self._state.bells.closed:
            rings = bell.rings
            handed_out = [self._hand_out(name) for name in self._backlog.due_pushes()]
            if not any(handed_out):
                bell.wait(rings, self._backlog.next_push_due())

    def _hand_out(self, name: str) -> int:
        """Starts as many requests as the subscription may have; their end rings the bell."""
        with self._lock:
            room = _EACH - self._under_way[name]
        deliveries = self._backlog.take_pushes(name, Room(messages=room)) if room else []
        with self._lock:
            self._under_way[name] += len(deliveries)
        for delivery in deliveries:
            self._workers.submit(self._work, delivery).add_done_callback(Future.result)
        return len(deliveries)

    def _work(self, delivery: Delivery) -> None:
        name = delivery.subscription.name
        try:
            self._deliver(delivery)
        finally:
            with self._lock:
                self._under_way[name] -= 1
            self._state.bells.every.ring()

    # ---- one delivery

    def _deliver(self, delivery: Delivery) -> None:
        config = delivery.subscription
        rule = self._faults.take("push", f"{config.topic} {config.name}")
        if rule and rule.drop:
            return  # the lease ends, and it is tried again
        if rule and rule.reorder:
            with self._lock:
                self._held_back[config.name].append(delivery)
            return
        self._settle(delivery, acknowledged=self._send_with(rule, delivery))
        with self._lock:
            held_back = self._held_back.pop(config.name, [])
        for earlier in held_back:
            self._settle(earlier, acknowledged=self._send(earlier))

    def _send_with(self, rule: Rule | None, delivery: Delivery) -> bool:
        """Applies a fault to a request; a broken or refused one is not acknowledged."""
        if rule is None:
            return self._send(delivery)
        if rule.delay_seconds is not None:
            self._ended.wait(rule.delay_seconds)
        if rule.status is not None or rule.cut == "before":
            return False
        acknowledged = self._send(delivery)
        if rule.double:
            self._send(delivery)
        return acknowledged and rule.cut is None

    def _send(self, delivery: Delivery) -> bool:
        """Whether the endpoint acknowledged within the ack deadline. Redirects do not count."""
        config = delivery.subscription
        token = None
        if config.push_config.HasField("oidc_token"):
            token = self._identity.token(config.push_config)
        try:
            status = self._connections.post(
                push_request(delivery, token), config.ack_deadline_seconds
            )
        except (OSError, http.client.HTTPException):
            return False
        return status in _ACKNOWLEDGING

    def _settle(self, delivery: Delivery, *, acknowledged: bool) -> None:
        try:
            if acknowledged:
                self._backlog.acknowledge(delivery.subscription.name, [delivery.ack_id])
            else:
                self._backlog.refuse(delivery)
        except RefusedError as refusal:
            # Deleted while the request was under way: there is nothing left to settle.
            if refusal.status is not grpc.StatusCode.NOT_FOUND:
                raise
