"""The HTTP side of Gmail, which kind of request this is; and the whole server."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from localcloud.batch import BatchedAnswer, BatchedCall
from localcloud.clock import Clock
from localcloud.discovery import Matched
from localcloud.errors import ApiError
from localcloud.gmail import journal, mail
from localcloud.gmail.access import Caller, caller_of
from localcloud.gmail.call import Call
from localcloud.gmail.contract import contract, largest_upload
from localcloud.gmail.dispatch import call_of, run
from localcloud.gmail.messages import labelled
from localcloud.gmail.pushes import Pushes
from localcloud.gmail.refusals import document
from localcloud.gmail.session import Session
from localcloud.gmail.smtp import SmtpListener
from localcloud.gmail.store import Store
from localcloud.gmail.uploads import Upload, Uploads
from localcloud.related import open_related
from localcloud.schema import Json
from localcloud.wire import Exchange, HttpService, parse_json

_BATCH = ("/batch", "/batch/gmail/v1")
_DISCOVERY = ("/discovery/v1/apis/gmail/v1/rest", "/$discovery/rest")
_DESCRIPTION = 1 << 20  # bytes that may come beside a message


class GmailExchange(Exchange):
    """One connection to Gmail."""

    def method_id(self) -> str:
        path = self.url_path
        if path in _BATCH:
            return "batch"
        if path in _DISCOVERY:
            return "discovery"
        if path.startswith("/_"):
            return path
        return self._match().id

    def serve(self) -> None:
        path = self.url_path
        if path in _BATCH:
            self.send_batch(self._answer_batched)
        elif path in _DISCOVERY:
            self.send_json(200, contract().document(self._gmail.url))
        elif path.startswith("/_"):
            self._serve_admin()
        elif "upload_id" in self.query:
            self._serve_piece(self._gmail.uploads.find(self.query["upload_id"][-1]))
        else:
            self._serve_method(self._match())

    def _match(self) -> Matched:
        """The method; the pieces of a resumable upload come by PUT, and are a part of its POST."""
        verb = "POST" if "upload_id" in self.query else self.command
        return contract().match(verb, self.url_path)

    def send_refusal(self, error: ApiError) -> None:
        self.send_json(error.code, document(error), error.headers.items())

    @property
    def _gmail(self) -> "GmailServer":
        assert isinstance(self.service, GmailServer)  # noqa: S101 (for mypy)
        return self.service

    @property
    def _caller(self) -> Caller:
        return self._gmail.caller(self.bearer_token)

    # ---- the methods of the API

    def _serve_method(self, matched: Matched) -> None:
        if matched.upload and self._upload_kind == "resumable":
            self._open_upload(matched)
            return
        body, media = self._uploaded(matched) if matched.upload else (self.json_body(), None)
        call = call_of(matched, self._caller, self.query, body, media)
        self._reply(self._run(matched, self._caller, call))

    def _run(self, matched: Matched, caller: Caller, call: Call) -> Json:
        """A fault of its own, `withoutEffect`: a deletion that is answered and not done."""
        if "response" not in matched.method:
            rule = self._gmail.faults.take("withoutEffect", matched.id)
            if rule and rule.drop:
                return None
        return run(self._gmail.store, self._gmail.pushes, caller, matched, call)

    def _reply(self, answer: Json) -> None:
        if answer is None:
            self.send_bytes(204, b"")
        else:
            self.send_json(200, answer)

    # ---- messages that come as they are

    @property
    def _upload_kind(self) -> str:
        told = self.query.get("uploadType") or self.query.get("upload_protocol")
        return told[-1] if told else "media"

    def _uploaded(self, matched: Matched) -> tuple[dict[str, Any], bytes]:
        """A message, alone or with its description before it."""
        _check_size(matched, (self.body_length or 0) - _DESCRIPTION)
        if self._upload_kind != "multipart":
            return {}, self.body()
        related = open_related(self.headers.get("Content-Type") or "", self.blocks())
        return parse_json(related.metadata), b"".join(related.media)

    def _open_upload(self, matched: Matched) -> None:
        call = call_of(matched, self._caller, self.query, self.json_body())
        _check_size(matched, int(self.headers.get("X-Upload-Content-Length") or 0))
        upload = Upload(matched=matched, caller=self._caller, call=call)
        upload_id = self._gmail.uploads.open(upload)
        location = f"{self._gmail.url}{self.url_path}?uploadType=resumable&upload_id={upload_id}"
        self.send_bytes(200, b"", [("Location", location), ("X-GUploader-UploadID", upload_id)])

    def _serve_piece(self, upload: Upload) -> None:
        with upload.lock:
            if upload.answer is None:
                whole = upload.receive(self.headers.get("Content-Range"), self.blocks())
                _check_size(upload.matched, len(upload.data))
                if not whole:
                    end = len(upload.data) - 1
                    self.send_go_on([("Range", f"bytes=0-{end}")] if upload.data else [])
                    return
                call = replace(upload.call, media=bytes(upload.data))
                upload.answer = self._run(upload.matched, upload.caller, call)
                upload.data.clear()
        self._reply(upload.answer)

    # ---- many calls at once

    def _answer_batched(self, batched: BatchedCall) -> BatchedAnswer:
        try:
            url = urlsplit(batched.target)
            matched = contract().match(batched.verb, url.path)
            self.refuse_by_fault(matched.id, batched.target)
            query = parse_qs(url.query, keep_blank_values=True)
            own = batched.headers.get("authorization")
            caller = self._gmail.caller(own.partition(" ")[2]) if own else self._caller
            call = call_of(matched, caller, query, parse_json(batched.body))
            answer = self._run(matched, caller, call)
        except ApiError as error:
            return BatchedAnswer(status=error.code, value=document(error))
        return BatchedAnswer(status=204 if answer is None else 200, value=answer)

    # ---- the endpoints for tests and operators

    def _serve_admin(self) -> None:
        place, _, mailbox = self.url_path[1:].partition("/")
        mailbox = unquote(mailbox).lower()
        if (self.command, place) == ("GET", "_smtp"):
            self.send_json(200, {"smtp": self._gmail.smtp_address})
        elif (self.command, place) == ("POST", "_messages") and mailbox:
            labels = self.query.get("labelIds") or ["INBOX", "UNREAD"]
            self.send_json(200, self._gmail.seed(mailbox, self.body(), labels))
        elif (self.command, place) == ("DELETE", "_history") and mailbox:
            self._gmail.store.write(mailbox, journal.forget)
            self.send_json(200, {})
        else:
            raise ApiError(404, "notFound", f"There is no {self.command} {self.url_path}.")


class GmailServer(HttpService):
    """Gmail v1 on loopback, with an SMTP port beside it, its state in a folder.

    `mailboxes` are there from the beginning, and so is the mailbox of everyone who ever called.
    """

    exchange = GmailExchange

    def __init__(
        self,
        *,
        data: Path,
        clock: Clock,
        port: int = 0,
        pubsub: str = "",
        mailboxes: Iterable[str] = ("intake@datasmash.example",),
    ) -> None:
        super().__init__(clock=clock, port=port)
        self._mailboxes = tuple(mailboxes)
        self.uploads = Uploads()
        self.pushes = Pushes(pubsub, clock, self.faults)
        self.store = Store(data, clock, self.faults, self.pushes)
        self._smtp = SmtpListener(self.store, self.faults)

    @property
    def smtp_address(self) -> str:
        """Host and port."""
        return self._smtp.address

    def start(self) -> None:
        self.store.start(self._mailboxes)
        self._smtp.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        self._smtp.stop()
        self.pushes.stop()
        self.store.stop()

    def caller(self, token: str) -> Caller:
        """Whom a bearer token stands for; without one it is the first mailbox."""
        return caller_of(token, self._mailboxes[0])

    def seed(self, mailbox: str, raw: bytes, labels: Iterable[str]) -> dict[str, Any]:
        """Puts a message into a mailbox, byte for byte, as if it had come."""

        def work(session: Session) -> dict[str, Any]:
            return labelled(session, mail.add(session, raw, labels))

        return self.store.write(mailbox, work)


def _check_size(matched: Matched, size: int) -> None:
    if size > largest_upload(matched):
        raise ApiError(413, "uploadTooLarge", "The message is too large.")
