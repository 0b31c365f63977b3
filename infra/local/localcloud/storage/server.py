"""The HTTP side of Cloud Storage: which kind of request this is, and how its answer is sent."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from localcloud.batch import BatchedAnswer, BatchedCall
from localcloud.clock import Clock
from localcloud.discovery import Matched
from localcloud.errors import ApiError
from localcloud.storage import media, multipart, objects, uploads
from localcloud.storage.call import Call, Media
from localcloud.storage.contract import contract
from localcloud.storage.dispatch import call_of, refuse_managed_keys, refuse_own_keys, run, shown
from localcloud.storage.refusals import invalid, not_written
from localcloud.storage.resumable import Received, Sessions, chunk_of
from localcloud.storage.store import Store
from localcloud.wire import Exchange, HttpService

_BATCH = ("/batch/storage/v1", "/batch")
_DISCOVERY = ("/discovery/v1/apis/storage/v1/rest", "/$discovery/rest")
_JSON_PATHS = ("/storage/v1/", "/upload/", "/resumable/", "/download/")
_INSERT = "storage.objects.insert"


class StorageExchange(Exchange):
    """One connection to Cloud Storage."""

    def method_id(self) -> str:
        path = self.url_path
        if path in _BATCH:
            return "batch"
        if path in _DISCOVERY:
            return "discovery"
        if "upload_id" in self.query:
            return _INSERT
        if path.startswith(_JSON_PATHS):
            return contract().match(self.command, path).id
        if multipart.is_about_uploads(self.query):
            return multipart.method_id(self.command, self.query)
        return "storage.objects.get" if self.command in ("GET", "HEAD") else "xml"

    def serve(self) -> None:
        path = self.url_path
        if path in _BATCH:
            self.send_batch(self._answer_batched)
        elif path in _DISCOVERY:
            self.send_json(200, contract().document(self._storage.url))
        elif "upload_id" in self.query:
            self._serve_session(self.query["upload_id"][-1])
        elif path.startswith(_JSON_PATHS):
            self._serve_method(contract().match(self.command, path))
        else:
            self._serve_xml()

    @property
    def _storage(self) -> "StorageServer":
        assert isinstance(self.service, StorageServer)  # noqa: S101 (for mypy)
        return self.service

    @property
    def _own_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    # ---- methods

    def _serve_method(self, matched: Matched) -> None:
        if matched.upload or (matched.id == _INSERT and "uploadType" in self.query):
            self._serve_upload(matched)
            return
        call = call_of(matched, self.query, self._own_headers, self.body())
        answer = run(self._storage.store, matched, call)
        if isinstance(answer, Media):
            self._send_media(answer)
        elif answer is None:
            self.send_bytes(204, b"")
        else:
            self.send_json(200, answer)

    def _send_media(self, answer: Media) -> None:
        generation, headers = answer.generation, media.media_headers(answer.generation)
        with answer.file as file:
            if media.is_to_be_unpacked(generation, self._own_headers):
                del headers["Content-Encoding"]
                headers["Warning"] = "214 UploadServer gunzipped"
                self.send_stream(200, headers.items(), media.unpacked(file))
                return
            part = media.requested_part(self.headers.get("Range"), generation.size)
            if part is None:
                self.send_file(200, headers.items(), file, 0, generation.size)
                return
            headers["Content-Range"] = f"bytes {part[0]}-{part[-1]}/{generation.size}"
            self.send_file(206, headers.items(), file, part.start, len(part))

    # ---- uploads

    def _serve_upload(self, matched: Matched) -> None:
        kind = self.query.get("uploadType", ["multipart"])[-1]
        refuse_own_keys(self._own_headers)
        params = contract().params(matched, self.query)
        refuse_managed_keys(params)
        call = Call(params=params, body={}, headers=self._own_headers)
        store = self._storage.store
        store.sweep()
        if kind == "resumable":
            self._start_session(call)
        elif kind == "media":
            answer = uploads.insert_simple(store, call, self.blocks())
            self.send_json(200, shown(matched, call, answer))
        elif kind == "multipart":
            answer = uploads.insert_multipart(store, call, self.blocks())
            self.send_json(200, shown(matched, call, answer))
        else:
            raise invalid(f"Unknown uploadType: {kind}")

    def _start_session(self, call: Call) -> None:
        upload_id = self._storage.sessions.start(call, self.body())
        bucket = call.params["bucket"]
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={upload_id}"
        headers = {"Location": self._storage.url + path, "X-GUploader-UploadID": upload_id}
        self.send_bytes(200, b"", headers.items())

    def _serve_session(self, upload_id: str) -> None:
        refuse_own_keys(self._own_headers)
        self._storage.store.sweep()
        if self.command == "DELETE":
            self._storage.sessions.cancel(upload_id)
            self.send_bytes(499, b"")
            return
        if self.command not in ("PUT", "POST"):
            raise not_written(f"{self.command} of an upload session")
        chunk = chunk_of(self.headers.get("Content-Range"), self.body_length)
        headers, blocks = self._own_headers, self.blocks()
        answer = self._storage.sessions.resume(upload_id, chunk, headers, blocks)
        if isinstance(answer, Received):
            have = {"Range": f"bytes=0-{answer.size - 1}"} if answer.size else {}
            self.send_go_on(have.items())
        else:
            self.send_json(200, answer)

    # ---- batches

    def _answer_batched(self, inner: BatchedCall) -> BatchedAnswer:
        try:
            return self._run_batched(inner)
        except ApiError as error:
            return BatchedAnswer(status=error.code, value=error.body())

    def _run_batched(self, inner: BatchedCall) -> BatchedAnswer:
        url = urlsplit(inner.target)
        matched = contract().match(inner.verb, url.path)
        self.refuse_by_fault(matched.id, inner.target)
        query = parse_qs(url.query, keep_blank_values=True)
        if matched.upload or query.get("alt") == ["media"]:
            raise invalid("A batch can neither upload nor download.")
        call = call_of(matched, query, inner.headers, inner.body)
        answer = run(self._storage.store, matched, call)
        assert not isinstance(answer, Media)  # noqa: S101 (alt=media is refused above)
        return BatchedAnswer(status=204 if answer is None else 200, value=answer)

    # ---- what the XML API alone can do, and its way to read

    def _serve_xml(self) -> None:
        """GET and HEAD of /bucket/object, which is where public links point."""
        bucket, _, name = unquote(self.url_path).lstrip("/").partition("/")
        if multipart.is_about_uploads(self.query):
            self._serve_multipart(multipart.Asked(bucket=bucket, name=name, query=self.query))
            return
        if self.command not in ("GET", "HEAD") or not name:
            raise not_written(f"XML API: {self.command} {self.url_path}")
        refuse_own_keys(self._own_headers)
        params = {"bucket": bucket, "object": name, "alt": "media"}
        if "generation" in self.query:
            params["generation"] = self.query["generation"][-1]
        call = Call(params=params, body={}, headers=self._own_headers)
        self._storage.store.sweep()
        self._send_media(objects.open_media(self._storage.store, call))

    def _serve_multipart(self, asked: multipart.Asked) -> None:
        document = multipart.answer(self._storage.store, self.command, asked)
        if document is None:
            self.send_bytes(204, b"")
        else:
            self.send_bytes(200, document, [("Content-Type", "application/xml; charset=UTF-8")])


class StorageServer(HttpService):
    """Cloud Storage on loopback, with its state in a folder."""

    exchange = StorageExchange

    def __init__(self, *, data: Path, clock: Clock, port: int = 0) -> None:
        super().__init__(clock=clock, port=port)
        self.store = Store(data, clock, self.url)
        self.sessions = Sessions(self.store)

    def stop(self) -> None:
        super().stop()
        self.store.close()
