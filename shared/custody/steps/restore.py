"""Reads versions back: into files, into a stream, or to check them. Passes the same fence (T25)."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from custody.domain import names
from custody.domain.restore import Target
from custody.domain.vault import FileHistory, Holding, HoldingEpoch, HoldingState, ObjectName
from custody.errors import (
    CorruptError,
    MissingKeysetError,
    NotFoundError,
    RefusedError,
    RetryableError,
    TornReadError,
)
from custody.ports import Fences, Index, Keys, Registry, Sealer, Vault

INDEX_READERS = 8
CONTENT_READERS = 2
"""Each holds some windows of a chain in memory."""

Sealers = Mapping[HoldingEpoch, Sealer]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What reading back needs."""

    registry: Registry
    fences: Fences
    keys: Keys
    index: Index
    vault: Vault


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
        for epoch in range(1, holding.life.epoch + 1):
            life = replace(holding.life, epoch=epoch)
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
    wanted = [(life, file_id) for life in sealers for file_id in index.files(life)]
    with ThreadPoolExecutor(INDEX_READERS) as pool:
        seen = pool.map(lambda one: index.read(*one, sealer=sealers[one[0]]), wanted)
        return [one.value for one in seen]


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
    vault: Vault, sealers: Sealers, targets: Sequence[Target], into: Path
) -> Iterator[Outcome]:
    """Writes each version to its path below `into`; one that fails does not stop the others."""
    into.mkdir(parents=True, exist_ok=True)
    return _each(partial(_restore, vault, sealers, into), targets)


def _restore(vault: Vault, sealers: Sealers, into: Path, target: Target) -> Outcome:
    version, path = target.version, into / target.path
    done = partial(Outcome, version=version.name, path=str(target.path))
    try:
        if _holds(path, version.size_bytes, version.sha256):
            return done(result=Result.UNCHANGED)
        content = vault.content(version.name, sealer=sealers[version.life])
        _write(content, path, version.sha256, root=into)
    except (CorruptError, NotFoundError) as error:
        return done(result=Result.MISMATCH, reason=str(error))
    except (RetryableError, RefusedError, OSError) as error:
        return done(result=Result.FAILED, reason=str(error))
    return done(result=Result.RESTORED, size_bytes=version.size_bytes)


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
    draft = path.with_name(f".custody-{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            digest = _copy(content, file.write)
        if digest != sha256:
            raise CorruptError("the content is not the one that the index knows")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _copy(content: Iterator[bytes], write: Callable[[bytes], object]) -> str:
    digest = hashlib.sha256()
    for chunk in content:
        write(chunk)
        digest.update(chunk)
    return digest.hexdigest()


def verify_versions(
    vault: Vault, sealers: Sealers, histories: Iterable[FileHistory]
) -> tuple[int, Iterator[Outcome]]:
    """Reads back every version that the vault holds or the index promises: how many, and each."""
    promised = {version.name: version.sha256 for one in histories for version in one.versions}
    stored = {name for life in sealers for name in vault.names(life)}
    wanted = sorted(stored | promised.keys())
    return len(wanted), _each(partial(_verify, vault, sealers, promised), wanted)


def _verify(
    vault: Vault, sealers: Sealers, promised: Mapping[ObjectName, str], name: ObjectName
) -> Outcome:
    done = partial(Outcome, version=name)
    try:
        sealer = sealers[names.parse_version_name(name)[0]]
        digest = _copy(vault.content(name, sealer=sealer), len)
    except (CorruptError, NotFoundError, TornReadError) as error:
        return done(result=Result.MISMATCH, reason=str(error))
    except RetryableError as error:
        return done(result=Result.FAILED, reason=str(error))
    if promised.get(name, digest) != digest:
        reason = "the content is not the one that the index knows"
        return done(result=Result.MISMATCH, reason=reason)
    return done(result=Result.VERIFIED)


def _each(act: Callable[[T], Outcome], items: Sequence[T]) -> Iterator[Outcome]:
    with ThreadPoolExecutor(CONTENT_READERS) as pool:
        yield from pool.map(act, items)
