"""The messages of a mailbox: found, put in, changed and removed, each change in the history."""

import html
import re
import secrets
import sqlite3
from collections.abc import Iterable
from datetime import timedelta

from localcloud.gmail import journal, parts
from localcloud.gmail.refusals import invalid, not_found
from localcloud.gmail.session import Session

_ID = re.compile(r"[0-9a-f]{1,16}")
_LIFE_IN_TRASH = timedelta(days=30)
_SNIPPET = 200
_ANSWER = re.compile(r"^((re|fwd?|aw|wg)\s*:\s*)+", re.IGNORECASE)
_NAME = re.compile(r"<[^<>\s]+>")


def find(session: Session, message_id: str) -> sqlite3.Row:
    """404 for an id that is nobody's, 400 for what is no id."""
    if not _ID.fullmatch(message_id):
        raise invalid("Invalid id value")
    row = session.row(
        "select * from messages where mailbox = ? and id = ?", [session.mailbox, message_id]
    )
    if row is None:
        raise not_found()
    return row


def raw_of(session: Session, message: sqlite3.Row) -> bytes:
    row = session.row("select raw from contents where message = ?", [message["number"]])
    assert row is not None  # noqa: S101 (for mypy: it goes with its message)
    return bytes(row["raw"])


def labels_of(session: Session, message: sqlite3.Row) -> set[str]:
    rows = session.rows("select label from message_labels where message = ?", [message["number"]])
    return {row["label"] for row in rows}


def add(
    session: Session,
    raw: bytes,
    labels: Iterable[str],
    *,
    internal_date: int | None = None,
    thread_id: str | None = None,
) -> sqlite3.Row:
    """Puts a message into the mailbox."""
    message_id = secrets.token_hex(8)
    mail = parts.parse(raw)
    thread_id = thread_id or _thread_of(session, mail) or message_id
    date = session.milliseconds if internal_date is None else internal_date
    told = _described(mail, raw) | {"internal_date": date, "thread_id": thread_id}
    session.insert(
        "messages", {"mailbox": session.mailbox, "id": message_id, "history_id": 0, **told}
    )
    message = find(session, message_id)
    session.insert("contents", {"message": message["number"], "raw": raw})
    _label(session, message, labels)
    journal.enter(session, "messageAdded", message, set(labels))
    return message


def _described(mail: parts.Mail, raw: bytes) -> dict[str, object]:
    """What searches look at."""
    return {
        "size": len(raw),
        "message_id": parts.header(mail, "Message-ID").strip("<> "),
        "sender": parts.header(mail, "From"),
        "recipients": parts.header(mail, "To", "Cc", "Bcc", "Delivered-To"),
        "subject": parts.header(mail, "Subject"),
        "file_names": "\n".join(parts.file_names(mail)),
        "snippet": html.escape(" ".join(parts.text_of(mail).split())[:_SNIPPET]),
    }


def _thread_of(session: Session, mail: parts.Mail) -> str | None:
    """The thread of a message that this one answers (users.messages, `threadId`)."""
    subject = _ANSWER.sub("", parts.header(mail, "Subject"))
    for name in _NAME.findall(parts.header(mail, "In-Reply-To", "References")):
        row = session.row(
            "select thread_id, subject from messages where mailbox = ? and message_id = ?",
            [session.mailbox, name.strip("<>")],
        )
        if row and _ANSWER.sub("", row["subject"]) == subject:
            return str(row["thread_id"])
    return None


def relabel(
    session: Session, message: sqlite3.Row, *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> None:
    """Adds and removes labels, and records what changed by it."""
    before = labels_of(session, message)
    added, removed = set(add) - before, before & set(remove)
    _label(session, message, added)
    for label in removed:
        session.run(
            "delete from message_labels where message = ? and label = ?",
            [message["number"], label],
        )
    after = (before | added) - removed
    if added:
        journal.enter(session, "labelAdded", message, after, added)
    if removed:
        journal.enter(session, "labelRemoved", message, after, removed)


def _label(session: Session, message: sqlite3.Row, labels: Iterable[str]) -> None:
    for label in set(labels):
        session.run(
            "insert into message_labels values (?, ?, ?)",
            [message["number"], label, session.milliseconds],
        )


def remove(session: Session, message: sqlite3.Row) -> None:
    """For good: nothing of its content is left."""
    labels = labels_of(session, message)
    session.run("delete from messages where number = ?", [message["number"]])
    session.run("delete from contents where message = ?", [message["number"]])
    session.run("delete from message_labels where message = ?", [message["number"]])
    session.aftermath.erased = True
    journal.enter(session, "messageDeleted", message, labels)


def purge(session: Session) -> None:
    """Deletes what has been in trash or spam for 30 days, in every mailbox (Gmail help)."""
    until = session.milliseconds - _LIFE_IN_TRASH // timedelta(milliseconds=1)
    rows = session.rows(
        "select distinct messages.* from messages"
        " join message_labels on message_labels.message = messages.number"
        " where label in ('TRASH', 'SPAM') and since <= ?",
        [until],
    )
    for row in rows:
        remove(session.of(row["mailbox"]), row)
