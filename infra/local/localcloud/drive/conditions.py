"""Search queries as conditions of SQL."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, assert_never

from localcloud.clock import timestamp
from localcloud.drive.model import words
from localcloud.drive.query import Combination, Comparison, HasProperty, Negation, Query
from localcloud.drive.refusals import invalid
from localcloud.drive.session import Session

_EQUALITY = {"=": "is", "!=": "is not"}
_ORDER = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WRITERS = "('owner', 'organizer', 'fileOrganizer', 'writer')"
_VISIBILITY = {
    "anyoneCanFind": "type = 'anyone' and discoverable",
    "anyoneWithLink": "type = 'anyone' and not discoverable",
    "domainCanFind": "type = 'domain' and discoverable",
    "domainWithLink": "type = 'domain' and not discoverable",
    "limited": "type in ('anyone', 'domain')",
}


@dataclass(slots=True, kw_only=True)
class Conditions:
    """Turns the parts of one query into SQL; the values go into `values`, never into the text."""

    session: Session
    root: str
    values: list[Any] = field(default_factory=list)
    full_text: bool = False
    in_a_folder: bool = False

    def of(self, query: Query) -> str:
        match query:
            case Combination():
                return f"({self.of(query.left)} {query.operator} {self.of(query.right)})"
            case Negation():
                return f"(not {self.of(query.term)})"
            case HasProperty():
                return self._property(query)
            case Comparison():
                return self._comparison(query)
            case _:
                assert_never(query)

    def _comparison(self, term: Comparison) -> str:
        make = _FIELDS.get(term.field)
        if make is None:
            raise invalid("q")
        return make(self, term)

    def _property(self, term: HasProperty) -> str:
        if term.field not in ("properties", "appProperties"):
            raise invalid("q")
        self.values += [f"$.{term.field}", term.key, term.value]
        return (
            "exists (select 1 from json_each(files.details, ?) pair"
            " where pair.key = ? and pair.value = ?)"
        )

    def name(self, term: Comparison) -> str:
        text = _text(term)
        if term.operator == "contains":
            return self._starts_a_word("files.words", text)
        # The operator takes no notice of case; SQLite folds ASCII alone.
        self.values += [text, text]
        same = "(files.name = ? or lower(files.name) = lower(?))"
        return f"({same} {_one_of(_EQUALITY, term)} true)"

    def _starts_a_word(self, column: str, text: str) -> str:
        self.values.append(f"%{_like(words(text).rstrip())}%")
        return f"{column} like ? escape '!'"

    def anything(self, term: Comparison) -> str:
        """Whole words of the name, the description or the indexable text; quoted, a phrase."""
        text, self.full_text = _text(term), True
        if term.operator != "contains":
            raise invalid("q")
        phrases = [text] if text.startswith('"') else text.split()
        return "(" + " and ".join(self._holds(phrase) for phrase in phrases or [""]) + ")"

    def _holds(self, phrase: str) -> str:
        self.values.append(f"%{_like(words(phrase))}%")
        columns = "files.words || coalesce(files.details ->> '$.searchWords', '')"
        return f"{columns} like ? escape '!'"

    def mime_type(self, term: Comparison) -> str:
        text = _text(term)
        if term.operator == "contains":
            self.values.append(f"%{_like(text)}%")
            return "files.mime_type like ? escape '!'"
        self.values.append(text)
        return f"files.mime_type {_one_of(_EQUALITY, term)} ?"

    def parents(self, term: Comparison) -> str:
        folder, self.in_a_folder = _element(term), True
        self.values.append(self.root if folder == "root" else folder)
        return "files.parent is ?"

    def _people(self, roles: str) -> str:
        condition = f"file_id = files.id and role in {roles} and email = ?"
        return f"exists (select 1 from permissions where {condition})"  # noqa: S608 (our own)

    def owners(self, term: Comparison) -> str:
        self.values.append(self._email(term))
        return "files.owner is ?"

    def writers(self, term: Comparison) -> str:
        self.values.append(self._email(term))
        return self._people(_WRITERS)

    def readers(self, term: Comparison) -> str:
        self.values.append(self._email(term))
        return self._people("('reader', 'commenter')")

    def _email(self, term: Comparison) -> str:
        email = _element(term)
        return self.session.caller if email == "me" else email

    def trashed(self, term: Comparison) -> str:
        condition = (
            "(files.trashed_time is not null"
            " or coalesce(files.parent in (select id from binned), false))"
        )
        return f"({condition} {_one_of(_EQUALITY, term)} {_flag(term)})"

    def starred(self, term: Comparison) -> str:
        self.values.append(self.session.caller)
        condition = "exists (select 1 from stars where file_id = files.id and email = ?)"
        return f"({condition} {_one_of(_EQUALITY, term)} {_flag(term)})"

    def shared_with_me(self, term: Comparison) -> str:
        self.values.append(self.session.caller)
        condition = (
            "(files.drive_id is null and exists (select 1 from permissions mine"
            " where mine.file_id = files.id and mine.email = ? and mine.role != 'owner'))"
        )
        return f"({condition} {_one_of(_EQUALITY, term)} {_flag(term)})"

    def visibility(self, term: Comparison) -> str:
        condition = _VISIBILITY.get(_text(term))
        if condition is None:
            raise invalid("q")
        found = f"exists (select 1 from permissions where file_id = files.id and {condition})"  # noqa: S608
        # A file is limited when it has no permission of the wider kinds.
        expected = (term.operator == "=") != (term.value == "limited")
        return f"({found} {_one_of({'=': 'is', '!=': 'is'}, term)} {expected})"

    def target(self, term: Comparison) -> str:
        self.values.append(_text(term))
        return f"files.details ->> '$.shortcutDetails.targetId' {_one_of(_EQUALITY, term)} ?"

    def moment(self, column: str, term: Comparison) -> str:
        self.values.append(moment(_text(term)))
        return f"coalesce({column} {_one_of(_ORDER, term)} ?, false)"


def moment(text: str) -> str:
    """A date of a query as the tables keep times; without a zone it is UTC."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("q") from error
    return timestamp(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def _moments(column: str) -> Callable[[Conditions, Comparison], str]:
    return lambda conditions, term: conditions.moment(column, term)


_FIELDS: dict[str, Callable[[Conditions, Comparison], str]] = {
    "name": Conditions.name,
    "fullText": Conditions.anything,
    "mimeType": Conditions.mime_type,
    "modifiedTime": _moments("files.modified_time"),
    "createdTime": _moments("files.created_time"),
    "viewedByMeTime": _moments("null"),
    "trashed": Conditions.trashed,
    "starred": Conditions.starred,
    "parents": Conditions.parents,
    "owners": Conditions.owners,
    "writers": Conditions.writers,
    "readers": Conditions.readers,
    "sharedWithMe": Conditions.shared_with_me,
    "visibility": Conditions.visibility,
    "shortcutDetails.targetId": Conditions.target,
}


def _text(term: Comparison) -> str:
    if not isinstance(term.value, str) or term.operator == "in":
        raise invalid("q")
    return term.value


def _flag(term: Comparison) -> str:
    if not isinstance(term.value, bool):
        raise invalid("q")
    return str(term.value).lower()


def _element(term: Comparison) -> str:
    if term.operator != "in" or not isinstance(term.value, str):
        raise invalid("q")
    return term.value


def _one_of(operators: dict[str, str], term: Comparison) -> str:
    if term.operator not in operators:
        raise invalid("q")
    return operators[term.operator]


def _like(text: str) -> str:
    return re.sub(r"([!%_])", r"!\1", text)
