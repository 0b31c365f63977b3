"""Which files of a holding need another look: Drive's listing against the vault and the index."""

from collections.abc import Iterable

from custody.domain.drive import DriveFile
from custody.domain.vault import FileId, RevisionId


def plan_reconcile(
    *,
    shown: Iterable[DriveFile],
    stored: Iterable[tuple[FileId, RevisionId]],
    indexed: Iterable[FileId],
) -> list[FileId]:
    """Files whose present content is not stored, that the index forgot, or that Drive lost.

    Absence from a listing proves nothing (T7): capture asks Drive for each such file by its id.
    """
    versions, known = set(stored), set(indexed)
    unseen = dict.fromkeys(sorted(known | {file_id for file_id, _ in versions}))
    touched: dict[FileId, None] = {}
    for file in shown:
        if _differs(file, versions, known):
            touched[file.file_id] = None
        unseen.pop(file.file_id, None)
    return list(touched | unseen)


def _differs(file: DriveFile, versions: set[tuple[FileId, RevisionId]], known: set[FileId]) -> bool:
    if file.trashed:
        return file.file_id in known
    if file.file_id not in known or file.shortcut_target:
        return file.file_id not in known
    present = file.head or RevisionId(f"native-{file.version}")
    return (file.file_id, present) not in versions
