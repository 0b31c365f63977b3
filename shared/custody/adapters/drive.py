"""Reading files from Drive: what they are, their revisions, their bytes."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import requests
from googleapiclient.errors import HttpError

from custody.adapters.answers import our_error
from custody.adapters.drive_api import FILE_FIELDS, DriveApi, to_file
from custody.adapters.google_api import our_errors
from custody.domain.drive import DriveFile, Revision, Unreadable
from custody.domain.vault import FileId, RevisionId
from custody.errors import (
    NotFoundError,
    RefusedError,
    RetryableError,
    TornReadError,
    UnavailableError,
)

FILES_PER_BATCH = 50
"""Each file takes two of the 100 calls that Drive allows in a batch."""
READ_CHUNK = 1 << 20
RESUMES = 5
STREAM_TIMEOUT = (10, 60)
EXPORT_LIMIT = 64 << 20
"""Exports are held in memory: larger ones are refused, in bytes."""
EXPORT_POLLS = 60
_REVISION_FIELDS = "nextPageToken,revisions(id,size,md5Checksum)"
_ROUNDS = 4
GONE = "Drive no longer shows it: deleted, or no longer shared with us"
_NOT_FOR_READERS = "insufficientFilePermissions"


class GoogleDrive:
    """The Drive port on Drive v3."""

    def __init__(self, api: DriveApi) -> None:
        self._api = api
        self._drives: dict[FileId, str | None] = {}

    def describe(self, file_ids: Sequence[FileId]) -> dict[FileId, DriveFile | Unreadable]:
        shown: dict[FileId, DriveFile | Unreadable] = {}
        for start in range(0, len(file_ids), FILES_PER_BATCH):
            shown |= self._describe_batch(list(file_ids[start : start + FILES_PER_BATCH]))
        return shown

    def _describe_batch(self, wanted: list[FileId]) -> dict[FileId, DriveFile | Unreadable]:
        """Again for those that were throttled, or edited between the two looks at them."""
        shown: dict[FileId, DriveFile | Unreadable] = {}
        for wait in range(_ROUNDS):
            time.sleep(wait * wait * 0.25)
            answers = self._api.batch("describing files", _describe_calls(wanted))
            unsettled = []
            for file_id in wanted:
                try:
                    file = _settled(self._shown(file_id, answers), last=wait == _ROUNDS - 1)
                    shown[file_id] = file
                except RetryableError:
                    if wait == _ROUNDS - 1:
                        raise
                    unsettled.append(file_id)
            if not unsettled:
                break
            wanted = unsettled
        return shown

    def _shown(self, file_id: FileId, answers: dict[str, Any]) -> DriveFile | Unreadable:
        try:
            file = to_file(_answer(answers["f:" + file_id], "a file"))
        except (NotFoundError, RefusedError):
            return Unreadable(file_id=file_id, reason=GONE)
        if file.head is None:
            return file
        try:
            listed = _answer(answers["r:" + file_id], "a file's revisions")
        except (NotFoundError, RefusedError):
            # Readers of a shared drive may see the file and not its history: the head alone then.
            only = Revision(revision=file.head, size_bytes=file.size_bytes, md5=file.md5)
            return replace(file, revisions=(only,), can_read_revisions=False)
        return replace(file, revisions=self._revisions(file_id, listed))

    def _revisions(self, file_id: FileId, page: dict[str, Any]) -> tuple[Revision, ...]:
        revisions = [_to_revision(wire) for wire in page.get("revisions", [])]
        while token := page.get("nextPageToken"):
            ask = partial(_list_revisions, file_id=file_id, token=token)
            page = self._api.call("a file's revisions", ask)
            revisions += [_to_revision(wire) for wire in page.get("revisions", [])]
        return tuple(revisions)

    def content(self, file: DriveFile, revision: RevisionId) -> Iterator[bytes]:
        url = f"{self._api.root}drive/v3/files/{file.file_id}"
        if file.can_read_revisions:
            return self._stream(f"{url}/revisions/{revision}?alt=media")
        return self._stream(f"{url}?alt=media&supportsAllDrives=true")

    def _stream(self, url: str) -> Iterator[bytes]:
        """Taken up where it broke, a bounded number of times without progress."""
        offset = resumes = 0
        while True:
            try:
                for chunk in self._from(url, offset):
                    offset, resumes = offset + len(chunk), 0
                    yield chunk
            except RetryableError:
                resumes += 1
                if resumes > RESUMES:
                    raise
                time.sleep(0.1 * 2**resumes)
            else:
                return

    def _from(self, url: str, offset: int) -> Iterator[bytes]:
        headers = {"Accept-Encoding": "identity"}  # a range of compressed bytes means nothing
        if offset:
            headers["Range"] = f"bytes={offset}-"
        with our_errors("reading content"):
            response = self._api.session().get(
                url, headers=headers, stream=True, timeout=STREAM_TIMEOUT
            )
            with response:
                if response.status_code == requests.codes.requested_range_not_satisfiable:
                    return
                if response.status_code >= requests.codes.bad_request:
                    raise our_error(response.status_code, response.content, "reading content")
                if offset and response.status_code != requests.codes.partial_content:
                    raise TornReadError("Drive gave the whole content where its rest was asked for")
                yield from response.iter_content(READ_CHUNK)

    def export(self, file: DriveFile, content_type: str) -> bytes:
        try:
            data = self._api.call(
                "exporting", lambda s: s.files().export(fileId=file.file_id, mimeType=content_type)
            )
        except RefusedError as error:
            if "exportSizeLimitExceeded" not in str(error):
                raise
            data = self._download(file, content_type)
        return bytes(data)

    def _download(self, file: DriveFile, content_type: str) -> bytes:
        """Past the export limit of 10 MB: Drive prepares the file and says where it lies (T9)."""
        operation = self._api.call(
            "preparing an export",
            lambda s: s.files().download(fileId=file.file_id, mimeType=content_type),
        )
        name = operation["name"]
        for _ in range(EXPORT_POLLS):
            if operation.get("done"):
                break
            time.sleep(1)
            operation = self._api.call(
                "waiting for an export", lambda s: s.operations().get(name=name)
            )
        if not operation.get("done"):
            raise UnavailableError("Drive is still preparing the export")
        if "error" in operation:
            raise RefusedError("Drive could not prepare the export")
        return self._fetch_export(operation["response"]["downloadUri"])

    def _fetch_export(self, url: str) -> bytes:
        data = bytearray()
        for chunk in self._stream(url):
            data += chunk
            if len(data) > EXPORT_LIMIT:
                raise RefusedError(f"the export is larger than {EXPORT_LIMIT >> 20} MiB")
        return bytes(data)

    def children(self, folder: FileId) -> Iterator[DriveFile]:
        token = None
        while True:
            ask = partial(_list_children, folder=folder, drive=self._drive_of(folder), token=token)
            page = self._api.call("listing a folder", ask)
            if page.get("incompleteSearch"):
                raise UnavailableError("Drive listed a folder incompletely (T7)")
            yield from (to_file(wire) for wire in page.get("files", []))
            token = page.get("nextPageToken")
            if not token:
                return

    def _drive_of(self, folder: FileId) -> str | None:
        if folder not in self._drives:
            ask = partial(_get_drive, folder=folder)
            self._drives[folder] = self._api.call("a folder", ask).get("driveId")
        return self._drives[folder]


def _settled(file: DriveFile | Unreadable, *, last: bool) -> DriveFile | Unreadable:
    """The head stands last among the revisions, or the file was edited between the two looks."""
    if isinstance(file, Unreadable) or file.head is None:
        return file
    heads = [rev for rev in file.revisions if rev.revision == file.head]
    if heads and file.revisions[-1] == heads[0]:
        return file
    if not last:
        raise TornReadError("the file was edited while it was described")
    known = Revision(revision=file.head, size_bytes=file.size_bytes, md5=file.md5)
    others = tuple(rev for rev in file.revisions if rev.revision != file.head)
    return replace(file, revisions=(*others, *(heads or [known])))


def _answer(answer: Any, what: str) -> dict[str, Any]:
    if isinstance(answer, HttpError):
        error = our_error(int(answer.resp.status), answer.content, what)
        if isinstance(error, RefusedError) and _NOT_FOR_READERS not in str(error):
            # An API that is off or a quota that is used up says nothing about the file.
            raise UnavailableError(str(error))
        raise error
    found: dict[str, Any] = answer
    return found


def _describe_calls(file_ids: list[FileId]) -> dict[str, Any]:
    calls: dict[str, Any] = {}
    for file_id in file_ids:
        calls["f:" + file_id] = partial(_get_file, file_id=file_id)
        calls["r:" + file_id] = partial(_list_revisions, file_id=file_id, token=None)
    return calls


def _get_file(service: Any, *, file_id: FileId) -> Any:
    return service.files().get(fileId=file_id, fields=FILE_FIELDS, supportsAllDrives=True)


def _get_drive(service: Any, *, folder: FileId) -> Any:
    return service.files().get(fileId=folder, fields="driveId", supportsAllDrives=True)


def _list_revisions(service: Any, *, file_id: FileId, token: str | None) -> Any:
    return service.revisions().list(
        fileId=file_id, pageSize=1000, pageToken=token, fields=_REVISION_FIELDS
    )


def _list_children(service: Any, *, folder: FileId, drive: str | None, token: str | None) -> Any:
    corpus = {"corpora": "drive", "driveId": drive} if drive else {"corpora": "user"}
    return service.files().list(
        q=f"'{folder}' in parents",
        pageSize=1000,
        pageToken=token,
        fields=f"nextPageToken,incompleteSearch,files({FILE_FIELDS})",
        includeItemsFromAllDrives=True,
        supportsAllDrives=True,
        **corpus,
    )


def _to_revision(wire: dict[str, Any]) -> Revision:
    size = wire.get("size")
    return Revision(
        revision=RevisionId(wire["id"]),
        size_bytes=int(size) if size is not None else None,
        md5=wire.get("md5Checksum"),
    )
