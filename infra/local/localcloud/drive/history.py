"""The contents that a file has had, and when Drive throws old ones away.

Drive guide "Manage file revisions": 30 days after newer content came, earlier when a hundred are
not kept for ever; the head never.
"""

from dataclasses import asdict
from datetime import timedelta

from localcloud.clock import timestamp
from localcloud.drive.content import Received
from localcloud.drive.ids import new_revision_id
from localcloud.drive.model import File, Revision
from localcloud.drive.refusals import forbidden
from localcloud.drive.session import Session

_KEPT_FOREVER = 200
_KEPT_OTHERWISE = 100
_LIFE = timedelta(days=30)


def add_revision(
    session: Session,
    file: File,
    received: Received,
    *,
    mime_type: str,
    original_filename: str | None,
    keep_forever: bool,
) -> None:
    """Makes new content the head of a file."""
    if keep_forever:
        check_kept(session, file.id)
    revision_id = _next_number(session) if file.is_native else new_revision_id()
    revision = {
        "file_id": file.id,
        "id": revision_id,
        "mime_type": mime_type,
        "modified_time": session.time,
        "modified_by": session.caller,
        "keep_forever": keep_forever,
        "original_filename": original_filename,
    }
    session.insert("revisions", revision | asdict(received))
    session.run("update files set head = ? where id = ?", [revision_id, file.id])
    if file.head:
        session.run(
            "update revisions set superseded_time = ? where file_id = ? and id = ?",
            [session.time, file.id, file.head],
        )
        _purge_surplus(session, file.id, revision_id)


def _next_number(session: Session) -> str:
    """Revisions of Google documents have numbers, with gaps."""
    return str((session.rows("select max(number) from revisions")[0][0] or 0) + 1)


def check_kept(session: Session, file_id: str) -> None:
    """At most 200 revisions of a file are kept for ever."""
    row = session.row(
        "select count(*) from revisions where file_id = ? and keep_forever", [file_id]
    )
    if row and row[0] >= _KEPT_FOREVER:
        message = "The limit of revisions kept forever has been reached for this file."
        raise forbidden("revisionsKeepForeverLimitExceeded", message)


def _purge_surplus(session: Session, file_id: str, head: str) -> None:
    rows = session.rows(
        "select * from revisions where file_id = ? and not keep_forever and id != ?"
        " order by number desc limit -1 offset ?",
        [file_id, head, _KEPT_OTHERWISE - 1],
    )
    for row in rows:
        remove_revision(session, Revision.of(row))


def purge_old(session: Session) -> None:
    """Removes what was superseded more than 30 days ago and is not kept for ever."""
    limit = timestamp(session.now - _LIFE)
    rows = session.rows(
        "select * from revisions where superseded_time <= ? and not keep_forever", [limit]
    )
    for row in rows:
        remove_revision(session, Revision.of(row))


def remove_revision(session: Session, revision: Revision) -> None:
    session.run("delete from revisions where number = ?", [revision.number])
    session.erased = True
    session.discarded.append(revision.content)


def remove_all(session: Session, file_id: str) -> None:
    """Removes every content of a file that is being deleted."""
    for row in session.rows("delete from revisions where file_id = ? returning content", [file_id]):
        session.discarded.append(row["content"])


def revisions_of(session: Session, file_id: str) -> list[Revision]:
    """The contents of a file, oldest first."""
    rows = session.rows("select * from revisions where file_id = ? order by number", [file_id])
    return [Revision.of(row) for row in rows]


def revision_of(session: Session, file_id: str, revision_id: str | None) -> Revision | None:
    row = session.row(
        "select * from revisions where (file_id, id) = (?, ?)", [file_id, revision_id]
    )
    return Revision.of(row) if row else None
