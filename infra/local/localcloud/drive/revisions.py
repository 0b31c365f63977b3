"""The methods of the revisions resource. Only whoever may edit a file sees its history."""

from typing import Any

from localcloud.drive import access, files, history, journal, people, resource
from localcloud.drive.call import Answer, Call
from localcloud.drive.model import File, Revision, Role
from localcloud.drive.pages import page_token, place_of
from localcloud.drive.refusals import forbidden
from localcloud.drive.session import Session
from localcloud.errors import ApiError

# revisions.* have no supportsAllDrives: they work on shared drives as they are.
_ALL_DRIVES = True


def list_revisions(session: Session, call: Call) -> dict[str, Any]:
    file = _file(session, call)
    place = place_of(session, call.params)
    size, start = call.params["pageSize"], place[0] if place else 0
    found = [each for each in history.revisions_of(session, file.id) if each.number > start]
    shown = [_show(session, file, each) for each in found[:size]]
    page: dict[str, Any] = {"kind": "drive#revisionList", "revisions": shown}
    if len(found) > size:
        last = found[size - 1].number
        page["nextPageToken"] = page_token(session, call.params, [last])
    return page


def get(session: Session, call: Call) -> Answer:
    file = _file(session, call)
    revision = _revision(session, file, call)
    if not call.wants_media:
        return _show(session, file, revision)
    restricted = "restrictRevisions" in file.details.get("flags", ())
    if restricted and not revision.keep_forever and revision.id != file.head:
        message = "This revision cannot be downloaded by the authenticated user."
        raise forbidden("download_restricted_for_revision", message)
    acknowledged = call.params["acknowledgeAbuse"]
    return files.media(session, file, revision.id, acknowledged=acknowledged)


def update(session: Session, call: Call) -> dict[str, Any]:
    file = _file(session, call)
    revision = _revision(session, file, call)
    keep = call.body.get("keepForever")
    if keep is not None and file.is_blob:
        _keep(session, revision, keep=keep)
        _changed(session, file)
    return _show(session, file, _revision(session, file, call))


def _keep(session: Session, revision: Revision, *, keep: bool) -> None:
    if revision.keep_forever and not keep:
        message = "Bad Request. Cannot update a revision to false that is marked as keepForever."
        raise ApiError(400, "illegalKeepForeverModification", message)
    if keep and not revision.keep_forever:
        history.check_kept(session, revision.file_id)
        session.run("update revisions set keep_forever = 1 where number = ?", [revision.number])


def delete(session: Session, call: Call) -> None:
    file = _file(session, call)
    revision = _revision(session, file, call)
    if not file.is_blob:
        message = "Revisions of this file cannot be deleted."
        raise forbidden("revisionDeletionNotSupported", message)
    others = [each for each in history.revisions_of(session, file.id) if each != revision]
    if not others:
        message = "The only revision of a file cannot be deleted."
        raise forbidden("cannotDeleteOnlyRevision", message)
    history.remove_revision(session, revision)
    if revision.id == file.head:
        _make_head(session, file, others[-1])
    _changed(session, file)


def _make_head(session: Session, file: File, revision: Revision) -> None:
    session.run("update files set head = ? where id = ?", [revision.id, file.id])
    session.run("update revisions set superseded_time = null where number = ?", [revision.number])


def _changed(session: Session, file: File) -> None:
    session.run("update files set version = version + 1 where id = ?", [file.id])
    journal.record(session, file)
    journal.ring_file(session, file.id, "update", {"properties"})


def _file(session: Session, call: Call) -> File:
    file = access.get_file(session, call.params["fileId"], all_drives=_ALL_DRIVES, need=Role.WRITER)
    if not (file.is_blob or file.is_native):
        raise forbidden("revisionsNotSupported", "The file does not support revisions.")
    return file


def _revision(session: Session, file: File, call: Call) -> Revision:
    wanted = call.params["revisionId"]
    found = history.revision_of(session, file.id, file.head if wanted == "head" else wanted)
    if found is None:
        raise ApiError(404, "notFound", f"Revision not found: {wanted}.", "revisionId")
    return found


def _show(session: Session, file: File, revision: Revision) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": "drive#revision",
        "id": revision.id,
        "mimeType": file.mime_type if file.is_native else revision.mime_type,
        "modifiedTime": revision.modified_time,
        "lastModifyingUser": people.user(session, revision.modified_by),
    }
    if file.is_native:
        links = resource.export_links(session, file, revision.id)
        return shown | {"published": False} | ({"exportLinks": links} if links else {})
    return shown | {
        "keepForever": revision.keep_forever,
        "md5Checksum": revision.md5,
        "originalFilename": revision.original_filename,
        "size": str(revision.size),
    }
