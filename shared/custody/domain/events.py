"""What functions tell each other. An event is a doorbell: where to look, not what is true."""

from dataclasses import dataclass
from datetime import datetime

from custody.domain.drive import Corpus
from custody.domain.erasure import Copy, ErasureId, PlanId, Reason, Scope
from custody.domain.names import parse_version_name
from custody.domain.vault import CustomerId, FileId, HoldingEpoch, ObjectName, Source

FILES_PER_EVENT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveTouched:
    """A change log may have something new."""

    corpus: Corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesTouched:
    """These files of one epoch may differ from what the vault has."""

    life: HoldingEpoch
    file_ids: tuple[FileId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionStored:
    """One more version is durable."""

    life: HoldingEpoch
    file_id: FileId
    version: ObjectName


def version_stored(name: ObjectName) -> VersionStored:
    """Of a version that stands, or is to stand again. CorruptError for a name of none."""
    life, file_id, _ = parse_version_name(name)
    return VersionStored(life=life, file_id=file_id, version=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRang:
    """A timer's period is over, or a long run goes on where the last one stopped."""

    timer: str
    after: str | None = None
    """Where a long run goes on: the last holding that is done, as `customer/source`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionRequested:
    """Somebody with the right to publish asks to erase sources of a customer."""

    request_id: str
    """A UUID. The same one again is the same erasure."""
    customer: CustomerId
    scope: Scope
    sources: tuple[Source, ...]
    reason: Reason
    submitted_at: datetime
    plan: PlanId | None = None
    requested_by: str | None = None
    """An opaque id of the person, for the rule of the second pair of eyes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureStep:
    """One copy of one epoch is to be moved one step."""

    erasure: ErasureId
    source: Source
    epoch: int
    copy: Copy
    page: int | None
    """None for wherever its sweep stands."""


Event = DriveTouched | FilesTouched | VersionStored | TimerRang | DeletionRequested | ErasureStep


def in_events(life: HoldingEpoch, file_ids: list[FileId]) -> list[FilesTouched]:
    """As few events as hold all these files, neighbours together."""
    file_ids = sorted(file_ids)
    return [
        FilesTouched(life=life, file_ids=tuple(file_ids[start : start + FILES_PER_EVENT]))
        for start in range(0, len(file_ids), FILES_PER_EVENT)
    ]
