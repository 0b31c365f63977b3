"""Which files of a holding need another look: Drive's listing against the vault and the index."""

from collections.abc import Iterable, Mapping

from custody.domain.drive import EXPORTS, DriveFile
from custody.domain.vault import FileId, RevisionId, Summary


def plan_reconcile(
    *,
    shown: Iterable[DriveFile],
    stored: Iterable[tuple[FileId, RevisionId]],
    known: Mapping[FileId, Summary],
) -> list[FileId]:
    """Files whose present content is not stored, that came back, or that Drive does not list.

    Absence from a listing proves nothing (T7): capture asks Drive for each such file by its id.
    """
    versions = set(stored)
    unseen = dict.fromkeys(sorted(one for one, summary in known.items() if not summary.lost))
    touched: dict[FileId, None] = {}
    for file in shown:
        if _differs(file, versions, known.get(file.file_id)):
            touched[file.file_id] = None
        unseen.pop(file.file_id, None)
    return list(touched | unseen)


def _differs(
    file: DriveFile, versions: set[tuple[FileId, RevisionId]], summary: Summary | None
) -> bool:
    if file.trashed:
        return summary is not None and not summary.lost
    if summary is None or summary.lost:
        return True
    if file.head:
        return (file.file_id, file.head) not in versions
    return file.content_type in EXPORTS and file.version > summary.seen_version
