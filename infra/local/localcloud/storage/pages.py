"""Pages of short listings: buckets, managed folders."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from localcloud.errors import ApiError


def page_of(items: Mapping[str, Any], size: int, token: str | None) -> dict[str, Any]:
    """The items whose keys follow the token's, in the order of the keys."""
    after = decode_token(token) if token else ""
    keys = sorted(key for key in items if key > after)
    page: dict[str, Any] = {"items": [items[key] for key in keys[:size]]}
    if len(keys) > size > 0:
        page["nextPageToken"] = encode_token(keys[size - 1])
    return page


def encode_token(text: str) -> str:
    """Opaque to clients."""
    return urlsafe_b64encode(text.encode()).decode()


def decode_token(token: str) -> str:
    """400 for what this server never gave out."""
    try:
        return urlsafe_b64decode(token.encode()).decode()
    except ValueError as error:
        raise ApiError(400, "invalid", "Invalid page token", "pageToken") from error
