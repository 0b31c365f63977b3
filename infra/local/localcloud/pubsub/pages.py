"""Pages of lists: a token says behind which name the next page starts."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from localcloud.pubsub import limits
from localcloud.pubsub.proto import Proto
from localcloud.pubsub.refusal import invalid

Item = TypeVar("Item")


def page(
    request: Proto, found: Callable[[str, int], Sequence[Item]], name: Callable[[Item], str]
) -> tuple[Sequence[Item], str]:
    """One page of what `found(after, limit)` lists, and the token of the next."""
    if request.page_size < 0:
        raise invalid(f"Invalid page_size given (page_size={request.page_size}).")
    size = min(request.page_size or limits.PAGE, limits.PAGE)
    items = found(_after(request.page_token), size + 1)
    if len(items) <= size:
        return items, ""
    token = base64.urlsafe_b64encode(name(items[size - 1]).encode()).decode()
    return items[:size], token


def _after(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid(f"Invalid page_token given (page_token={token}).") from error
