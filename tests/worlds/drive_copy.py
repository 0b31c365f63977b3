"""The copy in Drive in memory: a Store and a Witness over the simulated Drive, and hands to help.

Where Google leaves a choice, people here are as awkward as they may be: a customer's folder may be
open to us through its domain alone, and then nobody but the customer can end that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from custody.domain.drive import SHARED_DRIVE
from custody.domain.drive_fates import (
    FOLDER_OF_OTHERS,
    KNOWN,
    LISTED,
    NO_ORGANIZER,
    OUR_FOLDER,
    QUARANTINED,
    Facts,
    fate_of,
    file_of,
    inside,
    lies_in_other_holding,
    listed_name,
    quarantined_files,
)
from custody.domain.erasure import GOES, Fate, Found, Horizon, Target, Thing
from custody.domain.vault import FileId, HoldingEpoch, HoldingState
from custody.errors import CustodyError, RefusedError, UnavailableError
from custody.ports import Index, Quarantine, Registry, Store, Witness
from worlds.drive import Item, SimulatedDrive
from worlds.writes import Writes

OWNER = "customer@client.example"
"""Whoever owns what is not ours."""
PAGE = 3
"""Names on one page: few, so that short stories turn pages."""
TEXTS = {Fate.RELINQUISH: "we give up our access", Fate.ASK_OWNER: "please end our access"}


class Hands(Protocol):
    """What people do to shape a copy in Drive, and what they find."""

    def share_by_domain(self, folder: FileId) -> None:
        """A customer's folder is open to our whole domain from now on, and not to us by name."""

    def let_in(self, folder: FileId, guest: str) -> None:
        """Somebody from outside may write into a folder of ours."""

    def guests(self, folder: FileId) -> set[str]:
        """Whom a folder of ours is shared with by itself."""

    def mails(self) -> list[tuple[str, str]]:
        """To whom Drive sent notifications for us, and what they say."""

    def owner_reads(self, file_id: FileId) -> bytes:
        """What a customer's file is to its owner."""

    def demote(self) -> None:
        """We are no organizer of our shared drive any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A copy in Drive with both who look at it, and hands."""

    store: Store
    witness: Witness
    hands: Hands

    def round(self, target: Target) -> list[Thing]:
        """All that a round meets, as the step drives it.

        Each page: find, delete, look with other eyes. What goes is gone then, and nothing else is.
        """
        self.store.close(target)
        met: list[Thing] = []
        page = Found(last="")
        while page.last is not None:
            after, page = page.last, self.store.find(target, page.last)
            touched = [one for one in page.things if one.fate in GOES | {Fate.ASK_OWNER}]
            if touched:
                self.store.delete(target, touched)
            stays = sum(one.fate not in GOES for one in page.things)
            assert self.witness.remaining(target, after, page.last) == stays
            met += page.things
        return met

    def sweep(self, target: Target) -> list[Thing]:
        """What the first round met; a second one finds nothing that goes."""
        first, second = self.round(target), self.round(target)
        assert [one for one in second if one.fate in GOES] == []
        return first


