"""The HTTP side of Drive: which kind of request this is, and how its answer is sent."""

import io
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from localcloud.batch import BatchedAnswer, BatchedCall, answer_batch
from localcloud.clock import Clock
from localcloud.discovery import Matched
from localcloud.drive import admin, downloads, uploads
from localcloud.drive.call import Answer, Call, Media
from localcloud.drive.contract import contract, mask_of, params_of, shown
from localcloud.drive.methods import METHODS
from localcloud.drive.session import Session
from localcloud.drive.store import Store
from localcloud.drive.uploads import Piece, Upload
from localcloud.errors import ApiError
from localcloud.related import open_related
from localcloud.wire import Exchange, HttpService, parse_json

_BATCH = ("/batch/drive/v3", "/batch")
_DISCOVERY = ("/discovery/v1/apis/drive/v3/rest", "/$discovery/rest")
_LINKS: dict[str, Callable[[Session, dict[str, str]], Media]] = {
    "/docs/export": downloads.export_link,
    "/docs/download": downloads.download_link,
    "/uc": downloads.content_link,
}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class DriveExchange(Exchange):
    """One connection to Drive."""

    def method_id(self) -> str:
        path = self.url_path
        if path in _BATCH:
            return "batch"
        if path in _DISCOVERY:
            return "discovery"
        if path in _LINKS or path.startswith("/_"):
            return path
        return self._match().id

    def serve(self) -> None:
        path = self.url_path
        if path in _BATCH:
            self._serve_batch()
        elif path in _DISCOVERY:
            self.send_json(200, contract().document(self._drive.url))
        elif path in _LINKS:
            query = {name: values[-1] for name, values in self.query.items()}
            self._send(self._drive.store.read(self._caller, lambda s: _LINKS[path](s, query)))
        elif path.startswith("/_"):
            self._serve_admin()
        elif "upload_id" in self.query:
            self._serve_session(self.query["upload_id"][-1])
        else:
            self._serve_method(self._match())

    @property
    def _drive(self) -> "DriveServer":
        assert isinstance(self.service, DriveServer)  # noqa: S101 (for mypy)
        return self.service

    @property
    def _caller(self) -> str:
        token = (self.query.get("access_token") or self.query.get("oauth_token") or [""])[-1]
        return self._drive.identity(self.headers.get("Authorization"), token)

    def _match(self) -> Matched:
        """The method; the pieces of a resumable upload come by PUT, whatever began it."""
        if "upload_id" not in self.query:
            return contract().match(self.command, self.url_path)
        is_update = self.url_path.rstrip("/").rpartition("/")[2] != "files"
        return contract().match("PATCH" if is_update else "POST", self.url_path)
