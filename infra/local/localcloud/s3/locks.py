"""S3 Object Lock, by the local clock ("Locking objects with Object Lock", S3 user guide).

moto goes by the real time, takes any date, and lets a retention be shortened by anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from localcloud.s3.refusals import invalid_argument, locked

GOVERNANCE = "GOVERNANCE"
COMPLIANCE = "COMPLIANCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What keeps a version from being deleted; dates are as the client wrote them."""

    mode: str | None = None
    until: str | None = None
    hold: str | None = None

    def forbids_deletion(self, now: datetime, *, bypass: bool) -> bool:
        if self.hold == "ON":
            return True
        return self.is_running(now) and not (bypass and self.mode == GOVERNANCE)

    def is_running(self, now: datetime) -> bool:
        return self.until is not None and datetime.fromisoformat(self.until) > now


def lock_of(headers: Mapping[str, str], now: datetime) -> Lock:
    """What an upload asks for; 400 unless it is a mode with a date to come."""
    lock = Lock(
        mode=headers.get("x-amz-object-lock-mode"),
        until=headers.get("x-amz-object-lock-retain-until-date"),
        hold=headers.get("x-amz-object-lock-legal-hold"),
    )
    require_sound(lock, now)
    return lock


def require_sound(lock: Lock, now: datetime) -> None:
    if (lock.mode is None) != (lock.until is None):
        raise invalid_argument("A retention needs both a mode and a date")
    if lock.mode not in (None, GOVERNANCE, COMPLIANCE):
        raise invalid_argument("Unknown wormMode directive.")
    if lock.until is not None and not lock.is_running(now):
        raise invalid_argument("The retain until date must be in the future!")


def require_change(before: Lock, after: Lock, now: datetime, *, bypass: bool) -> None:
    """A running retention may be made longer; less of it needs governance and its bypass."""
    if not before.is_running(now) or (bypass and before.mode == GOVERNANCE):
        return
    assert before.until is not None  # noqa: S101 (for mypy: it is running)
    shorter = after.until is None or (
        datetime.fromisoformat(after.until) < datetime.fromisoformat(before.until)
    )
    weaker = before.mode == COMPLIANCE and after.mode != COMPLIANCE
    if shorter or weaker:
        raise locked()
