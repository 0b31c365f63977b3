"""A file as Drive shows it to one caller."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from localcloud.drive import access, formats, people
from localcloud.drive.capabilities import (
    download_restriction,
    file_capabilities,
    requires_writer_to_copy,
)
from localcloud.drive.model import File, Revision, Role
from localcloud.drive.session import Session
from localcloud.fieldmask import Mask

_DEFAULTS: dict[str, Any] = {"writersCanShare": True}
_HIDDEN = frozenset({"searchWords", "flags", "exportSize", "contentHints", "downloadRestrictions"})


class FileView:
    """Builds file resources for one call, and only the costly parts that its mask asks for."""

    def __init__(self, session: Session, mask: Mask) -> None:
        self._session = session
        self._mask = mask
        self._restrictions: dict[str, Mapping[str, Any]] = {}

    def show(self, file: File, head: Revision | None) -> dict[str, Any]:
        """The resource; `head` is the file's newest content, if it has any."""
        shown = self._basics(file) | self._settings(file)
        if file.is_blob and head:
            shown |= _blob(file, head)
        if file.is_native:
            shown |= {"exportLinks": export_links(self._session, file)}
        for names, part in _PARTS.items():
            if self._asks(names):
                shown |= part(self, file)
        return {name: value for name, value in shown.items() if value is not None}

    def show_all(self, files: Iterable[File]) -> list[dict[str, Any]]:
        """Many resources, their contents looked up at once."""
        files = list(files)
        heads = heads_of(self._session, files)
        return [self.show(file, heads.get(file.id)) for file in files]

    def _asks(self, names: frozenset[str]) -> bool:
        return not self._mask or "*" in self._mask or not names.isdisjoint(self._mask)

    def _basics(self, file: File) -> dict[str, Any]:
        return {
            "kind": "drive#file",
            "id": file.id,
            "name": file.name,
            "mimeType": file.mime_type,
            "driveId": file.drive_id,
            "teamDriveId": file.drive_id,
            "version": str(file.version),
            "createdTime": file.created_time,
            "modifiedTime": file.modified_time,
            "spaces": ["drive"],
            "isAppAuthorized": True,
            "hasThumbnail": False,
            "thumbnailVersion": "0",
        }

    def parents(self, file: File) -> dict[str, Any]:
        """A parent that the caller has no access to is not shown."""
        visible = access.passed_down(self._session, file.parent) > Role.NONE
        return {"parents": [file.parent]} if visible else {}

    def trash(self, file: File) -> dict[str, Any]:
        explicitly = file.trashed_time is not None
        state: dict[str, Any] = {
            "trashed": access.is_trashed(self._session, file),
            "explicitlyTrashed": explicitly,
        }
        if file.drive_id and explicitly:
            trashed_by = people.user(self._session, str(file.trashed_by))
            state |= {"trashedTime": file.trashed_time, "trashingUser": trashed_by}
        return state

    def _settings(self, file: File) -> dict[str, Any]:
        shown = {name: value for name, value in file.details.items() if name not in _HIDDEN}
        if file.drive_id is None:
            shown = _DEFAULTS | shown
        if file.is_folder:
            shown["inheritedPermissionsDisabled"] = file.limited
        return shown

    def links(self, file: File) -> dict[str, Any]:
        view = "drive/folders" if file.is_folder else "file/d"
        shown = {"webViewLink": f"https://drive.google.com/{view}/{file.id}"}
        if file.is_blob:
            link = f"{self._session.root_url}/uc?id={file.id}&export=download"
            shown["webContentLink"] = link
        return shown

    def people(self, file: File) -> dict[str, Any]:
        me, mine = self._session.caller, file.modified_by == self._session.caller
        shown: dict[str, Any] = {
            "lastModifyingUser": people.user(self._session, file.modified_by),
            "modifiedByMe": mine,
            "modifiedByMeTime": file.modified_time if mine else None,
            "viewedByMe": mine,
        }
        if file.owner:
            owner = people.user(self._session, file.owner)
            shown |= {"owners": [owner], "ownedByMe": file.owner == me}
        return shown

    def access(self, file: File) -> dict[str, Any]:
        role = access.role_on(self._session, file)
        restrictions = self._restrictions_of(file.drive_id)
        copying = requires_writer_to_copy(file, restrictions)
        own = file.details.get("downloadRestrictions", {}).get("itemDownloadRestriction", {})
        starred = self._session.row(
            "select 1 from stars where (file_id, email) = (?, ?)", [file.id, self._session.caller]
        )
        return {
            "capabilities": file_capabilities(file, role, restrictions),
            "copyRequiresWriterPermission": copying,
            "viewersCanCopyContent": not copying,
            "downloadRestrictions": {
                "itemDownloadRestriction": _NO_RESTRICTION | own,
                "effectiveDownloadRestrictionWithContext": download_restriction(file, restrictions),
            },
            "starred": starred is not None,
            "quotaBytesUsed": str(_quota(self._session, file)),
        }

    def _restrictions_of(self, drive_id: str | None) -> Mapping[str, Any]:
        if drive_id is None:
            return {}
        if drive_id not in self._restrictions:
            self._restrictions[drive_id] = drive_restrictions(self._session, drive_id)
        return self._restrictions[drive_id]

    def sharing(self, file: File) -> dict[str, Any]:
        found = people.grants(self._session, file)
        shown: dict[str, Any] = {"permissionIds": [grant.id for grant in found]}
        if file.drive_id:
            augmented = any(grant.direct for grant in found)
            return shown | {"hasAugmentedPermissions": augmented} | self._shared_with_me(file)
        shown["shared"] = len(found) > 1
        capabilities = file_capabilities(file, access.role_on(self._session, file), {})
        if capabilities["canShare"]:
            shown["permissions"] = [people.permission(file, one) for one in found]
        return shown | self._shared_with_me(file)

    def _shared_with_me(self, file: File) -> dict[str, Any]:
        """By a permission on the item itself; a membership of a shared drive is none."""
        if file.is_drive_root:
            return {}
        row = self._session.row(
            "select * from permissions where file_id = ? and email = ? and role != 'owner'",
            [file.id, self._session.caller],
        )
        if row is None:
            return {}
        sharer = people.user(self._session, row["created_by"])
        return {"sharedWithMeTime": row["created_time"], "sharingUser": sharer}


