"""The gRPC side: one handler for every path, served or refused by name."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import grpc
from google.pubsub_v1.types import pubsub

from localcloud.faults import Faults, Rule
from localcloud.pubsub.backlog import Backlog
from localcloud.pubsub.methods import STREAMING_PULL, Method, fault_id
from localcloud.pubsub.proto import Proto
from localcloud.pubsub.refusal import RefusedError, status_of, unimplemented
from localcloud.pubsub.state import State
from localcloud.pubsub.streaming import streaming_pull
from localcloud.pubsub.subscriber import LONGEST_PULL_SECONDS, Caller

_THREADS: Final = 128  # an open StreamingPull holds one
_LARGEST_REQUEST: Final = 64 << 20
_MARGIN_SECONDS: Final = 0.2  # to answer an empty pull before its caller gives up


class RpcServer:
    """Listens on a Unix socket, behind the door that gRPC and HTTP share."""

    def __init__(self, handler: "RpcHandler", socket: Path) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pubsub-rpc")
        options = [("grpc.max_receive_message_length", _LARGEST_REQUEST)]
        self._server = grpc.server(self._threads, handlers=[handler], options=options)
        self._server.add_insecure_port(f"unix:{socket}")

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        """Calls under way get a moment to end; the bells have told them to."""
        self._server.stop(grace=1.0).wait()
        self._threads.shutdown()


class RpcHandler:
    """Finds who answers a call, applies faults, and turns refusals into gRPC statuses."""

    def __init__(
        self,
        *,
        methods: dict[str, Method],
        state: State,
        backlog: Backlog,
        faults: Faults,
    ) -> None:
        self._methods = methods
        self._state = state
        self._backlog = backlog
        self._faults = faults

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """The handler of one call; there is one for every path."""
        if details.method == STREAMING_PULL:
            return grpc.stream_stream_rpc_method_handler(
                self._stream, pubsub.StreamingPullRequest.pb().FromString, _serialize
            )
        method = self._methods.get(details.method)
        if method is None:
            return grpc.unary_unary_rpc_method_handler(partial(_refuse, details.method))
        return grpc.unary_unary_rpc_method_handler(
            partial(self._answer, method), method.request.FromString, _serialize
        )

    def _answer(self, method: Method, request: Proto, context: grpc.ServicerContext) -> Proto:
        rule = self._faults.take(fault_id(method.path), _target(request))
        _fail_first(rule, context)
        try:
            response = method.answer(request, _caller(context))
        except RefusedError as refusal:
            context.abort(refusal.status, refusal.message)
        if rule and rule.cut:
            context.abort(grpc.StatusCode.UNAVAILABLE, rule.message)
        return response

    def _stream(self, requests: Iterator[Proto], context: grpc.ServicerContext) -> Iterator[Proto]:
        _fail_first(self._faults.take(fault_id(STREAMING_PULL), ""), context)
        try:
            yield from streaming_pull(self._state, self._backlog, requests, context)
        except RefusedError as refusal:
            context.abort(refusal.status, refusal.message)
        if self._state.bells.closed:
            context.abort(grpc.StatusCode.UNAVAILABLE, "The server is stopping.")


def _fail_first(rule: Rule | None, context: grpc.ServicerContext) -> None:
    """Applies the faults that come before the work."""
    if rule is None:
        return
    if rule.delay_seconds is not None:
        time.sleep(rule.delay_seconds)
    if rule.cut == "before":
        context.abort(grpc.StatusCode.UNAVAILABLE, rule.message)
    if rule.status is not None:
        context.abort(status_of(rule.status), rule.message)


def _target(request: Proto) -> str:
    """What a call is about, for faults that match a part of its name."""
    for field in ("subscription", "topic", "name", "project"):
        value = getattr(request, field, None)
        if value:
            return str(getattr(value, "name", value))
    return ""


def _caller(context: grpc.ServicerContext) -> Caller:
    left = context.time_remaining()
    patience = LONGEST_PULL_SECONDS
    if left is not None:
        patience = min(patience, max(left - _MARGIN_SECONDS, 0))
    return Caller(
        patience_seconds=patience, is_there=context.is_active, when_gone=context.add_callback
    )


def _refuse(path: str, _request: bytes, context: grpc.ServicerContext) -> bytes:
    refusal = unimplemented(path.removeprefix("/"))
    context.abort(refusal.status, refusal.message)
    return b""


def _serialize(response: Proto) -> bytes:
    return bytes(response.SerializeToString())
