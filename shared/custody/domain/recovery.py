"""What is left of an epoch when nothing is left but the off-site buckets."""

from collections.abc import Collection
from enum import StrEnum

from custody.domain.names import DESTROYED, RECOVERY


class KeyState(StrEnum):
    """Whether the recovery key opens an epoch."""

    RECOVERABLE = "recoverable"
    DESTROYED = "destroyed"
    """Erased, or being erased: whatever else lies there is not used any more."""
    NO_COPY = "no-recovery-copy"
    """Its keyset is wrapped for Google's key alone."""

    @staticmethod
    def of(parts: Collection[str]) -> "KeyState":
        """By what lies beside the keysets."""
        if DESTROYED in parts:
            return KeyState.DESTROYED
        return KeyState.RECOVERABLE if RECOVERY in parts else KeyState.NO_COPY
