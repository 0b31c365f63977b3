"""A small Drive: what people do in it, and what it therefore shows, logs and forgets.

Where Google leaves a choice, this Drive takes the harder one: its logs never name the descendants
of a folder that moved, vanished or came back (T4, T6), and names are no keys (T8).
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from custody.domain.drive import (
    CORPORA,
    FOLDER,
    OWN_LOG,
    SHARED_DRIVE,
    SHORTCUT,
    Corpus,
    DriveFile,
    Revision,
)
from custody.domain.vault import FileId, RevisionId

DOCUMENT = "application/vnd.google-apps.document"
FORM = "application/vnd.google-apps.form"


@dataclass(slots=True, kw_only=True, eq=False)
class Item:
    """One file, folder, document or shortcut, with all that ever happened to it."""

    file_id: FileId
    name: str
    content_type: str
    parent: "Item | None"
    version: int = 0
    changed_at: datetime
    trashed: bool = False
    hidden: bool = False
    deleted: bool = False
    can_download: bool = True
    can_read_revisions: bool = True
    target: FileId | None = None
    granted: bool = False
    """Whether it is shared with us by a permission of its own, which we can give up (T12)."""
    guests: set[str] = field(default_factory=set)
    """Whom it is shared with besides."""
    marks: dict[str, str] = field(default_factory=dict)
    """What custody noted beside it (appProperties)."""
    contents: dict[RevisionId, bytes] = field(default_factory=dict)
    """Every content that it ever had, oldest first, those too that Drive no longer keeps."""
    kept: list[RevisionId] = field(default_factory=list)
    """The revisions that Drive still lists, oldest first, ending with the head."""
    bodies: list[bytes] = field(default_factory=list)
    """All that a native file ever exported to; the last is its present state."""

    def line(self) -> "Iterator[Item]":
        """The item and the folders above it, nearest first."""
        yield self
        if self.parent:
            yield from self.parent.line()

    @property
    def visible(self) -> bool:
        return not self.deleted and not any(above.hidden for above in self.line())

    @property
    def in_trash(self) -> bool:
        return any(above.trashed for above in self.line())

    @property
    def is_folder(self) -> bool:
        return self.content_type == FOLDER

    def revisions(self) -> tuple[Revision, ...]:
        """What Drive lists to us: all that it keeps, or the head alone (T10)."""
        kept = self.kept if self.can_read_revisions else self.kept[-1:]
        return tuple(_revision(name, self.contents[name]) for name in kept)


class SimulatedDrive:
    """Folders and files as people see them, and the change logs that follow."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._numbers = count(1)
        self._items: dict[FileId, Item] = {}
        self._logs: dict[Corpus, dict[FileId, int]] = {corpus: {} for corpus in CORPORA}
        self.last_change = 0
        self.organizer = True
        """Whether we may delete in the shared drive, and so see all that is in it."""
        self.mails: list[tuple[str, str]] = []
        """The notifications that Drive sent: to whom, and what they say."""
        self.root = FileId("root-of-the-shared-drive")
        self._add(self.root, "the shared drive", FOLDER, None)

    # What people do.

    def create_folder(self, name: str, parent: FileId | None = None) -> FileId:
        """A folder; without a parent, one that a customer owns and shares with us."""
        item = self._create(name, FOLDER, parent)
        item.granted = parent is None
        return item.file_id

    def next_id(self) -> FileId:
        """An id that nothing has yet."""
        return FileId(f"file-{next(self._numbers):04}")

    def create_file(
        self, name: str, parent: FileId, data: bytes, *, file_id: FileId | None = None
    ) -> FileId:
        file_id = self._add(file_id or self.next_id(), name, "text/csv", parent).file_id
        self.edit(file_id, data)
        return file_id

    def create_document(self, name: str, parent: FileId, body: bytes) -> FileId:
        """A native Google document; `body` is what its export shows."""
        file_id = self._create(name, DOCUMENT, parent).file_id
        self.write(file_id, body)
        return file_id

    def create_form(self, name: str, parent: FileId) -> FileId:
        """A native Google file that has no export."""
        return self._create(name, FORM, parent).file_id

    def create_shortcut(self, name: str, parent: FileId, target: FileId) -> FileId:
        item = self._create(name, SHORTCUT, parent)
        item.target = target
        return item.file_id

    def edit(self, file_id: FileId, data: bytes) -> RevisionId:
        """A new content: a new revision, even of the same bytes. Revision ids never repeat."""
        revision = RevisionId(f"revision-{next(self._numbers):04}")
        with self._changed(file_id) as item:
            item.contents[revision] = data
            item.kept.append(revision)
        return revision

    def write(self, file_id: FileId, body: bytes) -> None:
        """A new state of a native document."""
        with self._changed(file_id) as item:
            item.bodies.append(body)

    def touch(self, file_id: FileId) -> None:
        """A change that nobody sees: Drive's version number grows, the content stays (T9)."""
        with self._changed(file_id):
            pass

    def rename(self, file_id: FileId, name: str) -> None:
        with self._changed(file_id) as item:
            item.name = name

    def move(self, file_id: FileId, parent: FileId) -> None:
        with self._changed(file_id) as item:
            item.parent = self._items[parent]

    def trash(self, file_id: FileId) -> None:
        with self._changed(file_id) as item:
            item.trashed = True

    def untrash(self, file_id: FileId) -> None:
        with self._changed(file_id) as item:
            item.trashed = False

    def hide(self, file_id: FileId) -> None:
        """Stops sharing it, and all below it, with us."""
        with self._changed(file_id) as item:
            item.hidden = True

    def show(self, file_id: FileId) -> None:
        with self._changed(file_id) as item:
            item.hidden = False

    def delete(self, file_id: FileId) -> None:
        """For good, with all below it."""
        with self._changed(file_id) as gone:
            for item in self._items.values():
                item.deleted = item.deleted or gone in item.line()

    def give_up(self, file_id: FileId) -> None:
        """We end our own access to what is shared with us, and to all below it."""
        with self._changed(file_id) as item:
            item.granted, item.hidden = False, True

    def marks(self, file_id: FileId) -> dict[str, str]:
        return self._items[file_id].marks

    def let_download(self, file_id: FileId, *, allowed: bool) -> None:
        with self._changed(file_id) as item:
            item.can_download = allowed

    def purge(self, file_id: FileId, *revisions: RevisionId) -> None:
        """Drive drops old revisions, all of them if none is named; no log says so (T10)."""
        item = self._items[file_id]
        head = item.kept[-1]
        gone = set(revisions or item.kept) - {head}
        item.kept = [revision for revision in item.kept if revision not in gone]

    # What there is.

    def item(self, file_id: FileId) -> Item:
        """All that is true of an item, whether we may see it or not."""
        return self._items[file_id]

    def items(self) -> tuple[Item, ...]:
        return tuple(self._items.values())

    def find(self, file_id: FileId) -> Item | None:
        """An item that we may see."""
        item = self._items.get(file_id)
        return item if item and item.visible else None

    def corpus_of(self, item: Item) -> Corpus:
        *_, root = item.line()
        return SHARED_DRIVE if root.file_id == self.root else OWN_LOG

    def changes(self, corpus: Corpus, after: int) -> list[tuple[int, FileId]]:
        """What changed after a point, oldest first; an item stands once, at its newest change."""
        changed = ((number, file_id) for file_id, number in self._logs[corpus].items())
        return sorted(entry for entry in changed if entry[0] > after)

    def _create(self, name: str, content_type: str, parent: FileId | None) -> Item:
        return self._add(self.next_id(), name, content_type, parent)

    def _add(self, file_id: FileId, name: str, content_type: str, parent: FileId | None) -> Item:
        above = self._items[parent] if parent else None
        self._items[file_id] = Item(
            file_id=file_id,
            name=name,
            content_type=content_type,
            parent=above,
            changed_at=self._now(),
        )
        self.touch(file_id)
        return self._items[file_id]

    @contextmanager
    def _changed(self, file_id: FileId) -> Iterator[Item]:
        """Around a change: numbers it, in the log that the item leaves and in that it enters."""
        item = self._items[file_id]
        corpora = {self.corpus_of(item)}
        yield item
        corpora.add(self.corpus_of(item))
        self.last_change += 1
        item.version += 1
        item.changed_at = self._now()
        for corpus in corpora:
            self._logs[corpus][file_id] = self.last_change


def shown(item: Item) -> DriveFile:
    """An item as Drive's API shows it, without its revisions."""
    head = item.revisions()[-1] if item.kept else None
    return DriveFile(
        file_id=item.file_id,
        name=item.name,
        content_type=item.content_type,
        parent=item.parent.file_id if item.parent else None,
        version=item.version,
        trashed=item.in_trash,
        modified_at=item.changed_at,
        head=head.revision if head else None,
        size_bytes=head.size_bytes if head else None,
        md5=head.md5 if head else None,
        can_download=item.can_download,
        can_read_revisions=item.can_read_revisions,
        shortcut_target=item.target,
    )


def _revision(revision: RevisionId, data: bytes) -> Revision:
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return Revision(revision=revision, size_bytes=len(data), md5=digest)
