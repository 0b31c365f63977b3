"""Restores without a ledger: what is stored says itself what it is.

Names are those of each newest version's time, and files that Drive had lost come back too: both are
known to the ledger alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from custody.domain import names
from custody.domain.vault import FileHistory, FileId, HoldingEpoch, ObjectName
from custody.errors import (
    CorruptError,
    CustodyError,
    NotFoundError,
    RefusedError,
)
from custody.ports import Keys, Sealer, Versions
from custody.steps.restore import Outcome, Result, Sealers
from custody.steps.several import as_they_end

RECORD_READERS = 8


@dataclass(slots=True, kw_only=True)
class Recovered:
    """What could be opened, and what is wrong with the rest, by and by."""

    sealers: dict[HoldingEpoch, Sealer] = field(default_factory=dict)
    erased: list[HoldingEpoch] = field(default_factory=list)
    bad: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """All stored versions of one file."""

    life: HoldingEpoch
    file_id: FileId
    names: tuple[ObjectName, ...]


def open_epochs(keys: Keys, lives: Iterable[HoldingEpoch]) -> Recovered:
    """The keysets that can be had. One that cannot does not stop the others."""
    found = Recovered()
    for life in lives:
        try:
            found.sealers[life] = keys.unwrap(life)
        except RefusedError:
            found.erased.append(life)
        except CustodyError as error:
            found.bad.append(_bad(ObjectName(names.life_prefix(life)), error))
    return found


def rebuild_histories(versions: Versions, found: Recovered) -> Iterator[FileHistory]:
    """From the records of the objects, file by file. Each record that cannot be read is noted."""
    files = (one for life in found.sealers for one in _files(versions, life, found.bad))
    for history, bad in as_they_end(
        partial(_rebuild, versions, found.sealers), files, RECORD_READERS
    ):
        found.bad += bad
        yield history


def _files(versions: Versions, life: HoldingEpoch, bad: list[Outcome]) -> Iterator[_File]:
    """The names of one file stand together: the listing is in their order."""
    for file_id, group in groupby(versions.names(life), lambda name: _file_of(name, bad)):
        if file_id is not None:
            yield _File(life=life, file_id=file_id, names=tuple(group))


def _file_of(name: ObjectName, bad: list[Outcome]) -> FileId | None:
    try:
        return names.parse_version_name(name)[1]
    except CorruptError as error:
        bad.append(_bad(name, error))
        return None


def _rebuild(
    versions: Versions, sealers: Sealers, file: _File
) -> tuple[FileHistory, list[Outcome]]:
    history, bad = FileHistory(life=file.life, file_id=file.file_id), list[Outcome]()
    for name in file.names:
        try:
            history = history.with_version(versions.version(name, sealer=sealers[file.life]))
        except CustodyError as error:
            bad.append(_bad(name, error))
    return history, bad


def _bad(name: ObjectName, error: CustodyError) -> Outcome:
    is_wrong = isinstance(error, CorruptError | NotFoundError)
    result = Result.MISMATCH if is_wrong else Result.FAILED
    return Outcome(result=result, version=name, reason=str(error))
