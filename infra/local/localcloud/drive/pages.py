"""Page tokens: opaque, bound to their request, and good for a while."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from localcloud.drive.refusals import invalid
from localcloud.drive.session import Session

_LIFE_SECONDS = 12 * 3600  # "typically valid for several hours"
_FREE = frozenset({"pageToken", "pageSize", "fields", "alt", "prettyPrint", "quotaUser", "key"})


def page_token(session: Session, params: Mapping[str, Any], place: list[Any]) -> str:
    """A token for the page that starts after `place`."""
    token = [_fingerprint(session, params), session.now.timestamp(), place]
    return base64.urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip("=")


def place_of(session: Session, params: Mapping[str, Any]) -> list[Any] | None:
    """Where the page starts that the request's token names; nothing for the first page."""
    text = params.get("pageToken")
    if not text:
        return None
    try:
        token = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        fingerprint, issued, place = token
    except (ValueError, TypeError) as error:
        raise invalid("pageToken") from error
    aged = session.now.timestamp() - issued > _LIFE_SECONDS
    if aged or fingerprint != _fingerprint(session, params):
        raise invalid("pageToken")
    return list(place)


def _fingerprint(session: Session, params: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in params.items() if name not in _FREE}
    text = json.dumps([session.caller, kept], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
