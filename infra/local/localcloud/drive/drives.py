"""The methods of the drives resource: shared drives and who is a member."""

import json
import operator
import sqlite3
from collections.abc import Callable
from typing import Any, assert_never

from localcloud.drive import access, ids, journal, trash
from localcloud.drive.call import Call
from localcloud.drive.capabilities import drive_capabilities
from localcloud.drive.conditions import moment
from localcloud.drive.model import FOLDER, Role, words
from localcloud.drive.pages import page_token, place_of
from localcloud.drive.query import Combination, Comparison, HasProperty, Negation, Query, parse
from localcloud.drive.refusals import bad_request, forbidden, invalid
from localcloud.drive.session import Session
from localcloud.errors import ApiError

_SETTINGS = frozenset({"colorRgb", "themeId", "backgroundImageFile"})


def create(session: Session, call: Call) -> dict[str, Any]:
    name, request_id = call.body_text("name"), call.params["requestId"]
    known = session.row(
        "select 1 from drives where (creator, request_id) = (?, ?)", [session.caller, request_id]
    )
    if known:
        message = f"A shared drive was already created with the request ID {request_id}."
        raise ApiError(409, "teamDriveAlreadyExists", message)
    drive_id = ids.new_drive_id()
    session.insert(
        "drives",
        {
            "id": drive_id,
            "name": name,
            "created_time": session.time,
            "creator": session.caller,
            "request_id": request_id,
        },
    )
    _make_top(session, drive_id)
    journal.record_drive(session, drive_id, {session.caller}, set())
    return show(session, drive_id)


def _make_top(session: Session, drive_id: str) -> None:
    """The top folder has the drive's id, and the members as its permissions."""
    session.insert(
        "files",
        {
            "id": drive_id,
            "name": "Drive",
            "words": "",
            "mime_type": FOLDER,
            "drive_id": drive_id,
            "created_time": session.time,
            "modified_time": session.time,
            "modified_by": session.caller,
            "version": 1,
        },
    )
    session.insert(
        "permissions",
        {
            "file_id": drive_id,
            "id": ids.permission_id(session.caller),
            "type": "user",
            "role": "organizer",
            "email": session.caller,
            "created_time": session.time,
            "created_by": session.caller,
        },
    )


def show(session: Session, drive_id: str) -> dict[str, Any]:
    """A shared drive as a member sees it."""
    row = session.row("select * from drives where id = ?", [drive_id])
    role = access.get_drive_role(session, drive_id)
    return _resource(session, row, role) if row else {}


def _resource(session: Session, row: sqlite3.Row, role: Role) -> dict[str, Any]:
    details = json.loads(row["details"])
    hidden = session.row(
        "select 1 from hidden_drives where (drive_id, email) = (?, ?)", [row["id"], session.caller]
    )
    settings = {name: details[name] for name in ("colorRgb",) if name in details}
    return settings | {
        "kind": "drive#drive",
        "id": row["id"],
        "name": row["name"],
        "createdTime": row["created_time"],
        "hidden": hidden is not None,
        "capabilities": drive_capabilities(role),
        "restrictions": _NO_RESTRICTIONS | details.get("restrictions", {}),
    }


_NO_RESTRICTIONS = {
    "adminManagedRestrictions": False,
    "copyRequiresWriterPermission": False,
    "domainUsersOnly": False,
    "driveMembersOnly": False,
    "sharingFoldersRequiresOrganizerPermission": False,
}


def get(session: Session, call: Call) -> dict[str, Any]:
    _refuse_administration(call)
    return show(session, call.params["driveId"])


def _refuse_administration(call: Call) -> None:
    """Nobody administers the domain here."""
    if call.params.get("useDomainAdminAccess"):
        message = "The user is not an administrator of the domain."
        raise forbidden("insufficientAdministratorPrivileges", message)


