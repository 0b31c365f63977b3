"""The settings of a bucket: defaults, limits, and what the service itself fills in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localcloud.clock import timestamp
from localcloud.errors import ApiError
from localcloud.storage.refusals import invalid

WRITABLE = frozenset(
    {
        "acl",
        "autoclass",
        "billing",
        "cors",
        "defaultEventBasedHold",
        "defaultObjectAcl",
        "encryption",
        "iamConfiguration",
        "ipFilter",
        "labels",
        "lifecycle",
        "logging",
        "retentionPolicy",
        "rpo",
        "softDeletePolicy",
        "storageClass",
        "versioning",
        "website",
    }
)
# A PUT that leaves these out does not unset them: a bucket is never without.
ALWAYS_SET = frozenset({"iamConfiguration", "softDeletePolicy", "storageClass"})
STORAGE_CLASSES = frozenset(
    {
        "STANDARD",
        "NEARLINE",
        "COLDLINE",
        "ARCHIVE",
        "MULTI_REGIONAL",
        "REGIONAL",
        "DURABLE_REDUCED_AVAILABILITY",
    }
)

DEFAULT_SOFT_DELETE = 7 * 86_400
_SOFT_DELETE_RANGE = range(7 * 86_400, 90 * 86_400 + 1)
_RETENTION_RANGE = range(1, 3_155_760_000 + 1)
_MULTI_REGIONS = frozenset({"US", "EU", "ASIA"})
_DUAL_REGIONS = frozenset(
    {
        "NAM4",
        "EUR4",
        "EUR5",
        "EUR7",
        "EUR8",
        "ASIA1",
    }
)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def require_valid_name(name: str) -> None:
    """docs "About buckets": 3 to 63 characters, longer only with dots."""
    parts = name.split(".")
    longest = max(len(part) for part in parts)
    if not _NAME.fullmatch(name) or longest > 63 or "" in parts or name.startswith("goog"):
        raise invalid(f"Invalid bucket name: '{name}'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Settings as they will be stored."""

    fields: dict[str, Any]
    soft_delete_seconds: int


def settle(fields: dict[str, Any], before: Mapping[str, Any] | None, now: datetime) -> Settled:
    """Checks the settings after a change and sets what only the service sets."""
    old = before or {}
    if fields.get("storageClass") not in STORAGE_CLASSES:
        raise invalid(f"Invalid storage class: {fields.get('storageClass')}")
    _settle_soft_delete(fields, old.get("softDeletePolicy"), now)
    _settle_retention(fields, old.get("retentionPolicy"), now)
    _settle_access(fields, old.get("iamConfiguration", {}), now)
    seconds = int(fields["softDeletePolicy"]["retentionDurationSeconds"])
    return Settled(fields=fields, soft_delete_seconds=seconds)


def location(name: str) -> dict[str, str]:
    """The location and what kind of place it is."""
    name = name.upper()
    if name in _MULTI_REGIONS:
        return {"location": name, "locationType": "multi-region", "rpo": "DEFAULT"}
    if name in _DUAL_REGIONS:
        return {"location": name, "locationType": "dual-region", "rpo": "DEFAULT"}
    return {"location": name, "locationType": "region"}


def _settle_soft_delete(
    fields: dict[str, Any], old: Mapping[str, Any] | None, now: datetime
) -> None:
    """Off, or 7 to 90 days; a policy that is unset is the default again."""
    policy = dict(fields.get("softDeletePolicy") or {})
    seconds = int(policy.get("retentionDurationSeconds", DEFAULT_SOFT_DELETE))
    if seconds and seconds not in _SOFT_DELETE_RANGE:
        raise invalid("Soft delete policy retention duration must be 0 or 7 to 90 days.")
    before = int(old["retentionDurationSeconds"]) if old else -1
    # The time since when this retention, or a longer one, has been in force.
    since = old["effectiveTime"] if old and seconds <= before else timestamp(now)
    policy |= {"retentionDurationSeconds": str(seconds), "effectiveTime": since}
    fields["softDeletePolicy"] = policy


def _settle_retention(fields: dict[str, Any], old: Mapping[str, Any] | None, now: datetime) -> None:
    """A locked policy may grow, and nothing else (docs "Bucket Lock")."""
    policy = fields.get("retentionPolicy") or {}
    period = int(policy.get("retentionPeriod", 0))
    before = int(old["retentionPeriod"]) if old else 0
    if old and old.get("isLocked") and period < before:
        change = "reduced" if period else "removed"
        raise ApiError(
            403,
            "retentionPolicyNotMet",
            f"Bucket has a locked Retention Policy which cannot be {change}.",
        )
    if not policy:
        fields.pop("retentionPolicy", None)
        return
    if period not in _RETENTION_RANGE:
        raise invalid("Retention period must be between 1 second and 100 years.")
    since = old["effectiveTime"] if old and period == before else timestamp(now)
    locked = {"isLocked": True} if old and old.get("isLocked") else {}
    fields["retentionPolicy"] = {"retentionPeriod": str(period), "effectiveTime": since, **locked}


def _settle_access(fields: dict[str, Any], old: Mapping[str, Any], now: datetime) -> None:
    """Uniform access can be left for 90 days; `bucketPolicyOnly` is its former name."""
    access = dict(fields.get("iamConfiguration") or {})
    was = old.get("uniformBucketLevelAccess", {})
    uniform = access.get("uniformBucketLevelAccess") or access.get("bucketPolicyOnly") or {}
    if uniform.get("enabled"):
        locks_at = was.get("lockedTime") or timestamp(now + timedelta(days=90))
        uniform = {"enabled": True, "lockedTime": locks_at}
    elif was.get("enabled") and now > datetime.fromisoformat(was["lockedTime"]):
        raise invalid("Uniform bucket-level access can no longer be disabled.")
    else:
        uniform = {"enabled": False}
    prevention = access.get("publicAccessPrevention", "inherited")
    fields["iamConfiguration"] = {
        "bucketPolicyOnly": uniform,
        "uniformBucketLevelAccess": uniform,
        "publicAccessPrevention": prevention,
    }
