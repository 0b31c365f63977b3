"""The state of the server: tables, contents and queued pushes, changed a call at a time."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from localcloud.clock import Clock
from localcloud.drive import access, channels, downloads, history, trash, uploads
from localcloud.drive.content import Content, Received
from localcloud.drive.pushes import Pushes
from localcloud.drive.session import Session
from localcloud.drive.tables import open_tables
from localcloud.faults import Faults

Result = TypeVar("Result")
# What Drive does as time goes by, each step on what the ones before it left.
_SWEEPS: tuple[Callable[[Session], None], ...] = (
    trash.purge_trash,
    history.purge_old,
    uploads.forget_old,
    downloads.forget_old,
    channels.forget_expired,
)
_SWEEPER = "drive-sweeper@localcloud.invalid"


class Store:
    """Opens what a folder holds, and cleans up what a crash left there."""

    def __init__(self, folder: Path, clock: Clock, faults: Faults) -> None:
        self._clock = clock
        self._database = open_tables(folder / "drive.sqlite")
        self.content = Content(folder / "content")
        self.pushes = Pushes(self._database, clock, faults)
        self._known: set[str] = set()  # callers whose My Drive exists

    def start(self, root_url: str) -> None:
        self.root_url = root_url
        self.content.sweep(self._contents())
        self.sweep()
        self.pushes.start()
        self._clock.on_advance(self.sweep)

    def stop(self) -> None:
        self._clock.forget(self.sweep)
        self.pushes.stop()
        self._database.close()

    def _contents(self) -> set[str]:
        with self._database.reading() as db:
            rows = db.execute("select content from revisions union select content from uploads")
            return {row[0] for row in rows}

    def sweep(self) -> None:
        """Does what is due by the clock."""
        for step in _SWEEPS:
            self.write(_SWEEPER, step)
        self.pushes.ring()

    def read(self, caller: str, work: Callable[[Session], Result]) -> Result:
        """Runs something that changes nothing, on one state of things."""
        self._welcome(caller)
        with self._database.reading() as db:
            return work(self._session(db, caller))

    def write(self, caller: str, work: Callable[[Session], Result]) -> Result:
        """Runs something in a transaction, and what must follow its commit."""
        if caller != _SWEEPER:
            self._welcome(caller)
        with self._database.transaction() as db:
            session = self._session(db, caller)
            result = work(session)
        self._after(session)
        return result

    def _after(self, session: Session) -> None:
        for content in session.discarded:
            self.content.discard(content)
        if session.erased:
            self._database.scrub()
        if session.pushes:
            self.pushes.ring()

    def _welcome(self, caller: str) -> None:
        """Gives a user a My Drive at the first call."""
        if caller in self._known:
            return
        with self._database.transaction() as db:
            access.ensure_root(self._session(db, caller), caller)
        self._known.add(caller)

    def _session(self, db: sqlite3.Connection, caller: str) -> Session:
        db.row_factory = sqlite3.Row
        db.create_collation("by_number", _compare_naturally)
        return Session(
            db=db,
            caller=caller,
            now=self._clock.now(),
            root_url=self.root_url,
            content=self.content,
        )

    @contextmanager
    def guarded(self, received: Received | None) -> Iterator[None]:
        """Discards a content that came to nothing."""
        try:
            yield
        except BaseException:
            if received:
                self.content.discard(received.content)
            raise


def _compare_naturally(left: str, right: str) -> int:
    """1, 2, 12: numbers inside names count as numbers."""
    one, other = _natural(left), _natural(right)
    return (one > other) - (one < other)


def _natural(text: str) -> list[tuple[bool, int, str]]:
    parts = re.split(r"(\d+)", text.casefold())
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts if part]
