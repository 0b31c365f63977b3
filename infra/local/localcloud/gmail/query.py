"""The search language of messages.list, as conditions of SQL.

Gmail guide "Search and filter messages" and help "Refine searches in Gmail". What is understood
here: after before newer older newer_than older_than in label is from to subject filename has
rfc822msgid, each with - in front. Anything else is refused and never ignored.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from localcloud.gmail import labels
from localcloud.gmail.refusals import invalid, not_here
from localcloud.gmail.session import Session

_TERM = re.compile(r'(-?)(?:([A-Za-z0-9_]+):)?("[^"]*"|[^\s"]+)')
_DATE = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})")
_AGE = re.compile(r"(\d+)([dmy])")
_DAYS = {"d": 1, "m": 30, "y": 365}
# The guide: dates are "interpreted as midnight on that date in the PST timezone".
_PACIFIC = timezone(timedelta(hours=-8))
_HIDDEN = ("SPAM", "TRASH")
_PLACES = {"draft": "DRAFT", "drafts": "DRAFT"}
_STATES = {"unread": "UNREAD", "starred": "STARRED", "important": "IMPORTANT"}


@dataclass(slots=True, kw_only=True)
class Conditions:
    """The values go into `values`, never into the text of the SQL."""

    session: Session
    values: list[object] = field(default_factory=list)
    everywhere: bool = False  # spam and trash too

    def of(self, query: str) -> str:
        """All terms have to hold."""
        found = [self._term(term) for term in _terms(query)]
        return " and ".join(found) or "true"

    def _term(self, term: re.Match[str]) -> str:
        minus, name, text = term.groups()
        make = _OPERATORS.get((name or "").lower())
        if make is None or text.startswith(("(", "{")):
            raise not_here(f"The search term {term[0]}")
        before = self.everywhere
        condition = make(self, text.strip('"'))
        if not minus:
            return condition
        self.everywhere = before
        return f"(not {condition})"

    def label(self, label_id: str) -> str:
        """Whether a message has a label."""
        self.everywhere = self.everywhere or label_id in _HIDDEN
        self.values.append(label_id)
        return "exists (select 1 from message_labels where message = messages.number and label = ?)"

    def named(self, name: str) -> str:
        label_id = labels.by_name(self.session, _PLACES.get(name.lower(), name))
        return self.label(label_id) if label_id else "false"

    def place(self, name: str) -> str:
        if name.lower() != "anywhere":
            return self.named(name)
        self.everywhere = True
        return "true"

    def state(self, name: str) -> str:
        if name.lower() == "read":
            return f"(not {self.label('UNREAD')})"
        if name.lower() not in _STATES:
            raise not_here(f"The search term is:{name}")
        return self.label(_STATES[name.lower()])

    def date(self, comparison: str, text: str) -> str:
        self.values.append(_moment(text))
        return f"internal_date {comparison} ?"

    def age(self, comparison: str, text: str) -> str:
        found = _AGE.fullmatch(text)
        if found is None:
            raise invalid(f"Invalid age: {text}")
        age = timedelta(days=int(found[1]) * _DAYS[found[2]])
        self.values.append(self.session.milliseconds - age // timedelta(milliseconds=1))
        return f"internal_date {comparison} ?"

    def holds(self, column: str, text: str) -> str:
        self.values.append(text)
        return f"instr(lower({column}), lower(?))"

    def has(self, text: str) -> str:
        if text.lower() != "attachment":
            raise not_here(f"The search term has:{text}")
        return "file_names != ''"

    def message_id(self, text: str) -> str:
        self.values.append(text.strip("<>"))
        return "message_id = ?"


def _terms(query: str) -> list[re.Match[str]]:
    terms = list(_TERM.finditer(query))
    if _TERM.sub("", query).strip():
        raise invalid(f"Invalid query: {query}")
    return terms


def _moment(text: str) -> int:
    """Milliseconds, from seconds or from a date."""
    if text.isdigit():
        return int(text) * 1000
    found = _DATE.fullmatch(text)
    try:
        year, month, day = map(int, found.groups()) if found else (0, 0, 0)
        return int(datetime(year, month, day, tzinfo=_PACIFIC).timestamp() * 1000)
    except ValueError as error:
        raise invalid(f"Invalid date: {text}") from error


def _dated(comparison: str) -> Callable[[Conditions, str], str]:
    return lambda conditions, text: conditions.date(comparison, text)


def _aged(comparison: str) -> Callable[[Conditions, str], str]:
    return lambda conditions, text: conditions.age(comparison, text)


def _holding(column: str) -> Callable[[Conditions, str], str]:
    return lambda conditions, text: conditions.holds(column, text)


_OPERATORS: dict[str, Callable[[Conditions, str], str]] = {
    "after": _dated(">="),
    "newer": _dated(">="),
    "before": _dated("<"),
    "older": _dated("<"),
    "newer_than": _aged(">="),
    "older_than": _aged("<"),
    "in": Conditions.place,
    "label": Conditions.named,
    "is": Conditions.state,
    "from": _holding("sender"),
    "to": _holding("recipients"),
    "subject": _holding("subject"),
    "filename": _holding("file_names"),
    "has": Conditions.has,
    "rfc822msgid": Conditions.message_id,
}
