"""What a push request looks like: "Push subscriptions" and "Payload unwrapping"."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from localcloud.pubsub import policy
from localcloud.pubsub.deliveries import Delivery
from localcloud.pubsub.proto import Proto


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRequest:
    """One POST to an endpoint."""

    endpoint: tuple[bool, str, int]  # whether by TLS, host, port
    target: str
    headers: dict[str, str]
    body: bytes


def push_request(delivery: Delivery, token: str | None) -> PushRequest:
    """The request that carries a message, wrapped or not, as the subscription asks."""
    push = delivery.subscription.push_config
    headers = {"User-Agent": "CloudPubSub-Google", "From": "noreply@google.com"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if push.HasField("no_wrapper"):
        body = bytes(delivery.message.data)
        if push.no_wrapper.write_metadata:
            headers |= _metadata(delivery)
    else:
        body = json.dumps(_envelope(delivery)).encode()
        headers["Content-Type"] = "application/json"
    endpoint = urlsplit(push.push_endpoint)
    secure = endpoint.scheme == "https"
    return PushRequest(
        endpoint=(secure, endpoint.hostname or "", endpoint.port or (443 if secure else 80)),
        target=(endpoint.path or "/") + (f"?{endpoint.query}" if endpoint.query else ""),
        headers=headers,
        body=body,
    )


def _envelope(delivery: Delivery) -> dict[str, Any]:
    """Empty fields are left out, as always in the JSON form of a message. T30: data too."""
    message, published = delivery.message, _published(delivery.message)
    wrapped = {
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": published,
        "publish_time": published,
    }
    if message.data:
        wrapped["data"] = base64.b64encode(message.data).decode()
    if message.attributes:
        wrapped["attributes"] = dict(message.attributes)
    envelope = {"message": wrapped, "subscription": delivery.subscription.name}
    if policy.counts_attempts(delivery.subscription):
        envelope["deliveryAttempt"] = delivery.attempt
    return envelope


def _metadata(delivery: Delivery) -> dict[str, str]:
    """Attributes become headers as far as HTTP can carry them; Pub/Sub's own names win."""
    attributes = {
        name: value
        for name, value in delivery.message.attributes.items()
        if _is_token(name) and value.isprintable() and value.isascii()
    }
    return {
        **attributes,
        "x-goog-pubsub-subscription-name": delivery.subscription.name,
        "x-goog-pubsub-message-id": delivery.message.message_id,
        "x-goog-pubsub-publish-time": _published(delivery.message),
    }


def _is_token(name: str) -> bool:
    """A header name (RFC 9110, section 5.6.2)."""
    return name.isascii() and all(char.isalnum() or char in "!#$%&'*+-.^_`|~" for char in name)


def _published(message: Proto) -> str:
    """RFC 3339 with milliseconds, `2026-11-23T12:00:00.000Z`."""
    return str(message.publish_time.ToDatetime().isoformat(timespec="milliseconds") + "Z")
