"""What every part works on: the tables, the time, and the bells of those who wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

from localcloud.clock import Clock
from localcloud.pubsub.bells import Bells
from localcloud.pubsub.tables import open_tables


@dataclass(slots=True, kw_only=True)
class Change:
    """A transaction, the moment that it takes for now, and what is to be done after it."""

    rows: Connection
    now: float
    woken: set[int] = field(default_factory=set)
    deleted: bool = False


class State:
    """The tables are the state: a restart forgets nothing but who was waiting."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self.database = open_tables(data)
        self.clock = clock
        self.bells = Bells(clock)
        self.streams: list[int] = []  # a subscription's number, once for each open stream
        self._unscrubbed = True  # whatever the process before this one deleted

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Everything inside happens together and is durable when it is left; then bells ring."""
        with self.database.transaction() as rows:
            change = Change(rows=rows, now=self.clock.time())
            yield change
        if change.deleted:
            self._unscrubbed = True
        if change.woken:
            self.bells.ring(change.woken)

    def scrub(self) -> None:
        """What was deleted leaves no bytes behind."""
        if self._unscrubbed:
            self._unscrubbed = False
            self.database.scrub()
