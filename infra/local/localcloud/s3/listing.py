"""Pages of versions and of uploads, in S3's order.

moto pages by times, which may be equal, and loses its place when the version at which a page
ended is deleted before the next one is asked for. S3 lists keys in the order of their UTF-8 and
the versions of a key newest first ("ListObjectVersions"), uploads of a key oldest first
("ListMultipartUploads").
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which page is wanted: what comes after the marks, or all of a key whose mark is gone."""

    prefix: str = ""
    delimiter: str = ""
    after_key: str = ""
    after_id: str = ""
    most: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    entries: list[Any]
    prefixes: list[str]
    next_key: str | None = None
    next_id: str | None = None


Entries = Iterable[tuple[str, list[Any]]]
"""Names with what is listed under them, in the order in which it is listed."""


def page(entries: Entries, asked: Asked, id_of: Callable[[Any], str]) -> Page:
    """The next entries and common prefixes, and the mark after which to ask for more."""
    found: list[Any] = []
    prefixes: list[str] = []
    last: tuple[str, str | None] = ("", None)
    for name, entry in _remaining(entries, asked, id_of):
        if prefixes and prefixes[-1] == name:
            continue
        if len(found) + len(prefixes) == asked.most:
            return Page(entries=found, prefixes=prefixes, next_key=last[0], next_id=last[1])
        if entry is None:
            prefixes.append(name)
            last = (name, None)
        else:
            found.append(entry)
            last = (name, id_of(entry))
    return Page(entries=found, prefixes=prefixes)


def _remaining(
    entries: Entries, asked: Asked, id_of: Callable[[Any], str]
) -> Iterator[tuple[str, Any]]:
    """Entries by name, and None for each one that goes into a common prefix."""
    for name, listed in sorted(entries, key=lambda pair: pair[0]):
        if not name.startswith(asked.prefix):
            continue
        common = _common_prefix(name, asked)
        if common is not None:
            if common > asked.after_key:
                yield common, None
        elif name > asked.after_key:
            yield from ((name, one) for one in listed)
        elif name == asked.after_key and asked.after_id:
            yield from ((name, one) for one in _after(listed, asked.after_id, id_of))


def _after(listed: list[Any], mark: str, id_of: Callable[[Any], str]) -> list[Any]:
    ids = [id_of(one) for one in listed]
    return listed[ids.index(mark) + 1 :] if mark in ids else listed


def _common_prefix(name: str, asked: Asked) -> str | None:
    if not asked.delimiter:
        return None
    at = name.find(asked.delimiter, len(asked.prefix))
    return None if at < 0 else name[: at + len(asked.delimiter)]
