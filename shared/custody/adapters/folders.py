"""Writing into the shared drive: the folders of holdings, and files as a customer would share."""

import mimetypes
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from googleapiclient.http import MediaIoBaseUpload

from custody.adapters.drive_api import FILE_FIELDS, DriveApi, to_file
from custody.domain.drive import FOLDER, NATIVE_PREFIX, DriveFile
from custody.domain.vault import FileId

UPLOAD_CHUNK = 8 << 20
ONE_REQUEST = 4 << 20
"""Up to this size in bytes a file goes up in one request instead of a resumable session."""


class _Pieces(MediaIoBaseUpload):  # type: ignore[misc]  # it has no types
    """Goes up in bytes: a stream that was read is empty when a broken line is tried again."""

    def has_stream(self) -> bool:
        return False


class DriveFolders:
    """The Folders port on Drive v3."""

    def __init__(self, api: DriveApi, *, drive_id: str) -> None:
        self._api = api
        self._drive_id = drive_id

    def create(
        self, name: str, parent: FileId | None = None, *, mark: Mapping[str, str] | None = None
    ) -> FileId:
        body = {"name": name, "mimeType": FOLDER, "parents": [parent or self._drive_id]}
        return self._create(body | {"id": self._new_id()} | _marked(mark), None).file_id

    def upload(
        self,
        folder: FileId,
        name: str,
        content: BinaryIO,
        size: int,
        *,
        mark: Mapping[str, str] | None = None,
        announce: Callable[[FileId], object] | None = None,
    ) -> DriveFile:
        media = _Pieces(
            content,
            mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
            chunksize=UPLOAD_CHUNK,
            resumable=size > ONE_REQUEST,
        )
        standing = self._find(folder, name, mark or {})
        file_id = standing or self._new_id()
        if announce:
            announce(file_id)
        if standing is None:
            body = {"id": file_id, "name": name, "parents": [folder]}
            return self._create(body | _marked(mark), media)
        return self._send(
            media,
            lambda s: s.files().update(
                fileId=standing, media_body=media, fields=FILE_FIELDS, supportsAllDrives=True
            ),
        )

    def _new_id(self) -> FileId:
        """Asked for beforehand, so that a repeated call cannot make a second file."""
        ids = self._api.call("an id", lambda s: s.files().generateIds(count=1, fields="ids"))["ids"]
        return FileId(ids[0])

    def _create(self, body: dict[str, Any], media: Any) -> DriveFile:
        return self._send(
            media,
            lambda s: s.files().create(
                body=body, media_body=media, fields=FILE_FIELDS, supportsAllDrives=True
            ),
        )

    def _send(self, media: MediaIoBaseUpload | None, request: Callable[[Any], Any]) -> DriveFile:
        in_pieces = media is not None and media.resumable()
        send = self._api.upload if in_pieces else self._api.call
        return to_file(send("a file", request))

    def _find(self, folder: FileId, name: str, mark: Mapping[str, str]) -> FileId | None:
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        found = self._api.call(
            "a folder",
            lambda s: s.files().list(
                q=f"'{folder}' in parents and name = '{quoted}' and trashed = false"
                f" and not mimeType contains '{NATIVE_PREFIX}'",
                fields="files(id,appProperties)",
                includeItemsFromAllDrives=True,
                supportsAllDrives=True,
            ),
        )["files"]
        marked = [one for one in found if mark.items() <= one.get("appProperties", {}).items()]
        return FileId(marked[0]["id"]) if marked else None


def _marked(mark: Mapping[str, str] | None) -> dict[str, Any]:
    return {"appProperties": dict(mark)} if mark else {}
