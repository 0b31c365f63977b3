"""Mail that comes: by SMTP, and by users.messages.send from one mailbox to another.

The head that Gmail's servers write (Gmail help "Trace an email with its full headers"): the
topmost Authentication-Results is ours, and any below it is the sender's own writing (RFC 8601,
section 5).
"""

import re
from dataclasses import dataclass
from email.utils import format_datetime

from localcloud.gmail import mail, parts
from localcloud.gmail.mailboxes import mailbox_of
from localcloud.gmail.session import Session

HOST = "mx.google.com"
_DOMAIN = re.compile(r"[\w.-]+")
_FAULTS = {"dmarcPass": "pass", "dmarcFail": "fail", "dmarcNone": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message on its way to one recipient."""

    sender: str  # of the envelope; empty for the notices of mail servers
    recipient: str
    raw: bytes
    greeting: str = "localhost"

    @property
    def target(self) -> str:
        """What faults match."""
        return f"{self.sender} {self.recipient}"


def accept(session: Session, arrival: Arrival) -> None:
    """Puts it into its recipient's mailbox, unread.

    Faults of their own: `dmarcPass`, `dmarcFail` and `dmarcNone` set the verdict,
    `withoutVerdict` leaves the header out, `markedAsSpam` puts it there.
    """
    inbox = session.of(mailbox_of(arrival.recipient))
    spam = session.faults.take("markedAsSpam", arrival.target)
    place = ["SPAM"] if spam and spam.drop else ["CATEGORY_PERSONAL", "INBOX"]
    mail.add(inbox, _head(session, arrival) + arrival.raw, ["UNREAD", *place])


def _head(session: Session, arrival: Arrival) -> bytes:
    sender, recipient = _one_line(arrival.sender), _one_line(arrival.recipient)
    date = format_datetime(session.now)
    lines = [
        f"Delivered-To: {recipient}",
        f"Return-Path: <{sender}>",
        f"Received: from {_one_line(arrival.greeting)} ([127.0.0.1])",
        f"        by {HOST} with ESMTP for <{recipient}>;",
        f"        {date}",
        *_results(session, arrival, sender),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _results(session: Session, arrival: Arrival, sender: str) -> list[str]:
    without = session.faults.take("withoutVerdict", arrival.target)
    if without and without.drop:
        return []
    author = author_domain(arrival.raw)
    verdict = _ordered(session, arrival)
    if verdict is None:
        is_aligned = author is not None and author == _domain(arrival.sender)
        verdict = "pass" if is_aligned else "fail"
    return [
        f"Authentication-Results: {HOST};",
        f"       spf=pass smtp.mailfrom={sender or 'postmaster'};",
        f"       dmarc={verdict} (p=NONE sp=NONE dis=NONE) header.from={author or 'invalid'}",
    ]


def _ordered(session: Session, arrival: Arrival) -> str | None:
    """The verdict that a fault asks for."""
    for name, verdict in _FAULTS.items():
        rule = session.faults.take(name, arrival.target)
        if rule and rule.drop:
            return verdict
    return None


def author_domain(raw: bytes) -> str | None:
    """The domain of the one author; nothing where there is no one author (RFC 7489, 6.6.1)."""
    message = parts.parse(raw)
    if len(message.get_all("From", [])) != 1:
        return None
    domains = {_domain(address) for address in parts.addresses(message, "From")}
    return domains.pop() if len(domains) == 1 else None


def _domain(address: str) -> str | None:
    domain = address.rpartition("@")[2].lower()
    return domain if "@" in address and _DOMAIN.fullmatch(domain) else None


def _one_line(text: str) -> str:
    """Nothing that a client says can begin a header of its own."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text)
