"""The tables: buckets, generations and upload sessions in SQLite. Rules live elsewhere."""

import json
import sqlite3
from typing import Any

from localcloud.storage.model import Bucket, Generation, State, Upload, UploadState

SCHEMA = """
create table if not exists buckets(
  id integer primary key, name text not null, state text not null, fields text not null,
  policy text not null, longest_soft_delete integer not null, hard_delete_at real);
create unique index if not exists live_buckets on buckets(name) where state = 'live';
create table if not exists objects(
  bucket_id integer not null, name text not null, number integer not null, state text not null,
  fields text not null, content text not null, retained_from real not null, hard_delete_at real,
  primary key(bucket_id, name, number)) without rowid;
create unique index if not exists live_objects on objects(bucket_id, name) where state = 'live';
create index if not exists contents on objects(content);
create index if not exists doomed on objects(hard_delete_at) where hard_delete_at is not null;
create table if not exists uploads(
  id text primary key, state text not null, expires_at real not null, bucket_id integer not null,
  name text not null, params text not null, metadata text not null, content text,
  generation integer) without rowid;
create index if not exists uploaded on uploads(bucket_id, name);
create table if not exists attachments(
  bucket_id integer not null, kind text not null, name text not null, fields text not null,
  primary key(bucket_id, kind, name)) without rowid;
create table if not exists last_number(number integer not null);
insert into last_number select 0 where not exists (select 1 from last_number);
"""

_BUCKETS = """select id, name, state, fields, policy, longest_soft_delete, hard_delete_at
from buckets where """
_OBJECTS = """select bucket_id, name, number, state, fields, content, retained_from, hard_delete_at
from objects where """
_UPLOADS = """select id, state, expires_at, bucket_id, name, params, metadata, content, generation
from uploads where """

Row = tuple[Any, ...]


