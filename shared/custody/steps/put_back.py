"""Puts versions back into Drive: each checked to its last byte before the first one is sent.

What it makes carries a mark, so that it can be told from what people put there.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import PurePosixPath
from typing import BinaryIO

from custody.domain.drive import DriveFile, Unreadable
from custody.domain.restore import MARK, Target, mark_of
from custody.domain.vault import FileId, HoldingEpoch, Version
from custody.errors import NotFoundError, RefusedError, TornReadError
from custody.ports import Drive, Fences, Folders, Index, Sealer, Versions
from custody.steps.restore import (
    CONTENT_READERS,
    Outcome,
    Result,
    Sealers,
    copy_checked,
    outcome_of,
)
from custody.steps.scope import DEPTH_LIMIT
from custody.steps.several import as_they_end


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """What putting back needs."""

    versions: Versions
    drive: Drive
    folders: Folders
    fences: Fences
    index: Index
    root: FileId
    """The shared drive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where one version goes, and the checksums of what has its name there already."""

    target: Target
    folder: FileId
    standing: frozenset[str]


def put_back(
    run: PutBack, sealers: Sealers, targets: Sequence[Target], top: FileId
) -> Iterator[Outcome]:
    """Uploads each version to its path below a folder. What is there with its content stays.

    RefusedError for a folder outside the shared drive: no erasure would find what lies there.
    """
    _require_ours(run, top)
    return as_they_end(partial(_put, run, sealers), _places(run, targets, top), CONTENT_READERS)


def _require_ours(run: PutBack, top: FileId) -> None:
    folder = top
    for _ in range(DEPTH_LIMIT + 1):
        if folder == run.root:
            return
        shown = run.drive.describe([folder])[folder]
        if isinstance(shown, Unreadable):
            raise NotFoundError(f"folder {top}: {shown.reason}")
        if not shown.is_folder or shown.trashed:
            raise RefusedError(f"{top} is no folder that can be restored into: name another")
        if shown.parent is None:
            break
        folder = shown.parent
    raise RefusedError(
        f"folder {top} is not in the shared drive, where erasures look: name another"
    )


def _places(run: PutBack, targets: Sequence[Target], top: FileId) -> Iterator[_Place]:
    """Folder by folder: of one at a time it is known what it holds."""
    tree = _Tree(run, top)
    in_order = sorted(targets, key=lambda target: (target.path.parent, target.path.name))
    for path, group in groupby(in_order, key=lambda target: target.path.parent):
        folder = tree.folder(path)
        standing = tree.files(folder)
        for target in group:
            sums = standing.get(target.path.name, frozenset())
            yield _Place(target=target, folder=folder, standing=sums)


class _Tree:
    """The folders below one, made where they are missing."""

    def __init__(self, run: PutBack, top: FileId) -> None:
        self._run = run
        self._folders = {PurePosixPath(): top}
        self._below: dict[FileId, dict[str, FileId]] = {}

    def folder(self, path: PurePosixPath) -> FileId:
        """Of two with one name it is the same in each run."""
        if path not in self._folders:
            above = self.folder(path.parent)
            self._folders[path] = self._known(above).get(path.name) or self._make(path.name, above)
        return self._folders[path]

    def _make(self, name: str, above: FileId) -> FileId:
        made = self._run.folders.create(name, above, mark=MARK)
        self._below[made] = {}
        return made

    def _known(self, above: FileId) -> dict[str, FileId]:
        if above not in self._below:
            found = {one.file_id: one.name for one in self._children(above) if one.is_folder}
            self._below[above] = {found[one]: one for one in sorted(found, reverse=True)}
        return self._below[above]

    def files(self, folder: FileId) -> Mapping[str, frozenset[str]]:
        """The checksums of all contents under each name."""
        found: dict[str, frozenset[str]] = {}
        for one in self._children(folder):
            if one.md5:
                found[one.name] = found.get(one.name, frozenset()) | {one.md5}
        return found

    def _children(self, folder: FileId) -> Iterator[DriveFile]:
        return (one for one in self._run.drive.children(folder) if not one.trashed)


def _put(run: PutBack, sealers: Sealers, place: _Place) -> Outcome:
    version = place.target.version

    def act() -> Result:
        if version.md5 in place.standing:
            return Result.UNCHANGED
        with tempfile.TemporaryFile() as draft:
            content = run.versions.content(version.name, sealer=sealers[version.life])
            copy_checked(content, draft.write, version.sha256)
            draft.seek(0)
            md5 = hashlib.file_digest(draft, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
            if md5 in place.standing:  # of a native file's export Drive told no checksum
                return Result.UNCHANGED
            draft.seek(0)
            _upload(run, place, draft, md5, sealers[version.life])
        return Result.RESTORED

    return outcome_of(place.target, act)


def _upload(run: PutBack, place: _Place, draft: BinaryIO, md5: str, sealer: Sealer) -> None:
    """T25: the fence is asked again, since a restore of a whole source takes long."""
    version: Version = place.target.version
    if run.fences.closed(version.life):
        raise RefusedError("this version's epoch was erased meanwhile: nothing of it comes back")
    try:
        made = run.folders.upload(
            place.folder,
            place.target.path.name,
            draft,
            version.size_bytes,
            mark=mark_of(version.life),
            announce=partial(_make_known, run.index, version.life, sealer=sealer),
        )
    except NotFoundError as error:
        raise RefusedError("the folder is not there any more: run the same again") from error
    if made.md5 != md5:
        raise TornReadError("Drive has another content than was sent: run the same again")


def _make_known(index: Index, life: HoldingEpoch, file_id: FileId, *, sealer: Sealer) -> None:
    """From now on an erasure of this epoch looks for the file, wherever it lies by then."""
    seen = index.read(life, file_id, sealer=sealer)
    if seen.stamp == 0:
        index.write(seen.value, stamp=0, sealer=sealer)
    index.note_whereabouts(file_id, life)