_NO_RESTRICTION = {"restrictedForReaders": False, "restrictedForWriters": False}
_PARTS: dict[frozenset[str], Callable[[FileView, File], dict[str, Any]]] = {
    frozenset({"parents"}): FileView.parents,
    frozenset({"trashed", "explicitlyTrashed", "trashedTime", "trashingUser"}): FileView.trash,
    frozenset({"webViewLink", "webContentLink"}): FileView.links,
    frozenset(
        {
            "lastModifyingUser",
            "modifiedByMe",
            "modifiedByMeTime",
            "ownedByMe",
            "owners",
            "viewedByMe",
        }
    ): FileView.people,
    frozenset(
        {
            "capabilities",
            "copyRequiresWriterPermission",
            "downloadRestrictions",
            "quotaBytesUsed",
            "starred",
            "viewersCanCopyContent",
        }
    ): FileView.access,
    frozenset(
        {
            "hasAugmentedPermissions",
            "permissionIds",
            "permissions",
            "shared",
            "sharedWithMeTime",
            "sharingUser",
        }
    ): FileView.sharing,
}


def show(session: Session, file: File, mask: Mask) -> dict[str, Any]:
    """One file as a resource."""
    return FileView(session, mask).show_all([file])[0]


def heads_of(session: Session, files: list[File]) -> dict[str, Revision]:
    """The newest contents of some files, by file."""
    wanted = {file.id: file.head for file in files if file.head}
    marks = ", ".join("?" * len(wanted))
    rows = session.rows(f"select * from revisions where file_id in ({marks})", list(wanted))  # noqa: S608
    found = (Revision.of(row) for row in rows if row["id"] == wanted[row["file_id"]])
    return {revision.file_id: revision for revision in found}


def drive_restrictions(session: Session, drive_id: str | None) -> Mapping[str, Any]:
    """The restrictions of the shared drive that a file is in."""
    row = session.row("select details from drives where id = ?", [drive_id])
    details: dict[str, Any] = json.loads(row["details"]) if row else {}
    restrictions: Mapping[str, Any] = details.get("restrictions", {})
    return restrictions


def export_links(
    session: Session, file: File, revision_id: str | None = None
) -> dict[str, str] | None:
    """Where a Google document's exports can be fetched, without the limit of files.export."""
    base = f"{session.root_url}/docs/export?id={file.id}"
    if revision_id:
        base += f"&revision={revision_id}"
    kinds = formats.EXPORTS.get(file.mime_type, ())
    links = {kind: f"{base}&exportFormat={formats.extension(kind)}" for kind in kinds}
    return links or None


def _blob(file: File, head: Revision) -> dict[str, Any]:
    full = file.name.partition(".")[2]
    return {
        "size": str(head.size),
        "md5Checksum": head.md5,
        "sha1Checksum": head.sha1,
        "sha256Checksum": head.sha256,
        "headRevisionId": head.id,
        "originalFilename": head.original_filename,
        "fullFileExtension": full,
        "fileExtension": full.rpartition(".")[2],
    }


def _quota(session: Session, file: File) -> int:
    """The head and what is kept for ever count."""
    row = session.row(
        "select coalesce(sum(size), 0) from revisions"
        " where file_id = ? and (id = ? or keep_forever)",
        [file.id, file.head],
    )
    return int(row[0]) if row else 0
