"""Creating, reading, changing and copying files."""

import json
import mimetypes
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from localcloud.clock import timestamp
from localcloud.drive import access, exports, formats, history, journal, moves, resource, trash
from localcloud.drive.call import Answer, Call, Media
from localcloud.drive.capabilities import file_capabilities, is_locked, may_download
from localcloud.drive.content import Received
from localcloud.drive.ids import is_generated, new_file_id
from localcloud.drive.model import FOLDER, GOOGLE_APPS, SHORTCUT, File, Role, words
from localcloud.drive.refusals import (
    bad_request,
    file_not_found,
    forbidden,
    not_allowed,
    not_downloadable,
)
from localcloud.drive.session import Session
from localcloud.drive.settings import check_writable, merged
from localcloud.errors import ApiError

_UNKNOWN = "application/octet-stream"
_OWNERS_ALONE = {"writersCanShare", "inheritedPermissionsDisabled", "downloadRestrictions"}


def get(session: Session, call: Call) -> Answer:
    file = access.get_file(session, call.params["fileId"], all_drives=call.all_drives)
    if call.wants_media:
        return media(session, file, file.head, acknowledged=call.params["acknowledgeAbuse"])
    return resource.show(session, file, call.mask)


def media(session: Session, file: File, revision_id: str | None, *, acknowledged: bool) -> Media:
    """The bytes of one content of a file, for a caller who may have them."""
    revision = history.revision_of(session, file.id, revision_id)
    if not file.is_blob or revision is None:
        raise not_downloadable()
    check_download(session, file, acknowledged=acknowledged)
    return Media(
        content_type=revision.mime_type,
        content=revision.content,
        size=revision.size,
        file_name=revision.original_filename,
    )


def check_download(session: Session, file: File, *, acknowledged: bool = False) -> None:
    role = access.role_on(session, file)
    if not may_download(file, role, resource.drive_restrictions(session, file.drive_id)):
        message = "This file cannot be downloaded by the user."
        raise forbidden("cannotDownloadFile", message)
    # Only the owner or an organizer can acknowledge; from others Drive ignores it.
    accepted = acknowledged and role >= Role.ORGANIZER
    if "abuse" in file.details.get("flags", ()) and not accepted:
        message = "This file has been identified as malware or spam and cannot be downloaded."
        raise forbidden("cannotDownloadAbusiveFile", message)


def check_create(session: Session, call: Call) -> File:
    """Refuses what cannot become a file, before its content comes; returns its folder."""
    check_writable(call.body, is_new=True)
    return moves.new_parent(session, call.body.get("parents"), all_drives=call.all_drives)


def create(session: Session, call: Call) -> dict[str, Any]:
    body, parent = call.body, check_create(session, call)
    mime_type = _mime_type(body, call)
    if call.received and mime_type in (FOLDER, SHORTCUT):
        raise bad_request("Folders and shortcuts have no content.")
    if mime_type == FOLDER:
        moves.check_depth(session, parent)
    details = merged({}, body)
    if mime_type == SHORTCUT:
        details["shortcutDetails"] = _shortcut(session, body, all_drives=call.all_drives)
    file = _insert(session, parent, _new_id(session, body), mime_type, body, details)
    _star(session, file, body)
    if file.is_blob or call.received:
        received = call.received or session.content.receive(())
        _add_content(session, file, received, call, source=call.content_type)
    return _finished(session, file, call)


def _mime_type(body: dict[str, Any], call: Call) -> str:
    """What the client says, else what came with the content, else what the name looks like."""
    told = body.get("mimeType")
    if told:
        return str(told)
    if call.content_type and call.content_type != _UNKNOWN:
        return call.content_type
    return mimetypes.guess_type(str(body.get("name")))[0] or _UNKNOWN


