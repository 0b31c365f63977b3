"""Brings the vault level with Drive for the files of one event: read, decide, write.

The order of the writes makes every crash heal: the vault first, then the events, the index last.
A later delivery finds in the index what was finished, and in the vault what was not (412).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

import structlog

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
from custody.domain.erasure import Copy, Fence
from custody.domain.events import ErasureStep, Event, FilesTouched, VersionStored, in_events
from custody.domain.quarantine import Quarantined, quarantined
from custody.domain.vault import (
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    HoldingState,
    SourceLost,
    ids,
)
from custody.errors import (
    ConflictError,
    DeadlineError,
    MissingKeysetError,
    NotFoundError,
    PermanentError,
    RetryableError,
)
from custody.ports import (
    Sealer,
    Seen,
)
from custody.steps.scope import Scope
from custody.steps.versions import Capture, Task, miss, store_version

log = structlog.get_logger()

INDEX_TRIES = 8


def capture_files(run: Capture, touched: FilesTouched) -> None:
    """Captures what is new. Raises the first retryable error after all other files are done."""
    life = touched.life
    holding = _open_holding(run, life)
    if holding is None:
        _turn_away(run, touched)
        return
    sealer = _unwrap(run, life)
    done, failed = _capture_all(run, touched, holding, sealer)
    if run.fences.closed(life):
        # Nobody is told, but the index is: the erasure finds each file wherever it lies by then.
        log.error("arrival_after_fence", files=len(done), **ids(life))
    else:
        _announce(run, done)
    for task, findings in done:
        _remember(run, task, findings)
    if failed:
        raise failed[0]


def _open_holding(run: Capture, life: HoldingEpoch) -> Holding | None:
    """None for any epoch but the open one: late, replayed, or erased meanwhile (T25)."""
    try:
        holding = run.registry.holding(life.customer, life.source)
    except NotFoundError:
        return None
    is_open = holding.state is HoldingState.OPEN and holding.life == life
    return holding if is_open and not run.fences.closed(life) else None


def _turn_away(run: Capture, touched: FilesTouched) -> None:
    """A stale message changes nothing; what was put into a fenced folder alerts, and is erased."""
    life = touched.life
    fence = run.fences.fence(life)
    arrived = _arrived(run, touched, fence) if fence else 0
    if fence is None or not arrived:
        log.info("version_skipped", reason="stale epoch", **ids(life))
        return
    log.error("arrival_after_fence", files=arrived, **ids(life))
    step = ErasureStep(
        erasure=fence.erasure, source=life.source, epoch=life.epoch, copy=Copy.DRIVE, page=None
    )
    run.publisher.publish([step])


def _arrived(run: Capture, touched: FilesTouched, fence: Fence) -> int:
    """How many of the files lie in the holding's folder and were changed since the fence."""
    try:
        holding = run.registry.holding(touched.life.customer, touched.life.source)
    except NotFoundError:
        return 0
    scope = Scope(run.drive, [holding] if holding.life == touched.life else [])
    return sum(
        isinstance(file, DriveFile)
        and file.modified_at is not None
        and file.modified_at > fence.closed_at
        and scope.place_of(file) is not None
        for file in run.drive.describe(touched.file_ids).values()
    )


def _unwrap(run: Capture, life: HoldingEpoch) -> Sealer:
    try:
        return run.keys.unwrap(life)
    except MissingKeysetError:
        log.critical("keyset_missing", **ids(life))
        raise


Done = list[tuple[Task, Findings]]


def _capture_all(
    run: Capture, touched: FilesTouched, holding: Holding, sealer: Sealer
) -> tuple[Done, list[RetryableError]]:
    """Each file by itself: one that fails for now does not hold up the others."""
    look = _looker(run, touched, holding, sealer)
    done: Done = []
    failed: list[RetryableError] = []
    for file_id in touched.file_ids:
        try:
            _in_time(run)
            if captured := _capture_file(run, look(file_id)):
                done.append(captured)
        except RetryableError as error:
            failed.append(error)
            log.warning("capture_put_off", error=type(error).__name__, file_id=file_id)
        except PermanentError as error:
            _set_aside(run, touched.life, file_id, error)
    return done, failed


def _set_aside(run: Capture, life: HoldingEpoch, file_id: FileId, error: PermanentError) -> None:
    """What is wrong with one file for good is its own affair, and a person's."""
    entry = _quarantine(run, life, file_id, "file", str(error))
    log.error("quarantined", quarantine=entry.id, kind=entry.kind, **ids(life))


