"""Labels: those of Gmail and those of the user (Gmail guide "Manage labels")."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from localcloud.errors import ApiError
from localcloud.gmail import mail
from localcloud.gmail.call import Call
from localcloud.gmail.refusals import invalid, not_found
from localcloud.gmail.session import Session

SYSTEM = (
    "CHAT",
    "SENT",
    "INBOX",
    "IMPORTANT",
    "TRASH",
    "DRAFT",
    "SPAM",
    "CATEGORY_FORUMS",
    "CATEGORY_UPDATES",
    "CATEGORY_PERSONAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_SOCIAL",
    "STARRED",
    "UNREAD",
)
_NEVER_BY_HAND = frozenset({"SENT", "DRAFT", "CHAT"})
_KEPT = ("messageListVisibility", "labelListVisibility", "color")


def list_labels(session: Session, call: Call) -> dict[str, Any]:
    del call  # a mailbox has all its labels on one page
    own = session.rows("select * from labels where mailbox = ? order by id", [session.mailbox])
    return {"labels": [*map(_system, SYSTEM), *map(_own, own)]}


def get(session: Session, call: Call) -> dict[str, Any]:
    label_id = call.params["id"]
    shown = _system(label_id) if label_id in SYSTEM else _own(_find(session, label_id))
    counted = session.row(
        "select count(*) as messages, count(distinct thread_id) as threads,"
        " count(unread.message) as unread,"
        " count(distinct case when unread.message then thread_id end) as unread_threads"
        " from messages join message_labels mine on mine.message = number and mine.label = ?"
        " left join message_labels unread on unread.message = number and unread.label = 'UNREAD'"
        " where mailbox = ?",
        [label_id, session.mailbox],
    )
    assert counted is not None  # noqa: S101 (for mypy)
    return shown | {
        "messagesTotal": counted["messages"],
        "messagesUnread": counted["unread"],
        "threadsTotal": counted["threads"],
        "threadsUnread": counted["unread_threads"],
    }


def _system(label_id: str) -> dict[str, Any]:
    return {"id": label_id, "name": label_id, "type": "system"}


def _own(row: sqlite3.Row) -> dict[str, Any]:
    return {"id": row["id"], "name": row["name"], "type": "user", **json.loads(row["details"])}


def _find(session: Session, label_id: str) -> sqlite3.Row:
    row = session.row(
        "select * from labels where mailbox = ? and id = ?", [session.mailbox, label_id]
    )
    if row is None:
        raise not_found()
    return row


def create(session: Session, call: Call) -> dict[str, Any]:
    name = str(call.body.get("name") or "").strip()
    if not name or name.upper() in SYSTEM:
        raise invalid("Invalid label name")
    if by_name(session, name):
        raise ApiError(409, "aborted", "Label name exists or conflicts")
    row = session.row(
        "update mailboxes set next_label = next_label + 1 where address = ? returning next_label",
        [session.mailbox],
    )
    assert row is not None  # noqa: S101 (for mypy: whoever calls has a mailbox)
    label_id = f"Label_{row['next_label'] - 1}"
    details = {key: call.body[key] for key in _KEPT if call.body.get(key)}
    values = {"mailbox": session.mailbox, "id": label_id, "name": name}
    session.insert("labels", {**values, "details": json.dumps(details)})
    return _own(_find(session, label_id))


def delete(session: Session, call: Call) -> None:
    """Also from every message; the messages stay."""
    label_id = call.params["id"]
    if label_id in SYSTEM:
        raise invalid("Invalid delete request")
    _find(session, label_id)
    rows = session.rows(
        "select messages.* from messages join message_labels on message = number"
        " where mailbox = ? and label = ?",
        [session.mailbox, label_id],
    )
    for row in rows:
        mail.relabel(session, row, remove=[label_id])
    session.run("delete from labels where mailbox = ? and id = ?", [session.mailbox, label_id])


def by_name(session: Session, name: str) -> str | None:
    """The id of a label that a search names; a blank may be written as a hyphen."""
    wanted = _folded(name)
    if wanted.upper() in SYSTEM:
        return wanted.upper()
    rows = session.rows("select id, name from labels where mailbox = ?", [session.mailbox])
    return next((row["id"] for row in rows if _folded(row["name"]) == wanted), None)


def _folded(name: str) -> str:
    return name.casefold().replace(" ", "-").replace("/", "-")


def known(session: Session, label_ids: Iterable[str]) -> list[str]:
    """Labels that a client may put on or take off; 400 for any other."""
    rows = session.rows("select id from labels where mailbox = ?", [session.mailbox])
    allowed = ({*SYSTEM} - _NEVER_BY_HAND) | {row["id"] for row in rows}
    chosen = list(dict.fromkeys(label_ids))
    for label_id in chosen:
        if label_id not in allowed:
            raise invalid(f"Invalid label: {label_id}")
    return chosen
