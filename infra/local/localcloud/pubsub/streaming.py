"""StreamingPull: messages down one stream, acknowledgements and deadlines up the same."""

import threading
from collections.abc import Iterator
from typing import Final

import grpc

from localcloud.pubsub import catalogue, limits
from localcloud.pubsub.backlog import Backlog
from localcloud.pubsub.deliveries import RESPONSE_BYTES, Delivery, Room
from localcloud.pubsub.proto import Proto, StreamingPullResponse
from localcloud.pubsub.refusal import RefusedError, invalid
from localcloud.pubsub.state import State
from localcloud.pubsub.subscriber import received

_AT_ONCE: Final = 100
_FIRST_REQUEST_ONLY = (
    "subscription",
    "max_outstanding_messages",
    "max_outstanding_bytes",
    "protocol_version",
)


def streaming_pull(
    state: State, backlog: Backlog, requests: Iterator[Proto], context: grpc.ServicerContext
) -> Iterator[Proto]:
    """One stream, until the client or the server ends it or the subscription is deleted."""
    first = next(requests, None)
    if first is None:
        raise invalid("The first request of a stream names its subscription.")
    stream = _Stream(state, backlog, first, context)
    reader = threading.Thread(target=stream.read, args=(requests,), daemon=True)
    state.streams.append(stream.number)
    reader.start()
    try:
        yield from stream.responses()
    finally:
        state.streams.remove(stream.number)


class _Stream:
    def __init__(
        self, state: State, backlog: Backlog, first: Proto, context: grpc.ServicerContext
    ) -> None:
        limits.check_name("subscriptions", first.subscription)
        with state.database.reading() as rows:
            self.number = catalogue.find_subscription(rows, first.subscription).number
        self._name = first.subscription
        self._state = state
        self._backlog = backlog
        self._context = context
        self._bell = state.bells.of(self.number)
        self._refusal: RefusedError | None = None
        self._client_is_done = False
        self._outstanding = _Outstanding(first)
        limits.check_range(
            "stream_ack_deadline_seconds", first.stream_ack_deadline_seconds, *limits.ACK_DEADLINE
        )
        self._lease_seconds = first.stream_ack_deadline_seconds
        self._work_on(first)
        context.add_callback(self._bell.ring)

    def read(self, requests: Iterator[Proto]) -> None:
        """What the client sends after its first request; runs beside `responses`."""
        try:
            for request in requests:
                _check_later(request)
                self._work_on(request)
        except RefusedError as refusal:
            self._refusal = refusal
        except grpc.RpcError:
            return  # the stream ended, and whoever answers has seen it
        self._client_is_done = True
        self._bell.ring()

    def responses(self) -> Iterator[Proto]:
        """The first response says what the subscription is like; the others carry messages."""
        properties = StreamingPullResponse.SubscriptionProperties()
        yield StreamingPullResponse(subscription_properties=properties)
        while self._context.is_active() and not self._state.bells.closed:
            rings = self._bell.rings
            found = self._take()
            if found:
                self._outstanding.add(found)
                yield StreamingPullResponse(received_messages=[received(one) for one in found])
                continue
            if self._refusal:
                raise self._refusal
            if self._client_is_done:
                return
            self._bell.wait(rings, self._backlog.next_due(self._name))

    def _take(self) -> list[Delivery]:
        if self._outstanding.limited:
            held = self._backlog.still_held(self._name, self._outstanding.ack_ids())
            self._outstanding.keep(held)
        room = self._outstanding.room()
        return self._backlog.take(self._name, room, self._lease_seconds) if room else []

    def _work_on(self, request: Proto) -> None:
        deadlines = request.modify_deadline_seconds
        if len(deadlines) != len(request.modify_deadline_ack_ids):
            raise invalid("Ack ids and deadlines must have the same size.")
        if request.ack_ids:
            self._backlog.acknowledge(self._name, request.ack_ids)
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, deadlines, strict=True):
            limits.check_range("modify_deadline_seconds", seconds, 0, limits.ACK_DEADLINE[1])
            self._backlog.extend(self._name, [ack_id], seconds)
        if seconds := request.stream_ack_deadline_seconds:
            limits.check_range("stream_ack_deadline_seconds", seconds, *limits.ACK_DEADLINE)
            self._lease_seconds = seconds


class _Outstanding:
    """What the stream sent and the client has not settled, where it asked for a limit."""

    def __init__(self, first: Proto) -> None:
        self._messages: int = first.max_outstanding_messages
        self._bytes: int = first.max_outstanding_bytes
        self._sizes: dict[str, int] = {}

    @property
    def limited(self) -> bool:
        return max(self._messages, self._bytes) > 0

    def ack_ids(self) -> list[str]:
        return list(self._sizes)

    def add(self, deliveries: list[Delivery]) -> None:
        if self.limited:
            self._sizes |= {one.ack_id: one.message.ByteSize() for one in deliveries}

    def keep(self, ack_ids: set[str]) -> None:
        self._sizes = {one: size for one, size in self._sizes.items() if one in ack_ids}

    def room(self) -> Room | None:
        """What may be sent now, if anything."""
        messages, size_bytes = _AT_ONCE, RESPONSE_BYTES
        if self._messages > 0:
            messages = min(messages, self._messages - len(self._sizes))
        if self._bytes > 0:
            size_bytes = min(size_bytes, self._bytes - sum(self._sizes.values()))
        if messages <= 0 or size_bytes <= 0:
            return None
        return Room(messages=messages, size_bytes=size_bytes)


def _check_later(request: Proto) -> None:
    for field in _FIRST_REQUEST_ONLY:
        if getattr(request, field):
            raise invalid(f"{field} may only be set in the first request of the stream.")
