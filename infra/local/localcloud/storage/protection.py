"""Holds and retention: what may not be deleted or replaced, and until when."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.clock import timestamp
from localcloud.errors import ApiError
from localcloud.storage.model import Bucket, Generation
from localcloud.storage.refusals import invalid

_UNLOCKED = (
    "The unlocked object retention cannot be removed and its retention period cannot be "
    "shortened without overriding unlocked retention intent and permission."
)
_LOCKED = (
    "The locked object retention cannot be removed. Its retention mode cannot be changed and "
    "its retention period cannot be shortened."
)


def refuse_if_held(bucket: Bucket, generation: Generation) -> None:
    """Holds forbid that an object is deleted, replaced or archived (docs "Object holds")."""
    for hold, words in (("temporaryHold", "Temporary"), ("eventBasedHold", "Event-Based")):
        if generation.fields.get(hold):
            # The service answers `forbidden` here, not the documented objectUnderActiveHold.
            raise ApiError(
                403,
                "forbidden",
                f"Object '{bucket.name}/{generation.name}' is under active {words} hold and "
                "cannot be deleted, overwritten or archived until hold is removed.",
            )


def refuse_if_retained(bucket: Bucket, generation: Generation, now: datetime) -> None:
    """Retention forbids deleting and replacing (docs "Bucket Lock", "Object Retention Lock")."""
    until = max(
        filter(None, (_bucket_until(bucket, generation), _own_until(generation))), default=now
    )
    if until > now:
        raise ApiError(
            403,
            "retentionPolicyNotMet",
            f"Object '{bucket.name}/{generation.name}' is subject to bucket's retention policy or "
            f"object retention and cannot be deleted or overwritten until {timestamp(until)}",
        )


def retention_expiration(bucket: Bucket, generation: Generation) -> str | None:
    """`retentionExpirationTime`; an event-based hold leaves it open."""
    if generation.fields.get("eventBasedHold"):
        return None
    ends = [end for end in (_bucket_until(bucket, generation), _own_until(generation)) if end]
    return timestamp(max(ends)) if ends else None


def _bucket_until(bucket: Bucket, generation: Generation) -> datetime | None:
    if not bucket.retention_seconds:
        return None
    start = datetime.fromtimestamp(generation.retained_from, UTC)
    return start + timedelta(seconds=bucket.retention_seconds)


def _own_until(generation: Generation) -> datetime | None:
    retention = generation.fields.get("retention")
    return _time(retention["retainUntilTime"]) if retention else None


def require_valid(bucket: Bucket, fields: Mapping[str, Any], now: datetime) -> None:
    """400 for a retention that no object may have."""
    retention = fields.get("retention")
    if not retention:
        return
    if "objectRetention" not in bucket.fields:
        raise invalid("Object retention is not enabled on the bucket.")
    if retention.get("mode") not in ("Locked", "Unlocked") or not retention.get("retainUntilTime"):
        raise invalid("Both mode and retain until time are required.")
    if fields.get("eventBasedHold"):
        raise invalid("Retention and event based holds cannot be configured together.")
    if _time(retention["retainUntilTime"]) <= now:
        raise invalid("Retain until time cannot be in the past.")


def require_allowed(before: Generation, after: Mapping[str, Any], *, override: bool) -> None:
    """403 where a change would weaken a retention that stands."""
    old, new = before.fields.get("retention"), after.get("retention")
    if not old or old == new:
        return
    shortens = not new or _time(new["retainUntilTime"]) < _time(old["retainUntilTime"])
    if old["mode"] == "Locked":
        if shortens or (new and new["mode"] != "Locked"):
            raise ApiError(403, "forbidden", _LOCKED)
    elif (shortens or (new and new["mode"] == "Locked")) and not override:
        raise ApiError(403, "forbidden", _UNLOCKED)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
