"""The methods of the changes resource: following a log from a token to its end."""

import sqlite3
from typing import Any

from localcloud.drive import access, drives, journal
from localcloud.drive.call import Call
from localcloud.drive.ids import root_folder_id
from localcloud.drive.model import File, Role
from localcloud.drive.refusals import drive_not_found, invalid
from localcloud.drive.resource import FileView
from localcloud.drive.search import require_shared_drives, wants_drive
from localcloud.drive.session import Session


def get_start_page_token(session: Session, call: Call) -> dict[str, Any]:
    log = log_of(session, call)
    token = str(journal.next_position(session, log))
    return {"kind": "drive#startPageToken", "startPageToken": token}


def log_of(session: Session, call: Call) -> str:
    """The log that a call is about: a shared drive's for its members, else the caller's own."""
    drive_id = call.drive_id
    if drive_id is None:
        return journal.user_log(session.caller)
    if not call.all_drives:
        raise drive_not_found(drive_id)
    access.get_drive_role(session, drive_id)
    return journal.drive_log(drive_id)


def list_changes(session: Session, call: Call) -> dict[str, Any]:
    if call.drive_id:
        require_shared_drives(call)
    log = log_of(session, call)
    position, size = start_of(session, call, log), call.params["pageSize"]
    rows = session.rows(
        "select * from changes where log = ? and position >= ? order by position limit ?",
        [log, position, size + 1],
    )
    shown = _Shown(session, call)
    found = [shown.entry(row) for row in rows[:size]] if wants_drive(call) else []
    entries = [entry for entry in found if entry is not None]
    page: dict[str, Any] = {"kind": "drive#changeList", "changes": entries}
    if len(rows) > size:
        page["nextPageToken"] = str(rows[size - 1]["position"] + 1)
    else:
        page["newStartPageToken"] = str(journal.next_position(session, log))
    return page


def start_of(session: Session, call: Call, log: str) -> int:
    """The position that a page token names. Tokens of changes never expire."""
    text = call.params["pageToken"]
    if not text.isdigit() or not 1 <= int(text) <= journal.next_position(session, log):
        raise invalid("pageToken")
    return int(text)


class _Shown:
    """The entries of one page, as the call asked for them."""

    def __init__(self, session: Session, call: Call) -> None:
        self._session = session
        self._call = call
        self._shared = call.all_drives and call.include_all_drives
        self._view = FileView(session, call.inner_mask("changes", "file"))

    def entry(self, row: sqlite3.Row) -> dict[str, Any] | None:
        entry = self._drive(row) if row["kind"] == "drive" else self._file(row)
        if entry is None or (entry["removed"] and not self._call.params["includeRemoved"]):
            return None
        return entry

    def _drive(self, row: sqlite3.Row) -> dict[str, Any] | None:
        if not self._shared:
            return None
        entry = _entry(row, "drive") | {"driveId": row["item"], "teamDriveId": row["item"]}
        if not entry["removed"]:
            entry["drive"] = drives.show(self._session, row["item"])
        return entry

    def _file(self, row: sqlite3.Row) -> dict[str, Any] | None:
        entry = _entry(row, "file") | {"fileId": row["item"]}
        file = access.load(self._session, row["item"])
        readable = file is not None and access.role_on(self._session, file) > Role.NONE
        if file and readable and not self._wanted(file):
            return None
        entry["removed"] = entry["removed"] or not readable
        if (
            file
            and readable
            and (not entry["removed"] or self._call.params["includeCorpusRemovals"])
        ):
            entry["file"] = self._view.show_all([file])[0]
        return entry

    def _wanted(self, file: File) -> bool:
        if file.drive_id and not self._shared:
            return False
        if not self._call.params["restrictToMyDrive"]:
            return True
        chain = self._session.rows(
            f"{access.CHAIN} select id from chain",  # noqa: S608 (constant)
            {"id": file.id},
        )
        return str(chain[-1]["id"]) == root_folder_id(self._session.caller)


def _entry(row: sqlite3.Row, kind: str) -> dict[str, Any]:
    return {
        "kind": "drive#change",
        "type": kind,
        "changeType": kind,
        "time": row["time"],
        "removed": bool(row["removed"]),
    }
