"""SQLite for the servers: durable at every commit, and nothing left of what was deleted."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Values = Iterable[Any] | Mapping[str, Any]


class Database:
    """One SQLite file with a pool of connections; one writer at a time, readers never wait."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside commits together, or not at all. Not to be nested."""
        with self._writing, self._connection() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent snapshot. Keep it short: a long one holds up `scrub`."""
        with self._connection() as connection:
            connection.execute("begin")
            try:
                yield connection
            finally:
                connection.execute("rollback")

    def scrub(self) -> None:
        """Empties the write-ahead log, where copies of deleted rows would linger."""
        with self._writing, self._connection() as connection:
            busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        if busy:
            raise RuntimeError("the write-ahead log could not be emptied: a reader held on")

    def close(self) -> None:
        """Closes the idle connections now and the busy ones when they come back."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._guard:
            connection = self._idle.pop() if self._idle else None
        connection = connection or _connect(self._path)
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def open_database(path: Path) -> Database:
    """Opens or creates the file in WAL mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return Database(path)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("pragma journal_mode=wal")
    # The system's own cache survives the death of the process, so NORMAL is safe against kill -9.
    connection.execute("pragma synchronous=normal")
    connection.execute("pragma secure_delete=on")
    connection.execute("pragma temp_store=memory")
    return connection


class Statements:
    """What a session inside a transaction runs on its connection."""

    __slots__ = ()
    db: sqlite3.Connection

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
