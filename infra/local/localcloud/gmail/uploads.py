"""Resumable uploads of messages (Gmail guide "Upload attachments").

They are kept in memory: what was not complete when the server ended has to be begun anew.
"""

import re
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from localcloud.discovery import Matched
from localcloud.errors import ApiError
from localcloud.gmail.access import Caller
from localcloud.gmail.call import Call
from localcloud.schema import Json

_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@dataclass(slots=True, kw_only=True)
class Upload:
    """A call that waits for its message."""

    matched: Matched
    caller: Caller
    call: Call
    data: bytearray = field(default_factory=bytearray)
    answer: Json = None  # of the finished upload, should the client ask again
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, content_range: str | None, blocks: Iterable[bytes]) -> bool:
        """Takes a piece, skipping what came before; says whether the message is complete."""
        if content_range is None:
            self._take(0, blocks)
            return True
        found = _RANGE.fullmatch(content_range.strip())
        if found is None:
            raise ApiError(400, "badContent", f"Invalid Content-Range: {content_range}")
        if found[1] is not None:
            self._take(int(found[1]), blocks)
        return found[2] == str(len(self.data))

    def _take(self, start: int, blocks: Iterable[bytes]) -> None:
        if start > len(self.data):
            raise ApiError(400, "badContent", f"There are {len(self.data)} bytes, not {start}.")
        for block in blocks:
            self.data[start : start + len(block)] = block
            start += len(block)


class Uploads:
    """Those that are under way, by the ids that their addresses carry."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Upload] = {}

    def open(self, upload: Upload) -> str:
        upload_id = secrets.token_urlsafe(40)
        with self._lock:
            self._open[upload_id] = upload
        return upload_id

    def find(self, upload_id: str) -> Upload:
        with self._lock:
            if upload_id not in self._open:
                raise ApiError(404, "notFound", "The upload was not found or has expired.")
            return self._open[upload_id]
