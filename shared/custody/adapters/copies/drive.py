"""The copy in Drive: every file ever seen of an epoch, wherever it lies now, and its folder.

Deleting in a shared drive takes an organizer, and so does believing a 404: an identity that sees
less would take for gone what it may not see (T12). Every look therefore asks first who is looking.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from heapq import nsmallest
from itertools import islice
from typing import Any

from custody.adapters.copies.drive_files import Child, DriveFiles, Shown, answers
from custody.adapters.copies.notices import Notices
from custody.adapters.drive_api import DriveApi
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
from custody.domain.erasure import Fate, Found, Horizon, Target, Thing
from custody.domain.vault import FileId, HoldingEpoch
from custody.errors import NotFoundError, RefusedError, UnavailableError
from custody.ports import Index, Quarantine, Registry

PAGE = 199
"""Names on one page: with the holding's folder, two of the batches that Drive takes."""
RESTORABLE = timedelta(days=25)
"""T13: how long an administrator can restore what was deleted for good.

Google Workspace security whitepaper, "Data Recovery": "for up to 25 days after the data is removed
from the user's trash, subject to any retention policies set in Vault".
"""
ERASED_BY_GOOGLE = timedelta(days=180)
"""T13: until when Google deletes it from its systems: "a maximum period of 180 days" (there)."""
NOTES = (
    "what is deleted from Drive can be restored by a Workspace administrator for 25 days",
    "Google Vault was not read: a hold or a retention rule there keeps deleted files longer",
    "copies that people made outside the folder of the holding are not covered",
)
NOTE_ON_ADOPTED = "the folder is the customer's: we give up our access, and delete nothing in it"


