"""State on disk: transactions over the tables, files that follow them, and what time ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from localcloud.clock import Clock, timestamp
from localcloud.database import open_database
from localcloud.storage.content import ContentFiles
from localcloud.storage.model import Bucket
from localcloud.storage.refusals import no_bucket
from localcloud.storage.tables import SCHEMA, Tables


class Store:
    """Everything that the server knows."""

    def __init__(self, data: Path, clock: Clock, url: str) -> None:
        self.clock = clock
        self.url = url  # where clients find the server; links are made of it
        self._database = open_database(data / "storage.db")
        with self._database.transaction() as connection:
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
        self.contents = ContentFiles(data / "content")
        with self.reading() as tables:
            self.contents.keep_only(tables.contents())
            self._deadline = tables.earliest_deadline()
        self._database.scrub()
        clock.on_advance(self.sweep)

    def close(self) -> None:
        self.clock.forget(self.sweep)
        self._database.close()

    @contextmanager
    def reading(self) -> Iterator[Tables]:
        """One consistent view."""
        with self._database.reading() as connection:
            yield Tables(connection)

    @contextmanager
    def transaction(self) -> Iterator[Tables]:
        """All or nothing; what it dropped has left the disk when this returns."""
        with self._database.transaction() as connection:
            tables = Tables(connection)
            yield tables
            # Before the commit: whoever sees the row must also see its deadline.
            self._deadline = min(self._deadline, tables.next_deadline)
        for content in tables.unused_contents:
            self.contents.remove(content)
        if tables.has_dropped:
            self._database.scrub()

    def now(self) -> datetime:
        return self.clock.now()

    def timestamp(self) -> str:
        return timestamp(self.clock.now())

    def timestamp_of(self, seconds: float) -> str:
        return timestamp(datetime.fromtimestamp(seconds, UTC))

    def sweep(self) -> None:
        """Ends what has reached its time: soft-deleted objects and buckets, upload sessions."""
        now = self.clock.time()
        if now < self._deadline:
            return
        with self.transaction() as tables:
            for generation in tables.generations(_DOOMED, now):
                tables.drop(generation)
            for bucket in tables.doomed_buckets(now):
                tables.drop_bucket(bucket)
            for upload in tables.uploads("expires_at <= ?", now):
                tables.drop_upload(upload)
            tables.next_deadline = float("inf")
            self._deadline = tables.earliest_deadline()


# docs "Pause hard deletions": nothing of such a bucket ends while the pause lasts.
_DOOMED = """hard_delete_at <= ? and not exists (
    select 1 from buckets where id = bucket_id
    and json_extract(fields, '$.softDeletePolicy.hardDeletePause.enabled'))"""


def the_bucket(tables: Tables, name: str) -> Bucket:
    """The live bucket of that name; 404 without one."""
    bucket = tables.bucket(name)
    if bucket is None:
        raise no_bucket()
    return bucket
