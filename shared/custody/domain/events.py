"""What functions tell each other. An event is a doorbell: where to look, not what is true."""

from dataclasses import dataclass

from custody.domain.drive import Corpus
from custody.domain.vault import FileId, HoldingEpoch, ObjectName

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


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerRang:
    """A timer's period is over, or a long run goes on where the last one stopped."""

    timer: str
    after: str | None = None
    """Where a long run goes on: the last holding that is done, as `customer/source`."""


Event = DriveTouched | FilesTouched | VersionStored | TimerRang


def in_events(life: HoldingEpoch, file_ids: list[FileId]) -> list[FilesTouched]:
    """As few events as hold all these files, neighbours together."""
    file_ids = sorted(file_ids)
    return [
        FilesTouched(life=life, file_ids=tuple(file_ids[start : start + FILES_PER_EVENT]))
        for start in range(0, len(file_ids), FILES_PER_EVENT)
    ]
