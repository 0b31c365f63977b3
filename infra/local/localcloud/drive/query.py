"""The search language of files.list and drives.list, parsed.

Grammar: Drive guide "Search query terms and operators". `and` and `or` bind alike and are taken
from left to right (guide "Search for files and folders").
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from localcloud.drive.refusals import invalid

_TOKEN = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|([A-Za-z][\w.]*)|(!=|<=|>=|[=<>(){}])|(-?\d+))")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMPARISONS = frozenset({"contains", "=", "!=", "<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`name contains 'hello'`; also `'id' in parents`, turned round."""

    field: str
    operator: str
    value: str | bool | int


@dataclass(frozen=True, slots=True, kw_only=True)
class HasProperty:
    """`properties has { key='department' and value='sales' }`."""

    field: str
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Negation:
    term: "Query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    operator: str  # and, or
    left: "Query"
    right: "Query"


Query: TypeAlias = Comparison | HasProperty | Negation | Combination


def parse(text: str) -> Query:
    """The query that `text` spells; 400 where it spells none."""
    parser = _Parser(_tokens(text))
    query = parser.expression()
    if parser.peek() is not None:
        raise invalid("q")
    return query


def _tokens(text: str) -> list[str]:
    tokens, end = [], 0
    text = text.rstrip()
    while end < len(text):
        found = _TOKEN.match(text, end)
        if found is None:
            raise invalid("q")
        tokens.append(found[0].strip() if not found[1] else found[1])
        end = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0

    def peek(self) -> str | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def expression(self) -> Query:
        query = self._operand()
        while (operator := self._word("and", "or")) is not None:
            query = Combination(operator=operator, left=query, right=self._operand())
        return query

    def _operand(self) -> Query:
        if self._word("not"):
            return Negation(term=self._operand())
        if self.peek() == "(":
            self._take("(")
            query = self.expression()
            self._take(")")
            return query
        return self._term()

    def _term(self) -> Query:
        first = self._take()
        if first.startswith("'"):
            self._take("in")
            return Comparison(field=self._take(), operator="in", value=_unquoted(first))
        operator = self._take()
        if operator == "has":
            return self._property(first)
        if operator not in _COMPARISONS:
            raise invalid("q")
        return Comparison(field=first, operator=operator, value=_value(self._take()))

    def _property(self, field: str) -> HasProperty:
        self._take("{")
        key = self._pair("key")
        self._take("and")
        value = self._pair("value")
        self._take("}")
        return HasProperty(field=field, key=key, value=value)

    def _pair(self, name: str) -> str:
        self._take(name)
        self._take("=")
        value = _value(self._take())
        if not isinstance(value, str):
            raise invalid("q")
        return value

    def _word(self, *words: str) -> str | None:
        token = self.peek()
        if token is None or token.lower() not in words:
            return None
        self._next += 1
        return token.lower()

    def _take(self, expected: str | None = None) -> str:
        token = self.peek()
        if token is None or expected not in (None, token):
            raise invalid("q")
        self._next += 1
        return token


def _value(token: str) -> str | bool | int:
    if token.startswith("'"):
        return _unquoted(token)
    if token.lower() in ("true", "false"):
        return token.lower() == "true"
    if token.lstrip("-").isdigit():
        return int(token)
    raise invalid("q")


def _unquoted(token: str) -> str:
    return _ESCAPED.sub(r"\1", token[1:-1])
