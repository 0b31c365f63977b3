"""Where a file lies: its one parent, and what it takes to move it."""

from localcloud.drive import access, journal
from localcloud.drive.call import Call
from localcloud.drive.model import File, Role
from localcloud.drive.refusals import bad_request, file_not_found, forbidden, not_allowed
from localcloud.drive.session import Session

_DEEPEST = 100  # levels of folders in a My Drive


def new_parent(session: Session, parents: list[str] | None, *, all_drives: bool) -> File:
    """The folder for a new file: the one that is asked for, or the caller's My Drive."""
    if parents and len(parents) > 1:
        raise _too_many_parents()
    return _folder(session, parents[0] if parents else "root", all_drives=all_drives)


def parent_of_copy(session: Session, source: File, parents: list[str] | None, call: Call) -> File:
    """A copy lies beside its source where the caller may put it there."""
    beside = access.load(session, source.parent) if source.parent else None
    if not parents and beside and access.role_on(session, beside) >= Role.WRITER:
        return beside
    return new_parent(session, parents, all_drives=call.all_drives)


def _folder(session: Session, folder_id: str, *, all_drives: bool) -> File:
    folder = access.get_file(session, folder_id, all_drives=all_drives)
    if not folder.is_folder:
        raise forbidden("parentNotAFolder", "The specified parent is not a folder.")
    if access.role_on(session, folder) < Role.WRITER:
        message = "Insufficient permissions for the specified parent."
        raise forbidden("insufficientParentPermissions", message)
    return folder


def _too_many_parents() -> Exception:
    return forbidden("cannotAddParent", "Increasing the number of parents is not allowed.")


def move(session: Session, file: File, call: Call) -> set[str]:
    """Applies addParents and removeParents; says what kinds of change came of it."""
    adding = _ids(session, call.params.get("addParents"))
    removing = _ids(session, call.params.get("removeParents"))
    if not adding and not removing:
        return set()
    if len(adding) > 1 or (adding and file.parent not in {None, *removing}):
        raise _too_many_parents()
    if not adding:
        if file.parent in removing:
            raise bad_request("A file must have exactly one parent.", "removeParents")
        raise file_not_found(removing[0])
    _move(session, file, _folder(session, adding[0], all_drives=call.all_drives))
    return {"parents"}


def _ids(session: Session, text: str | None) -> list[str]:
    return [access.resolve(session, part.strip()) for part in (text or "").split(",") if part]


def _move(session: Session, file: File, target: File) -> None:
    _check_move(session, file, target)
    session.run("update files set parent = ? where id = ?", [target.id, file.id])
    if target.drive_id != file.drive_id:
        _change_drive(session, file, target)
    session.forget_folders()
    for folder in (file.parent, target.id):
        journal.ring_file(session, str(folder), "update", {"children"})


def _check_move(session: Session, file: File, target: File) -> None:
    if file.is_folder and any(each.id == target.id for each in access.subtree(session, file.id)):
        raise bad_request("A folder cannot be moved into itself.", "addParents")
    role = access.role_on(session, file)
    if role < _needed(file, target):
        raise not_allowed(file.id)
    if target.drive_id == file.drive_id:
        return
    if file.is_folder:
        message = "Moving folders into shared drives or out of them is not supported."
        raise forbidden("teamDrivesFolderMoveInNotSupported", message)
    if access.is_trashed(session, file):
        into = "cannotMoveTrashedItemIntoTeamDrive"
        reason = into if target.drive_id else "cannotMoveTrashedItemOutOfTeamDrive"
        raise forbidden(reason, "A trashed item cannot change its drive.")


def _needed(file: File, target: File) -> Role:
    """Editors rearrange a My Drive, content managers a shared one; leaving takes the highest."""
    if target.drive_id == file.drive_id:
        return Role.FILE_ORGANIZER if file.drive_id else Role.WRITER
    return Role.ORGANIZER if file.drive_id else Role.OWNER


def _change_drive(session: Session, file: File, target: File) -> None:
    """A shared drive owns what lies in it; outside, whoever took the file out does."""
    owner = None if target.drive_id else session.caller
    session.run(
        "update files set drive_id = ?, owner = ? where id = ?",
        [target.drive_id, owner, file.id],
    )
    session.run("delete from permissions where file_id = ? and role = 'owner'", [file.id])
    if owner:
        session.run("delete from permissions where file_id = ? and email = ?", [file.id, owner])
        access.grant_owner(session, file.id, owner)


def check_depth(session: Session, parent: File) -> None:
    """A My Drive holds at most a hundred levels of folders."""
    row = session.row(
        f"{access.CHAIN} select max(depth) from chain",  # noqa: S608 (constant)
        {"id": parent.id},
    )
    if parent.drive_id is None and row and row[0] >= _DEEPEST:
        message = "Your My Drive can't contain more than 100 levels of folders."
        raise forbidden("myDriveHierarchyDepthLimitExceeded", message)
