"""Requests as a function gets them: pushed messages, and Drive's bell."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from custody.domain.channels import sign_token
from custody.domain.drive import SHARED_DRIVE
from custody.domain.events import Event
from custody.events import to_message


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One POST to a function."""

    headers: dict[str, str]
    body: str


def pushed(event: Event) -> Request:
    """A message in Pub/Sub's envelope."""
    message = to_message(event)
    envelope = {
        "message": {
            "messageId": "1",
            "data": base64.b64encode(message.data).decode(),
            "attributes": message.attributes,
        },
        "subscription": "projects/local-custody/subscriptions/bench",
    }
    headers = {"Content-Type": "application/json"}
    return Request(headers=headers, body=json.dumps(envelope))


def bell(secret: str) -> Request:
    """A push of Drive for a channel that is ours."""
    until = datetime.now(UTC) + timedelta(days=1)
    token = sign_token(secret.encode(), channel="bench", corpus=SHARED_DRIVE, expires_at=until)
    headers = {
        "X-Goog-Channel-ID": "bench",
        "X-Goog-Channel-Token": token,
        "X-Goog-Resource-State": "change",
    }
    return Request(headers=headers, body="")
