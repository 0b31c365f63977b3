"""users.messages.attachments.get, and the ids that attachments have for a while.

An id is another one at each get of the message, and goes stale (T16): here after an hour. It
carries the number of its part, so nothing has to be kept.
"""

import base64
import json
import secrets
from typing import Any

from localcloud.gmail import parts
from localcloud.gmail.call import Call
from localcloud.gmail.mail import find, raw_of
from localcloud.gmail.refusals import invalid
from localcloud.gmail.session import Session

_PREFIX = "ANGjdJ"
_LIFE_MILLISECONDS = 3_600_000


def new_id(session: Session, message_id: str, part_id: str) -> str:
    """An id for one part of one message."""
    told = [secrets.token_hex(16), session.milliseconds, message_id, part_id]
    return _PREFIX + parts.encoded(json.dumps(told).encode()).rstrip("=")


def get(session: Session, call: Call) -> dict[str, Any]:
    message = find(session, call.params["messageId"])
    part_id = _part_id(session, message["id"], call.params["id"])
    inside = dict(parts.walk(parts.parse(raw_of(session, message))))
    data = parts.content(inside[part_id])
    return {"size": len(data), "data": parts.encoded(data)}


def _part_id(session: Session, message_id: str, attachment_id: str) -> str:
    try:
        text = attachment_id.removeprefix(_PREFIX)
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        _, issued, of, part_id = told
    except (ValueError, TypeError) as error:
        raise invalid("Invalid attachment token") from error
    if of != message_id or session.milliseconds - issued > _LIFE_MILLISECONDS:
        raise invalid("Invalid attachment token")
    return str(part_id)
