"""The three ports through which Custody meets Drive, over the simulated one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, NoReturn

from custody.domain.channels import CHANGES_LIFE, Channel
from custody.domain.drive import Change, ChangePage, Corpus, DriveFile, Unreadable
from custody.domain.vault import FileId, RevisionId
from custody.errors import CustodyError, NotFoundError, RefusedError
from worlds.drive import Item, SimulatedDrive, shown

PAGE = 3
"""Changes on one page of a change log: few, so that short stories turn pages."""
CHUNK = 1000
"""Bytes in one piece of a content."""


class MemoryDrive:
    """The port Drive. `refuses` holds what it answers instead for an id, until that is mended."""

    def __init__(self, google: SimulatedDrive) -> None:
        self._google = google
        self.refuses: dict[FileId, CustodyError] = {}

    def describe(self, file_ids: Sequence[FileId]) -> dict[FileId, DriveFile | Unreadable]:
        return {file_id: self._describe(file_id) for file_id in file_ids}

    def content(self, file: DriveFile, revision: RevisionId) -> Iterator[bytes]:
        item = self._find(file.file_id)
        if item is None or revision not in item.kept:
            _absent(file.file_id)
        if not item.can_download:
            raise RefusedError(f"the owner of {file.file_id} forbids downloading")
        yield from _chunks(item.contents[revision])

    def export(self, file: DriveFile, content_type: str) -> bytes:
        item = self._find(file.file_id)
        if item is None or not item.bodies:
            _absent(file.file_id)
        return item.bodies[-1]

    def children(self, folder: FileId) -> Iterator[DriveFile]:
        above = self._find(folder)
        if above is None:
            _absent(folder)
        below = [item for item in self._google.items() if item.parent is above and item.visible]
        return (shown(item) for item in below)

    def _find(self, file_id: FileId) -> Item | None:
        if file_id in self.refuses:
            raise self.refuses[file_id]
        return self._google.find(file_id)

    def _describe(self, file_id: FileId) -> DriveFile | Unreadable:
        item = self._google.find(file_id)
        if item is None:
            return Unreadable(file_id=file_id, reason="absent, or not shared with us")
        return replace(shown(item), revisions=item.revisions())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """What Drive needs to push: a channel that it granted, and the token to show."""

    channel: Channel
    token: str


class MemoryFeed:
    """The port ChangeFeed. Cursors are opaque and never expire, unless a test forgets them."""

    def __init__(self, google: SimulatedDrive) -> None:
        self._google = google
        self._oldest = 0
        self.bells: dict[str, Bell] = {}

    def start(self, corpus: Corpus) -> str:
        return f"{corpus}@{self._google.last_change}"

    def page(self, corpus: Corpus, cursor: str) -> ChangePage:
        entries = self._google.changes(corpus, self._position(corpus, cursor))
        shown_now = entries[:PAGE]
        more = len(entries) > PAGE
        end = shown_now[-1][0] if more else self._google.last_change
        changes = tuple(self._change(corpus, file_id) for _, file_id in shown_now)
        return ChangePage(changes=changes, cursor=f"{corpus}@{end}", more=more)

    def watch(
        self,
        corpus: Corpus,
        *,
        cursor: str,
        channel: str,
        token: str,
        address: str,
        now: datetime,
        until: datetime,
    ) -> Channel:
        self._position(corpus, cursor)
        if channel in self.bells:
            raise RefusedError("channelIdNotUnique: a channel needs an id of its own")
        granted = Channel(
            channel=channel,
            corpus=corpus,
            resource=f"resource of {corpus}",
            address=address,
            created_at=now,
            expires_at=min(until, now + CHANGES_LIFE),
        )
        self.bells[channel] = Bell(channel=granted, token=token)
        return granted

    def stop(self, channel: Channel) -> None:
        self.bells.pop(channel.channel, None)

    def live_bells(self, now: datetime) -> list[Bell]:
        """The channels on which Drive would push now."""
        return [bell for bell in self.bells.values() if now < bell.channel.expires_at]

    def forget_cursors(self) -> None:
        """Drive takes none of the cursors any more that it gave until now."""
        self._google.last_change += 1
        self._oldest = self._google.last_change

    def _position(self, corpus: Corpus, cursor: str) -> int:
        named, _, position = cursor.partition("@")
        if named != corpus or not position.isdecimal() or int(position) < self._oldest:
            raise NotFoundError(f"Drive does not take this cursor of {corpus}")
        return int(position)

    def _change(self, corpus: Corpus, file_id: FileId) -> Change:
        """An item that left the corpus is removed from its log, whatever else is true of it."""
        item = self._google.item(file_id)
        here = item.visible and self._google.corpus_of(item) == corpus
        return Change(
            file_id=file_id, file=shown(item) if here else None, changed_at=item.changed_at
        )


class MemoryFolders:
    """The port Folders."""

    def __init__(self, google: SimulatedDrive) -> None:
        self._google = google

    def create(
        self, name: str, parent: FileId | None = None, *, mark: Mapping[str, str] | None = None
    ) -> FileId:
        folder = self._google.create_folder(name, parent or self._google.root)
        self._google.item(folder).marks.update(mark or {})
        return folder

    def upload(
        self,
        folder: FileId,
        name: str,
        content: BinaryIO,
        size: int,
        *,
        mark: Mapping[str, str] | None = None,
        announce: Callable[[FileId], object] | None = None,
    ) -> DriveFile:
        data = content.read(size)
        if self._google.find(folder) is None:
            _absent(folder)
        standing = self._named(folder, name, mark or {})
        file_id = standing.file_id if standing else self._google.next_id()
        if announce:
            announce(file_id)
        if standing is None:
            self._google.create_file(name, folder, data, file_id=file_id)
            self._google.item(file_id).marks.update(mark or {})
        else:
            self._google.edit(file_id, data)
        return shown(self._google.item(file_id))

    def _named(self, folder: FileId, name: str, mark: Mapping[str, str]) -> Item | None:
        for item in self._google.items():
            here = item.parent is not None and item.parent.file_id == folder
            is_ours = mark.items() <= item.marks.items()
            if here and is_ours and item.visible and not item.in_trash and item.name == name:
                return item
        return None


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def _absent(file_id: FileId) -> NoReturn:
    raise NotFoundError(f"{file_id} is absent, or not shared with us")
