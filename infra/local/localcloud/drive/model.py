"""What Drive keeps: files, their revisions, and the roles that people have on them."""

import json
import re
import sqlite3
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
GOOGLE_APPS = "application/vnd.google-apps."


class Role(IntEnum):
    """Each role can do what the ones before it can (Drive guide "Roles and permissions")."""

    NONE = 0
    METADATA = 1  # sees that a folder with limited access exists, and no more
    READER = 2
    COMMENTER = 3
    WRITER = 4
    FILE_ORGANIZER = 5
    ORGANIZER = 6
    OWNER = 7


ROLES = {
    "reader": Role.READER,
    "commenter": Role.COMMENTER,
    "writer": Role.WRITER,
    "fileOrganizer": Role.FILE_ORGANIZER,
    "organizer": Role.ORGANIZER,
    "owner": Role.OWNER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One content of one file."""

    number: int
    file_id: str
    id: str
    mime_type: str
    modified_time: str
    modified_by: str
    superseded_time: str | None
    keep_forever: bool
    original_filename: str | None
    content: str
    size: int
    md5: str
    sha1: str
    sha256: str

    @staticmethod
    def of(row: sqlite3.Row) -> "Revision":
        return Revision(**{**dict(row), "keep_forever": bool(row["keep_forever"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One item of Drive: a file, a folder, a shortcut or a Google document."""

    number: int
    id: str
    name: str
    mime_type: str
    parent: str | None
    drive_id: str | None
    owner: str | None
    created_time: str
    modified_time: str
    modified_by: str
    version: int
    trashed_time: str | None
    trashed_by: str | None
    limited: bool  # its folder's permissions do not reach it
    head: str | None
    details: dict[str, Any]  # settable fields that no rule of the server depends on

    @staticmethod
    def of(row: sqlite3.Row) -> "File":
        values = {name: row[name] for name in _FILE_COLUMNS}
        values["limited"] = bool(values["limited"])
        values["details"] = json.loads(values["details"])
        return File(**values)

    @property
    def is_folder(self) -> bool:
        return self.mime_type == FOLDER

    @property
    def is_native(self) -> bool:
        """A Google document: no bytes of its own, only exports."""
        return self.mime_type.startswith(GOOGLE_APPS) and self.mime_type not in (FOLDER, SHORTCUT)

    @property
    def is_blob(self) -> bool:
        return not self.mime_type.startswith(GOOGLE_APPS)

    @property
    def is_drive_root(self) -> bool:
        return self.id == self.drive_id


_FILE_COLUMNS = tuple(File.__dataclass_fields__)
FILE_COLUMNS = ", ".join(f"files.{name}" for name in _FILE_COLUMNS)


def words(*texts: str | None) -> str:
    """The words of some texts for searching: folded, each after a blank."""
    found = re.findall(r"\w+", " ".join(text for text in texts if text).casefold())
    return "".join(f" {word}" for part in found for word in part.split("_") if word) + " "
