"""The tables: everything that Pub/Sub must not forget, in one SQLite file."""

from pathlib import Path

from localcloud.database import Database, open_database

_TABLES = (
    """create table if not exists counters (
        name text primary key,
        next integer not null) without rowid""",
    """create table if not exists topics (
        name text primary key,
        config blob not null) without rowid""",
    """create table if not exists subscriptions (
        number integer primary key,
        name text not null unique,
        topic text not null,
        push integer not null,     -- whether messages are pushed to an endpoint
        expires_at real,           -- null: never
        config blob not null)""",
    "create index if not exists subscriptions_of_topic on subscriptions (topic)",
    """create table if not exists messages (
        number integer primary key,
        body blob not null)""",
    """create table if not exists deliveries (
        subscription integer not null,
        message integer not null,
        published real not null,
        attempts integer not null default 0,
        lease integer,             -- null while nobody holds the message
        due real not null,         -- when the lease ends; without one, when it may be delivered
        primary key (subscription, message)) without rowid""",
    """create index if not exists deliveries_waiting
        on deliveries (subscription, due, message) where lease is null""",
    "create index if not exists deliveries_leased on deliveries (due) where lease is not null",
    "create index if not exists deliveries_of_message on deliveries (message)",
)


def open_tables(data: Path) -> Database:
    """Opens the database of the data folder, with all its tables."""
    database = open_database(data / "pubsub.sqlite")
    with database.transaction() as rows:
        for statement in _TABLES:
            rows.execute(statement)
    return database
