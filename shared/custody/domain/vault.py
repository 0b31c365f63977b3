"""The glossary in code: customers, holdings, epochs, files, versions and what is known of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

CustomerId = NewType("CustomerId", str)
"""A tenant of Datasmash: `c-` and 12 base32 characters. Says nothing about who it is."""
Source = NewType("Source", str)
"""One tool whose data a customer shares: `hubspot`, `stripe`, any slug."""
FileId = NewType("FileId", str)
"""One Drive file, by its Drive id."""
RevisionId = NewType("RevisionId", str)
"""One content of one file: Drive's revision id, or `native-<version>` for a native Google file."""
ObjectName = NewType("ObjectName", str)
"""The name of an immutable object in the vault."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class HoldingEpoch:
    """One life of one holding: all that we keep of one source of one customer, until erased."""

    customer: CustomerId
    source: Source
    epoch: int

    def __str__(self) -> str:
        return f"{self.customer}/{self.source}/{self.epoch}"


def ids(life: HoldingEpoch) -> dict[str, str | int]:
    """An epoch as the fields of a log line."""
    return {"customer": life.customer, "source": life.source, "epoch": life.epoch}


class HoldingState(StrEnum):
    """Whether a holding takes new data in."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days how many versions of a file are kept. Periods are whole, and in UTC."""

    all_days: int = 30
    """Every version, since its capture."""
    daily_days: int = 90
    """After that, the newest of each day."""
    weekly_days: int = 365
    """After that, the newest of each week."""
    monthly_days: int | None = None
    """After that, the newest of each month; None for as long as the contract lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The registry's word on one source of one customer: its present epoch and folder."""

    life: HoldingEpoch
    state: HoldingState
    folder_id: FileId
    adopted: bool = False
    """True for a folder that the customer owns and shared with us."""
    retention: Retention | None = None
    """None for the default."""

    @property
    def lives(self) -> tuple[HoldingEpoch, ...]:
        """Its present epoch, and all earlier ones before it."""
        return tuple(replace(self.life, epoch=one) for one in range(1, self.life.epoch + 1))


class Intake(StrEnum):
    """How a customer chose to share."""

    DRIVE = "drive"
    EMAIL = "email"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A tenant. The only place where a display name stands."""

    customer: CustomerId
    slug: str
    name: str
    intake: Intake = Intake.DRIVE
    mail_from: tuple[str, ...] = ()


class Kind(StrEnum):
    """How a version is stored."""

    FULL = "full"
    DELTA = "delta"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One captured content of one file; never changed once stored."""

    name: ObjectName
    life: HoldingEpoch
    file_id: FileId
    revision: RevisionId
    drive_version: int
    """Drive's version number of the file when this revision was seen."""
    behind: int
    """How many revisions lay between this one and the head when it was seen."""
    file_name: str
    folder_path: str
    content_type: str
    captured_at: datetime
    size_bytes: int
    sha256: str
    md5: str | None
    semantic: str | None
    """A hash that ignores what a native export changes by itself (dates); None for binary files."""
    kind: Kind
    base: ObjectName | None
    """The object that this one needs to be read: its delta base or its same-content twin."""
    series: int
    number: int
    depth: int
    stored_bytes: int

    @property
    def order(self) -> tuple[int, int, ObjectName]:
        """Drive's order, whatever order we captured in; the latest version is the maximum."""
        return (self.drive_version, -self.behind, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version before it is stored: what we know of it and what Drive promised of its content."""

    name: ObjectName
    life: HoldingEpoch
    file_id: FileId
    revision: RevisionId
    drive_version: int
    behind: int
    file_name: str
    folder_path: str
    content_type: str
    captured_at: datetime
    size_bytes: int | None
    """What Drive promised, in bytes; None where it promised nothing (native exports)."""
    md5: str | None
    semantic: str | None
    series: int
    number: int


def following(previous: Version | None, drive_version: int, behind: int) -> tuple[int, int]:
    """The (drive_version, behind) of the next revision: after its predecessor, whoever stored that.

    Another delivery may have stored the predecessor under a later Drive version than ours.
    """
    if previous is None or previous.order[:2] < (drive_version, -behind):
        return drive_version, behind
    return previous.drive_version, previous.behind - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A content that we know of and do not have, and why."""

    revision: RevisionId | None
    reason: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLost:
    """Drive stopped showing us the file: deleted, trashed, unshared. Not an order to erase."""

    reason: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a file was called and where it lay, from when on we saw it so."""

    since: datetime
    file_name: str
    folder_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is told of a sealed history in the clear: numbers, and nothing of the content."""

    versions: int
    seen_version: int
    lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHistory:
    """All that the index knows of one file in one epoch. A cache: the vault is the authority."""

    life: HoldingEpoch
    file_id: FileId
    file_name: str = ""
    folder_path: str = ""
    seen_version: int = 0
    """The highest Drive version whose content is known to be captured or known not to differ."""
    versions: tuple[Version, ...] = ()
    missed: tuple[Missed, ...] = ()
    lost: SourceLost | None = None
    pruned: tuple[RevisionId, ...] = ()
    """Revisions whose versions retention let go: captured once, and never again."""
    named: tuple[Named, ...] = ()
    """Each name that it got after the first one, which stands in its first version."""

    @property
    def summary(self) -> Summary:
        return Summary(
            versions=len(self.versions),
            seen_version=self.seen_version,
            lost=self.lost is not None,
        )

    @property
    def latest(self) -> Version | None:
        return max(self.versions, key=lambda version: version.order, default=None)

    @property
    def called(self) -> tuple[str, str]:
        """Its present name and folder; those of its last version where the index was rebuilt."""
        named = self if self.file_name or not self.latest else self.latest
        return named.file_name, named.folder_path

    def version_of(self, revision: RevisionId) -> Version | None:
        return next((one for one in self.versions if one.revision == revision), None)

    def has(self, revision: RevisionId) -> bool:
        """Whether the content was ever captured; what retention let go is not captured again."""
        return revision in self.pruned or self.version_of(revision) is not None

    def with_version(self, stored: Version) -> "FileHistory":
        """The history with one more version; the same one twice changes nothing.

        Nor does one that retention let go: somebody read it before and comes late.
        """
        if self.has(stored.revision):
            return self
        versions = sorted((*self.versions, stored), key=lambda version: version.order)
        missed = tuple(gap for gap in self.missed if gap.revision != stored.revision)
        return replace(self, versions=tuple(versions), missed=missed)

    def without(self, gone: Collection[ObjectName]) -> "FileHistory":
        """The history after retention let these versions go."""
        left = tuple(version for version in self.versions if version.name not in gone)
        pruned = (version.revision for version in self.versions if version.name in gone)
        return replace(self, versions=left, pruned=(*self.pruned, *pruned))

    def with_pruned(self, revisions: Iterable[RevisionId]) -> "FileHistory":
        """The history that knows what retention let go before; the same twice changes nothing."""
        return replace(self, pruned=tuple(dict.fromkeys((*self.pruned, *revisions))))

    def with_missed(self, gap: Missed) -> "FileHistory":
        """The history with one more known gap; the same gap twice changes nothing."""
        known = ((other.revision, other.reason) for other in self.missed)
        if (gap.revision, gap.reason) in known or (gap.revision and self.has(gap.revision)):
            return self
        return replace(self, missed=(*self.missed, gap))
