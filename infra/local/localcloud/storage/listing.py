"""objects.list: names in byte order, grouped by a delimiter, in pages."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.storage.call import Call
from localcloud.storage.globs import glob_pattern
from localcloud.storage.model import Bucket, Generation, State
from localcloud.storage.pages import decode_token, encode_token
from localcloud.storage.refusals import invalid
from localcloud.storage.resources import object_resource
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.tables import Tables

_MOST_RESULTS = 1000
_ROWS_AT_ONCE = 500
_AFTER_ALL_GENERATIONS = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A place in the order of (name, generation): what follows it comes next."""

    name: str
    number: int = -1

    def token(self) -> str:
        return encode_token(json.dumps([self.name, self.number]))


@dataclass(slots=True, kw_only=True)
class _Page:
    size: int
    items: list[Generation] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next_token: str | None = None

    def is_full(self) -> bool:
        return len(self.items) + len(self.prefixes) >= self.size


def list_(store: Store, call: Call) -> dict[str, Any]:
    params = call.params
    if params.get("softDeleted") and params.get("versions"):
        raise invalid("softDeleted and versions cannot be listed together.")
    with store.reading() as tables:
        bucket = the_bucket(tables, params["bucket"])
        page = _fill(tables, bucket, params)
    result: dict[str, Any] = {"kind": "storage#objects"}
    if page.items:
        result["items"] = [object_resource(store, bucket, item, params) for item in page.items]
    if page.prefixes:
        result["prefixes"] = page.prefixes
    if page.next_token:
        result["nextPageToken"] = page.next_token
    return result


def _fill(tables: Tables, bucket: Bucket, params: Mapping[str, Any]) -> _Page:
    """Walks the names; a group under one prefix is passed in one step."""
    page = _Page(size=min(params["maxResults"] or _MOST_RESULTS, _MOST_RESULTS))
    wanted = glob_pattern(params["matchGlob"]) if params.get("matchGlob") else None
    place: _Place | None = _start(params)
    last = place
    while place:
        group = None
        for item in _items_after(tables, bucket, place, params):
            if wanted and not wanted.fullmatch(item.name):
                continue
            if page.is_full():
                page.next_token = last.token() if last else None
                return page
            group = _group(item.name, params)
            if group is None or _stands_for_itself(item.name, group, params):
                page.items.append(item)
                last = _Place(name=item.name, number=item.number)
            if group is not None:
                page.prefixes.append(group)
                break
        place = last = _Place(name=_successor(group)) if group else None
    return page
