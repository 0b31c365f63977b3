"""The state of the server: its tables, changed a call at a time."""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from localcloud.clock import Clock
from localcloud.faults import Faults
from localcloud.gmail import journal, mail, mailboxes, watches
from localcloud.gmail.pushes import Pushes
from localcloud.gmail.session import Aftermath, Session
from localcloud.gmail.tables import open_tables

Result = TypeVar("Result")
# What Gmail does as time goes by.
_SWEEPS: tuple[Callable[[Session], None], ...] = (
    mail.purge,
    journal.forget_old,
    watches.forget_expired,
)


class Store:
    """Opens what a folder holds."""

    def __init__(self, folder: Path, clock: Clock, faults: Faults, pushes: Pushes) -> None:
        self._clock = clock
        self._faults = faults
        self._database = open_tables(folder / "gmail.sqlite")
        self._pushes = pushes
        self._known: set[str] = set()  # mailboxes that are there

    def start(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            self._welcome(address)
        self.sweep()
        self._clock.on_advance(self.sweep)

    def stop(self) -> None:
        self._clock.forget(self.sweep)
        self._database.close()

    def sweep(self) -> None:
        """Does what is due by the clock."""
        for step in _SWEEPS:
            self._write("", step)

    def read(self, mailbox: str, work: Callable[[Session], Result]) -> Result:
        """Runs something that changes nothing, on one state of things."""
        self._welcome(mailbox)
        with self._database.reading() as db:
            return work(self._session(db, mailbox))

    def look(self, work: Callable[[Session], Result]) -> Result:
        """Reads without a mailbox of one's own."""
        with self._database.reading() as db:
            return work(self._session(db, ""))

    def write(self, mailbox: str, work: Callable[[Session], Result]) -> Result:
        """Runs something in a transaction, and what must follow its commit."""
        self._welcome(mailbox)
        return self._write(mailbox, work)

    def _write(self, mailbox: str, work: Callable[[Session], Result]) -> Result:
        with self._database.transaction() as db:
            session = self._session(db, mailbox)
            result = work(session)
        self._after(session.aftermath)
        return result

    def _after(self, aftermath: Aftermath) -> None:
        if aftermath.erased:
            self._database.scrub()
        # One transaction is one change of a mailbox, however many messages it is about.
        for push in {push.mailbox: push for push in aftermath.pushes}.values():
            self._pushes.send(push)

    def _welcome(self, address: str) -> None:
        """Gives a user a mailbox at the first call."""
        if address in self._known:
            return
        self._write(address, lambda session: mailboxes.ensure(session, address))
        self._known.add(address)

    def _session(self, db: sqlite3.Connection, mailbox: str) -> Session:
        db.row_factory = sqlite3.Row
        return Session(
            db=db,
            mailbox=mailbox,
            now=self._clock.now(),
            faults=self._faults,
            aftermath=Aftermath(),
        )