class DriveStore:
    """The port Store on Drive v3."""

    def __init__(
        self,
        api: DriveApi,
        guest: DriveApi,
        *,
        drive_id: str,
        index: Index,
        quarantine: Quarantine,
        registry: Registry,
        clock: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._guest = guest
        self._drive_id = drive_id
        self._index = index
        self._quarantine = quarantine
        self._clock = clock
        self._files = DriveFiles(api, guest, drive_id=drive_id, registry=registry, clock=clock)
        self._notices = Notices(api, drive_id=drive_id)

    # Closing.

    def close(self, target: Target) -> None:
        """Takes back what our folder itself was shared with; members of the drive stay members.

        Notices that are past their life go too, since every look begins here.
        """
        self._require_standing()
        self._notices.forget(target, now=self._clock())
        folder = self._files.folder(target)
        if folder is None or folder.fate is not Fate.DELETE:
            return
        for permission in self._granted(folder.file_id):
            _revoke(self._api, folder.file_id, permission)
        if self._granted(folder.file_id):
            raise UnavailableError("what the folder was shared with is still to be seen (T12)")

    def _granted(self, folder: FileId) -> list[str]:
        """The permissions on a folder itself but our own; inherited ones end above it (T12)."""
        found, token = [], None
        while True:
            ask = partial(_list_permissions, folder=folder, token=token)
            page = self._api.call("a folder's permissions", ask)
            found += [one["id"] for one in page["permissions"] if _is_direct(one)]
            token = page.get("nextPageToken")
            if not token:
                return [one for one in found if one != self._organizers_permission]

    @cached_property
    def _organizers_permission(self) -> str:
        return _permission_of(self._api)

    @cached_property
    def _guests_permission(self) -> str:
        return _permission_of(self._guest)

    def _give_up(self, one: Shown) -> bool:
        """Ends the access of whoever has it. Whether there was a permission to end."""
        if one.as_guest:
            return _revoke(self._guest, one.file_id, self._guests_permission)
        return _revoke(self._api, one.file_id, self._organizers_permission)

    # Finding.

    def find(self, target: Target, after: str) -> Found:
        self._require_standing()
        ahead = list(islice(self._names(target, after), PAGE + 1))
        page = ahead[:PAGE]
        names: dict[FileId, str] = {}
        for name in page:  # a file may be known and be listed, all on one page
            names.setdefault(file_of(name), name)
        shown = self._files.look(target, names)
        things = [
            Thing(name=name, size_bytes=shown[file_id].size_bytes, fate=fate)
            for file_id, name in names.items()
            if file_id in shown and (fate := shown[file_id].fate)
        ]
        return Found(things=tuple(things), last=page[-1] if len(ahead) > PAGE else None)

    def _require_standing(self) -> None:
        """T12: only an organizer sees all that is in the drive, and may delete it."""
        ask = "capabilities(canDeleteChildren,canManageMembers)"
        try:
            drive = self._api.call(
                "the shared drive", lambda s: s.drives().get(driveId=self._drive_id, fields=ask)
            )
        except NotFoundError as error:
            raise RefusedError(NO_ORGANIZER) from error
        if not all(drive["capabilities"].values()):
            raise RefusedError(NO_ORGANIZER)

    def _names(self, target: Target, after: str) -> Iterator[str]:
        """What there may be behind a name, in the order of names, as far as somebody asks."""
        folder = self._files.folder(target)
        if folder and not folder.facts.in_our_drive:
            yield from _behind(after, FOLDER_OF_OTHERS + folder.file_id)
        if after < end_of(KNOWN):
            yield from self._known(target.life, after)
        if after < end_of(QUARANTINED):
            yield from self._quarantined(target.life, after)
        if folder and folder.facts.in_our_drive:
            self._require_ours(target, folder.file_id)
            if after < end_of(LISTED):
                yield from self._below(target, folder.file_id, LISTED, after)
            yield from _behind(after, OUR_FOLDER + folder.file_id)

    def _known(self, life: HoldingEpoch, after: str) -> Iterator[str]:
        last = file_of(after) if after.startswith(KNOWN) else None
        while ids := self._index.ids_after(life, last, PAGE + 1):
            yield from (KNOWN + file_id for file_id in ids)
            last = ids[-1]

    def _quarantined(self, life: HoldingEpoch, after: str) -> Iterator[str]:
        """Those of which the index knows nothing."""
        for file_id in quarantined_files(life, self._quarantine.all()):
            if not self._index.known(life, [file_id]):
                yield from _behind(after, QUARANTINED + file_id)

    def _below(self, target: Target, folder: FileId, path: str, after: str) -> Iterator[str]:
        """A listed subtree, leaves first. No more of a folder is held than a page takes."""
        ahead = (one for one in self._children(folder) if after < _listed(path, one))
        for child in nsmallest(PAGE + 1, ahead, key=lambda one: one.file_id):
            self._require_ours(target, child.file_id)
            if child.is_folder:
                deeper = inside(path, child.file_id)
                yield from self._below(target, child.file_id, deeper, after)
            yield _listed(path, child)

    def _children(self, folder: FileId) -> Iterator[Child]:
        """None of a folder that vanished since it was listed: the next round is the evidence."""
        try:
            yield from self._files.children(folder)
        except NotFoundError:
            return

    def _require_ours(self, target: Target, folder: FileId) -> None:
        """Whoever deletes a folder deletes all that is in it, another holding's folder too."""
        other = self._files.other_folders(target.life).get(folder)
        if other:
            raise RefusedError(
                f"the folder of {other}, which is open, is or lies in that of {target.life}: move "
                "it out, or give it a folder of its own"
            )

    # Deleting.

    def delete(self, target: Target, things: Sequence[Thing]) -> None:
        """Looks again first: what has another fate by now is left to the next look.

        Owners are told before access is given up. A thing of fate ASK_OWNER is only told of.
        """
        fates = {file_of(thing.name): thing.fate for thing in things}
        shown = self._files.look(target, fates).values()
        by_fate = {
            fate: [one for one in shown if fates[one.file_id] is fate and one.fate is fate]
            for fate in (Fate.ASK_OWNER, Fate.RELINQUISH, Fate.DELETE)
        }
        self._delete_files([one for one in by_fate[Fate.DELETE] if not one.is_folder])
        for one in by_fate[Fate.DELETE]:  # in the order of names: leaves first
            if one.is_folder:
                self._delete_folder(one)
        self._tell(target, Fate.ASK_OWNER, by_fate[Fate.ASK_OWNER])
        self._relinquish(target, by_fate[Fate.RELINQUISH])

    def _tell(self, target: Target, fate: Fate, files: Sequence[Shown]) -> None:
        if any(not one.owners for one in files):
            raise RefusedError(
                "Drive does not say who owns some of what was shared with us: tell the customer, "
                "and have it taken back"
            )
        self._notices.tell(target, fate, [owner for one in files for owner in one.owners])

    def _relinquish(self, target: Target, files: Sequence[Shown]) -> None:
        """In the order of names: a folder that others own goes first, and much goes with it."""
        self._tell(target, Fate.RELINQUISH, files)
        absent = [one.file_id for one in files if not self._give_up(one)]
        if absent and self._files.look(target, absent):
            raise RefusedError(
                "some of what was shared with us was shared through a group or a link, which we "
                "cannot end: have the owner end it"
            )

    def _delete_files(self, files: Sequence[Shown]) -> None:
        """Each by whoever sees it: what the guest owns in its My Drive is ours, too."""
        for api, as_guest in ((self._api, False), (self._guest, True)):
            ids = [one.file_id for one in files if one.as_guest is as_guest]
            calls = {one: partial(_delete_file, file_id=one) for one in ids}
            answers(api, "deleting files", calls)

    def _delete_folder(self, folder: Shown) -> None:
        """Deleting a folder deletes what is in it, so that nothing may be (T12)."""
        if not folder.facts.in_our_drive:
            raise RefusedError(
                "a folder of this holding lies in the My Drive of the identity that erases: move "
                "it into the shared drive"
            )
        try:
            is_empty = self._files.is_empty(folder.file_id)
        except NotFoundError:
            return  # gone already, or else the witness sees it
        if not is_empty:
            raise UnavailableError("something was put into a folder that is to go: look again")
        self._delete_files([folder])

    def horizon(self, target: Target) -> Horizon:
        notes = (*NOTES, NOTE_ON_ADOPTED) if target.adopted else NOTES
        return Horizon(ours=RESTORABLE, provider=ERASED_BY_GOOGLE, notes=notes)


def _permission_of(api: DriveApi) -> str:
    about = api.call("ourselves", lambda s: s.about().get(fields="user(permissionId)"))
    return str(about["user"]["permissionId"])


def _revoke(api: DriveApi, file_id: FileId, permission: str) -> bool:
    """Whether it was there. Never two at once: Drive loses all but the last change."""
    try:
        api.call(
            "a permission",
            lambda s: s.permissions().delete(
                fileId=file_id, permissionId=permission, supportsAllDrives=True
            ),
        )
    except NotFoundError:
        return False
    return True


def _behind(after: str, name: str) -> Iterator[str]:
    if after < name:
        yield name


def _listed(path: str, child: Child) -> str:
    return listed_name(path, child.file_id, is_folder=child.is_folder)


def _is_direct(permission: dict[str, Any]) -> bool:
    details = permission.get("permissionDetails", [])
    return not details or not all(each["inherited"] for each in details)


def _list_permissions(service: Any, *, folder: FileId, token: str | None) -> Any:
    return service.permissions().list(
        fileId=folder,
        pageSize=100,
        pageToken=token,
        fields="nextPageToken,permissions(id,permissionDetails(inherited))",
        supportsAllDrives=True,
    )


def _delete_file(service: Any, *, file_id: FileId) -> Any:
    """For good, never into the trash; of a shortcut it is the shortcut that goes (T11)."""
    return service.files().delete(fileId=file_id, supportsAllDrives=True)
