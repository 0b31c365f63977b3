"""objects.list: names in byte order, grouped by a delimiter, in pages."""

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from typing import Any

from localcloud.errors import ApiError
from localcloud.storage.call import Call
from localcloud.storage.globs import glob_pattern
from localcloud.storage.managed_folders import MANAGED_FOLDER
from localcloud.storage.model import Bucket, Generation, State
from localcloud.storage.pages import decode_token, encode_token
from localcloud.storage.refusals import invalid
from localcloud.storage.resources import object_resource
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.tables import Tables

_MOST_RESULTS = 1000
_ROWS_AT_ONCE = 500
_BEFORE_ALL_GENERATIONS = -1
_LAST_CHARACTER = "\U0010ffff"

# A place in the order of (name, generation); what is greater comes after it.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A line of the listing: an object, a prefix that stands for many, or both."""

    item: Generation | None
    prefix: str | None
    resume: Place  # where the listing goes on after this line


def list_(store: Store, call: Call) -> dict[str, Any]:
    params = call.params
    if params.get("softDeleted") and params.get("versions"):
        raise invalid("softDeleted and versions cannot be listed together.")
    size = min(params["maxResults"] or _MOST_RESULTS, _MOST_RESULTS)
    with store.reading() as tables:
        bucket = the_bucket(tables, params["bucket"])
        lines = merge(
            _entries(tables, bucket, params), _folders(tables, bucket, params), key=_sort_key
        )
        # A managed folder and the objects in it stand under one prefix.
        entries = list(islice((next(same) for _, same in groupby(lines, _sort_key)), size + 1))
    page = entries[:size]
    result: dict[str, Any] = {"kind": "storage#objects"}
    if items := [object_resource(store, bucket, line.item, params) for line in page if line.item]:
        result["items"] = items
    if prefixes := [line.prefix for line in page if line.prefix]:
        result["prefixes"] = prefixes
    if len(entries) > size:
        result["nextPageToken"] = encode_token(json.dumps(page[-1].resume))
    return result


def _entries(tables: Tables, bucket: Bucket, params: Mapping[str, Any]) -> Iterator[_Entry]:
    """Walks the names. A group of names under one prefix is passed in one step."""
    place: Place | None = _start(params)
    while place:
        place = yield from _entries_to_next_group(tables, bucket, params, place)


def _folders(tables: Tables, bucket: Bucket, params: Mapping[str, Any]) -> Iterator[_Entry]:
    """Managed folders as prefixes, where the client wants them, even with nothing in them."""
    if not params.get("includeFoldersAsPrefixes") or params.get("delimiter") != "/":
        return
    start = _start(params)
    for name in tables.attachments(bucket, MANAGED_FOLDER):
        group = _group(name, params)
        if group and _is_in_range(name, params) and _successor(group) > start:
            yield _Entry(item=None, prefix=group, resume=_successor(group))


def _sort_key(entry: _Entry) -> tuple[str, int]:
    if entry.prefix is not None:
        return entry.prefix, 0
    return (entry.item.name, entry.item.number) if entry.item else ("", 0)


def _entries_to_next_group(
    tables: Tables, bucket: Bucket, params: Mapping[str, Any], place: Place
) -> Generator[_Entry, None, Place | None]:
    """Ends behind the first group, and returns where that is; None at the end of the names."""
    for item in _items(tables, bucket, params, place):
        here = (item.name, item.number)
        group = _group(item.name, params)
        if group is None:
            yield _Entry(item=item, prefix=None, resume=here)
            continue
        behind = _successor(group)
        itself = item if item.name == group and params.get("includeTrailingDelimiter") else None
        yield _Entry(item=itself, prefix=group, resume=behind)
        return behind
    return None


def _items(
    tables: Tables, bucket: Bucket, params: Mapping[str, Any], place: Place
) -> Iterator[Generation]:
    """The objects behind a place that the query is about."""
    wanted = glob_pattern(params["matchGlob"]) if params.get("matchGlob") else None
    while rows := tables.scan(bucket, _states(params), place, _ROWS_AT_ONCE):
        for item in rows:
            if not _is_in_range(item.name, params):
                return
            if wanted is None or wanted.fullmatch(item.name):
                yield item
        place = (rows[-1].name, rows[-1].number)


def _states(params: Mapping[str, Any]) -> list[State]:
    if params.get("softDeleted"):
        return [State.SOFT]
    return [State.LIVE, State.NONCURRENT] if params.get("versions") else [State.LIVE]


def _is_in_range(name: str, params: Mapping[str, Any]) -> bool:
    end = params.get("endOffset")
    return name.startswith(params.get("prefix", "")) and (not end or name < end)


def _group(name: str, params: Mapping[str, Any]) -> str | None:
    """The name up to and with the first delimiter behind the prefix."""
    delimiter = params.get("delimiter")
    if not delimiter:
        return None
    at = name.find(delimiter, len(params.get("prefix", "")))
    return name[: at + len(delimiter)] if at >= 0 else None


def _successor(prefix: str) -> Place:
    """The place behind all names that start with the prefix."""
    stem = prefix.rstrip(_LAST_CHARACTER)
    after = chr(ord(stem[-1]) + 1)
    if "\ud800" <= after <= "\udfff":
        after = "\ue000"  # surrogates are no characters
    return stem[:-1] + after, _BEFORE_ALL_GENERATIONS


def _start(params: Mapping[str, Any]) -> Place:
    token = params.get("pageToken")
    if token is None:
        return max(params.get("prefix", ""), params.get("startOffset", "")), _BEFORE_ALL_GENERATIONS
    try:
        name, number = json.loads(decode_token(token))
    except ValueError as error:
        raise ApiError(400, "invalid", "Invalid page token", "pageToken") from error
    return str(name), int(number)