def list_drives(session: Session, call: Call) -> dict[str, Any]:
    _refuse_administration(call)
    rows = session.rows(
        "select drives.* from drives join permissions on permissions.file_id = drives.id"
        " where permissions.email = ? order by drives.name, drives.id",
        [session.caller],
    )
    shown = [show(session, row["id"]) for row in rows]
    if call.params.get("q"):
        query = parse(call.params["q"])
        shown = [drive for drive in shown if _matches(query, drive)]
    place = place_of(session, call.params)
    start, size = place[0] if place else 0, call.params["pageSize"]
    page = {"kind": "drive#driveList", "drives": shown[start : start + size]}
    if start + size < len(shown):
        page["nextPageToken"] = page_token(session, call.params, [start + size])
    return page


def _matches(query: Query, drive: dict[str, Any]) -> bool:
    match query:
        case Combination():
            left, right = _matches(query.left, drive), _matches(query.right, drive)
            return (left and right) if query.operator == "and" else (left or right)
        case Negation():
            return not _matches(query.term, drive)
        case Comparison():
            return _compares(query, drive)
        case HasProperty():
            raise invalid("q")
        case _:
            assert_never(query)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compares(term: Comparison, drive: dict[str, Any]) -> bool:
    if term.field == "name" and isinstance(term.value, str):
        if term.operator == "contains":
            return words(term.value).rstrip() in words(drive["name"])
        if term.operator in ("=", "!="):
            return _COMPARE[term.operator](drive["name"].casefold(), term.value.casefold())
    if term.field == "hidden" and isinstance(term.value, bool) and term.operator in ("=", "!="):
        return _COMPARE[term.operator](drive["hidden"], term.value)
    if term.field == "createdTime" and isinstance(term.value, str) and term.operator in _COMPARE:
        return _COMPARE[term.operator](drive["createdTime"], moment(term.value))
    raise invalid("q")


def update(session: Session, call: Call) -> dict[str, Any]:
    _refuse_administration(call)
    drive_id = call.params["driveId"]
    access.get_drive_role(session, drive_id, Role.ORGANIZER)
    row = session.row("select * from drives where id = ?", [drive_id])
    details = json.loads(row["details"]) if row else {}
    details |= {name: call.body[name] for name in _SETTINGS & call.body.keys()}
    restrictions = details.get("restrictions", {}) | call.body.get("restrictions", {})
    details |= {"restrictions": restrictions}
    session.run(
        "update drives set name = coalesce(?, name), details = ? where id = ?",
        [call.body.get("name"), json.dumps(details), drive_id],
    )
    journal.record_drive(session, drive_id, access.members(session, drive_id), set())
    return show(session, drive_id)


def delete(session: Session, call: Call) -> None:
    _refuse_administration(call)
    drive_id = call.params["driveId"]
    if call.params["allowItemDeletion"]:
        raise bad_request("allowItemDeletion needs useDomainAdminAccess.", "allowItemDeletion")
    access.get_drive_role(session, drive_id, Role.ORGANIZER)
    top = access.load(session, drive_id)
    inside = access.subtree(session, drive_id)[1:]
    if any(not access.is_trashed(session, file) for file in inside):
        message = "A shared drive cannot be deleted while it contains items outside the trash."
        raise forbidden("cannotDeleteNonEmptyTeamDrive", message)
    members = access.members(session, drive_id)
    if top:
        trash.delete_tree(session, top)
    session.run("delete from drives where id = ?", [drive_id])
    session.run("delete from hidden_drives where drive_id = ?", [drive_id])
    journal.record_drive(session, drive_id, set(), members)


def hide(session: Session, call: Call) -> dict[str, Any]:
    access.get_drive_role(session, call.params["driveId"])
    values = [call.params["driveId"], session.caller]
    session.run("insert or ignore into hidden_drives values (?, ?)", values)
    return show(session, call.params["driveId"])


def unhide(session: Session, call: Call) -> dict[str, Any]:
    access.get_drive_role(session, call.params["driveId"])
    values = [call.params["driveId"], session.caller]
    session.run("delete from hidden_drives where (drive_id, email) = (?, ?)", values)
    return show(session, call.params["driveId"])
