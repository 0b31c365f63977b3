"""Reads every version back, from the vault and from off-site, and checks it to its last byte."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from custody.domain import names
from custody.domain.drill import chain
from custody.domain.erasure import Copy
from custody.domain.reconcile import is_on_its_way
from custody.domain.vault import FileHistory, ObjectName, Version
from custody.errors import CorruptError, NotFoundError, RefusedError, RetryableError
from custody.ports import Marks, Sealer, Versions
from custody.steps.mend import Mend, mend
from custody.steps.restore import CONTENT_READERS, Outcome, Result, Sealers, copy_checked
from custody.steps.several import as_they_end

Places = Mapping[Copy, Versions]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """Where to read, and what to do about what is damaged."""

    places: Places
    marks: Marks
    clock: Callable[[], datetime]
    mend: Mend | None = None
    """None for only looking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Promise:
    """What the index says of a version."""

    history: FileHistory
    version: Version


def verify_versions(
    run: Verify, sealers: Sealers, histories: Iterable[FileHistory]
) -> tuple[int, Iterator[Outcome]]:
    """Every version that a place holds or the index promises: how many, and each."""
    promises = {
        version.name: _Promise(history=history, version=version)
        for history in histories
        for version in history.versions
    }
    wanted = sorted(_stored(run, sealers) | promises.keys())
    verify = partial(_verify, run, sealers, promises)
    return len(wanted), as_they_end(verify, wanted, CONTENT_READERS)


def _stored(run: Verify, sealers: Sealers) -> set[ObjectName]:
    """What lies anywhere and was not let go by retention."""
    found = {name for life in sealers for one in run.places.values() for name in one.names(life)}
    return found - {name for life in sealers for name in run.marks.all(life)}


def _verify(
    run: Verify, sealers: Sealers, promises: Mapping[ObjectName, _Promise], name: ObjectName
) -> Outcome:
    """The first place where it is not well decides."""
    promise, done = promises.get(name), partial(Outcome, version=name)
    try:
        life = names.parse_version_name(name)[0]
    except CorruptError as error:
        return done(result=Result.MISMATCH, reason=str(error))
    for copy, versions in run.places.items():
        try:
            _read(versions, name, promise, sealers[life])
        except (CorruptError, NotFoundError) as error:
            if _is_on_its_way(run, copy, promise, error):
                continue
            if run.mend:
                links = chain(promise.history, promise.version) if promise else [name]
                mend(run.mend, links, sealers[life])
            return done(result=Result.MISMATCH, reason=f"{copy.value}: {error}")
        except (RetryableError, RefusedError) as error:
            return done(result=Result.FAILED, reason=f"{copy.value}: {error}")
    return done(result=Result.VERIFIED)


def _read(versions: Versions, name: ObjectName, promise: _Promise | None, sealer: Sealer) -> None:
    """CorruptError, NotFoundError."""
    content = versions.content(name, sealer=sealer)
    if promise:
        copy_checked(content, len, promise.version.sha256)
    else:
        deque(content, maxlen=0)


def _is_on_its_way(run: Verify, copy: Copy, promise: _Promise | None, error: Exception) -> bool:
    """A young version may not be off-site yet."""
    if copy is not Copy.OFFSITE or not promise or not isinstance(error, NotFoundError):
        return False
    return is_on_its_way(promise.version, run.clock())
