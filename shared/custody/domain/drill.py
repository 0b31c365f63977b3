"""What a drill restores: a sample that looks where damage would hurt, and elsewhere by lot.

The lot is drawn by a hash over the day and the name: the same day draws the same, whoever runs it,
and the next day draws anew.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

from custody.domain.vault import FileHistory, ObjectName, Version

HOLDINGS = 50
"""Of how many holdings one run restores something."""
FILES = 8
"""Files of one holding among which the sample is drawn."""
ERASED = 20
"""Copies of erased epochs that one run tries to read."""

T = TypeVar("T")


def by_lot(things: Iterable[T], day: str, name: Callable[[T], str]) -> list[T]:
    """All of them, in the order of the lot."""
    return sorted(things, key=lambda one: hashlib.sha256(f"{day}|{name(one)}".encode()).hexdigest())


def sample(histories: Iterable[FileHistory], day: str) -> list[Version]:
    """The newest, the oldest, the one with the longest chain, and one by lot; each once."""
    versions = [version for history in histories for version in history.versions]
    if not versions:
        return []
    chosen = (
        max(versions, key=lambda one: (one.captured_at, one.name)),
        min(versions, key=lambda one: (one.captured_at, one.name)),
        max(versions, key=lambda one: (one.depth, one.name)),
        by_lot(versions, day, lambda one: one.name)[0],
    )
    return list({one.name: one for one in chosen}.values())


def chain(history: FileHistory, version: Version) -> list[ObjectName]:
    """The objects that must be read to have this version's content: itself, then its bases."""
    known = {one.name: one for one in history.versions}
    links: list[ObjectName] = []
    name: ObjectName | None = version.name
    while name is not None and name not in links:
        links.append(name)
        name = known[name].base if name in known else None
    return links
