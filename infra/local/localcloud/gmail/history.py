"""users.history.list: what happened since an id."""

import json
import sqlite3
from typing import Any

from localcloud.gmail import mailboxes
from localcloud.gmail.call import Call
from localcloud.gmail.journal import KINDS
from localcloud.gmail.refusals import invalid, not_found, required
from localcloud.gmail.session import Session


def list_history(session: Session, call: Call) -> dict[str, Any]:
    """404 for an id that is too old or was never given out (reference of the method).

    The answer's `historyId` is the mailbox's, also when the newest record does not show yet: who
    keeps it then has lost the record (T16).
    """
    mailbox, size = mailboxes.own(session), call.params["maxResults"]
    rows = _records(session, call, _start(call, mailbox), size + 1)
    page: dict[str, Any] = {"historyId": str(mailbox["latest"])}
    if rows:  # Google leaves out what is empty
        page["history"] = [_record(row) for row in rows[:size]]
    if len(rows) > size:
        page["nextPageToken"] = str(rows[size - 1]["id"])
    return page


def _start(call: Call, mailbox: sqlite3.Row) -> int:
    """The id after which the page begins."""
    if "startHistoryId" not in call.params:
        raise required("startHistoryId")
    start = int(call.params["startHistoryId"])
    if not mailbox["oldest"] <= start <= mailbox["latest"]:
        raise not_found()
    token = call.params.get("pageToken") or str(start)
    if not token.isdigit() or not start <= int(token) <= mailbox["latest"]:
        raise invalid("Invalid pageToken")
    return int(token)


def _records(session: Session, call: Call, start: int, limit: int) -> list[sqlite3.Row]:
    kinds = call.params.get("historyTypes") or list(KINDS)
    label = call.params.get("labelId")
    return session.rows(
        "select * from history where mailbox = ? and id > ? and visible_at <= ?"
        " and kind in (select value from json_each(?)) and (? is null"
        "  or exists (select 1 from json_each(labels) where value = ?)"
        "  or exists (select 1 from json_each(changed) where value = ?))"
        " order by id limit ?",
        [
            session.mailbox,
            start,
            session.milliseconds,
            json.dumps(kinds),
            label,
            label,
            label,
            limit,
        ],
    )


def _record(row: sqlite3.Row) -> dict[str, Any]:
    message = {"id": row["message_id"], "threadId": row["thread_id"]}
    detailed = dict[str, Any](message)
    if labels := json.loads(row["labels"]):
        detailed["labelIds"] = labels
    change: dict[str, Any] = {"message": detailed}
    if changed := json.loads(row["changed"]):
        change["labelIds"] = changed
    return {"id": str(row["id"]), "messages": [message], KINDS[row["kind"]]: [change]}
