"""What Google's answers mean, whichever client brought them."""

import json

from custody.errors import (
    BadCallError,
    CustodyError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)

RATE_REASONS = frozenset(
    {"userRateLimitExceeded", "rateLimitExceeded", "sharingRateLimitExceeded", "RESOURCE_EXHAUSTED"}
)
"""T15: the reasons of a 403 that mean "slow down". All others mean "never"."""


def reason_of(content: bytes) -> str:
    """Google's machine-readable reason, in the older and the newer form of an error's body."""
    try:
        body = json.loads(content)["error"]
        return str(body["errors"][0]["reason"] if body.get("errors") else body["status"])
    except (ValueError, KeyError, TypeError, IndexError):
        return "unknown"


def our_error(status: int, content: bytes, what: str) -> CustodyError:
    """What an answer means for the caller: by status and, for a 403, by reason alone (T15)."""
    reason = reason_of(content)
    if status == 429 or (status == 403 and reason in RATE_REASONS):
        return RateLimitedError(f"{what}: asked to slow down ({reason})")
    if status >= 500 or status == 408:
        return UnavailableError(f"{what}: answered {status}")
    if status == 401:
        # Retried: credentials that are mended within the retries lose nothing.
        return UnavailableError(f"{what}: the credentials were not taken ({reason})")
    if status == 404:
        return NotFoundError(f"{what}: absent, or not shared with us ({reason})")
    if status == 403:
        return RefusedError(f"{what}: refused ({reason})")
    return BadCallError(f"{what}: answered {status} ({reason})")
