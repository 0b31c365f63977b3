"""Looks for what the copy in Drive still has, by calls of its own.

It shares none with the store that deletes, so that the one notices what the other gets wrong.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from googleapiclient.errors import HttpError

from custody.adapters.answers import our_error
from custody.adapters.drive_api import DriveApi
from custody.domain.drive import FOLDER
from custody.domain.drive_fates import (
    FOLDER_OF_OTHERS,
    KNOWN,
    LISTED,
    NO_ORGANIZER,
    OUR_FOLDER,
    QUARANTINED,
    end_of,
    file_of,
    inside,
    listed_name,
    quarantined_files,
)
from custody.domain.erasure import Target
from custody.domain.vault import FileId, HoldingEpoch
from custody.errors import NotFoundError, RefusedError, UnavailableError
from custody.ports import Index, Quarantine

BATCH = 100
"""Calls that Drive takes in one batch."""


class DriveWitness:
    """The port Witness on Drive v3. What answers anything but 404 is there (T12)."""

    def __init__(
        self,
        api: DriveApi,
        guest: DriveApi,
        *,
        drive_id: str,
        index: Index,
        quarantine: Quarantine,
    ) -> None:
        self._api = api
        self._guest = guest
        self._drive_id = drive_id
        self._index = index
        self._quarantine = quarantine

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        self._require_sight()
        names = (
            name
            for name in self._names(target, after, last)
            if after < name and (last is None or name <= last)
        )
        seen = 0
        while some := {file_of(name) for name in islice(names, BATCH)}:
            seen += self._count(some)
        return seen

    def _require_sight(self) -> None:
        """A member of lower rank does not see what limited folders hold (T11)."""
        try:
            drive = self._api.call(
                "the drive as the witness sees it",
                lambda s: s.drives().get(
                    driveId=self._drive_id, fields="capabilities(canManageMembers)"
                ),
            )
        except NotFoundError:
            drive = {}
        if not drive.get("capabilities", {}).get("canManageMembers"):
            raise RefusedError(NO_ORGANIZER)

    def _count(self, file_ids: set[FileId]) -> int:
        """404 by `files.get` to both identities: a listing alone is no evidence (T7)."""
        hidden = self._hidden(self._api, file_ids)
        return len(file_ids) - len(self._hidden(self._guest, hidden))

    def _hidden(self, api: DriveApi, file_ids: set[FileId]) -> set[FileId]:
        calls: dict[str, Callable[[Any], Any]] = {
            one: partial(_exists, file_id=one) for one in file_ids
        }
        shown = api.batch("what was deleted", calls) if calls else {}
        return {one for one in file_ids if not _is_there(shown[one])}

    def _names(self, target: Target, after: str, last: str | None) -> Iterator[str]:
        """All that may be in a stretch, and some more, in any order."""
        drive_of_folder = self._drive_of(target.folder_id)
        if target.folder_id and drive_of_folder != self._drive_id:
            yield FOLDER_OF_OTHERS + target.folder_id
        if after < end_of(KNOWN):
            yield from self._known(target.life, after, last)
        if last is None or last > QUARANTINED:
            for file_id in quarantined_files(target.life, self._quarantine.all()):
                if not self._index.known(target.life, [file_id]):
                    yield QUARANTINED + file_id
        if target.folder_id and drive_of_folder == self._drive_id:
            if last is None or last > LISTED:
                yield from self._inside(target.folder_id, LISTED, after, last)
            yield OUR_FOLDER + target.folder_id

    def _drive_of(self, folder: FileId | None) -> str | None:
        """The shared drive of a folder, if it is there and lies in one."""
        if folder is None:
            return None
        try:
            shown = self._api.call(
                "the holding's folder",
                lambda s: s.files().get(fileId=folder, fields="driveId", supportsAllDrives=True),
            )
        except NotFoundError:
            return None
        drive_id: str | None = shown.get("driveId")
        return drive_id

    def _known(self, life: HoldingEpoch, after: str, last: str | None) -> Iterator[str]:
        start = FileId(after[len(KNOWN) :]) if after.startswith(KNOWN) else None
        while ids := self._index.ids_after(life, start, BATCH):
            yield from (KNOWN + file_id for file_id in ids)
            start = ids[-1]
            if last is not None and KNOWN + start >= last:
                return

    def _inside(self, folder: FileId, path: str, after: str, last: str | None) -> Iterator[str]:
        """Whatever a folder shows, down to where nothing belongs to the stretch."""
        for child in self._shown_in(folder):
            file_id, is_folder = FileId(child["id"]), child["mimeType"] == FOLDER
            name = listed_name(path, file_id, is_folder=is_folder)
            deeper = inside(path, file_id)
            if is_folder and after < name and (last is None or deeper < last):
                yield from self._inside(file_id, deeper, after, last)
            yield name

    def _shown_in(self, folder: FileId) -> Iterator[dict[str, Any]]:
        token: str | None = ""
        while token is not None:
            try:
                page = self._api.call("what is left", partial(_left, self._drive_id, folder, token))
            except NotFoundError:
                return  # the folder went meanwhile, and all that was in it
            if page.get("incompleteSearch"):
                raise UnavailableError("Drive showed the witness an incomplete listing (T7)")
            yield from page["files"]
            token = page.get("nextPageToken")


def _exists(service: Any, *, file_id: FileId) -> Any:
    return service.files().get(fileId=file_id, fields="id", supportsAllDrives=True)


def _is_there(answer: Any) -> bool:
    if not isinstance(answer, HttpError):
        return True
    error = our_error(int(answer.resp.status), answer.content, "what was deleted")
    if isinstance(error, NotFoundError):
        return False
    raise error


def _left(drive_id: str, folder: FileId, token: str, service: Any) -> Any:
    return service.files().list(
        corpora="drive",
        driveId=drive_id,
        q=f"'{folder}' in parents",
        fields="incompleteSearch,nextPageToken,files(id,mimeType)",
        pageSize=1000,
        pageToken=token or None,
        supportsAllDrives=True,
        includeItemsFromAllDrives=True,
    )
