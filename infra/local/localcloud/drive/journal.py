"""The change logs: one for each user and one for each shared drive.

An entry says which item changed, not what; a later change of the same item replaces the entry
(Drive guide "Track changes for users and shared drives").
"""

from localcloud.drive import access
from localcloud.drive.model import File
from localcloud.drive.session import Session


def user_log(email: str) -> str:
    return f"user {email}"


def drive_log(drive_id: str) -> str:
    return f"drive {drive_id}"


def logs_of(session: Session, file: File) -> set[str]:
    """The logs in which a change of this file is entered."""
    if file.drive_id is None:
        return {user_log(email) for email in access.members(session, file.id)}
    # Members follow the drive's log; whoever only sees the item has it in their own.
    guests = {user_log(email) for email in access.guests(session, file)}
    return {drive_log(file.drive_id)} | guests


def record(session: Session, file: File, before: set[str] | None = None) -> None:
    """Enters a change of a file; the logs of `before` that lost it learn that it is gone."""
    after = logs_of(session, file)
    for log in after:
        enter(session, log, "file", file.id)
    for log in (before or set()) - after:
        enter(session, log, "file", file.id, removed=True)


def record_deletion(session: Session, file_id: str, before: set[str]) -> None:
    for log in before:
        enter(session, log, "file", file_id, removed=True)


def record_drive(session: Session, drive_id: str, people: set[str], lost: set[str]) -> None:
    """Enters a change of a shared drive itself or of its members."""
    for log in {drive_log(drive_id), *map(user_log, people)}:
        enter(session, log, "drive", drive_id)
    for email in lost:
        enter(session, user_log(email), "drive", drive_id, removed=True)


def enter(session: Session, log: str, kind: str, item: str, *, removed: bool = False) -> None:
    """Puts an item at the end of a log and rings the channels that watch it."""
    position = next_position(session, log)
    session.run("delete from changes where (log, kind, item) = (?, ?, ?)", [log, kind, item])
    session.run(
        "insert into changes values (?, ?, ?, ?, ?, ?)",
        [log, position, kind, item, removed, session.time],
    )
    session.run(
        "insert into logs values (?, ?) on conflict (name) do update set next = excluded.next",
        [log, position + 1],
    )
    ring_log(session, log)


def next_position(session: Session, log: str) -> int:
    row = session.row("select next from logs where name = ?", [log])
    return int(row["next"]) if row else 1


def ring_log(session: Session, log: str) -> None:
    """Queues a push for every living channel on a log."""
    for row in session.rows("select id from channels where log = ?", [log]):
        push(session, row["id"], "change", None)


def ring_file(session: Session, file_id: str, state: str, changed: set[str]) -> None:
    """Queues a push for every living channel on a file."""
    for row in session.rows("select id from channels where file_id = ?", [file_id]):
        push(session, row["id"], state, ",".join(sorted(changed)) or None)


def push(session: Session, channel: str, state: str, changed: str | None) -> None:
    """Queues one message; numbers of messages grow, but not one by one (Drive guide "Push")."""
    now = session.now.timestamp()
    values = [channel, state, changed, now, channel, now * 1000]
    queued = session.run(
        "insert into pushes (channel, message, state, changed, due)"
        " select ?, next_number, ?, ?, ? from channels where id = ? and expiration > ?",
        values,
    )
    session.run("update channels set next_number = next_number + 7 where id = ?", [channel])
    session.pushes += queued.rowcount
