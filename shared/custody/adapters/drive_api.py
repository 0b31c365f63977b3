"""Drive's API as its adapters share it: one root, one identity, one limiter."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from google.auth.credentials import Credentials
from google.oauth2.credentials import Credentials as Token

from custody.adapters.google_api import GoogleApi, our_errors
from custody.adapters.identity import application_credentials
from custody.domain.drive import DriveFile
from custody.domain.vault import FileId, RevisionId
from custody.errors import RetryableError

READ_ONLY = ("https://www.googleapis.com/auth/drive.readonly",)
READ_WRITE = ("https://www.googleapis.com/auth/drive",)
RETRIES = 3
FILE_FIELDS = (
    "id,name,mimeType,parents,version,trashed,modifiedTime,headRevisionId,size,md5Checksum,"
    "shortcutDetails(targetId),capabilities(canDownload,canReadRevisions)"
)


class Limiter:
    """At most so many calls a minute from this process; whoever comes too early waits (T15)."""

    def __init__(self, calls_per_minute: int) -> None:
        self._interval = 60.0 / calls_per_minute
        self._burst = calls_per_minute / 4
        self._free_at = 0.0
        self._lock = threading.Lock()

    def take(self, calls: int) -> None:
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - self._burst * self._interval)
            self._free_at += calls * self._interval
            wait = self._free_at - now
        if wait > 0:
            time.sleep(wait)


class DriveApi:
    """Calls on Drive v3 as one identity."""

    def __init__(
        self, *, endpoint: str, subject: str, calls_per_minute: int, scopes: tuple[str, ...]
    ) -> None:
        credentials = _credentials(endpoint, subject, scopes)
        self._api = GoogleApi("drive", "v3", root=endpoint, credentials=credentials)
        self._limiter = Limiter(calls_per_minute)

    @property
    def root(self) -> str:
        return self._api.root

    def call(self, what: str, request: Callable[[Any], Any]) -> Any:
        """One call; repeated for rate and server reasons alone. Every error is one of ours."""
        self._limiter.take(1)
        with our_errors(what):
            return request(self._api.service()).execute(num_retries=RETRIES)

    def upload(self, what: str, request: Callable[[Any], Any]) -> Any:
        """A resumable upload piece by piece. After a break the client asks how far it came."""
        self._limiter.take(1)
        upload, answer, breaks = request(self._api.service()), None, 0
        while answer is None:
            try:
                with our_errors(what):
                    _, answer = upload.next_chunk()
                breaks = 0
            except RetryableError:
                breaks += 1
                if breaks > RETRIES:
                    raise
                time.sleep(0.1 * 2**breaks)
        return answer

    def batch(self, what: str, requests: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
        """Up to 100 calls in one round trip: by id, the answer or the HttpError of each."""
        self._limiter.take(len(requests))
        answers: dict[str, Any] = {}

        def keep(call_id: str, response: Any, error: Any) -> None:
            answers[call_id] = error or response

        service = self._api.service()
        batch = service.new_batch_http_request(callback=keep)
        for call_id, request in requests.items():
            batch.add(request(service), request_id=call_id)
        with our_errors(what):
            batch.execute()
        return answers

    def session(self) -> Any:
        """A plain session for streams; the caller counts against the limiter."""
        self._limiter.take(1)
        return self._api.session()


def _credentials(endpoint: str, subject: str, scopes: tuple[str, ...]) -> Credentials:
    """The local cloud takes the identity as its token; Google gets short-lived keyless ones."""
    if endpoint:
        return Token(token=subject or "local")
    own = application_credentials(scopes)
    if not subject:
        return own
    # Brings the whole of `cryptography` along: a quarter of a cold start, where it is not needed.
    from google.auth.impersonated_credentials import Credentials as Impersonated

    return Impersonated(own, subject, target_scopes=list(scopes))


def to_file(wire: dict[str, Any]) -> DriveFile:
    """Drive's file resource in our words (fields: FILE_FIELDS)."""
    parents = wire.get("parents")
    abilities = wire.get("capabilities", {})
    target = wire.get("shortcutDetails", {}).get("targetId")
    head = wire.get("headRevisionId")
    return DriveFile(
        file_id=FileId(wire["id"]),
        name=wire["name"],
        content_type=wire["mimeType"],
        parent=FileId(parents[0]) if parents else None,
        version=int(wire["version"]),
        trashed=bool(wire.get("trashed")),
        modified_at=to_time(wire["modifiedTime"]) if "modifiedTime" in wire else None,
        head=RevisionId(head) if head else None,
        size_bytes=int(wire["size"]) if head else None,
        md5=wire.get("md5Checksum") if head else None,
        can_download=abilities.get("canDownload", True),
        can_read_revisions=abilities.get("canReadRevisions", True),
        shortcut_target=FileId(target) if target else None,
    )


def to_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
