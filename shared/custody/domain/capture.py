"""What to do about one file: compare what Drive shows with what the index knows."""

from dataclasses import dataclass, replace
from datetime import datetime

from custody.domain.drive import EXPORTS, DriveFile, Revision, Unreadable
from custody.domain.vault import FileHistory, Missed, Named, RevisionId, SourceLost, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRevision:
    """Read this revision of a binary file and store it as a version."""

    revision: Revision
    drive_version: int
    behind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreExport:
    """Export the present state of a native Google file and store it unless nothing changed."""

    revision: RevisionId
    drive_version: int
    export_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMissed:
    """Record a content that we know of and cannot have."""

    gap: Missed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLost:
    """Record that Drive stopped showing us the file. Nothing is erased (T6)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFound:
    """Record that a lost file is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Nothing to do, and why."""

    reason: str


Action = StoreRevision | StoreExport | NoteMissed | NoteLost | NoteFound | Skip


def plan_capture(
    shown: DriveFile | Unreadable,
    *,
    in_scope: bool,
    history: FileHistory,
    largest_bytes: int,
    now: datetime,
    noted: bool = False,
) -> tuple[Action, ...]:
    """The steps that bring the vault level with Drive, oldest content first.

    `noted` is a file without a history that was seen in this epoch all the same: it becomes known,
    so that whoever erases the epoch looks for it.
    """
    seen = noted or bool(history.versions or history.missed or history.lost)
    if isinstance(shown, Unreadable):
        return _plan_loss(shown.reason, history, seen=seen)
    if shown.trashed:
        return _plan_loss("in Drive's trash", history, seen=seen)
    if not in_scope:
        return _plan_loss("moved out of the holding's folder", history, seen=seen)
    found: tuple[Action, ...] = (NoteFound(),) if history.lost else ()
    content = _plan_content(shown, history, largest_bytes, now)
    return found + content or (Skip(reason="already captured"),)


def _plan_loss(reason: str, history: FileHistory, *, seen: bool) -> tuple[Action, ...]:
    if not seen:
        return (Skip(reason="never seen in this epoch"),)
    if history.lost and history.lost.reason == reason:
        return (Skip(reason="already known to be lost"),)
    return (NoteLost(reason=reason),)


def _plan_content(
    shown: DriveFile, history: FileHistory, largest_bytes: int, now: datetime
) -> tuple[Action, ...]:
    if shown.is_folder:
        return ()
    if shown.shortcut_target is not None:
        return _missed(history, None, "a shortcut: its target is not followed", now)
    if shown.is_native:
        return _plan_native(shown, history, now)
    return _plan_revisions(shown, history, largest_bytes, now)


def _plan_native(shown: DriveFile, history: FileHistory, now: datetime) -> tuple[Action, ...]:
    export_type = EXPORTS.get(shown.content_type)
    if export_type is None:
        return _missed(history, None, "Drive has no export for this type of file", now)
    if not shown.can_download:
        return _missed(history, None, "the owner forbids downloading", now)
    if shown.version <= history.seen_version:
        return ()
    revision = RevisionId(f"native-{shown.version}")
    return (StoreExport(revision=revision, drive_version=shown.version, export_type=export_type),)


def _plan_revisions(
    shown: DriveFile, history: FileHistory, largest_bytes: int, now: datetime
) -> tuple[Action, ...]:
    wanted = [rev for rev in shown.revisions if not history.has(rev.revision)]
    if not wanted:
        return ()
    if not shown.can_download:
        return _missed(history, shown.head, "the owner forbids downloading", now)
    actions = _purged(shown, history, now)
    for rev in wanted:
        if (rev.size_bytes or 0) > largest_bytes:
            actions += _missed(history, rev.revision, _TOO_LARGE, now)
        else:
            actions += (_at_its_place(rev, shown, history),)
    return actions


_TOO_LARGE = "too large for one function's time: run 'custody files capture' with its file id"


def _at_its_place(revision: Revision, shown: DriveFile, history: FileHistory) -> StoreRevision:
    """Counted back from the next later revision that has a place already, or from the head."""
    later = shown.revisions[shown.revisions.index(revision) :]
    for behind, other in enumerate(later):
        known = history.version_of(other.revision)
        if known:
            return StoreRevision(
                revision=revision,
                drive_version=known.drive_version,
                behind=known.behind + behind,
            )
    return StoreRevision(revision=revision, drive_version=shown.version, behind=len(later) - 1)


def _purged(shown: DriveFile, history: FileHistory, now: datetime) -> tuple[Action, ...]:
    """T10: Drive purges old revisions; when none of ours is listed, some may be gone between."""
    listed = {rev.revision for rev in shown.revisions}
    latest = history.latest
    if latest is None or not shown.can_read_revisions or latest.revision in listed:
        return ()
    reason = f"Drive purged older revisions: any between the versions {latest.drive_version} and "
    return _missed(history, None, reason + f"{shown.version} are not captured", now)


def _missed(
    history: FileHistory, revision: RevisionId | None, reason: str, now: datetime
) -> tuple[Action, ...]:
    gap = Missed(revision=revision, reason=reason, seen_at=now)
    return () if history.with_missed(gap) == history else (NoteMissed(gap=gap),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one capture learnt of one file; applies to whatever the index says by now."""

    file_name: str = ""
    folder_path: str = ""
    seen_at: datetime | None = None
    """When Drive showed it under this name, where it did."""
    seen_version: int = 0
    unchanged: str | None = None
    """The semantic hash that the export shared with the latest version, so that none was stored."""
    versions: tuple[Version, ...] = ()
    missed: tuple[Missed, ...] = ()
    lost: SourceLost | None = None
    found: bool = False


def _unseen_again(history: FileHistory, before: Version | None) -> FileHistory:
    """An export that was found unchanged was compared with what was the latest then.

    When another delivery's version turns out to be later, the comparison proves nothing any more.
    """
    latest = history.latest
    if latest is None or latest == before or latest.semantic is None:
        return history
    return replace(history, seen_version=min(history.seen_version, latest.drive_version))


def learned(history: FileHistory, findings: Findings) -> FileHistory:
    """The history with the findings; learning the same twice changes nothing."""
    before = history.latest
    for version in findings.versions:
        history = history.with_version(version)
    history = _unseen_again(history, before)
    for gap in findings.missed:
        history = history.with_missed(gap)
    if findings.unchanged and (history.latest and history.latest.semantic) != findings.unchanged:
        # Another delivery stored another state meanwhile: the comparison no longer holds.
        return history
    if findings.seen_version >= history.seen_version and findings.file_name:
        history = _called(history, findings)
    return replace(
        history,
        seen_version=max(findings.seen_version, history.seen_version),
        lost=_lost(history, findings),
    )


def _called(history: FileHistory, findings: Findings) -> FileHistory:
    """Under its present name; a version does not say what became of its name later."""
    called = replace(history, file_name=findings.file_name, folder_path=findings.folder_path)
    if not findings.seen_at or history.called in (called.called, ("", "")):
        return called
    name = Named(
        since=findings.seen_at, file_name=findings.file_name, folder_path=findings.folder_path
    )
    return replace(called, named=(*history.named, name))


def _lost(history: FileHistory, findings: Findings) -> SourceLost | None:
    """Lost once, for whatever reason by now, it is lost since then."""
    if findings.lost and history.lost:
        return replace(findings.lost, seen_at=history.lost.seen_at)
    return findings.lost or (None if findings.found else history.lost)
