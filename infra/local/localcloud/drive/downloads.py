"""Getting content out: exports, the links in a resource, and the long-running download."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from localcloud.clock import timestamp
from localcloud.drive import access, exports, files, formats, history, resource
from localcloud.drive.call import Call, Media
from localcloud.drive.capabilities import may_download
from localcloud.drive.model import File, Role
from localcloud.drive.refusals import bad_request, forbidden, invalid, not_allowed
from localcloud.drive.session import Session
from localcloud.errors import ApiError

_LIMIT = 10 * 1024 * 1024  # of files.export; the other ways have none
_LIFE = timedelta(hours=24)
_TYPES = "type.googleapis.com/google.apps.drive.v3."


def export(session: Session, call: Call) -> Media:
    # files.export has no supportsAllDrives: it works on shared drives as it is.
    file = access.get_file(session, call.params["fileId"], all_drives=True)
    mime_type = call.params["mimeType"]
    _check_export(session, file, mime_type)
    too_large = int(file.details.get("exportSize", 0)) > _LIMIT
    media = None if too_large else render(session, file, file.head, mime_type)
    if media is None or len(media.data) > _LIMIT:
        if mime_type == formats.PDF:  # seen at Google: a PDF that is too large is a 500
            raise ApiError(500, "internalError", "Internal Error")
        raise forbidden("exportSizeLimitExceeded", "This file is too large to be exported.")
    return media


def _check_export(session: Session, file: File, mime_type: str) -> None:
    if file.mime_type not in formats.EXPORTS:
        raise forbidden("fileNotExportable", "Export only supports Docs Editors files.")
    role = access.role_on(session, file)
    if not may_download(file, role, resource.drive_restrictions(session, file.drive_id)):
        raise forbidden("cannotExportFile", "This file cannot be exported by the user.")
    if mime_type not in formats.EXPORTS[file.mime_type]:
        raise bad_request("The requested conversion is not supported.", "convertTo")


def render(session: Session, file: File, revision_id: str | None, mime_type: str) -> Media:
    """A Google document in some format, however large."""
    revision = history.revision_of(session, file.id, revision_id)
    source = session.content.read(revision.content) if revision else b""
    data = exports.export(file.mime_type, revision, source, mime_type, session.now)
    data = exports.padded(data, mime_type, int(file.details.get("exportSize", 0)))
    name = f"{file.name}.{formats.extension(mime_type)}"
    return Media(content_type=mime_type, data=data, size=len(data), ranges=False, file_name=name)


def export_link(session: Session, query: dict[str, str]) -> Media:
    """What an export link of a file or of a revision leads to."""
    file = access.get_file(session, query.get("id", ""), all_drives=True)
    mime_type = formats.mime_type_of(query.get("exportFormat", ""))
    if mime_type is None:
        raise invalid("exportFormat")
    _check_export(session, file, mime_type)
    revision_id = query.get("revision")
    if revision_id and access.role_on(session, file) < Role.WRITER:
        raise not_allowed(file.id)
    return render(session, file, revision_id or file.head, mime_type)


def content_link(session: Session, query: dict[str, str]) -> Media:
    """What `webContentLink` leads to."""
    file = access.get_file(session, query.get("id", ""), all_drives=True)
    return files.media(session, file, file.head, acknowledged=False)


def download(session: Session, call: Call) -> dict[str, Any]:
    """Starts a long-running download."""
    file = access.get_file(session, call.params["fileId"], all_drives=True)
    mime_type, revision_id = call.params.get("mimeType"), call.params.get("revisionId")
    if file.is_blob:
        _check_blob(session, file, mime_type, revision_id)
    else:
        mime_type = mime_type or next(iter(formats.EXPORTS.get(file.mime_type, ("",))))
        _check_export(session, file, mime_type)
    name = secrets.token_urlsafe(24)
    session.insert(
        "operations",
        {
            "name": name,
            "caller": session.caller,
            "file_id": file.id,
            "revision_id": revision_id,
            "mime_type": mime_type,
            "created_time": session.time,
        },
    )
    # A Google document takes a while: its operation is first seen pending.
    return _operation(session, name, file, done=file.is_blob)


def _check_blob(
    session: Session, file: File, mime_type: str | None, revision_id: str | None
) -> None:
    if mime_type:
        raise bad_request("A MIME type can be asked of Google documents alone.", "mimeType")
    if revision_id:
        if access.role_on(session, file) < Role.WRITER:
            raise not_allowed(file.id)
        if history.revision_of(session, file.id, revision_id) is None:
            raise ApiError(404, "notFound", f"Revision not found: {revision_id}.", "revisionId")
    files.check_download(session, file)


def _operation(session: Session, name: str, file: File, *, done: bool) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "name": name,
        "metadata": {"@type": f"{_TYPES}DownloadFileMetadata"},
    }
    if done:
        operation["done"] = True
        operation["response"] = {
            "@type": f"{_TYPES}DownloadFileResponse",
            "downloadUri": f"{session.root_url}/docs/download?operation={name}",
            "partialDownloadAllowed": file.is_blob,
        }
    return operation


def get_operation(session: Session, call: Call) -> dict[str, Any]:
    row = _find(session, call.params["name"])
    file = access.get_file(session, row["file_id"], all_drives=True)
    return _operation(session, row["name"], file, done=True)


def _find(session: Session, name: str) -> Any:
    row = session.row(
        "select * from operations where (name, caller) = (?, ?)", [name, session.caller]
    )
    if row is None or datetime.fromisoformat(row["created_time"]) + _LIFE <= session.now:
        raise ApiError(404, "notFound", f"Operation not found: {name}.", "name")
    return row


def download_link(session: Session, query: dict[str, str]) -> Media:
    """What the `downloadUri` of a finished operation leads to."""
    row = _find(session, query.get("operation", ""))
    file = access.get_file(session, row["file_id"], all_drives=True)
    revision_id = row["revision_id"] or file.head
    if file.is_blob:
        return files.media(session, file, revision_id, acknowledged=False)
    return render(session, file, revision_id, row["mime_type"])


def forget_old(session: Session) -> None:
    """Operations are valid for 24 hours."""
    limit = timestamp(session.now - _LIFE)
    session.run("delete from operations where created_time <= ?", [limit])
