"""Which versions a restore brings back, and under which paths. Names come from customers."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import PurePosixPath

from custody.domain.vault import (
    FileHistory,
    FileId,
    HoldingEpoch,
    Missed,
    ObjectName,
    Version,
)

PART_BYTES = 200
"""Longest name that we make: file systems take 255 bytes, and an id may have to be added."""


MARK = {"custody": "restored"}
"""Stands beside each file and folder that a restore made in Drive."""


def mark_of(life: HoldingEpoch) -> dict[str, str]:
    """Beside a file stands its epoch too: by this it is found wherever somebody moves it."""
    return MARK | {"custody-epoch": str(life)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One version to bring back: the newest state under its own name, others beside it."""

    version: Version
    since: datetime
    """When the file was first captured: of two with one name, the older one keeps it."""
    file_name: str
    folder_path: str
    is_newest: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One version and the path, relative to the destination, that is its alone."""

    version: Version
    path: PurePosixPath


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A source as it was."""

    there: list[Wanted]
    lost: list[Wanted]
    """What had been captured, and was not to be seen in Drive any more."""


def state_of(histories: Iterable[FileHistory], at: datetime | None = None) -> State:
    """As of then, or now. Only one version of each history is kept of what passes by.

    Only the last loss of a file is known: one that was lost for a while counts as there all along,
    and so does one that is lost again, until then.
    """
    state = State(there=[], lost=[])
    for history in histories:
        if wanted := _newest(history, at):
            is_lost = history.lost and (at is None or history.lost.seen_at <= at)
            (state.lost if is_lost else state.there).append(wanted)
    return state


def newest_state(histories: Iterable[FileHistory]) -> list[Wanted]:
    """The newest version of each file; lost files too."""
    state = state_of(histories)
    return state.there + state.lost


def _newest(history: FileHistory, at: datetime | None) -> Wanted | None:
    """The newest version captured until then, under the name that the file had then."""
    known = [one for one in history.versions if at is None or one.captured_at <= at]
    if not known:
        return None
    newest = max(known, key=lambda version: version.order)
    return _wanted(
        history, newest, history.called if at is None else _called_at(history, known, at)
    )


def _called_at(history: FileHistory, known: Iterable[Version], at: datetime) -> tuple[str, str]:
    """By the last look until then: each version tells of one, and each new name."""
    looks = [(one.captured_at, one.file_name, one.folder_path) for one in known]
    looks += [
        (one.since, one.file_name, one.folder_path) for one in history.named if one.since <= at
    ]
    _, file_name, folder_path = max(looks, key=lambda look: look[0])
    return file_name, folder_path


def all_versions(histories: Iterable[FileHistory]) -> list[Wanted]:
    """The newest of each file under its present name, the others under that of their time."""
    return [
        _wanted(history, version, history.called)
        if version == history.latest
        else _wanted(history, version, (version.file_name, version.folder_path), is_newest=False)
        for history in histories
        for version in history.versions
    ]


def _wanted(
    history: FileHistory, version: Version, called: tuple[str, str], *, is_newest: bool = True
) -> Wanted:
    return Wanted(
        version=version,
        since=_since(history),
        file_name=called[0],
        folder_path=called[1],
        is_newest=is_newest,
    )


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


def targets_of(state: State, file: str | None, *, lost: bool, by_source: bool) -> list[Target]:
    """What comes back, and to where. One file by itself stands where it stands among all."""
    names = {one.version.name for one in _chosen(state, file, lost=lost)}
    among = state.there + [one for one in state.lost if one.version.name in names]
    return [one for one in place(among, by_source=by_source) if one.version.name in names]


def targets_of_all(state: State) -> list[Target]:
    """Of several customers: each has a folder under its id, and in it one for each source."""
    wanted = state.there + state.lost
    return [
        Target(version=one.version, path=PurePosixPath(customer) / one.path)
        for customer in sorted({one.version.life.customer for one in wanted})
        for one in place(
            [one for one in wanted if one.version.life.customer == customer], by_source=True
        )
    ]


def _chosen(state: State, file: str | None, *, lost: bool) -> list[Wanted]:
    """Who asks for one file gets it, lost or not."""
    if file is None:
        return state.there + (state.lost if lost else [])
    return matching(state.there, file) or matching(state.lost, file)


def matching(wanted: Iterable[Wanted], file: str) -> list[Wanted]:
    """Those of the file with this id or, where no id fits, of every file with this name."""
    known = list(wanted)
    by_id = [one for one in known if one.version.file_id == FileId(file)]
    return by_id or [one for one in known if one.file_name == file]


def place(wanted: Sequence[Wanted], *, by_source: bool) -> list[Target]:
    """Gives every version a path of its own below the destination, the same in every run."""
    folders = [_folder(one, by_source=by_source) for one in wanted]
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


def _folder(wanted: Wanted, *, by_source: bool) -> PurePosixPath:
    """Drive's folders below the holding's; an empty part says nothing and is left out."""
    top = [wanted.version.life.source] if by_source else []
    parts = [safe_name(part) for part in wanted.folder_path.split("/") if part]
    return PurePosixPath(*top, *parts)


def _paths(wanted: Wanted, folder: PurePosixPath) -> Iterator[PurePosixPath]:
    """The name as it was; where that is taken, with what tells the file apart."""
    version = wanted.version
    plain = PurePosixPath(safe_name(wanted.file_name))
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
