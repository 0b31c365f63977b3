"""What was seen and not admitted, with the reason. A person decides."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from custody.domain.vault import CustomerId, Source

LIFE = timedelta(days=30)


class Verdict(StrEnum):
    """What a person decided."""

    ADMITTED = "admitted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One thing that waits for a person. Holds where it came from, never its bytes."""

    id: str
    kind: str
    """`message`, `moved-file`, `file`."""
    reason: str
    reference: str
    """What leads back to the thing: a topic and message id, or a file id."""
    seen_at: datetime
    customer: CustomerId | None = None
    source: Source | None = None
    epoch: int | None = None

    @property
    def expires_at(self) -> datetime:
        return self.seen_at + LIFE


def quarantined(
    kind: str,
    reason: str,
    reference: str,
    *,
    seen_at: datetime,
    customer: CustomerId | None = None,
    source: Source | None = None,
    epoch: int | None = None,
) -> Quarantined:
    """An entry whose id follows from what it is about: seeing it again makes no second entry."""
    about = "\x00".join([kind, reference, customer or "", source or "", str(epoch or "")])
    return Quarantined(
        id="q-" + hashlib.sha256(about.encode()).hexdigest()[:20],
        kind=kind,
        reason=reason,
        reference=reference,
        seen_at=seen_at,
        customer=customer,
        source=source,
        epoch=epoch,
    )
