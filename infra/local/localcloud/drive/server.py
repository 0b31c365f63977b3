"""The HTTP side of Drive: which kind of request this is, and how its answer is sent."""

import io
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs, quote, urlsplit

from localcloud.batch import BatchedAnswer, BatchedCall
from localcloud.clock import Clock
from localcloud.discovery import Matched
from localcloud.drive import admin, downloads, uploads
from localcloud.drive.call import Answer, Call, Media
from localcloud.drive.contract import contract
from localcloud.drive.dispatch import call_of, check_upload, run, run_upload
from localcloud.drive.refusals import bad_request
from localcloud.drive.session import Session
from localcloud.drive.store import Store
from localcloud.drive.uploads import Piece
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
            self.send_batch(self._answer_batched)
        elif path in _DISCOVERY:
            self.send_json(200, contract().document(self._drive.url))
        elif path in _LINKS:
            self._serve_link(_LINKS[path])
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
        return self._drive.identity(self.bearer_token)

    def _match(self) -> Matched:
        """The method; the pieces of a resumable upload come by PUT, whatever began it."""
        if "upload_id" not in self.query:
            return contract().match(self.command, self.url_path)
        is_update = self.url_path.rstrip("/").rpartition("/")[2] != "files"
        return contract().match("PATCH" if is_update else "POST", self.url_path)

    # ---- the methods of the API

    def _serve_method(self, matched: Matched) -> None:
        if matched.upload is not None:
            self._serve_upload(matched)
            return
        call = call_of(matched, self.query, self.json_body())
        answer = self._run(matched, self._caller, call)
        if matched.id == "drive.files.list":
            self._lose_results(answer)
        self._reply(answer)

    def _run(self, matched: Matched, caller: str, call: Call) -> Answer:
        """A fault of its own, `withoutEffect`: a deletion that is answered and not done."""
        if "response" not in matched.method:
            rule = self._drive.faults.take("withoutEffect", matched.id)
            if rule and rule.drop:
                return None
        return run(self._drive.store, caller, matched, call)

    def _lose_results(self, answer: Any) -> None:
        """A fault of its own: a listing that misses some files and says so."""
        rule = self._drive.faults.take("incompleteSearch", self.path)
        if rule and rule.drop:
            answer["incompleteSearch"] = True
            answer["files"] = answer.get("files", [])[::2]

    def _reply(self, answer: Answer) -> None:
        if isinstance(answer, Media):
            self._send_media(answer)
        elif answer is None:
            self.send_bytes(204, b"")
        else:
            self.send_json(200, answer)

    def _serve_link(self, follow: Callable[[Session, dict[str, str]], Media]) -> None:
        query = {name: values[-1] for name, values in self.query.items()}
        media = self._drive.store.read(self._caller, lambda session: follow(session, query))
        self._send_media(media)

    # ---- content that is sent

    def _send_media(self, media: Media) -> None:
        with self._open(media) as file:
            first, last = self._range(media)
            headers = [("Content-Type", media.content_type)]
            if media.file_name:
                name = quote(media.file_name)
                headers.append(("Content-Disposition", f"attachment; filename*=UTF-8''{name}"))
            if (first, last) == (0, media.size - 1):
                self.send_file(200, headers, file, 0, media.size)
                return
            headers.append(("Content-Range", f"bytes {first}-{last}/{media.size}"))
            self.send_file(206, headers, file, first, last - first + 1)

    def _open(self, media: Media) -> BinaryIO:
        if media.content is None:
            return io.BytesIO(media.data)
        return self._drive.store.content.open(media.content)

    def _range(self, media: Media) -> tuple[int, int]:
        """The first and the last byte that the client wants (RFC 9110, one range)."""
        whole = (0, media.size - 1)
        found = _RANGE.fullmatch((self.headers.get("Range") or "").strip())
        if found is None or not media.ranges or not (found[1] or found[2]):
            return whole
        if not found[1]:
            first, last = max(media.size - int(found[2]), 0), media.size - 1
        else:
            first, last = int(found[1]), min(int(found[2] or media.size), media.size - 1)
        if first > last:
            raise ApiError(
                416,
                "requestedRangeNotSatisfiable",
                "Request range not satisfiable",
                "Range",
                headers={"Content-Range": f"bytes */{media.size}"},
            )
        return first, last

    # ---- content that comes

    def _serve_upload(self, matched: Matched) -> None:
        told = self.query.get("uploadType") or self.query.get("upload_protocol")
        kind = told[-1] if told else str(matched.upload)
        if kind == "resumable":
            self._open_session(matched)
        elif kind == "multipart":
            self._serve_multipart(matched)
        else:
            call = call_of(matched, self.query, {})
            self._store(matched, call, self.headers.get("Content-Type"), self.blocks())

    def _serve_multipart(self, matched: Matched) -> None:
        related = open_related(self.headers.get("Content-Type") or "", self.blocks())
        call = call_of(matched, self.query, parse_json(related.metadata))
        self._store(matched, call, related.media_type, related.media)

    def _store(self, matched: Matched, call: Call, content_type: str | None, blocks: Any) -> None:
        store = self._drive.store
        received = store.content.receive(blocks)
        call = replace(call, received=received, content_type=_plain(content_type))
        self._reply(run(store, self._caller, matched, call))

    def _open_session(self, matched: Matched) -> None:
        call = call_of(matched, self.query, self.json_body())
        content_type = _plain(self.headers.get("X-Upload-Content-Type"))

        def open_(session: Session) -> str:
            check_upload(session, matched, call)
            return uploads.open_upload(session, matched.id, call.params, call.body, content_type)

        upload_id = self._drive.store.write(self._caller, open_)
        location = f"{self._drive.url}{self.url_path}?uploadType=resumable&upload_id={upload_id}"
        self.send_bytes(200, b"", [("Location", location), ("X-GUploader-UploadID", upload_id)])

    def _serve_session(self, upload_id: str) -> None:
        store = self._drive.store
        with self._drive.lock_upload(upload_id):
            upload = store.read(self._caller, lambda s: uploads.find_upload(s, upload_id))
            if upload.answer is not None:
                self.send_json(200, upload.answer)
                return
            piece = Piece.of(self.headers.get("Content-Range"))
            if uploads.receive(store.content, upload, piece, self.blocks()):
                received = store.content.received(upload.content)
                self.send_json(200, run_upload(store, upload, received, self._match()))
                return
            size = store.content.size(upload.content)
        self.send_go_on([("Range", f"bytes=0-{size - 1}")] if size else [])

    # ---- many calls at once

    def _answer_batched(self, batched: BatchedCall) -> BatchedAnswer:
        try:
            url = urlsplit(batched.target)
            matched = contract().match(batched.verb, url.path)
            self.refuse_by_fault(matched.id, batched.target)
            query = parse_qs(url.query, keep_blank_values=True)
            call = call_of(matched, query, parse_json(batched.body))
            answer = self._run(matched, self._batched_caller(batched), call)
        except ApiError as error:
            return BatchedAnswer(status=error.code, value=error.body())
        if isinstance(answer, Media):  # Google's batches carry no content either
            refusal = bad_request("Content cannot be downloaded in a batch.")
            return BatchedAnswer(status=refusal.code, value=refusal.body())
        return BatchedAnswer(status=204 if answer is None else 200, value=answer)

    def _batched_caller(self, batched: BatchedCall) -> str:
        own = batched.headers.get("authorization")
        return self._drive.identity(own.partition(" ")[2]) if own else self._caller

    # ---- the endpoints for tests and operators

    def _serve_admin(self) -> None:
        place, _, file_id = self.url_path[1:].partition("/")
        store = self._drive.store
        if (self.command, place) == ("POST", "_files") and file_id:
            wanted = self.json_body()
            self.send_json(
                200, store.write(self._caller, lambda s: admin.set_file(s, file_id, wanted))
            )
        elif (self.command, place) == ("GET", "_deleted"):
            self.send_json(200, store.read(self._caller, admin.deleted))
        elif (self.command, place) == ("GET", "_mail"):
            self.send_json(200, store.read(self._caller, admin.mail))
        else:
            raise ApiError(404, "notFound", f"There is no {self.command} {self.url_path}.")


class DriveServer(HttpService):
    """Drive v3 on loopback, its state in a folder."""

    exchange = DriveExchange

    def __init__(
        self,
        *,
        data: Path,
        clock: Clock,
        port: int = 0,
        default_identity: str = "custody@datasmash.example",
    ) -> None:
        super().__init__(clock=clock, port=port)
        self._default_identity = default_identity
        self.store = Store(data, clock, self.faults)
        self._upload_locks = [threading.Lock() for _ in range(64)]

    def start(self) -> None:
        self.store.start(self.url)
        super().start()

    def stop(self) -> None:
        super().stop()
        self.store.stop()

    def identity(self, token: str) -> str:
        """A bearer token is the caller's address; without one it is the default identity."""
        return token.strip().lower() if "@" in token else self._default_identity

    def lock_upload(self, upload_id: str) -> threading.Lock:
        """The pieces of one upload come one after the other."""
        return self._upload_locks[hash(upload_id) % len(self._upload_locks)]


def _plain(content_type: str | None) -> str | None:
    """A content type as Drive keeps it: without parameters."""
    return (content_type or "").partition(";")[0].strip() or None