class Tables:
    """One transaction's view; it remembers what the transaction leaves to be cleaned up."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.sql = connection
        self.unused_contents: list[str] = []
        self.has_dropped = False
        self.next_deadline = float("inf")

    # ---- buckets

    def bucket(self, name: str) -> Bucket | None:
        """The live bucket of that name."""
        found = self._buckets("name = ? and state = 'live'", name)
        return found[0] if found else None

    def bucket_of(self, number: int) -> Bucket | None:
        """The live bucket of that id."""
        found = self._buckets("id = ? and state = 'live'", number)
        return found[0] if found else None

    def soft_bucket(self, name: str, number: int) -> Bucket | None:
        found = self._buckets("name = ? and id = ? and state = ?", name, number, State.SOFT)
        return found[0] if found else None

    def buckets(self, state: State) -> list[Bucket]:
        return self._buckets("state = ?", state)

    def doomed_buckets(self, now: float) -> list[Bucket]:
        """Soft-deleted buckets whose time is over and whose objects are gone."""
        where = """hard_delete_at <= ?
            and not exists (select 1 from objects where bucket_id = buckets.id)"""
        return self._buckets(where, now)

    def _buckets(self, where: str, *values: object) -> list[Bucket]:
        rows = self.sql.execute(_BUCKETS + where + " order by name", values)
        return [_bucket(row) for row in rows]

    def put_bucket(self, bucket: Bucket) -> None:
        values = (
            bucket.id,
            bucket.name,
            bucket.state,
            json.dumps(bucket.fields),
            json.dumps(bucket.policy),
            bucket.longest_soft_delete,
            bucket.hard_delete_at,
        )
        self.sql.execute("insert or replace into buckets values(?,?,?,?,?,?,?)", values)
        self._expect(bucket.hard_delete_at)

    def drop_bucket(self, bucket: Bucket) -> None:
        """Everything of it goes, soft-deleted objects and open uploads too."""
        for generation in self.generations("bucket_id = ?", bucket.id):
            self.drop(generation)
        for upload in self.uploads("bucket_id = ?", bucket.id):
            self.drop_upload(upload)
        self.sql.execute("delete from attachments where bucket_id = ?", (bucket.id,))
        self.sql.execute("delete from buckets where id = ?", (bucket.id,))
        self.has_dropped = True

    def holds_objects(self, bucket: Bucket) -> bool:
        """Whether it has live or noncurrent objects."""
        query = "select 1 from objects where bucket_id = ? and state != ? limit 1"
        return self.sql.execute(query, (bucket.id, State.SOFT)).fetchone() is not None

    # ---- generations

    def live(self, bucket: Bucket, name: str) -> Generation | None:
        found = self.generations("bucket_id = ? and name = ? and state = 'live'", bucket.id, name)
        return found[0] if found else None

    def generation(self, bucket: Bucket, name: str, number: int) -> Generation | None:
        """In whatever state it is."""
        where = "bucket_id = ? and name = ? and number = ?"
        found = self.generations(where, bucket.id, name, number)
        return found[0] if found else None

    def generations(self, where: str, *values: object) -> list[Generation]:
        rows = self.sql.execute(_OBJECTS + where, values)
        return [_generation(row) for row in rows]

    def scan(
        self, bucket: Bucket, states: list[State], after: tuple[str, int], limit: int
    ) -> list[Generation]:
        """The next ones in the order of name and generation."""
        where = """bucket_id = ? and (name, number) > (?, ?)
            and state in (select value from json_each(?)) order by name, number limit ?"""
        return self.generations(where, bucket.id, *after, json.dumps(states), limit)

    def put(self, generation: Generation) -> None:
        values = (
            generation.bucket_id,
            generation.name,
            generation.number,
            generation.state,
            json.dumps(generation.fields),
            generation.content,
            generation.retained_from,
            generation.hard_delete_at,
        )
        self.sql.execute("insert or replace into objects values(?,?,?,?,?,?,?,?)", values)
        self._expect(generation.hard_delete_at)

    def drop(self, generation: Generation) -> None:
        """The end of a generation, and of the session that brought it."""
        key = (generation.bucket_id, generation.name, generation.number)
        self.sql.execute("delete from objects where (bucket_id, name, number) = (?, ?, ?)", key)
        self.sql.execute("delete from uploads where (bucket_id, name, generation) = (?, ?, ?)", key)
        self._release(generation.content)

    def next_number(self, microseconds: int) -> int:
        """Strictly increasing over deletions and restarts, and close to the time."""
        query = "update last_number set number = max(number + 1, ?) returning number"
        return int(self.sql.execute(query, (microseconds,)).fetchone()[0])

    # ---- upload sessions

    def upload(self, upload_id: str) -> Upload | None:
        found = self.uploads("id = ?", upload_id)
        return found[0] if found else None

    def uploads(self, where: str, *values: object) -> list[Upload]:
        rows = self.sql.execute(_UPLOADS + where, values)
        return [_upload(row) for row in rows]

    def put_upload(self, upload: Upload) -> None:
        values = (
            upload.id,
            upload.state,
            upload.expires_at,
            upload.bucket_id,
            upload.name,
            json.dumps(upload.params),
            json.dumps(upload.metadata),
            upload.content,
            upload.generation,
        )
        self.sql.execute("insert or replace into uploads values(?,?,?,?,?,?,?,?,?)", values)
        self._expect(upload.expires_at)

    def drop_upload(self, upload: Upload) -> None:
        self.sql.execute("delete from uploads where id = ?", (upload.id,))
        if upload.content:
            self._release(upload.content)
        self.has_dropped = True

    # ---- what hangs on a bucket: managed folders, notification configurations

    def attachments(self, bucket: Bucket, kind: str) -> dict[str, dict[str, Any]]:
        """By name, in the order of the names."""
        query = """select name, fields from attachments
            where (bucket_id, kind) = (?, ?) order by name"""
        rows = self.sql.execute(query, (bucket.id, kind))
        return {name: json.loads(fields) for name, fields in rows}

    def attach(self, bucket: Bucket, kind: str, name: str, fields: dict[str, Any]) -> None:
        values = (bucket.id, kind, name, json.dumps(fields))
        self.sql.execute("insert or replace into attachments values(?,?,?,?)", values)

    def detach(self, bucket: Bucket, kind: str, name: str) -> None:
        query = "delete from attachments where (bucket_id, kind, name) = (?, ?, ?)"
        self.sql.execute(query, (bucket.id, kind, name))
        self.has_dropped = True

    # ---- contents and deadlines

    def contents(self) -> set[str]:
        """The ids of all files that something refers to."""
        query = "select content from objects union select content from uploads"
        return {row[0] for row in self.sql.execute(query) if row[0]}

    def earliest_deadline(self) -> float:
        query = """select min(at) from (select min(hard_delete_at) at from objects
            union select min(hard_delete_at) from buckets
            union select min(expires_at) from uploads)"""
        earliest = self.sql.execute(query).fetchone()[0]
        return float("inf") if earliest is None else float(earliest)

    def _release(self, content: str) -> None:
        query = "select 1 from objects where content = ? limit 1"
        if self.sql.execute(query, (content,)).fetchone() is None:
            self.unused_contents.append(content)
        self.has_dropped = True

    def _expect(self, deadline: float | None) -> None:
        if deadline is not None:
            self.next_deadline = min(self.next_deadline, deadline)


def _bucket(row: Row) -> Bucket:
    number, name, state, fields, policy, longest, hard_delete_at = row
    return Bucket(
        id=number,
        name=name,
        state=State(state),
        fields=json.loads(fields),
        policy=json.loads(policy),
        longest_soft_delete=longest,
        hard_delete_at=hard_delete_at,
    )


def _generation(row: Row) -> Generation:
    bucket_id, name, number, state, fields, content, retained_from, hard_delete_at = row
    return Generation(
        bucket_id=bucket_id,
        name=name,
        number=number,
        state=State(state),
        fields=json.loads(fields),
        content=content,
        retained_from=retained_from,
        hard_delete_at=hard_delete_at,
    )


def _upload(row: Row) -> Upload:
    upload_id, state, expires_at, bucket_id, name, params, metadata, content, generation = row
    return Upload(
        id=upload_id,
        state=UploadState(state),
        expires_at=expires_at,
        bucket_id=bucket_id,
        name=name,
        params=json.loads(params),
        metadata=json.loads(metadata),
        content=content,
        generation=generation,
    )
