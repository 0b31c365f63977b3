"""The history of a mailbox: its numbers, its records, and who is told.

Gmail guide "Synchronize clients with Gmail": ids grow with time, with gaps; they are good for a
week at least.
"""

import json
import secrets
import sqlite3
from collections.abc import Collection
from datetime import timedelta

from localcloud.gmail import mailboxes
from localcloud.gmail.session import Push, Session

KINDS = {
    "messageAdded": "messagesAdded",
    "messageDeleted": "messagesDeleted",
    "labelAdded": "labelsAdded",
    "labelRemoved": "labelsRemoved",
}
_LIFE = timedelta(days=7)
_WIDEST_GAP = 40


def enter(
    session: Session,
    kind: str,
    message: sqlite3.Row,
    labels: Collection[str],
    changed: Collection[str] = (),
) -> None:
    """Records a change of one message, whose labels are now these, and tells the watch of it.

    A fault of its own, `historyLag`: the record shows in lists so many seconds later, though the
    push is on its way (T16).
    """
    history_id = _next_id(session)
    rule = session.faults.take("historyLag", f"{session.mailbox} {kind}")
    lag = (rule.delay_seconds or 0) if rule else 0
    record = {
        "mailbox": session.mailbox,
        "id": history_id,
        "kind": kind,
        "message_id": message["id"],
        "thread_id": message["thread_id"],
        "labels": json.dumps(sorted(labels)),
        "changed": json.dumps(sorted(changed)),
        "at": session.milliseconds,
        "visible_at": session.milliseconds + int(lag * 1000),
    }
    session.insert("history", record)
    session.run(
        "update messages set history_id = ? where number = ?", [history_id, message["number"]]
    )
    _tell(session, history_id, {*labels, *changed})


def _next_id(session: Session) -> int:
    step = secrets.randbelow(_WIDEST_GAP) + 1
    row = session.row(
        "update mailboxes set latest = latest + ? where address = ? returning latest",
        [step, session.mailbox],
    )
    assert row is not None  # noqa: S101 (for mypy: whoever calls has a mailbox)
    return int(row["latest"])


def _tell(session: Session, history_id: int, labels: set[str]) -> None:
    watch = session.row(
        "select * from watches where mailbox = ? and expiration > ?",
        [session.mailbox, session.milliseconds],
    )
    if watch and _concerns(watch, labels):
        push = Push(topic=watch["topic"], mailbox=session.mailbox, history_id=history_id)
        session.aftermath.pushes.append(push)


def _concerns(watch: sqlite3.Row, labels: set[str]) -> bool:
    """Whether a message with these labels is one that the watch is about (users.watch)."""
    asked = set(json.loads(watch["labels"]))
    if not asked:
        return True
    is_wanted: bool = watch["behavior"] == "include"
    return bool(asked & labels) == is_wanted


def forget(session: Session) -> None:
    """Makes every id that was given out so far too old."""
    latest = _next_id(session)
    session.run("delete from history where mailbox = ?", [session.mailbox])
    session.run("update mailboxes set oldest = ? where address = ?", [latest, session.mailbox])


def forget_old(session: Session) -> None:
    """Records go after a week, in every mailbox."""
    until = session.milliseconds - _LIFE // timedelta(milliseconds=1)
    for address in mailboxes.addresses(session):
        row = session.row(
            "select max(id) as id from history where mailbox = ? and at <= ?", [address, until]
        )
        if row and row["id"]:
            session.run("update mailboxes set oldest = ? where address = ?", [row["id"], address])
            session.run("delete from history where mailbox = ? and id <= ?", [address, row["id"]])
