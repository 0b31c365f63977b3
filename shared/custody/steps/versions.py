"""One more version of one file: what to read, where it belongs in the file's history, what it is.

What cannot be had becomes a known gap; what may be had later is an error that is delivered again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from custody.domain import names
from custody.domain.capture import Findings, StoreExport, StoreRevision, learned
from custody.domain.drive import DriveFile, Unreadable
from custody.domain.semantic import semantic_hash
from custody.domain.series import next_place
from custody.domain.vault import (
    Draft,
    FileHistory,
    Missed,
    RevisionId,
    Version,
    following,
    ids,
)
from custody.errors import ConflictError, NotFoundError, RefusedError
from custody.ports import (
    Drive,
    Fences,
    Index,
    Keys,
    Publisher,
    Quarantine,
    Registry,
    Sealer,
    Seen,
    Vault,
)
from custody.steps.scope import Place

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One delivery: its ports, and until when its last byte may be sent."""

    drive: Drive
    vault: Vault
    keys: Keys
    registry: Registry
    fences: Fences
    index: Index
    publisher: Publisher
    quarantine: Quarantine
    clock: Callable[[], datetime]
    deadline: datetime
    largest_bytes: int
    """A larger revision does not fit into this run's time, and is not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file of a delivery: what Drive shows, what the index knows, where it lies."""

    shown: DriveFile | Unreadable
    seen: Seen[FileHistory]
    place: Place | None
    sealer: Sealer

    @property
    def file(self) -> DriveFile:
        """What Drive shows. Only such files are ever planned to be stored."""
        if isinstance(self.shown, Unreadable):
            raise TypeError("a file that Drive does not show has no content to store")
        return self.shown

    @property
    def folder_path(self) -> str:
        return self.place.path if self.place else ""


def store_version(
    run: Capture, task: Task, findings: Findings, action: StoreRevision | StoreExport
) -> Findings:
    """One more version, or the reason why its content cannot be had."""
    begun = run.clock()
    try:
        if isinstance(action, StoreExport):
            version = _store_export(run, task, action)
        else:
            version = _store_revision(run, task, findings, action)
    except (RefusedError, NotFoundError) as error:
        # Not seen as far as content goes: it is asked for again.
        unseen = replace(findings, seen_version=task.seen.value.seen_version)
        return miss(task, unseen, _gap(task.file, action, error, run.clock()))
    if version is None:
        latest = task.seen.value.latest
        return replace(findings, unchanged=latest.semantic if latest else None)
    _log_stored(run, task.file, version, begun)
    return replace(findings, versions=(*findings.versions, version))


def _gap(
    shown: DriveFile, action: StoreRevision | StoreExport, error: Exception, now: datetime
) -> Missed:
    """T10: an older revision may be purged at any time. A head that vanished is looked at anew."""
    is_older = isinstance(action, StoreRevision) and action.revision.revision != shown.head
    if isinstance(error, NotFoundError):
        if not is_older:
            raise ConflictError("the file vanished while it was read: look again") from error
        reason = "Drive purged this revision before it could be captured"
    else:
        reason = f"Drive does not give the content: {error}"
    revision = action.revision.revision if isinstance(action, StoreRevision) else action.revision
    return Missed(revision=revision, reason=reason, seen_at=now)


def _store_revision(run: Capture, task: Task, findings: Findings, action: StoreRevision) -> Version:
    revision = action.revision
    history = learned(task.seen.value, findings)
    earlier = _predecessor(task.file, history, revision.revision)
    drive_version, behind = following(earlier, action.drive_version, action.behind)
    draft = _draft(run, task, revision.revision, history)
    draft = replace(
        draft,
        drive_version=drive_version,
        behind=behind,
        size_bytes=revision.size_bytes,
        md5=revision.md5,
    )
    content = partial(run.drive.content, task.file, revision.revision)
    return _put(run, task, draft, content, history)


def _predecessor(shown: DriveFile, history: FileHistory, revision: RevisionId) -> Version | None:
    """The stored version of the nearest revision that Drive lists before this one."""
    listed = [rev.revision for rev in shown.revisions]
    before = [history.version_of(rev) for rev in listed[: listed.index(revision)]]
    return next((version for version in reversed(before) if version), None)


def _store_export(run: Capture, task: Task, action: StoreExport) -> Version | None:
    """None when the export says what the latest version said (T9: invisible changes)."""
    history = task.seen.value
    data = run.drive.export(task.file, action.export_type)
    semantic = semantic_hash(data)
    if history.latest and history.latest.semantic == semantic:
        log.info("version_skipped", reason="nothing changed", file_id=task.file.file_id)
        return None
    draft = _draft(run, task, action.revision, history)
    draft = replace(
        draft,
        drive_version=action.drive_version,
        size_bytes=len(data),
        content_type=action.export_type,
        semantic=semantic,
    )
    return _put(run, task, draft, lambda: iter([data]), history)


def _draft(run: Capture, task: Task, revision: RevisionId, history: FileHistory) -> Draft:
    return Draft(
        name=names.version_name(history.life, task.file.file_id, revision),
        life=history.life,
        file_id=task.file.file_id,
        revision=revision,
        drive_version=task.file.version,
        behind=0,
        file_name=task.file.name,
        folder_path=task.folder_path,
        content_type=task.file.content_type,
        captured_at=run.clock(),
        size_bytes=None,
        md5=None,
        semantic=None,
        series=0,
        number=0,
    )


def _put(
    run: Capture,
    task: Task,
    draft: Draft,
    content: Callable[[], Iterator[bytes]],
    history: FileHistory,
) -> Version:
    """Stored at its place in the series of the file, once its size is known."""
    place = next_place(history.versions, draft.size_bytes)
    return run.vault.store(
        replace(draft, series=place.series, number=place.number),
        content,
        sealer=task.sealer,
        base=place.base,
        latest=history.latest,
        deadline=run.deadline,
    )


def miss(task: Task, findings: Findings, gap: Missed) -> Findings:
    log.warning("file_not_captured", file_id=task.shown.file_id, **ids(task.seen.value.life))
    return replace(findings, missed=(*findings.missed, gap))


def _log_stored(run: Capture, shown: DriveFile, version: Version, begun: datetime) -> None:
    now = run.clock()
    lag = now - shown.modified_at if shown.modified_at and version.behind == 0 else None
    log.info(
        "version_stored",
        file_id=version.file_id,
        kind=version.kind.value,
        size_bytes=version.size_bytes,
        stored_bytes=version.stored_bytes,
        duration_ms=_ms(now - begun),
        lag_ms=_ms(lag) if lag else None,
        **ids(version.life),
    )


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