def _quarantine(
    run: Capture, life: HoldingEpoch, file_id: FileId, kind: str, reason: str
) -> Quarantined:
    entry = quarantined(
        kind,
        reason,
        file_id,
        seen_at=run.clock(),
        customer=life.customer,
        source=life.source,
        epoch=life.epoch,
    )
    run.quarantine.put(entry)
    return entry


def _in_time(run: Capture) -> None:
    if run.clock() >= run.deadline:
        raise DeadlineError("this delivery ran out of time: the next one goes on")


def _looker(
    run: Capture, touched: FilesTouched, holding: Holding, sealer: Sealer
) -> Callable[[FileId], Task]:
    """Looks at all files at once as far as Drive and the index allow, then at each by itself."""
    life = touched.life
    scope = Scope(run.drive, [holding])
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


def _capture_file(run: Capture, task: Task) -> tuple[Task, Findings] | None:
    """Carries out the plan for one file; None when there was nothing to learn.

    The task comes back with what the index says by now.
    """
    noted = _was_noted(run, task)
    actions = plan_capture(
        task.shown,
        in_scope=task.place is not None,
        history=task.seen.value,
        noted=noted,
        largest_bytes=run.largest_bytes,
        now=run.clock(),
    )
    if isinstance(actions[0], Skip):
        log.info("version_skipped", reason=actions[0].reason, file_id=task.shown.file_id)
        renamed = _renamed(run, task)
        return (task, renamed) if renamed else None
    if not noted and task.seen.value == _unseen(task):
        task = _begin(run, task)
    findings = _first_findings(run, task)
    for action in actions:
        findings = _carry_out(run, task, findings, action)
    return task, findings


def _was_noted(run: Capture, task: Task) -> bool:
    """Of a file that is gone from here: whether an earlier delivery died before the index knew."""
    shown = task.shown
    is_here = isinstance(shown, DriveFile) and task.place is not None and not shown.trashed
    if is_here or task.seen.value != _unseen(task):
        return False
    return bool(task.seen.stamp) or task.seen.value.life in run.index.whereabouts(shown.file_id)


def _unseen(task: Task) -> FileHistory:
    """What is known of a file of which nothing is known."""
    seen = task.seen.value
    return FileHistory(life=seen.life, file_id=seen.file_id)


def _begin(run: Capture, task: Task) -> Task:
    """Before the first byte is stored the index knows the file, and the file its epoch.

    Whatever happens then, an erasure finds the file, wherever somebody moves it.
    """
    seen, unseen = task.seen, _unseen(task)
    if seen.stamp == 0:
        try:
            seen = run.index.write(unseen, stamp=0, sealer=task.sealer)
        except ConflictError:
            seen = run.index.read(unseen.life, unseen.file_id, sealer=task.sealer)
    _note_whereabouts(run, task)
    return replace(task, seen=seen)


def _renamed(run: Capture, task: Task) -> Findings | None:
    """What was captured keeps its name; the file is known under its present one."""
    history, seen = task.seen.value, _first_findings(run, task)
    named = (seen.file_name, seen.folder_path)
    if not seen.file_name or task.seen.stamp == 0:
        return None
    return None if named == (history.file_name, history.folder_path) else seen


def _first_findings(run: Capture, task: Task) -> Findings:
    if isinstance(task.shown, Unreadable) or task.place is None:
        return Findings()
    return Findings(
        file_name=task.shown.name,
        folder_path=task.place.path,
        seen_at=run.clock(),
        seen_version=task.shown.version,
    )


def _note_whereabouts(run: Capture, task: Task) -> None:
    """Each file ever seen is known, and a move between holdings shows."""
    life = task.seen.value.life
    before = run.index.note_whereabouts(task.shown.file_id, life)
    ours = (life.customer, life.source)
    elsewhere = [other for other in before if (other.customer, other.source) != ours]
    if not elsewhere:
        return
    reason = "a file of another holding was moved here; it is captured here from now on"
    entry = _quarantine(run, life, task.shown.file_id, "moved-file", reason)
    log.warning("quarantined", quarantine=entry.id, kind=entry.kind, **ids(life))
    events = [event for other in elsewhere for event in in_events(other, [task.shown.file_id])]
    run.publisher.publish(events)


def _carry_out(run: Capture, task: Task, findings: Findings, action: Action) -> Findings:
    match action:
        case StoreRevision() | StoreExport():
            return store_version(run, task, findings, action)
        case NoteMissed(gap=gap):
            return miss(task, findings, gap)
        case NoteLost(reason=reason):
            log.warning("source_lost", file_id=task.shown.file_id, **ids(task.seen.value.life))
            return replace(findings, lost=SourceLost(reason=reason, seen_at=run.clock()))
        case NoteFound():
            return replace(findings, found=True)
        case Skip():
            return findings
        case _:
            assert_never(action)


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
