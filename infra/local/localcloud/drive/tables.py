"""The tables of the Drive server."""

from pathlib import Path

from localcloud.database import Database, open_database

# Times are RFC 3339 texts in UTC with milliseconds, so that they sort as text.
_TABLES = """
create table if not exists files (
    number integer primary key autoincrement,
    id text not null unique,
    name text not null,
    words text not null,
    mime_type text not null,
    parent text,
    drive_id text,
    owner text,
    created_time text not null,
    modified_time text not null,
    modified_by text not null,
    version integer not null,
    trashed_time text,
    trashed_by text,
    limited integer not null default 0,
    head text,
    details text not null default '{}'
);
create index if not exists files_by_parent on files (parent, number);
create index if not exists folders_by_parent on files (parent)
    where mime_type = 'application/vnd.google-apps.folder';
create index if not exists files_by_drive on files (drive_id, number);
create index if not exists files_by_owner on files (owner, number);
create index if not exists files_by_trash on files (trashed_time) where trashed_time is not null;

create table if not exists revisions (
    number integer primary key autoincrement,
    file_id text not null,
    id text not null,
    mime_type text not null,
    modified_time text not null,
    modified_by text not null,
    superseded_time text,
    keep_forever integer not null,
    original_filename text,
    content text not null,
    size integer not null,
    md5 text not null,
    sha1 text not null,
    sha256 text not null,
    unique (file_id, id)
);
create index if not exists revisions_by_age on revisions (superseded_time);

create table if not exists permissions (
    file_id text not null,
    id text not null,
    type text not null,
    role text not null,
    email text,
    domain text,
    discoverable integer not null default 0,
    expiration_time text,
    created_time text not null,
    created_by text not null,
    primary key (file_id, id)
);
create index if not exists permissions_by_email on permissions (email, file_id);

create table if not exists drives (
    id text primary key,
    name text not null,
    created_time text not null,
    creator text not null,
    request_id text not null,
    details text not null default '{}',
    unique (creator, request_id)
);

create table if not exists stars (
    file_id text not null, email text not null, primary key (file_id, email)
);
create table if not exists hidden_drives (
    drive_id text not null, email text not null, primary key (drive_id, email)
);

create table if not exists changes (
    log text not null,
    position integer not null,
    kind text not null,
    item text not null,
    removed integer not null,
    time text not null,
    primary key (log, position),
    unique (log, kind, item)
);
create table if not exists logs (name text primary key, next integer not null);

create table if not exists channels (
    id text primary key,
    creator text not null,
    log text,
    file_id text,
    resource_id text not null,
    resource_uri text not null,
    address text not null,
    token text,
    expiration integer not null,
    next_number integer not null
);
create table if not exists pushes (
    number integer primary key autoincrement,
    channel text not null,
    message integer not null,
    state text not null,
    changed text,
    attempts integer not null default 0,
    due real not null
);

create table if not exists uploads (
    id text primary key,
    caller text not null,
    method text not null,
    params text not null,
    body text not null,
    content text not null,
    content_type text,
    created_time text not null,
    file_id text,
    answer text
);

create table if not exists operations (
    name text primary key,
    caller text not null,
    file_id text not null,
    revision_id text,
    mime_type text,
    created_time text not null
);

create table if not exists mail (
    number integer primary key autoincrement,
    recipient text not null,
    file_id text not null,
    message text,
    sent_at text not null
);

create table if not exists deleted (id text primary key, deleted_at text not null);
"""


def open_tables(path: Path) -> Database:
    """Opens the database and makes the tables that are missing."""
    database = open_database(path)
    with database.transaction() as connection:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
    return database
