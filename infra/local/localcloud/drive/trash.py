"""Trash, and permanent deletion: who may, what goes with a folder, and what stays behind.

Drive guide "Trash or delete files and folders".
"""

from datetime import timedelta

from localcloud.clock import timestamp
from localcloud.drive import access, history, journal
from localcloud.drive.call import Call
from localcloud.drive.model import FILE_COLUMNS, File, Role
from localcloud.drive.refusals import not_allowed
from localcloud.drive.session import Session

_LIFE_IN_TRASH = timedelta(days=30)
_TABLES = ("permissions", "stars", "operations", "uploads")  # all have a file_id


def set_trashed(session: Session, file: File, trashed: bool | None) -> str | None:
    """Moves a file into the trash or out of it; says which, when something changed."""
    if trashed is None:
        return None
    role = access.role_on(session, file)
    needed = Role.FILE_ORGANIZER if file.drive_id else Role.OWNER
    if role < needed or access.is_top(file):
        raise not_allowed(file.id)
    if trashed == (file.trashed_time is not None):
        return None
    session.run(
        "update files set trashed_time = ?, trashed_by = ? where id = ?",
        [session.time if trashed else None, session.caller if trashed else None, file.id],
    )
    session.forget_folders()
    return "trash" if trashed else "untrash"


def delete(session: Session, call: Call) -> None:
    file = access.get_file(session, call.params["fileId"], all_drives=call.all_drives)
    needed = Role.ORGANIZER if file.drive_id else Role.OWNER
    if access.role_on(session, file) < needed or access.is_top(file):
        raise not_allowed(file.id)
    delete_tree(session, file)


def empty_trash(session: Session, call: Call) -> None:
    """Deletes the caller's trashed files, or those of one shared drive."""
    drive_id = call.drive_id
    if drive_id:
        access.get_drive_role(session, drive_id, Role.ORGANIZER)
        _delete_all(session, "drive_id = ?", drive_id)
    else:
        _delete_all(session, "drive_id is null and owner = ?", session.caller)


def purge_trash(session: Session) -> None:
    """Deletes what has been in the trash for 30 days."""
    _delete_all(session, "trashed_time <= ?", timestamp(session.now - _LIFE_IN_TRASH))


def _delete_all(session: Session, condition: str, value: str) -> None:
    rows = session.rows(
        f"select {FILE_COLUMNS} from files where trashed_time is not null and {condition}",  # noqa: S608
        [value],
    )
    for row in rows:
        file = access.load(session, row["id"])
        if file:  # it may have gone with its folder
            delete_tree(session, file)


def delete_tree(session: Session, file: File) -> None:
    """Deletes a file and what is inside: in a shared drive everything, else the owner's files.

    What others own loses its parent and stays with them.
    """
    parent = file.parent
    for each in reversed(access.subtree(session, file.id)):
        if each.drive_id or each.owner == file.owner:
            _delete_one(session, each)
    if parent:
        journal.ring_file(session, parent, "update", {"children"})


def _delete_one(session: Session, file: File) -> None:
    before = journal.logs_of(session, file)
    journal.ring_file(session, file.id, "remove", set())
    _orphan_children(session, file)
    history.remove_all(session, file.id)
    for table in _TABLES:
        session.run(f"delete from {table} where file_id = ?", [file.id])  # noqa: S608 (our names)
    session.run("delete from files where id = ?", [file.id])
    session.erased = True
    session.run("insert or replace into deleted values (?, ?)", [file.id, session.time])
    session.forget_folders()
    journal.record_deletion(session, file.id, before)


def _orphan_children(session: Session, folder: File) -> None:
    for row in session.rows(f"select {FILE_COLUMNS} from files where parent = ?", [folder.id]):  # noqa: S608
        child = File.of(row)
        before = journal.logs_of(session, child)
        session.run(
            "update files set parent = null, version = version + 1 where id = ?", [child.id]
        )
        session.forget_folders()
        orphan = access.load(session, child.id)
        if orphan:
            journal.record(session, orphan, before)
