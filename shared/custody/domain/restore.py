"""Which versions a restore brings back, and under which paths. Names come from customers."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import PurePosixPath

from custody.domain.vault import FileHistory, FileId, Missed, ObjectName, Version

PART_BYTES = 200
"""Longest name that we make: file systems take 255 bytes, and an id may have to be added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One version to bring back: the newest state under its own name, others beside it."""

    version: Version
    since: datetime
    """When the file was first captured: of two with one name, the older one keeps it."""
    is_newest: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One version and the path, relative to the destination, that is its alone."""

    version: Version
    path: PurePosixPath


def newest_state(histories: Iterable[FileHistory], at: datetime | None = None) -> list[Wanted]:
    """The newest version of each file, or the newest captured until then; lost files too."""
    states = []
    for history in histories:
        known = [one for one in history.versions if at is None or one.captured_at <= at]
        if known:
            newest = max(known, key=lambda version: version.order)
            states.append(Wanted(version=newest, since=_since(history)))
    return states


def all_versions(histories: Iterable[FileHistory]) -> list[Wanted]:
    return [
        Wanted(version=version, since=_since(history), is_newest=version == history.latest)
        for history in histories
        for version in history.versions
    ]


def _since(history: FileHistory) -> datetime:
    return min(version.captured_at for version in history.versions)


def chronological(histories: Iterable[FileHistory]) -> list[tuple[FileHistory, Version | Missed]]:
    """Versions and gaps of all files, oldest first; those of one file in Drive's own order."""
    timed = [entry for history in histories for entry in _timed(history)]
    timed.sort(key=lambda entry: (entry[0], entry[1].life, entry[1].file_id))
    return [(history, item) for _, history, item in timed]


def _timed(history: FileHistory) -> Iterator[tuple[datetime, FileHistory, Version | Missed]]:
    """A version that was captured late, after its successor, still stands before it."""
    time = None
    for version in history.versions:
        time = max(time or version.captured_at, version.captured_at)
        yield time, history, version
    for gap in history.missed:
        yield gap.seen_at, history, gap


def matching(wanted: Iterable[Wanted], file: str) -> list[Wanted]:
    """Those of the file with this id or, where no id fits, of every file with this name."""
    known = list(wanted)
    by_id = [one for one in known if one.version.file_id == FileId(file)]
    return by_id or [one for one in known if one.version.file_name == file]


def place(wanted: Sequence[Wanted], *, by_source: bool) -> list[Target]:
    """Gives every version a path of its own below the destination, the same in every run."""
    folders = [_folder(one.version, by_source=by_source) for one in wanted]
    taken = {_key(part) for folder in folders for part in (folder, *folder.parents)}
    targets = []
    for one, folder in sorted(zip(wanted, folders, strict=True), key=_seniority):
        path = next(path for path in _paths(one, folder) if _key(path) not in taken)
        taken.add(_key(path))
        targets.append(Target(version=one.version, path=path))
    return targets


def _seniority(
    entry: tuple[Wanted, PurePosixPath],
) -> tuple[bool, datetime, FileId, tuple[int, int, ObjectName]]:
    wanted = entry[0]
    return (not wanted.is_newest, wanted.since, wanted.version.file_id, wanted.version.order)


def _folder(version: Version, *, by_source: bool) -> PurePosixPath:
    """Drive's folders below the holding's; an empty part says nothing and is left out."""
    top = [version.life.source] if by_source else []
    parts = [safe_name(part) for part in version.folder_path.split("/") if part]
    return PurePosixPath(*top, *parts)


def _paths(wanted: Wanted, folder: PurePosixPath) -> Iterator[PurePosixPath]:
    """The name as it was; where that is taken, with what tells the file apart."""
    version = wanted.version
    plain = PurePosixPath(safe_name(version.file_name))
    if not wanted.is_newest:
        plain = _with_note(plain, f"@ {version.captured_at:%Y%m%dT%H%M%SZ}")
    yield folder / plain
    named = _with_note(plain, f"({safe_name(version.file_id)})")
    yield folder / named
    yield from (folder / _with_note(named, f"({number})") for number in count(2))


def _with_note(name: PurePosixPath, note: str) -> PurePosixPath:
    return name.with_name(f"{name.stem} {note}{name.suffix}")


def _key(path: PurePosixPath) -> str:
    """Paths that some file system takes for one: by case, or by the form of an accent."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def safe_name(name: str) -> str:
    """A name for one file or folder on any file system: no separator, no control, not too long.

    Drive allows every character in a name, `/` and `..` too (T8).
    """
    kept = "".join("_" if _is_unsafe(character) else character for character in name)
    if kept.strip(" .") == "":
        return "_" * max(len(kept), 1)
    path = PurePosixPath(kept)
    suffix = path.suffix if len(path.suffix.encode()) <= PART_BYTES // 4 else ""
    stem = kept.removesuffix(suffix).encode()[: PART_BYTES - len(suffix.encode())]
    return stem.decode(errors="ignore") + suffix


def _is_unsafe(character: str) -> bool:
    """Separators, and what Unicode calls control, surrogate, line and paragraph separator."""
    return character in "/\\" or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
