"""The methods of users.messages that bring a message in: insert, import and send."""

import base64
from datetime import UTC
from email.utils import format_datetime, make_msgid, parsedate_to_datetime
from typing import Any

from localcloud.gmail import arrivals, labels, mail, mailboxes, parts
from localcloud.gmail.arrivals import Arrival
from localcloud.gmail.call import Call
from localcloud.gmail.messages import labelled
from localcloud.gmail.refusals import invalid, not_found, not_here
from localcloud.gmail.session import Session

_MISSING = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"


def insert(session: Session, call: Call) -> dict[str, Any]:
    """As it is, without a look: only the labels that the caller names."""
    return _put(session, call, [])


def import_(session: Session, call: Call) -> dict[str, Any]:
    """Much as if it had come by SMTP: unread in the inbox, unless the caller names labels."""
    return _put(session, call, ["INBOX", "UNREAD"])


def _put(session: Session, call: Call, usual: list[str]) -> dict[str, Any]:
    if call.params.get("deleted"):
        raise not_here("A message for Vault alone (deleted)")
    raw = _raw(call)
    chosen = labels.known(session, call.body.get("labelIds") or ()) or usual
    date = _date(raw) if call.params["internalDateSource"] == "dateHeader" else None
    thread = _thread(session, call)
    return labelled(session, mail.add(session, raw, chosen, internal_date=date, thread_id=thread))


def _raw(call: Call) -> bytes:
    if call.media is not None:
        return call.media
    text = call.body.get("raw")
    if not text:
        raise invalid(_MISSING)
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except ValueError as error:
        raise invalid("Invalid value for ByteString") from error


def _date(raw: bytes) -> int | None:
    """By the Date header, when it is valid."""
    try:
        date = parsedate_to_datetime(parts.header(parts.parse(raw), "Date"))
    except ValueError:
        return None
    return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() * 1000)


def _thread(session: Session, call: Call) -> str | None:
    thread_id = call.body.get("threadId")
    if thread_id and not session.row(
        "select 1 from messages where mailbox = ? and thread_id = ?", [session.mailbox, thread_id]
    ):
        raise not_found()
    return thread_id


def send(session: Session, call: Call) -> dict[str, Any]:
    """Into the caller's SENT, and into the mailboxes of this server that it is addressed to."""
    raw = _completed(session, _raw(call))
    recipients = _recipients(raw)
    if not recipients:
        raise invalid("Recipient address required")
    sent = mail.add(session, raw, ["SENT"], thread_id=_thread(session, call))
    for recipient in recipients:
        if mailboxes.is_ours(session, recipient):
            # Nobody learns of those who get it in secret.
            copy = _without(raw, b"bcc")
            arrival = Arrival(sender=session.mailbox, recipient=recipient, raw=copy)
            arrivals.accept(session, arrival)
    return labelled(session, sent)


def _recipients(raw: bytes) -> list[str]:
    return list(dict.fromkeys(parts.addresses(parts.parse(raw), "To", "Cc", "Bcc")))


def _completed(session: Session, raw: bytes) -> bytes:
    """With the headers that Gmail sees to; mail of a user is from this user (Gmail help)."""
    message = parts.parse(raw)
    head = ""
    authors = [mailboxes.mailbox_of(one) for one in parts.addresses(message, "From")]
    if authors != [session.mailbox]:
        raw = _without(raw, b"from")
        head += f"From: {session.mailbox}\r\n"
    if "Date" not in message:
        head += f"Date: {format_datetime(session.now)}\r\n"
    if "Message-ID" not in message:
        head += f"Message-ID: {make_msgid(domain='mail.gmail.com')}\r\n"
    return head.encode() + raw


def _without(raw: bytes, name: bytes) -> bytes:
    """A message less one of its headers; its other bytes stay as they are."""
    head, blank, body = _split(raw)
    kept, is_other = [], True
    for line in head.splitlines(keepends=True):
        if not line.startswith((b" ", b"\t")):
            is_other = line.partition(b":")[0].strip().lower() != name
        if is_other:
            kept.append(line)
    return b"".join(kept) + blank + body


def _split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, blank line and body, whichever way the message ends its lines."""
    newline = b"\r\n" if b"\r\n" in raw else b"\n"
    head, mark, body = raw.partition(newline * 2)
    return (head + newline, newline, body) if mark else (raw, b"", b"")
