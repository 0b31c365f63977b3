"""One call inside its transaction: whose mailbox, when, and what must follow the commit."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from localcloud.faults import Faults

Values = Iterable[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A mailbox changed: what a watch's topic is told."""

    topic: str
    mailbox: str
    history_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`aftermath` is shared by the sessions of one transaction."""

    db: sqlite3.Connection
    mailbox: str
    now: datetime
    faults: Faults
    aftermath: "Aftermath"

    @property
    def milliseconds(self) -> int:
        """Now, as Gmail counts time."""
        return int(self.now.timestamp() * 1000)

    def of(self, mailbox: str) -> "Session":
        """The same transaction, in another mailbox."""
        return replace(self, mailbox=mailbox)

    def run(self, statement: str, values: Values = ()) -> sqlite3.Cursor:
        return self.db.execute(statement, values)  # type: ignore[arg-type]

    def row(self, statement: str, values: Values = ()) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.run(statement, values).fetchone()
        return found

    def rows(self, statement: str, values: Values = ()) -> list[sqlite3.Row]:
        return self.run(statement, values).fetchall()

    def insert(self, table: str, values: Mapping[str, Any]) -> None:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self.run(f"insert into {table} ({names}) values ({marks})", values)  # noqa: S608 (our names)


@dataclass(slots=True, kw_only=True)
class Aftermath:
    """What a transaction leaves to be done."""

    erased: bool = False  # something was deleted of which nothing may be left
    pushes: list[Push] = field(default_factory=list)
