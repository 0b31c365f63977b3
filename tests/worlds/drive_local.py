"""Google's own Drive client on our server, whose clock and faults are at hand."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload

from localcloud.clock import Clock
from localcloud.drive import DriveServer
from localcloud.drive.contract import contract
from localcloud.faults import Rule

ALICE = "alice@customer.example"
BOB = "bob@customer.example"
CAROL = "carol@elsewhere.example"
FOLDER = "application/vnd.google-apps.folder"
SHEET = "application/vnd.google-apps.spreadsheet"
DOCUMENT = "application/vnd.google-apps.document"
SHORTCUT = "application/vnd.google-apps.shortcut"
ALL: dict[str, Any] = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}
DAY = 86_400.0
_ROOT = "http://root.invalid"
RESOURCES = (
    "about",
    "changes",
    "channels",
    "drives",
    "files",
    "operations",
    "permissions",
    "revisions",
)


@cache
def _document() -> str:
    """Google's document for the client, in which only the root has to be filled in (T29)."""
    return json.dumps(contract().document(_ROOT))


class Client:
    """One user's Drive, through the real client library."""

    def __init__(self, url: str, email: str) -> None:
        self.email = email
        document = _document().replace(_ROOT, url)
        self.api = build_from_document(document, credentials=Credentials(token=email))
        for resource in RESOURCES:
            setattr(self, resource, getattr(self.api, resource)())

    def __getattr__(self, resource: str) -> Any:
        """`client.files` is the client library's `files()`; this names its type."""
        raise AttributeError(resource)

    def create(self, name: str, data: bytes = b"x,y\n", /, **more: Any) -> str:
        """Uploads a file; returns its id."""
        media = MediaIoBaseUpload(io.BytesIO(data), more.pop("type", "text/csv"))
        body = {"name": name, **more}
        made = self.files.create(body=body, media_body=media, supportsAllDrives=True)
        return str(made.execute()["id"])

    def folder(self, name: str, parent: str | None = None, /, **more: Any) -> str:
        body = {"name": name, "mimeType": FOLDER, **more}
        if parent:
            body["parents"] = [parent]
        return str(self.files.create(body=body, supportsAllDrives=True).execute()["id"])

    def write(self, file_id: str, data: bytes, /, **more: Any) -> None:
        """Uploads newer content."""
        media = MediaIoBaseUpload(io.BytesIO(data), "text/csv")
        request = self.files.update(
            fileId=file_id, media_body=media, supportsAllDrives=True, **more
        )
        request.execute()

    def update(self, file_id: str, /, **body: Any) -> dict[str, Any]:
        request = self.files.update(fileId=file_id, body=body, supportsAllDrives=True, fields="*")
        changed: dict[str, Any] = request.execute()
        return changed

    def get(self, file_id: str, fields: str = "*") -> dict[str, Any]:
        request = self.files.get(fileId=file_id, fields=fields, supportsAllDrives=True)
        file: dict[str, Any] = request.execute()
        return file

    def read(self, file_id: str, **more: Any) -> bytes:
        content: bytes = self.files.get_media(
            fileId=file_id, supportsAllDrives=True, **more
        ).execute()
        return content

    def delete(self, file_id: str) -> None:
        self.files.delete(fileId=file_id, supportsAllDrives=True).execute()

    def move(self, file_id: str, source: str, target: str) -> None:
        self.files.update(
            fileId=file_id, addParents=target, removeParents=source, supportsAllDrives=True
        ).execute()

    def share(self, file_id: str, email: str, role: str = "reader", **more: Any) -> str:
        body = {"type": "user", "role": role, "emailAddress": email, **more}
        made = self.permissions.create(fileId=file_id, body=body, supportsAllDrives=True)
        return str(made.execute()["id"])

    def unshare(self, file_id: str, permission: str) -> None:
        self.permissions.delete(
            fileId=file_id, permissionId=permission, supportsAllDrives=True
        ).execute()

    def names(self, q: str | None = None, **more: Any) -> list[str]:
        """The names that a listing finds, in its order, over all pages."""
        found, token = [], None
        while True:
            page = self.files.list(q=q, pageToken=token, **more).execute()
            found += [file["name"] for file in page["files"]]
            token = page.get("nextPageToken")
            if token is None:
                return found

    def shared_drive(self, name: str = "Custody") -> str:
        made = self.drives.create(requestId=name, body={"name": name}).execute()
        return str(made["id"])

    def token(self, **more: Any) -> str:
        request = self.changes.getStartPageToken(supportsAllDrives=True, **more)
        return str(request.execute()["startPageToken"])

    def changes_since(self, token: str, **more: Any) -> list[dict[str, Any]]:
        """Every change from a token to the end of the log."""
        found = []
        while True:
            page = self.changes.list(pageToken=token, **more).execute()
            found += page["changes"]
            if "newStartPageToken" in page:
                return found
            token = page["nextPageToken"]


class Drive:
    """A server in this process and its clients."""

    def __init__(self, server: DriveServer) -> None:
        self.server = server
        self.url = server.url
        self.advance = server.clock.advance
        self._clients: list[Client] = []

    def user(self, email: str) -> Client:
        client = Client(self.url, email)
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.api.close()

    def fault(self, method: str, **what: Any) -> None:
        self.server.faults.add(Rule(method=method, **what))

    def call(
        self, verb: str, path: str, body: bytes | None = None, /, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """A plain request, for what the client library would not send."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(self.url + path, data=body, method=verb, headers=named)
        with urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read()

    def set_file(self, file_id: str, **what: Any) -> None:
        self.call("POST", f"/_files/{file_id}", json.dumps(what).encode())


@contextmanager
def local_drive(data: Path, clock: Clock | None = None) -> Iterator[Drive]:
    """A server on `data`, and clients of it."""
    server = DriveServer(data=data, clock=clock or Clock())
    server.start()
    drive = Drive(server)
    try:
        yield drive
    finally:
        drive.close()
        server.stop()


def refusal(request: Any) -> tuple[int, str]:
    """The status and the reason with which a call is refused."""
    try:
        request() if callable(request) else request.execute()
    except HttpError as error:
        details = json.loads(error.content)["error"]["errors"][0]
        return error.resp.status, details["reason"]
    raise AssertionError("the call was not refused")


class Webhook:
    """An address for pushes, which remembers them and answers as it is told."""

    def __init__(self) -> None:
        self.pushes: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.answers: list[int] = []
        self._arrived = threading.Condition()
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                webhook._take(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/pushes?of=drive"

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._arrived:
            status = self.answers.pop(0) if self.answers else 204
            self.pushes.append(dict(handler.headers.items()))
            self.bodies.append(body)
            self._arrived.notify_all()
        handler.send_response(status)
        if status != 204:
            handler.send_header("Content-Length", "0")
        handler.end_headers()

    def wait(self, condition: Callable[[list[dict[str, str]]], bool]) -> list[dict[str, str]]:
        """Waits until the pushes so far are as expected."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: condition(self.pushes), timeout=5), self.states
            return list(self.pushes)

    def wait_for(self, count: int) -> list[dict[str, str]]:
        return self.wait(lambda pushes: len(pushes) >= count)

    @property
    def states(self) -> list[str]:
        return [push["X-Goog-Resource-State"] for push in self.pushes]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
