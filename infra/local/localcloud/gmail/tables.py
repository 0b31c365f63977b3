"""The tables of the Gmail server."""

from pathlib import Path

from localcloud.database import Database, open_database

# Times are Unix milliseconds.
_TABLES = """
create table if not exists mailboxes (
    address text primary key,
    latest integer not null,
    oldest integer not null,
    next_label integer not null default 1
);

create table if not exists messages (
    number integer primary key autoincrement,
    mailbox text not null,
    id text not null,
    thread_id text not null,
    history_id integer not null,
    internal_date integer not null,
    size integer not null,
    message_id text not null,
    sender text not null,
    recipients text not null,
    subject text not null,
    file_names text not null,
    snippet text not null,
    unique (mailbox, id)
);
create index if not exists messages_by_date on messages (mailbox, internal_date, number);
create index if not exists messages_by_name on messages (mailbox, message_id);
create index if not exists messages_by_thread on messages (mailbox, thread_id);

create table if not exists contents (message integer primary key, raw blob not null);

create table if not exists message_labels (
    message integer not null,
    label text not null,
    since integer not null,
    primary key (message, label)
);
create index if not exists messages_by_label on message_labels (label, message);

create table if not exists labels (
    mailbox text not null,
    id text not null,
    name text not null,
    details text not null,
    primary key (mailbox, id)
);

create table if not exists history (
    mailbox text not null,
    id integer not null,
    kind text not null,
    message_id text not null,
    thread_id text not null,
    labels text not null,
    changed text not null,
    at integer not null,
    visible_at integer not null,
    primary key (mailbox, id)
);

create table if not exists watches (
    mailbox text primary key,
    topic text not null,
    labels text not null,
    behavior text not null,
    expiration integer not null
);
"""


def open_tables(path: Path) -> Database:
    """Opens the database and makes the tables that are missing."""
    database = open_database(path)
    with database.transaction() as connection:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
    return database
