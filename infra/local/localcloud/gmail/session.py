"""One call inside its transaction: whose mailbox, when, and what must follow the commit."""

import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime

from localcloud.database import Statements
from localcloud.faults import Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A mailbox changed: what a watch's topic is told."""

    topic: str
    mailbox: str
    history_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Statements):
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


@dataclass(slots=True, kw_only=True)
class Aftermath:
    """What a transaction leaves to be done."""

    erased: bool = False  # something was deleted of which nothing may be left
    pushes: list[Push] = field(default_factory=list)
