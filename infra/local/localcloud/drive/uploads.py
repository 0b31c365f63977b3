"""The three ways of sending content (Drive guide "Upload file data").

A resumable session lives for a week, survives a restart, and keeps what arrived in multiples of
256 KiB; only the last piece may be of any size.
"""

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from localcloud.clock import timestamp
from localcloud.drive.content import Content
from localcloud.drive.session import Session
from localcloud.errors import ApiError

_GRANULE = 256 * 1024
_LIFE = timedelta(days=7)
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What a Content-Range says: where the piece begins, and how long the whole is."""

    start: int | None  # nothing: a question how much has arrived
    total: int | None  # nothing: not known yet
    is_all: bool  # without a Content-Range the body is the whole content

    @staticmethod
    def of(header: str | None) -> "Piece":
        if header is None:
            return Piece(start=0, total=None, is_all=True)
        found = _RANGE.fullmatch(header.strip())
        if found is None:
            raise ApiError(400, "badContent", f"Invalid Content-Range: {header}")
        total = None if found[3] == "*" else int(found[3])
        return Piece(start=int(found[1]) if found[1] else None, total=total, is_all=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A resumable session."""

    id: str
    caller: str
    method: str
    params: dict[str, Any]
    body: dict[str, Any]
    content: str
    content_type: str | None
    answer: dict[str, Any] | None  # of the finished upload, should the client ask again

    @staticmethod
    def of(row: sqlite3.Row) -> "Upload":
        values = {name: row[name] for name in Upload.__dataclass_fields__}
        for name in ("params", "body", "answer"):
            values[name] = json.loads(values[name]) if values[name] else None
        return Upload(**values)


def open_upload(
    session: Session,
    method: str,
    params: Mapping[str, Any],
    body: Mapping[str, Any],
    content_type: str | None,
) -> str:
    """Begins a session; returns its id."""
    upload_id = secrets.token_urlsafe(40)
    session.insert(
        "uploads",
        {
            "id": upload_id,
            "caller": session.caller,
            "method": method,
            "params": json.dumps(params),
            "body": json.dumps(body),
            "content": session.content.new(),
            "content_type": content_type,
            "created_time": session.time,
        },
    )
    return upload_id


def find_upload(session: Session, upload_id: str) -> Upload:
    """A living session; whoever has its URI may use it."""
    row = session.row("select * from uploads where id = ?", [upload_id])
    if row is None or row["created_time"] <= timestamp(session.now - _LIFE):
        raise ApiError(404, "notFound", "The upload session was not found or has expired.")
    return Upload.of(row)


def receive(store: Content, upload: Upload, piece: Piece, blocks: Iterator[bytes]) -> bool:
    """Appends a piece, skipping what arrived before; says whether the content is complete."""
    arrived = store.size(upload.content)
    if piece.start is not None:
        _append(store, upload, piece, blocks, arrived)
    size = store.size(upload.content)
    if piece.total is not None and size > piece.total:
        raise ApiError(400, "badContent", "More bytes were sent than announced.")
    return piece.is_all or size == piece.total


def _append(
    store: Content, upload: Upload, piece: Piece, blocks: Iterator[bytes], arrived: int
) -> None:
    start = piece.start or 0
    if start > arrived:
        message = (
            "Invalid request. According to the Content-Range header, the upload offset is"
            f" {start} byte(s), which exceeds already uploaded size of {arrived} byte(s)."
        )
        raise ApiError(400, "badContent", message)
    whole = False
    try:
        store.append(upload.content, blocks, skip=arrived - start)
        whole = piece.is_all or store.size(upload.content) == piece.total
    finally:
        if not whole:
            size = store.size(upload.content)
            store.truncate(upload.content, max(size - size % _GRANULE, arrived))


def finish(session: Session, upload: Upload, file_id: str, answer: dict[str, Any]) -> None:
    """Keeps the answer of a finished upload, which the client may not have seen."""
    session.run(
        "update uploads set content = '', params = '{}', body = '{}', file_id = ?, answer = ?"
        " where id = ?",
        [file_id, json.dumps(answer), upload.id],
    )


def cancel(session: Session, upload: Upload) -> None:
    session.run("delete from uploads where id = ?", [upload.id])
    if upload.content:
        session.discarded.append(upload.content)


def forget_old(session: Session) -> None:
    """Sessions expire after a week, and what they hold goes with them."""
    limit = timestamp(session.now - _LIFE)
    for row in session.rows("select * from uploads where created_time <= ?", [limit]):
        cancel(session, Upload.of(row))
