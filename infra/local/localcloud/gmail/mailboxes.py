"""The mailboxes of this server, and users.getProfile."""

import sqlite3
from typing import Any

from localcloud.gmail.call import Call
from localcloud.gmail.session import Session

_FIRST_HISTORY_ID = 1000


def ensure(session: Session, address: str) -> None:
    """Makes a mailbox that is not there yet."""
    session.run(
        "insert or ignore into mailboxes (address, latest, oldest) values (?, ?, ?)",
        [address, _FIRST_HISTORY_ID, _FIRST_HISTORY_ID],
    )


def addresses(session: Session) -> list[str]:
    return [row["address"] for row in session.rows("select address from mailboxes")]


def mailbox_of(recipient: str) -> str:
    """Whose mail it is: `intake+acme@…` is intake's.

    Gmail help "Create task-specific email addresses".
    """
    local, _, domain = recipient.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def is_ours(session: Session, recipient: str) -> bool:
    """Whether an address leads to a mailbox of this server."""
    found = session.row("select 1 from mailboxes where address = ?", [mailbox_of(recipient)])
    return found is not None


def own(session: Session) -> sqlite3.Row:
    row = session.row("select * from mailboxes where address = ?", [session.mailbox])
    assert row is not None  # noqa: S101 (for mypy: whoever calls has a mailbox)
    return row


def get_profile(session: Session, call: Call) -> dict[str, Any]:
    del call  # the mailbox is the caller's
    counted = session.row(
        "select count(*) as messages, count(distinct thread_id) as threads"
        " from messages where mailbox = ?",
        [session.mailbox],
    )
    assert counted is not None  # noqa: S101 (for mypy)
    return {
        "emailAddress": session.mailbox,
        "messagesTotal": counted["messages"],
        "threadsTotal": counted["threads"],
        "historyId": str(own(session)["latest"]),
    }
