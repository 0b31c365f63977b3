"""What differs: Drive's listing against the vault and the index, the vault against off-site."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from custody.domain import names
from custody.domain.drive import EXPORTS, DriveFile
from custody.domain.vault import FileId, ObjectName, RevisionId, Summary, Version

ON_ITS_WAY = timedelta(hours=1)
"""How long a version may be in the vault alone before that is worth a word."""


def is_on_its_way(version: Version, now: datetime) -> bool:
    """A young version may not be off-site yet."""
    return now - version.captured_at < ON_ITS_WAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the listings of one epoch show."""

    vault: Mapping[ObjectName, datetime]
    """Since when each version is there."""
    offsite: frozenset[ObjectName] | None
    """None when it could not be listed."""
    marked: frozenset[ObjectName]
    """What retention let go: it is missing nowhere."""

    @property
    def kept_in_vault(self) -> list[ObjectName]:
        return [name for name in self.vault if name not in self.marked]

    @property
    def kept(self) -> frozenset[ObjectName]:
        """What any place has of what is to be kept."""
        return (frozenset(self.vault) | (self.offsite or frozenset())) - self.marked


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a comparison came to."""

    missing: tuple[ObjectName, ...]
    """In one of the two places, and whole in the other."""
    behind: int
    """How many are in the vault alone for longer than it takes."""
    behind_for: timedelta
    """The age of the oldest of those."""
    lost: int
    """How many versions the index promises that no place has."""
    extra: int
    """How many are there that retention let go."""


def compare(places: Places, known: Mapping[FileId, Summary], *, now: datetime) -> Difference:
    """The vault against off-site against the ledger, both ways."""
    there = frozenset(places.vault)
    offsite = places.offsite if places.offsite is not None else there
    missing = sorted((there ^ offsite) - places.marked)
    ages = [now - places.vault[name] for name in missing if name in places.vault]
    late = [age for age in ages if age > ON_ITS_WAY]
    return Difference(
        missing=tuple(missing),
        behind=len(late),
        behind_for=max(late, default=timedelta(0)),
        lost=_lost(places, known) if places.offsite is not None else 0,
        extra=len((there | offsite) & places.marked),
    )


def _lost(places: Places, known: Mapping[FileId, Summary]) -> int:
    counts = Counter(names.parse_version_name(name)[1] for name in places.kept)
    return sum(max(one.versions - counts[file_id], 0) for file_id, one in known.items())


def plan_reconcile(
    *,
    shown: Iterable[DriveFile],
    stored: Iterable[tuple[FileId, RevisionId]],
    known: Mapping[FileId, Summary],
) -> list[FileId]:
    """Files whose present content is not stored, that came back, or that Drive does not list.

    Absence from a listing proves nothing (T7): capture asks Drive for each such file by its id.
    """
    versions = set(stored)
    unseen = dict.fromkeys(sorted(one for one, summary in known.items() if not summary.lost))
    touched: dict[FileId, None] = {}
    for file in shown:
        if _differs(file, versions, known.get(file.file_id)):
            touched[file.file_id] = None
        unseen.pop(file.file_id, None)
    return list(touched | unseen)


def _differs(
    file: DriveFile, versions: set[tuple[FileId, RevisionId]], summary: Summary | None
) -> bool:
    if file.trashed:
        return summary is not None and not summary.lost
    if summary is None or summary.lost:
        return True
    if file.head:
        return (file.file_id, file.head) not in versions
    return file.content_type in EXPORTS and file.version > summary.seen_version
