"""Brings the vault level with Drive for the files of one event: read, decide, write.

The order of the writes makes every crash heal: the vault first, then the events, the index last.
A later delivery finds in the index what was finished, and in the vault what was not (412).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

import structlog

from custody.domain import names
from custody.domain.capture import (
    Action,
    Findings,
    NoteFound,
    NoteLost,
    NoteMissed,
    Skip,
    StoreExport,
    StoreRevision,
    learned,
    plan_capture,
)
from custody.domain.drive import DriveFile, Unreadable
from custody.domain.events import Event, FilesTouched, VersionStored, in_events
from custody.domain.quarantine import quarantined
from custody.domain.semantic import semantic_hash
from custody.domain.series import next_place
from custody.domain.vault import (
    Draft,
    FileHistory,
    FileId,
    HoldingEpoch,
    HoldingState,
    Missed,
    RevisionId,
    SourceLost,
    Version,
    following,
)
from custody.errors import (
    ConflictError,
    DeadlineError,
    MissingKeysetError,
    NotFoundError,
    RefusedError,
    RetryableError,
)
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
from custody.steps.scope import Place, Scope

log = structlog.get_logger()

INDEX_TRIES = 8


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


def capture_files(run: Capture, touched: FilesTouched) -> None:
    """Captures what is new. Raises the first retryable error after all other files are done."""
    life = touched.life
    if _is_stale(run, life):
        log.info("version_skipped", reason="stale epoch", **_ids(life))
        return
    sealer = _unwrap(run, life)
    done, failed = _capture_all(run, touched, sealer)
    if run.fences.closed(life):
        log.error("arrival_after_fence", files=len(done), **_ids(life))
        return
    _announce(run, done)
    for task, findings in done:
        _remember(run, task, findings)
    if failed:
        raise failed[0]


def _is_stale(run: Capture, life: HoldingEpoch) -> bool:
    """Any epoch but the open one is stale: late, replayed, or erased meanwhile (T25)."""
    try:
        holding = run.registry.holding(life.customer, life.source)
    except NotFoundError:
        return True
    is_open = holding.state is HoldingState.OPEN and holding.life == life
    return not is_open or run.fences.closed(life)


def _unwrap(run: Capture, life: HoldingEpoch) -> Sealer:
    try:
        return run.keys.unwrap(life)
    except MissingKeysetError:
        log.critical("keyset_missing", **_ids(life))
        raise


Done = list[tuple[Task, Findings]]


def _capture_all(
    run: Capture, touched: FilesTouched, sealer: Sealer
) -> tuple[Done, list[RetryableError]]:
    """Each file by itself: one that fails for now does not hold up the others."""
    look = _looker(run, touched, sealer)
    done: Done = []
    failed: list[RetryableError] = []
    for file_id in touched.file_ids:
        try:
            _in_time(run)
            task = look(file_id)
            findings = _capture_file(run, task)
            if findings:
                done.append((task, findings))
        except RetryableError as error:
            failed.append(error)
            log.warning("capture_put_off", error=type(error).__name__, file_id=file_id)
    return done, failed


def _in_time(run: Capture) -> None:
    if run.clock() >= run.deadline:
        raise DeadlineError("this delivery ran out of time: the next one goes on")


def _looker(run: Capture, touched: FilesTouched, sealer: Sealer) -> Callable[[FileId], Task]:
    """Looks at all files at once as far as Drive and the index allow, then at each by itself."""
    life = touched.life
    scope = Scope(run.drive, [run.registry.holding(life.customer, life.source)])
    shown = run.drive.describe(touched.file_ids)
    known = run.index.known(life, touched.file_ids)

    def look(file_id: FileId) -> Task:
        seen = Seen(value=FileHistory(life=life, file_id=file_id), stamp=0)
        if file_id in known:
            seen = run.index.read(life, file_id, sealer=sealer)
        file = shown[file_id]
        place = scope.place_of(file) if isinstance(file, DriveFile) else None
        return Task(shown=file, seen=seen, place=place, sealer=sealer)

    return look


def _capture_file(run: Capture, task: Task) -> Findings | None:
    """Carries out the plan for one file; None when there was nothing to learn."""
    actions = plan_capture(
        task.shown,
        in_scope=task.place is not None,
        history=task.seen.value,
        largest_bytes=run.largest_bytes,
        now=run.clock(),
    )
    if isinstance(actions[0], Skip):
        log.info("version_skipped", reason=actions[0].reason, file_id=task.shown.file_id)
        return None
    if task.seen.stamp == 0:
        _note_whereabouts(run, task)
    findings = _first_findings(task)
    for action in actions:
        findings = _carry_out(run, task, findings, action)
    return findings


def _first_findings(task: Task) -> Findings:
    if isinstance(task.shown, Unreadable) or task.place is None:
        return Findings()
    return Findings(
        file_name=task.shown.name, folder_path=task.place.path, seen_version=task.shown.version
    )


def _note_whereabouts(run: Capture, task: Task) -> None:
    """Before its first version: each file ever seen is known, a move between holdings shows."""
    life = task.seen.value.life
    before = run.index.note_whereabouts(task.shown.file_id, life)
    ours = (life.customer, life.source)
    elsewhere = [other for other in before if (other.customer, other.source) != ours]
    if not elsewhere:
        return
    entry = quarantined(
        "moved-file",
        "a file of another holding was moved here; it is captured here from now on",
        task.shown.file_id,
        seen_at=run.clock(),
        customer=life.customer,
        source=life.source,
        epoch=life.epoch,
    )
    run.quarantine.put(entry)
    log.warning("quarantined", quarantine=entry.id, kind=entry.kind, **_ids(life))
    events = [event for other in elsewhere for event in in_events(other, [task.shown.file_id])]
    run.publisher.publish(events)


def _carry_out(run: Capture, task: Task, findings: Findings, action: Action) -> Findings:
    match action:
        case StoreRevision() | StoreExport():
            return _store(run, task, findings, action)
        case NoteMissed(gap=gap):
            return _miss(task, findings, gap)
        case NoteLost(reason=reason):
            log.warning("source_lost", file_id=task.shown.file_id, **_ids(task.seen.value.life))
            return replace(findings, lost=SourceLost(reason=reason, seen_at=run.clock()))
        case NoteFound():
            return replace(findings, found=True)
        case Skip():
            return findings
        case _:
            assert_never(action)


def _miss(task: Task, findings: Findings, gap: Missed) -> Findings:
    log.warning("file_not_captured", file_id=task.shown.file_id, **_ids(task.seen.value.life))
    return replace(findings, missed=(*findings.missed, gap))


def _store(
    run: Capture, task: Task, findings: Findings, action: StoreRevision | StoreExport
) -> Findings:
    """One more version, or the reason why its content cannot be had."""
    assert isinstance(task.shown, DriveFile)  # noqa: S101 - the plan stores what Drive shows
    begun = run.clock()
    try:
        if isinstance(action, StoreExport):
            version = _store_export(run, task, action)
        else:
            version = _store_revision(run, task, findings, action)
    except (RefusedError, NotFoundError) as error:
        return _miss(task, findings, _gap(task.shown, action, error, run.clock()))
    if version is None:
        return findings
    _log_stored(run, task.shown, version, begun)
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
    assert isinstance(task.shown, DriveFile)  # noqa: S101 - see _store
    revision = action.revision
    history = learned(task.seen.value, findings)
    earlier = _predecessor(task.shown, history, revision.revision)
    drive_version, behind = following(earlier, action.drive_version, action.behind)
    draft = _draft(run, task, revision.revision, history)
    draft = replace(
        draft,
        drive_version=drive_version,
        behind=behind,
        size_bytes=revision.size_bytes,
        md5=revision.md5,
    )
    content = partial(run.drive.content, task.shown, revision.revision)
    return _put(run, task, draft, content, history)


def _predecessor(shown: DriveFile, history: FileHistory, revision: RevisionId) -> Version | None:
    """The stored version of the nearest revision that Drive lists before this one."""
    listed = [rev.revision for rev in shown.revisions]
    before = [history.version_of(rev) for rev in listed[: listed.index(revision)]]
    return next((version for version in reversed(before) if version), None)


def _store_export(run: Capture, task: Task, action: StoreExport) -> Version | None:
    """None when the export says what the latest version said (T9: invisible changes)."""
    assert isinstance(task.shown, DriveFile)  # noqa: S101 - see _store
    history = task.seen.value
    data = run.drive.export(task.shown, action.export_type)
    semantic = semantic_hash(data)
    if history.latest and history.latest.semantic == semantic:
        log.info("version_skipped", reason="nothing changed", file_id=task.shown.file_id)
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
    assert isinstance(task.shown, DriveFile) and task.place  # noqa: S101,PT018 - see _store
    place = next_place(history.versions)
    return Draft(
        name=names.version_name(history.life, task.shown.file_id, revision),
        life=history.life,
        file_id=task.shown.file_id,
        revision=revision,
        drive_version=task.shown.version,
        behind=0,
        file_name=task.shown.name,
        folder_path=task.place.path,
        content_type=task.shown.content_type,
        captured_at=run.clock(),
        size_bytes=None,
        md5=None,
        semantic=None,
        series=place.series,
        number=place.number,
    )


def _put(
    run: Capture,
    task: Task,
    draft: Draft,
    content: Callable[[], Iterator[bytes]],
    history: FileHistory,
) -> Version:
    return run.vault.store(
        draft,
        content,
        sealer=task.sealer,
        base=next_place(history.versions).base,
        latest=history.latest,
        deadline=run.deadline,
    )


def _announce(run: Capture, done: Done) -> None:
    """Before the index knows: a crash in between tells the others twice, never not at all."""
    events: list[Event] = [
        VersionStored(life=version.life, file_id=version.file_id, version=version.name)
        for _, findings in done
        for version in findings.versions
    ]
    if events:
        run.publisher.publish(events)


def _remember(run: Capture, task: Task, findings: Findings) -> None:
    """Writes the index; whoever wrote meanwhile is read and added to."""
    seen = task.seen
    for _ in range(INDEX_TRIES):
        history = learned(seen.value, findings)
        if history == seen.value:
            return
        try:
            run.index.write(history, stamp=seen.stamp, sealer=task.sealer)
        except ConflictError:
            life, file_id = seen.value.life, seen.value.file_id
            seen = run.index.read(life, file_id, sealer=task.sealer)
        else:
            return
    raise ConflictError("the index of one file is written by too many at once: deliver again")


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
        **_ids(version.life),
    )


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)


def _ids(life: HoldingEpoch) -> dict[str, str | int]:
    return {"customer": life.customer, "source": life.source, "epoch": life.epoch}
