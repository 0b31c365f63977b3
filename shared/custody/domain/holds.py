"""A hold: somebody may not let a holding be erased before a day, and says why."""

from dataclasses import dataclass
from datetime import datetime

from custody.domain.vault import CustomerId, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Keeps all that there is of a holding from being deleted. The fence closes all the same."""

    customer: CustomerId
    source: Source
    reason: str
    """A person's words: shown to operators, and told nowhere else."""
    until: datetime
    placed_at: datetime

    def in_force(self, now: datetime) -> bool:
        return now < self.until