def _new_id(session: Session, body: dict[str, Any]) -> str:
    file_id = body.get("id")
    if file_id is None:
        return new_file_id()
    if not is_generated(file_id):
        raise ApiError(400, "invalid", "The provided file ID is not usable.", "file.id")
    used = "select 1 from files where id = :id union select 1 from deleted where id = :id"
    if session.row(used, {"id": file_id}):
        message = "A file already exists with the provided ID."
        raise ApiError(409, "fileIdInUse", message)
    return str(file_id)


def _shortcut(session: Session, body: dict[str, Any], *, all_drives: bool) -> dict[str, str]:
    target_id = (body.get("shortcutDetails") or {}).get("targetId")
    if not target_id:
        raise bad_request("A shortcut needs shortcutDetails.targetId.")
    target = access.get_file(session, target_id, all_drives=all_drives)
    if target.mime_type == SHORTCUT:
        raise forbidden("shortcutTargetInvalid", "The shortcut target is invalid.")
    return {"targetId": target.id, "targetMimeType": target.mime_type}


def _insert(
    session: Session,
    parent: File,
    file_id: str,
    mime_type: str,
    body: dict[str, Any],
    details: dict[str, Any],
) -> File:
    name = str(body.get("name") or "Untitled")
    owner = None if parent.drive_id else session.caller
    session.insert(
        "files",
        {
            "id": file_id,
            "name": name,
            "words": words(name),
            "mime_type": mime_type,
            "parent": parent.id,
            "drive_id": parent.drive_id,
            "owner": owner,
            "created_time": _moment(body.get("createdTime"), session),
            "modified_time": _moment(body.get("modifiedTime"), session),
            "modified_by": session.caller,
            "version": 1,
            "limited": bool(body.get("inheritedPermissionsDisabled")),
            "details": json.dumps(details),
        },
    )
    if owner:
        access.grant_owner(session, file_id, owner)
    return reload(session, file_id)


def _moment(text: str | None, session: Session) -> str:
    if not text:
        return session.time
    return timestamp(datetime.fromisoformat(text).astimezone(UTC))


def _star(session: Session, file: File, body: dict[str, Any]) -> None:
    values = [file.id, session.caller]
    if body.get("starred"):
        session.run("insert or ignore into stars values (?, ?)", values)
    elif body.get("starred") is False:
        session.run("delete from stars where (file_id, email) = (?, ?)", values)


def _add_content(
    session: Session, file: File, received: Received, call: Call, *, source: str | None
) -> None:
    """Makes received bytes the newest content; a Google document imports them."""
    mime_type = file.mime_type
    if file.is_native:
        mime_type = source or _UNKNOWN
        if file.mime_type not in formats.IMPORTS.get(mime_type, ()):
            raise bad_request("The requested conversion is not supported.")
        exports.check_import(file.mime_type, session.content.read(received.content), mime_type)
    history.add_revision(
        session,
        file,
        received,
        mime_type=mime_type,
        original_filename=call.body.get("originalFilename") or file.name,
        keep_forever=bool(call.params.get("keepRevisionForever")) and file.is_blob,
    )


def _finished(session: Session, file: File, call: Call) -> dict[str, Any]:
    """Enters a new file in the logs and answers it."""
    file = reload(session, file.id)
    journal.record(session, file)
    journal.ring_file(session, str(file.parent), "update", {"children"})
    return resource.show(session, file, call.mask)


def reload(session: Session, file_id: str) -> File:
    """A file as it is after a change."""
    file = access.load(session, file_id)
    if file is None:
        raise file_not_found(file_id)
    return file


def check_update(session: Session, call: Call) -> File:
    """Refuses a change that the caller may not make; returns the file."""
    _check_body(call.body)
    file = access.get_file(session, call.params["fileId"], all_drives=call.all_drives)
    _check_role(session, file, call)
    return file


def update(session: Session, call: Call) -> dict[str, Any]:
    body, file = call.body, check_update(session, call)
    before = journal.logs_of(session, file)
    _star(session, file, body)
    changed = moves.move(session, file, call) | _change(session, file, call)
    state = trash.set_trashed(session, file, body.get("trashed"))
    file = reload(session, file.id)
    journal.record(session, file, before)
    journal.ring_file(session, file.id, state or "update", changed)
    return resource.show(session, file, call.mask)


