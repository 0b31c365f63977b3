"""REST's request lines, by Google's discovery document, and the gRPC methods behind them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from grpc import StatusCode

from localcloud.discovery import Api, Matched
from localcloud.pubsub.refusal import RefusedError, unimplemented

API: Final = Api("pubsub", "v1")

_RPC: Final = {
    "pubsub.projects.topics.create": "/google.pubsub.v1.Publisher/CreateTopic",
    "pubsub.projects.topics.delete": "/google.pubsub.v1.Publisher/DeleteTopic",
    "pubsub.projects.topics.get": "/google.pubsub.v1.Publisher/GetTopic",
    "pubsub.projects.topics.list": "/google.pubsub.v1.Publisher/ListTopics",
    "pubsub.projects.topics.patch": "/google.pubsub.v1.Publisher/UpdateTopic",
    "pubsub.projects.topics.publish": "/google.pubsub.v1.Publisher/Publish",
    "pubsub.projects.topics.subscriptions.list": (
        "/google.pubsub.v1.Publisher/ListTopicSubscriptions"
    ),
    "pubsub.projects.subscriptions.acknowledge": "/google.pubsub.v1.Subscriber/Acknowledge",
    "pubsub.projects.subscriptions.create": "/google.pubsub.v1.Subscriber/CreateSubscription",
    "pubsub.projects.subscriptions.delete": "/google.pubsub.v1.Subscriber/DeleteSubscription",
    "pubsub.projects.subscriptions.get": "/google.pubsub.v1.Subscriber/GetSubscription",
    "pubsub.projects.subscriptions.list": "/google.pubsub.v1.Subscriber/ListSubscriptions",
    "pubsub.projects.subscriptions.modifyAckDeadline": (
        "/google.pubsub.v1.Subscriber/ModifyAckDeadline"
    ),
    "pubsub.projects.subscriptions.modifyPushConfig": (
        "/google.pubsub.v1.Subscriber/ModifyPushConfig"
    ),
    "pubsub.projects.subscriptions.patch": "/google.pubsub.v1.Subscriber/UpdateSubscription",
    "pubsub.projects.subscriptions.pull": "/google.pubsub.v1.Subscriber/Pull",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    verb: str
    pattern: re.Pattern[str]
    method: Mapping[str, Any]


def find(verb: str, path: str) -> Matched:
    """The method for a request line. Many share a template; the patterns tell them apart."""
    for route in _ROUTES:
        if route.verb == verb and (found := route.pattern.fullmatch(unquote(path))):
            return Matched(method=route.method, upload=None, path=found.groupdict())
    raise RefusedError(StatusCode.NOT_FOUND, f"Pub/Sub has no method {verb} {path}")


def rpc(method_id: str) -> str:
    """The path of the gRPC method that answers a REST method."""
    if method_id not in _RPC:
        raise unimplemented(method_id)
    return _RPC[method_id]


def _route(method: Mapping[str, Any]) -> _Route:
    pattern = re.escape("/" + method["path"])
    for name, parameter in method["parameters"].items():
        if parameter["location"] == "path":
            # A colon ends a name: it starts the verb, as in topics/T:publish.
            inside = parameter["pattern"].strip("^$").replace("[^/]", "[^/:]")
            pattern = pattern.replace(re.escape(f"{{+{name}}}"), f"(?P<{name}>{inside})")
    return _Route(verb=method["httpMethod"], pattern=re.compile(pattern), method=method)


_ROUTES = [_route(method) for method in API.methods.values()]
