"""What Pub/Sub takes: names, sizes, counts and ranges, and the words with which it refuses.

Numbers from "Pub/Sub quotas and limits" and the field comments of google/pubsub/v1/pubsub.proto.
"""

import re
from typing import Final

from localcloud.pubsub.proto import Proto
from localcloud.pubsub.refusal import invalid, unimplemented

MESSAGES: Final = 1000
REQUEST_BYTES: Final = 10_000_000
ATTRIBUTES: Final = 100
ATTRIBUTE_KEY_BYTES: Final = 256
ATTRIBUTE_VALUE_BYTES: Final = 1024
ACK_DEADLINE: Final = (10, 600)
PAGE: Final = 1000

_RESOURCE = re.compile(
    r"projects/[^/]+/(topics|subscriptions)/(?!goog)[A-Za-z][\w.~+%-]{2,254}", re.ASCII
)
_PROJECT = re.compile(r"projects/[^/]+")


def check_name(kind: str, name: str) -> None:
    """`kind` is topics or subscriptions, as in the name."""
    found = _RESOURCE.fullmatch(name)
    if not found or found[1] != kind:
        raise invalid(f"Invalid [{kind}] name: (name={name})")


def check_project(name: str) -> None:
    """Lists are asked of a project, `projects/P`."""
    if not _PROJECT.fullmatch(name):
        raise invalid(f"Invalid resource name given (name={name}).")


def check_range(what: str, value: float, low: float, high: float) -> None:
    """Both bounds belong to the range."""
    if value < low:
        raise invalid(
            f"The value for {what} is too small. You passed {value:g} in the request, "
            f"but the minimum value is {low:g}."
        )
    if value > high:
        raise invalid(
            f"The value for {what} is too large. You passed {value:g} in the request, "
            f"but the maximum value is {high:g}."
        )


def check_publish(request: Proto) -> None:
    """All messages of a request, or none of them, are fit to be published."""
    _check_size("message_count", len(request.messages), 1, MESSAGES)
    _check_size("request_size", request.ByteSize(), 0, REQUEST_BYTES)
    for message in request.messages:
        _check_message(message)


def _check_message(message: Proto) -> None:
    if not message.data and not message.attributes:
        raise invalid(
            "One or more messages in the publish request is empty. Each message must contain "
            "either non-empty data, or at least one attribute."
        )
    if message.ordering_key:
        raise unimplemented("ordering_key")
    _check_size("attributes_count", len(message.attributes), 0, ATTRIBUTES)
    for key, value in message.attributes.items():
        _check_size("attribute_key_size", len(key.encode()), 1, ATTRIBUTE_KEY_BYTES)
        _check_size("attribute_value_size", len(value.encode()), 0, ATTRIBUTE_VALUE_BYTES)
        # Keys of Google's own client libraries start with googclient_ and are let through.
        if key.startswith("goog") and not key.startswith("googclient_"):
            raise invalid(f"Attribute keys must not start with 'goog' (key={key}).")


def _check_size(what: str, value: int, low: int, high: int) -> None:
    check_range(what, value, low, high)