class MemoryDriveStore:
    """The port Store. `refuses` is what it answers to every deletion until that is mended.

    `stale` holds files that no look shows for now, though they are there (T7).
    """

    def __init__(
        self,
        google: SimulatedDrive,
        writes: Writes,
        *,
        index: Index,
        quarantine: Quarantine,
        registry: Registry,
    ) -> None:
        self._google = google
        self._writes = writes
        self._index = index
        self._quarantine = quarantine
        self._registry = registry
        self._told: set[tuple[Target, Fate]] = set()
        self.refuses: CustodyError | None = None
        self.stale: set[FileId] = set()
        self.erased: list[tuple[HoldingEpoch, list[FileId]]] = []
        """What was deleted for which epoch, each with the folders above it, nearest first."""

    def close(self, target: Target) -> None:
        _require_organizer(self._google)
        folder = self._find(target.folder_id)
        if folder and self._google.corpus_of(folder) == SHARED_DRIVE:
            with self._writes.one():
                folder.guests.clear()

    def find(self, target: Target, after: str) -> Found:
        _require_organizer(self._google)
        ahead = sorted(name for name in self._names(target) if name > after)
        page = ahead[:PAGE]
        names: dict[FileId, str] = {}
        for name in page:
            names.setdefault(file_of(name), name)
        things = [
            Thing(name=name, size_bytes=_size(item), fate=fate)
            for file_id, name in names.items()
            if (item := self._find(file_id)) and (fate := self._fate(target, item))
        ]
        return Found(things=tuple(things), last=page[-1] if len(ahead) > PAGE else None)

    def delete(self, target: Target, things: Sequence[Thing]) -> None:
        if self.refuses:
            raise self.refuses
        for thing in things:
            item = self._google.find(file_of(thing.name))
            if item and self._fate(target, item) is thing.fate:
                self._end(target, item, thing.fate)

    def horizon(self, target: Target) -> Horizon:
        return Horizon(ours=timedelta(days=25), provider=timedelta(days=180))

    def _end(self, target: Target, item: Item, fate: Fate) -> None:
        if fate is Fate.DELETE:
            if any(child.parent is item and child.visible for child in self._google.items()):
                raise UnavailableError("something was put into a folder that is to go")
            line = [above.file_id for above in item.line()]
            with self._writes.one():
                self.erased.append((target.life, line))
                self._google.delete(item.file_id)
            return
        self._tell(target, fate)
        if fate is Fate.RELINQUISH:
            with self._writes.one():
                self._google.give_up(item.file_id)

    def _tell(self, target: Target, fate: Fate) -> None:
        """Once for each epoch of an erasure: what is not ours has one owner here."""
        if (target, fate) not in self._told:
            with self._writes.one():
                self._told.add((target, fate))
                self._google.mails.append((OWNER, TEXTS[fate]))

    def _names(self, target: Target) -> Iterator[str]:
        folder = self._find(target.folder_id)
        in_our_drive = folder is not None and self._google.corpus_of(folder) == SHARED_DRIVE
        if folder and not in_our_drive:
            yield FOLDER_OF_OTHERS + folder.file_id
        yield from (KNOWN + one for one in self._index.files(target.life))
        for one in quarantined_files(target.life, self._quarantine.all()):
            if not self._index.known(target.life, [one]):
                yield QUARANTINED + one
        if folder and in_our_drive:
            yield from self._below(target, folder, LISTED)
            yield OUR_FOLDER + folder.file_id

    def _below(self, target: Target, folder: Item, path: str) -> Iterator[str]:
        if folder.file_id in self._other_folders(target.life):
            raise RefusedError("the folder of another open holding is or lies in this one")
        for child in self._google.items():
            if child.parent is folder and self._find(child.file_id):
                if child.is_folder:
                    yield from self._below(target, child, inside(path, child.file_id))
                yield listed_name(path, child.file_id, is_folder=child.is_folder)

    def _fate(self, target: Target, item: Item) -> Fate | None:
        facts, folder = self._facts(target, item), self._find(target.folder_id)
        if folder and folder in list(item.line())[1:]:
            given_up = fate_of(self._facts(target, folder)) is Fate.RELINQUISH
            facts = replace(facts, in_given_up_folder=given_up)
        return fate_of(facts)

    def _facts(self, target: Target, item: Item) -> Facts:
        in_our_drive = self._google.corpus_of(item) == SHARED_DRIVE
        line = [one.file_id for one in item.line()]
        others = self._other_folders(target.life)
        return Facts(
            in_our_drive=in_our_drive,
            can_delete=in_our_drive and self._google.organizer,
            shared_with_us=item.granted,
            in_other_holding=lies_in_other_holding(line, target.folder_id, others),
        )

    def _other_folders(self, life: HoldingEpoch) -> set[FileId]:
        return {
            one.folder_id
            for one in self._registry.holdings()
            if one.state is HoldingState.OPEN and one.life != life
        }

    def _find(self, file_id: FileId | None) -> Item | None:
        return None if file_id is None or file_id in self.stale else self._google.find(file_id)


class MemoryDriveWitness:
    """The port Witness: whatever anybody can still see, by whichever way one comes to it."""

    def __init__(self, google: SimulatedDrive, *, index: Index, quarantine: Quarantine) -> None:
        self._google = google
        self._index = index
        self._quarantine = quarantine

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        _require_organizer(self._google)
        stretch = {
            file_of(name)
            for name in self._names(target)
            if after < name and (last is None or name <= last)
        }
        return sum(1 for file_id in stretch if self._google.find(file_id))

    def _names(self, target: Target) -> Iterator[str]:
        known = set(self._index.files(target.life))
        yield from (KNOWN + one for one in known)
        quarantined = quarantined_files(target.life, self._quarantine.all())
        yield from (QUARANTINED + one for one in quarantined if one not in known)
        folder = self._google.find(target.folder_id) if target.folder_id else None
        if folder is None:
            return
        if self._google.corpus_of(folder) != SHARED_DRIVE:
            yield FOLDER_OF_OTHERS + folder.file_id
            return
        yield OUR_FOLDER + folder.file_id
        for item in self._google.items():
            line = list(item.line())
            if item is not folder and folder in line:
                path = LISTED
                for above in reversed(line[1 : line.index(folder)]):
                    path = inside(path, above.file_id)
                yield listed_name(path, item.file_id, is_folder=item.is_folder)


class MemoryHands:
    """People in the simulated Drive."""

    def __init__(self, google: SimulatedDrive) -> None:
        self._google = google

    def share_by_domain(self, folder: FileId) -> None:
        self._google.item(folder).granted = False

    def let_in(self, folder: FileId, guest: str) -> None:
        self._google.item(folder).guests.add(guest)

    def guests(self, folder: FileId) -> set[str]:
        return self._google.item(folder).guests

    def mails(self) -> list[tuple[str, str]]:
        return list(self._google.mails)

    def owner_reads(self, file_id: FileId) -> bytes:
        item = self._google.item(file_id)
        return b"" if item.deleted or item.in_trash else item.contents[item.kept[-1]]

    def demote(self) -> None:
        self._google.organizer = False


def _require_organizer(google: SimulatedDrive) -> None:
    if not google.organizer:
        raise RefusedError(NO_ORGANIZER)


def _size(item: Item) -> int:
    return len(item.contents[item.kept[-1]]) if item.kept else 0