def _check_body(body: dict[str, Any]) -> None:
    if "parents" in body:
        message = (
            "The parents field is not directly writable in update requests."
            " Use the addParents and removeParents parameters instead."
        )
        raise forbidden("fieldNotWritable", message)
    check_writable(body, is_new=False)


def _check_role(session: Session, file: File, call: Call) -> None:
    """Stars are everyone's own, trash has its rule, and the rest needs a writer."""
    role, named = access.role_on(session, file), call.body.keys() - {"kind"}
    lenient = named and named <= {"starred", "trashed"} and call.received is None
    if not lenient and (role < Role.WRITER or access.is_top(file)):
        raise not_allowed(file.id)
    if named & _OWNERS_ALONE and role < Role.ORGANIZER:
        raise not_allowed(file.id)
    if call.received and not (file.is_blob or file.is_native):
        raise not_allowed(file.id)
    changes_content = call.received is not None or "name" in named
    if changes_content and is_locked(file) and "contentRestrictions" not in named:
        raise not_allowed(file.id)


def _change(session: Session, file: File, call: Call) -> set[str]:
    """Writes the new values, and says what kinds of change they are."""
    body, changed = call.body, set()
    name = str(body.get("name") or file.name)
    mime_type = _new_mime_type(file, call)
    touched = bool(body.keys() & {"name", "description"}) or call.received is not None
    modified = body.get("modifiedTime") or (None if touched else file.modified_time)
    session.run(
        "update files set name = ?, words = ?, mime_type = ?, modified_time = ?, modified_by = ?,"
        " limited = ?, details = ?, version = version + 1 where id = ?",
        [
            name,
            words(name),
            mime_type,
            _moment(modified, session),
            session.caller if touched or body.get("modifiedTime") else file.modified_by,
            bool(body.get("inheritedPermissionsDisabled", file.limited)),
            json.dumps(merged(file.details, body)),
            file.id,
        ],
    )
    session.forget_folders()
    if call.received:
        changed.add("content")
        newer = replace(file, name=name, mime_type=mime_type)
        _add_content(session, newer, call.received, call, source=call.content_type)
    return changed | ({"properties"} if body.keys() - {"trashed"} else set())


def _new_mime_type(file: File, call: Call) -> str:
    """A file keeps its type until other content comes; a Google document always."""
    told = call.body.get("mimeType")
    if call.received is None or not file.is_blob:
        if told not in (None, file.mime_type):
            raise bad_request("The MIME type cannot be changed without new content.", "mimeType")
        return file.mime_type
    if told and str(told).startswith(GOOGLE_APPS):
        raise bad_request("The requested conversion is not supported.", "mimeType")
    return str(told or file.mime_type)


def copy(session: Session, call: Call) -> dict[str, Any]:
    source = access.get_file(session, call.params["fileId"], all_drives=call.all_drives)
    restrictions = resource.drive_restrictions(session, source.drive_id)
    role = access.role_on(session, source)
    if not file_capabilities(source, role, restrictions)["canCopy"]:
        raise forbidden("cannotCopyFile", "This file cannot be copied by the user.")
    check_writable(call.body, is_new=True)
    body = {"name": f"Copy of {source.name}", **call.body}
    parent = moves.parent_of_copy(session, source, body.get("parents"), call)
    mime_type = str(body.get("mimeType") or source.mime_type)
    details = {name: value for name, value in source.details.items() if name != "flags"}
    file = _insert(session, parent, _new_id(session, body), mime_type, body, merged(details, body))
    head = history.revision_of(session, source.id, source.head)
    if head:
        received = session.content.received(session.content.copy(head.content))
        _add_content(session, file, received, call, source=head.mime_type)
    return _finished(session, file, call)
