"""What an erasure would do, shown before anybody says yes. Its id is the hash of what it says."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from custody.domain.erasure import Copy, Fate, Part, PlanId, Reason, Scope
from custody.domain.vault import CustomerId, HoldingEpoch, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What would become of one copy of one epoch."""

    life: HoldingEpoch
    copy: Copy
    objects: int
    size_bytes: int
    fates: tuple[Fate, ...]
    """Every kind of outcome, each once, in the order of their names."""
    until: datetime | None
    t1: datetime | None
    t2: datetime | None
    notes: tuple[str, ...] = ()
    """What the store's configuration says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A hold on a source of the plan."""

    source: Source
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Holdings, epochs, copies and what becomes of them. Counts are shown and not bound."""

    customer: CustomerId
    scope: Scope
    sources: tuple[Source, ...]
    reason: Reason
    parts: tuple[Part, ...]
    outlooks: tuple[Outlook, ...]
    holds: tuple[Held, ...]
    made_at: datetime

    @property
    def id(self) -> PlanId:
        digest = hashlib.sha256(json.dumps(self._bound(), sort_keys=True).encode()).hexdigest()
        return PlanId("p-" + digest[:20])

    def _bound(self) -> dict[str, object]:
        """A new version of a file changes no plan; a new holding, hold, owner or setting does."""
        return {
            "customer": self.customer,
            "scope": self.scope,
            "sources": sorted(self.sources),
            "reason": self.reason,
            "parts": [
                (part.life.source, part.life.epoch, part.folder_id, part.adopted)
                for part in self.parts
            ],
            "copies": [
                (one.life.source, one.life.epoch, one.copy, _ends(one.fates), one.notes)
                for one in self.outlooks
            ],
            "holds": [(one.source, one.until.isoformat()) for one in self.holds],
        }


def _ends(fates: Sequence[Fate]) -> list[Fate]:
    """Whether there is anything to delete is a count; that others own some of it is not."""
    return [fate for fate in fates if fate is not Fate.DELETE]
