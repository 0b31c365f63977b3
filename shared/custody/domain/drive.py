"""What Drive tells us, in our words."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from custody.domain.vault import FileId, RevisionId

Corpus = NewType("Corpus", str)
"""One change log of Drive with a cursor and channels of its own."""
SHARED_DRIVE = Corpus("shared-drive")
OWN_LOG = Corpus("own-log")
CORPORA = (SHARED_DRIVE, OWN_LOG)

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
NATIVE_PREFIX = "application/vnd.google-apps."

_OOXML = "application/vnd.openxmlformats-officedocument."
EXPORTS = {
    "application/vnd.google-apps.document": _OOXML + "wordprocessingml.document",
    "application/vnd.google-apps.spreadsheet": _OOXML + "spreadsheetml.sheet",
    "application/vnd.google-apps.presentation": _OOXML + "presentationml.presentation",
}
"""Native Google types that have an export, and the form that we keep (T9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One content of a binary file that Drive still has."""

    revision: RevisionId
    size_bytes: int | None
    md5: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveFile:
    """A file or folder as Drive shows it to us now."""

    file_id: FileId
    name: str
    content_type: str
    parent: FileId | None
    version: int
    trashed: bool = False
    modified_at: datetime | None = None
    head: RevisionId | None = None
    """The head revision of a binary file; None for native files, folders and shortcuts."""
    size_bytes: int | None = None
    md5: str | None = None
    can_download: bool = True
    can_read_revisions: bool = True
    shortcut_target: FileId | None = None
    revisions: tuple[Revision, ...] = ()
    """Oldest first, ending with the head. Empty until asked for."""

    @property
    def is_folder(self) -> bool:
        return self.content_type == FOLDER

    @property
    def is_native(self) -> bool:
        return self.content_type.startswith(NATIVE_PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Drive did not show the file: absent or no longer shared; it does not say which (T6)."""

    file_id: FileId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a change log. `file` is None when Drive says removed."""

    file_id: FileId
    file: DriveFile | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """One page of a change log; `more` tells whether `cursor` leads to another page now."""

    changes: tuple[Change, ...]
    cursor: str
    more: bool
