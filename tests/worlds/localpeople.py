"""People in the local Drive: the operators of a shared drive, and a customer with a folder."""

from io import BytesIO
from typing import Any

from googleapiclient.http import MediaIoBaseUpload

from custody.adapters.drive_api import READ_WRITE, DriveApi
from custody.domain.drive import FOLDER, SHORTCUT
from custody.domain.vault import FileId, RevisionId

IDENTITY = "custody@datasmash.example"
CUSTOMER = "customer@client.example"
DOCUMENT = "application/vnd.google-apps.document"


class LocalPeople:
    """Acts as whoever made an item: a folder without a parent is the customer's."""

    def __init__(self, endpoint: str, request: str) -> None:
        self._custody = _as_person(endpoint, IDENTITY)
        self._customer = _as_person(endpoint, CUSTOMER)
        made = self._custody.call(
            "a drive", lambda s: s.drives().create(requestId=request, body={"name": "Custody"})
        )
        self.root = FileId(made["id"])
        self._makers: dict[FileId, DriveApi] = {self.root: self._custody}

    def create_folder(self, name: str, parent: FileId | None = None) -> FileId:
        if parent:
            return self._create(parent, {"name": name, "mimeType": FOLDER})
        body = {"name": name, "mimeType": FOLDER}
        made = self._customer.call("a folder", lambda s: s.files().create(body=body))
        folder = FileId(made["id"])
        self._makers[folder] = self._customer
        self._share(folder)
        return folder

    def create_file(self, name: str, parent: FileId, data: bytes) -> FileId:
        return self._create(parent, {"name": name, "mimeType": "text/csv"}, _media(data))

    def create_document(self, name: str, parent: FileId, body: bytes) -> FileId:
        return self._create(
            parent, {"name": name, "mimeType": DOCUMENT}, _media(body, "text/plain")
        )

    def create_shortcut(self, name: str, parent: FileId, target: FileId) -> FileId:
        body = {"name": name, "mimeType": SHORTCUT, "shortcutDetails": {"targetId": target}}
        return self._create(parent, body)

    def edit(self, file_id: FileId, data: bytes) -> RevisionId:
        changed = self._update(file_id, media_body=_media(data), fields="headRevisionId")
        return RevisionId(changed["headRevisionId"])

    def rename(self, file_id: FileId, name: str) -> None:
        self._update(file_id, body={"name": name})

    def move(self, file_id: FileId, parent: FileId) -> None:
        before = self._maker(file_id).call(
            "a file",
            lambda s: s.files().get(fileId=file_id, fields="parents", supportsAllDrives=True),
        )
        self._update(file_id, addParents=parent, removeParents=before["parents"][0])

    def trash(self, file_id: FileId) -> None:
        self._update(file_id, body={"trashed": True})

    def delete(self, file_id: FileId) -> None:
        self._maker(file_id).call(
            "a file", lambda s: s.files().delete(fileId=file_id, supportsAllDrives=True)
        )

    def hide(self, file_id: FileId) -> None:
        granted = self._maker(file_id).call(
            "grants",
            lambda s: s.permissions().list(fileId=file_id, fields="permissions(id,emailAddress)"),
        )
        for grant in granted["permissions"]:
            if grant["emailAddress"] == IDENTITY:
                self._revoke(file_id, grant["id"])

    def marks(self, file_id: FileId) -> dict[str, str]:
        shown = self._maker(file_id).call(
            "a file",
            lambda s: s.files().get(fileId=file_id, fields="appProperties", supportsAllDrives=True),
        )
        return dict(shown.get("appProperties", {}))

    def let_download(self, file_id: FileId, *, allowed: bool) -> None:
        self._update(file_id, body={"copyRequiresWriterPermission": not allowed})

    def purge(self, file_id: FileId, *revisions: RevisionId) -> None:
        """What Drive does by itself in time; a person can do it too."""
        for revision in revisions:
            self._delete_revision(file_id, revision)

    def _maker(self, file_id: FileId) -> DriveApi:
        """Whoever made an item; what custody itself wrote is custody's."""
        return self._makers.get(file_id, self._custody)

    def _delete_revision(self, file_id: FileId, revision: RevisionId) -> None:
        self._maker(file_id).call(
            "a revision", lambda s: s.revisions().delete(fileId=file_id, revisionId=revision)
        )

    def _revoke(self, file_id: FileId, permission: str) -> None:
        self._maker(file_id).call(
            "a grant", lambda s: s.permissions().delete(fileId=file_id, permissionId=permission)
        )

    def _share(self, folder: FileId) -> None:
        grant = {"type": "user", "role": "reader", "emailAddress": IDENTITY}
        self._makers[folder].call(
            "a grant", lambda s: s.permissions().create(fileId=folder, body=grant)
        )

    def _create(self, parent: FileId, body: dict[str, Any], media: Any = None) -> FileId:
        maker = self._maker(parent)
        made = maker.call(
            "a file",
            lambda s: s.files().create(
                body=body | {"parents": [parent]}, media_body=media, supportsAllDrives=True
            ),
        )
        self._makers[FileId(made["id"])] = maker
        return FileId(made["id"])

    def _update(self, file_id: FileId, **asked: Any) -> Any:
        return self._maker(file_id).call(
            "a file", lambda s: s.files().update(fileId=file_id, supportsAllDrives=True, **asked)
        )


def _as_person(endpoint: str, email: str) -> DriveApi:
    return DriveApi(endpoint=endpoint, subject=email, calls_per_minute=600_000, scopes=READ_WRITE)


def _media(data: bytes, content_type: str = "text/csv") -> MediaIoBaseUpload:
    return MediaIoBaseUpload(BytesIO(data), mimetype=content_type)
