"""Reads versions back, into files or into a stream. Passes the same fence (T25)."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from custody.domain import names
from custody.domain.restore import Target
from custody.domain.vault import (
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    HoldingState,
    ObjectName,
)
from custody.errors import (
    CorruptError,
    MissingKeysetError,
    NotFoundError,
    RefusedError,
    RetryableError,
)
from custody.ports import Fences, Index, Keys, Registry, Sealer, Versions
from custody.steps.several import as_they_end

INDEX_READERS = 8
CONTENT_READERS = 4
"""Threads: zstd, Tink and sha256 release the lock. Two keep two cores busy, and four still do where
each waits for its store. More would gain nothing: each holds some windows of a chain in memory.
"""
DRAFT = ".custody-"
"""What the name of a file begins with until its content is checked."""

Sealers = Mapping[HoldingEpoch, Sealer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What reading back needs."""

    registry: Registry
    fences: Fences
    keys: Keys
    index: Index
    vault: Versions
    """Where contents come from: the vault, or what lies off-site."""


class Result(StrEnum):
    """What became of one version."""

    RESTORED = "restored"
    UNCHANGED = "unchanged"
    """The file is there already, byte for byte."""
    VERIFIED = "verified"
    MISMATCH = "mismatch"
    """What is stored is not what its record promises, or is not there at all."""
    FAILED = "failed"
    """Could not be read or written now, which says nothing about the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one version, and why when it is not well."""

    result: Result
    version: ObjectName
    path: str | None = None
    size_bytes: int = 0
    reason: str | None = None


def unwrap_all(archive: Archive, holdings: Iterable[Holding]) -> dict[HoldingEpoch, Sealer]:
    """The keysets of all epochs that have one. That of an open epoch must be there."""
    sealers = {}
    for holding in holdings:
        for life in holding.lives:
            try:
                sealers[life] = archive.keys.unwrap(life)
            except MissingKeysetError:
                if life == holding.life and _is_open(archive, holding):
                    raise
    return sealers


def _is_open(archive: Archive, holding: Holding) -> bool:
    return holding.state is HoldingState.OPEN and not archive.fences.closed(holding.life)


def restorable(archive: Archive, sealers: Sealers) -> dict[HoldingEpoch, Sealer]:
    """Without the epochs that an erasure closed: nothing comes back from those."""
    return {life: seal for life, seal in sealers.items() if not archive.fences.closed(life)}


def read_histories(index: Index, sealers: Sealers) -> list[FileHistory]:
    """What the index knows of every file of these epochs."""
    return sorted(each_history(index, sealers), key=lambda one: (one.life, one.file_id))


def each_history(index: Index, sealers: Sealers) -> Iterator[FileHistory]:
    """The same one by one, in no order: what is not kept takes no memory."""
    wanted = ((life, file_id) for life in sealers for file_id in index.files(life))

    def read(one: tuple[HoldingEpoch, FileId]) -> FileHistory:
        return index.read(*one, sealer=sealers[one[0]]).value

    return as_they_end(read, wanted, INDEX_READERS)


def read_version(archive: Archive, name: str) -> Iterator[bytes]:
    """The content of one version, checked to its last byte. NotFoundError, RefusedError."""
    try:
        life = names.parse_version_name(name)[0]
    except CorruptError as error:
        raise NotFoundError(f"{name!r} names no version: 'custody backups ls' does") from error
    archive.registry.holding(life.customer, life.source)
    if archive.fences.closed(life):
        raise RefusedError("this version's epoch was erased: nothing of it can be read back")
    return archive.vault.content(ObjectName(name), sealer=archive.keys.unwrap(life))


def restore_files(
    vault: Versions, sealers: Sealers, targets: Sequence[Target], into: Path
) -> Iterator[Outcome]:
    """Writes each version to its path below `into`; one that fails does not stop the others.

    A run that was killed goes on where it ended: what is there byte for byte stays.
    """
    into.mkdir(parents=True, exist_ok=True)
    _clear(into, targets)
    return as_they_end(
        partial(_restore, vault, sealers, into), largest_first(targets), CONTENT_READERS
    )


def largest_first(targets: Iterable[Target]) -> list[Target]:
    """So that no core is idle in the end while another one has the largest before it."""
    return sorted(targets, key=lambda target: -target.version.size_bytes)


def _clear(into: Path, targets: Iterable[Target]) -> None:
    """Drafts that a killed run left."""
    for folder in {target.path.parent for target in targets}:
        for draft in (into / folder).glob(f"{DRAFT}{'[0-9a-f]' * 16}"):
            draft.unlink(missing_ok=True)


def _restore(vault: Versions, sealers: Sealers, into: Path, target: Target) -> Outcome:
    version, path = target.version, into / target.path

    def act() -> Result:
        if _holds(path, version.size_bytes, version.sha256):
            return Result.UNCHANGED
        content = vault.content(version.name, sealer=sealers[version.life])
        _write(content, path, version.sha256, root=into)
        return Result.RESTORED

    return outcome_of(target, act)


def outcome_of(target: Target, act: Callable[[], Result]) -> Outcome:
    """What became of it: only what is stored can be a mismatch, all else may be done again."""
    version = target.version
    done = partial(Outcome, version=version.name, path=str(target.path))
    try:
        result = act()
    except (CorruptError, NotFoundError) as error:
        return done(result=Result.MISMATCH, reason=str(error))
    except (RetryableError, RefusedError, OSError) as error:
        return done(result=Result.FAILED, reason=str(error))
    return done(result=result, size_bytes=version.size_bytes if result is Result.RESTORED else 0)


def _holds(path: Path, size_bytes: int, sha256: str) -> bool:
    if not path.is_file() or path.stat().st_size != size_bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _write(content: Iterator[bytes], path: Path, sha256: str, *, root: Path) -> None:
    """T26: a stream may break late, so the name is given after the whole content was checked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise RefusedError(f"{path.parent} leads out of {root} by a symbolic link: remove the link")
    draft = path.with_name(f"{DRAFT}{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            copy_checked(content, file.write, sha256)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def copy_checked(content: Iterator[bytes], write: Callable[[bytes], object], sha256: str) -> None:
    """CorruptError when all is written and was not what it should be."""
    digest = hashlib.sha256()
    for chunk in content:
        write(chunk)
        digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise CorruptError("the content is not the one that the index knows")
