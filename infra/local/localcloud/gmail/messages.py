"""The methods of users.messages that read and change what is there."""

import base64
import json
import sqlite3
from typing import Any

from localcloud.gmail import labels, mail, parts
from localcloud.gmail.attachments import new_id
from localcloud.gmail.call import Call
from localcloud.gmail.query import Conditions
from localcloud.gmail.refusals import forbidden, invalid
from localcloud.gmail.session import Session

_MOST_IDS = 1000  # batchModify: "a limit of 1000 ids per request"
_MOST_LABELS = 100  # modify: "up to 100 labels with each update"


def list_messages(session: Session, call: Call) -> dict[str, Any]:
    """Newest first; spam and trash only for who asks for them."""
    if call.params.get("q") and call.sees_metadata_only:
        raise forbidden("Metadata scope does not support 'q' parameter")
    size = call.params["maxResults"]
    condition, values = _wanted(session, call)
    place = _place(call)
    rows = session.rows(
        f"select number, id, thread_id, internal_date from messages where {condition}"  # noqa: S608
        " and (internal_date, number) < (?, ?)"
        " order by internal_date desc, number desc limit ?",
        [*values, *place, size + 1],
    )
    count = session.row(f"select count(*) as n from messages where {condition}", values)  # noqa: S608
    page: dict[str, Any] = {"resultSizeEstimate": count["n"] if count else 0}
    if rows:  # Google leaves out what is empty
        page["messages"] = [_named(row) for row in rows[:size]]
    if len(rows) > size:
        last = rows[size - 1]
        page["nextPageToken"] = _token([last["internal_date"], last["number"]])
    return page


def _wanted(session: Session, call: Call) -> tuple[str, list[object]]:
    conditions = Conditions(session=session)
    conditions.values.append(session.mailbox)
    found = ["mailbox = ?", conditions.of(call.params.get("q") or "")]
    found += [conditions.label(label_id) for label_id in call.params.get("labelIds", ())]
    if not (call.params["includeSpamTrash"] or conditions.everywhere):
        found += [f"not {conditions.label(label_id)}" for label_id in ("SPAM", "TRASH")]
    return " and ".join(found), conditions.values


def _token(place: list[int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _place(call: Call) -> list[int]:
    """What the page comes after; the first one comes after everything."""
    text = call.params.get("pageToken")
    if not text:
        return [2**62, 2**62]
    try:
        date, number = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return [int(date), int(number)]
    except (ValueError, TypeError) as error:
        raise invalid("Invalid pageToken") from error


def _named(row: sqlite3.Row) -> dict[str, Any]:
    return {"id": row["id"], "threadId": row["thread_id"]}


def get(session: Session, call: Call) -> dict[str, Any]:
    form = call.params["format"]
    if call.sees_metadata_only and form in ("full", "raw"):
        raise forbidden(f"Metadata scope doesn't allow format {form.upper()}")
    message = mail.find(session, call.params["id"])
    shown = labelled(session, message) | {
        "snippet": message["snippet"],
        "sizeEstimate": message["size"],
        "historyId": str(message["history_id"]),
        "internalDate": str(message["internal_date"]),
    }
    if form == "raw":
        shown["raw"] = parts.encoded(mail.raw_of(session, message))
    elif form != "minimal":
        parsed = parts.parse(mail.raw_of(session, message))
        shown["payload"] = _payload(session, call, message, parsed)
    return shown


def _payload(
    session: Session, call: Call, message: sqlite3.Row, parsed: parts.Mail
) -> dict[str, Any]:
    if call.params["format"] == "full":
        return parts.payload(parsed, lambda part: new_id(session, message["id"], part))
    wanted = {name.lower() for name in call.params.get("metadataHeaders", ())}
    found = [one for one in parts.headers(parsed) if not wanted or one["name"].lower() in wanted]
    return {"mimeType": parsed.get_content_type(), "headers": found}


def labelled(session: Session, message: sqlite3.Row) -> dict[str, Any]:
    """A message as most methods answer it."""
    found = sorted(mail.labels_of(session, message))
    return _named(message) | ({"labelIds": found} if found else {})


def modify(session: Session, call: Call) -> dict[str, Any]:
    message = mail.find(session, call.params["id"])
    add, remove = _changes(session, call)
    mail.relabel(session, message, add=add, remove=remove)
    return labelled(session, message)


def batch_modify(session: Session, call: Call) -> None:
    """Ids of nothing are passed over."""
    add, remove = _changes(session, call)
    for message in _batch(session, call):
        mail.relabel(session, message, add=add, remove=remove)


def _changes(session: Session, call: Call) -> tuple[list[str], list[str]]:
    add = labels.known(session, call.body.get("addLabelIds") or ())
    remove = labels.known(session, call.body.get("removeLabelIds") or ())
    if len(add) > _MOST_LABELS or len(remove) > _MOST_LABELS:
        raise invalid("Too many labels")
    if set(add) & set(remove):
        raise invalid("Cannot both add and remove the same label")
    return add, remove


def _batch(session: Session, call: Call) -> list[sqlite3.Row]:
    ids = list(dict.fromkeys(call.body.get("ids") or ()))
    if not ids:
        raise invalid("No message ids specified")
    if len(ids) > _MOST_IDS:
        raise invalid("Too many message ids")
    return session.rows(
        "select * from messages where mailbox = ? and id in (select value from json_each(?))",
        [session.mailbox, json.dumps(ids)],
    )


def trash(session: Session, call: Call) -> dict[str, Any]:
    """It is kept for 30 days (Gmail help)."""
    message = mail.find(session, call.params["id"])
    mail.relabel(session, message, add=["TRASH"], remove=["INBOX", "SPAM"])
    return labelled(session, message)


def untrash(session: Session, call: Call) -> dict[str, Any]:
    message = mail.find(session, call.params["id"])
    mail.relabel(session, message, remove=["TRASH"])
    return labelled(session, message)


def delete(session: Session, call: Call) -> None:
    """Permanently, and nothing can be undone."""
    mail.remove(session, mail.find(session, call.params["id"]))


def batch_delete(session: Session, call: Call) -> None:
    """No promise that the messages were there."""
    for message in _batch(session, call):
        mail.remove(session, message)
