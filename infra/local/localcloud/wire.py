"""HTTP/1.1 on loopback: what the servers share to stream bodies, answer JSON and meet faults."""

import json
import socket
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, ClassVar
from urllib.parse import parse_qs, urlsplit

from localcloud.batch import BatchedAnswer, BatchedCall, answer_batch
from localcloud.clock import Clock, timestamp
from localcloud.errors import ApiError
from localcloud.faults import Faults, Rule, parse_rule
from localcloud.schema import Json

BLOCK = 1 << 18
_LONGEST_LINE = 1 << 16
_TORN = "the client went away in the middle of a body"
Headers = Iterable[tuple[str, str]]


class HttpService:
    """A server on a loopback port. A subclass names the `Exchange` that answers its requests."""

    exchange: ClassVar[type["Exchange"]]

    def __init__(self, *, clock: Clock, port: int = 0) -> None:
        self.clock = clock
        self.faults = Faults()
        self._listener = _Listener(self, port)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self) -> str:
        """The root of the server, without a slash at the end; known before `start`."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends every connection and waits for the requests that were under way."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join()
        self._listener.hang_up()
        self._listener.server_close()


class _Listener(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def __init__(self, service: HttpService, port: int) -> None:
        super().__init__(("127.0.0.1", port), service.exchange)
        self.service = service
        self._ended = threading.Condition()
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._ended:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._ended:
            self._open.discard(request)
            self._ended.notify_all()

    def hang_up(self) -> None:
        """Stops listening to every client, and waits for the answers that are under way."""
        with self._ended:
            for connection in self._open:
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RD)
            self._ended.wait_for(lambda: not self._open, timeout=10)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may leave whenever it likes; anything else is a bug and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Exchange(BaseHTTPRequestHandler, ABC):
    """One connection; `serve` answers each of its requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Listener
    query: dict[str, list[str]]
    _left: int
    _chunked: bool
    _blocks: Iterator[bytes]
    _rule: Rule | None

    @abstractmethod
    def method_id(self) -> str:
        """The method that the request line names, for faults; ApiError when there is none."""

    @abstractmethod
    def serve(self) -> None:
        """Answers the request: exactly one of the `send_` methods, or an ApiError."""

    @property
    def service(self) -> HttpService:
        return self.server.service

    @property
    def url_path(self) -> str:
        """The path of the request, still percent-encoded."""
        return urlsplit(self.path).path

    @property
    def bearer_token(self) -> str:
        """What proves who asks, in the header or among the parameters; empty where nothing does."""
        header = self.headers.get("Authorization") or ""
        asked = self.query.get("access_token") or self.query.get("oauth_token")
        return header.partition(" ")[2] or (asked or [""])[-1]

    # ---- one request

    def _answer(self) -> None:
        self._left = int(self.headers.get("Content-Length") or 0)
        self._chunked = "chunked" in (self.headers.get("Transfer-Encoding") or "").lower()
        self._blocks = self._arriving()
        self._rule = None
        self.query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        try:
            self._answer_or_refuse()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 (stdlib)

    def _answer_or_refuse(self) -> None:
        try:
            if self.url_path in ("/_faults", "/_clock"):
                self._administer()
            else:
                self._rule = self.service.faults.take(self.method_id(), self.path)
                if not self._fails_first():
                    self.serve()
        except ApiError as error:
            self.send_refusal(error)

    def _fails_first(self) -> bool:
        """Applies the faults that come before the work; true when the work is not to be done."""
        rule = self._rule
        if rule is None:
            return False
        if rule.delay_seconds is not None:
            time.sleep(rule.delay_seconds)
        if rule.cut == "before":
            self.close_connection = True
            return True
        if rule.status is not None:
            raise ApiError(rule.status, rule.reason, rule.message, headers=rule.headers)
        return False

    def refuse_by_fault(self, method: str, target: str) -> None:
        """Applies the errors and delays that are meant for a call inside a batch."""
        rule = self.service.faults.take(method, target)
        if rule and rule.delay_seconds is not None:
            time.sleep(rule.delay_seconds)
        if rule and rule.status is not None:
            raise ApiError(rule.status, rule.reason, rule.message, headers=rule.headers)

    # ---- the body of the request

    def blocks(self) -> Iterator[bytes]:
        """The body as it arrives, at most a block at a time; who asks again goes on reading."""
        return self._blocks

    def _arriving(self) -> Iterator[bytes]:
        if self._chunked:
            yield from self._chunks()
        while self._left:
            block = self._read(min(self._left, BLOCK))
            self._left -= len(block)
            yield block

    def _chunks(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            while size:
                block = self._read(min(size, BLOCK))
                size -= len(block)
                yield block
            self._line()
        while self._line().strip():
            pass  # trailers mean nothing here

    def _chunk_size(self) -> int:
        try:
            return int(self._line().split(b";")[0], 16)
        except ValueError as error:
            raise ConnectionResetError("the body is not in chunks") from error

    def _line(self) -> bytes:
        """A line of the chunked coding; without its end the body is torn, not over."""
        line = self.rfile.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionResetError(_TORN)
        return line

    def _read(self, size: int) -> bytes:
        block = self.rfile.read(size)
        if not block:
            raise ConnectionResetError(_TORN)
        return block

    @property
    def body_length(self) -> int | None:
        """As the client announced it; None in front of a body in chunks."""
        return None if self._chunked else self._left

    def body(self) -> bytes:
        """The whole body; for small ones."""
        return b"".join(self.blocks())

    def json_body(self) -> dict[str, Any]:
        """The body as a JSON object; none at all counts as an empty one."""
        return parse_json(self.body())

    # ---- the answer

    def send_json(self, status: int, value: Json, headers: Headers = ()) -> None:
        """Answers a JSON document."""
        kind = ("Content-Type", "application/json; charset=UTF-8")
        self.send_bytes(status, json.dumps(value).encode(), [kind, *headers])

    def send_batch(self, answer: Callable[[BatchedCall], BatchedAnswer]) -> None:
        """Answers each call of a batch."""
        content_type = self.headers.get("Content-Type") or ""
        kind, body = answer_batch(content_type, self.body(), answer)
        self.send_bytes(200, body, [("Content-Type", kind)])

    def send_refusal(self, error: ApiError) -> None:
        """Answers Google's error document; 304 has no body."""
        if error.code == 304:
            self.send_bytes(304, b"", error.headers.items())
        else:
            self.send_json(error.code, error.body(), error.headers.items())

    def send_bytes(self, status: int, body: bytes, headers: Headers = ()) -> None:
        """Answers a body that is at hand; empty is none."""
        self._drain()
        self._send(status, headers, [body], len(body))

    def send_go_on(self, headers: Headers) -> None:
        """A resumable upload wants more: 308, or 200 for clients that take no 308.

        Google's Go client asks so and knows the difference by a header (googleapi's gensupport).
        """
        if self.headers.get("X-GUploader-No-308") == "yes":
            self.send_bytes(200, b"", [("X-Http-Status-Code-Override", "308"), *headers])
        else:
            self.send_bytes(308, b"", headers)

    def send_file(
        self, status: int, headers: Headers, file: BinaryIO, offset: int, length: int
    ) -> None:
        """Answers part of a file, by the kernel alone where no fault wants to see the bytes."""
        self._drain()
        if self._rule is not None or self.command == "HEAD" or not length:
            self._send(status, headers, self._media(file, offset, length), length)
            return
        self._send_head(status, headers, length)
        self.wfile.flush()
        self.connection.sendfile(file, offset, length)

    def send_stream(self, status: int, headers: Headers, blocks: Iterable[bytes]) -> None:
        """Answers a body whose length nobody knows yet, in chunks."""
        self._drain()
        self.send_response(status)
        for name, value in (*headers, ("Transfer-Encoding", "chunked")):
            self.send_header(name, value)
        self.end_headers()
        for block in blocks:
            if block and self.command != "HEAD":
                self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
        if self.command != "HEAD":
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _send(self, status: int, headers: Headers, blocks: Iterable[bytes], length: int) -> None:
        cut = self._rule.cut if self._rule else None
        if cut is not None:
            self.close_connection = True
        if cut == "after":
            return
        self._send_head(status, headers, length)
        if self.command != "HEAD":
            for block in _first(blocks, length // 2 if cut == "body" else length):
                self.wfile.write(block)
        self.wfile.flush()

    def _send_head(self, status: int, headers: Headers, length: int) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 304 and status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _media(self, file: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
        """Blocks of a file; a fault may flip one bit in the middle."""
        flip_at = length // 2 if self._rule and self._rule.corrupt else None
        file.seek(offset)
        sent = 0
        while sent < length:
            block = file.read(min(BLOCK, length - sent))
            if flip_at is not None and sent <= flip_at < sent + len(block):
                block = _flipped(block, flip_at - sent)
            sent += len(block)
            yield block

    def _drain(self) -> None:
        """Reads what is left of the body: the next request of the connection starts after it."""
        for _ in self.blocks():
            pass

    # ---- the admin endpoints of every server

    def _administer(self) -> None:
        asked = (self.command, self.url_path)
        if asked == ("POST", "/_faults"):
            self._add_fault()
        elif asked == ("GET", "/_faults"):
            self.send_json(200, self.service.faults.list())
        elif asked == ("DELETE", "/_faults"):
            self.service.faults.clear()
            self.send_json(200, {})
        elif asked == ("GET", "/_clock"):
            self.send_json(200, {"now": timestamp(self.service.clock.now())})
        elif asked == ("POST", "/_clock"):
            self._advance_clock()
        else:
            raise ApiError(405, "methodNotAllowed", f"{self.url_path} has no {self.command}")

    def _add_fault(self) -> None:
        try:
            self.service.faults.add(parse_rule(self.json_body()))
        except ValueError as error:
            raise ApiError(400, "invalid", str(error)) from error
        self.send_json(200, {})

    def _advance_clock(self) -> None:
        seconds = self.json_body().get("advance")
        if not isinstance(seconds, int | float) or seconds < 0:
            raise ApiError(400, "invalid", "advance is a number of seconds, 0 or more")
        self.service.clock.advance(seconds)
        self.send_json(200, {"now": timestamp(self.service.clock.now())})

    # ---- details of the standard library's handler

    def handle_expect_100(self) -> bool:
        """Our output is buffered, and the client waits for this line before it sends."""
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (stdlib's signature)
        """Quiet: the clients report what went wrong."""


def parse_json(body: bytes) -> dict[str, Any]:
    """A JSON object; nothing at all counts as an empty one; 400 otherwise."""
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError(400, "parseError", "Parse Error") from error
    if not isinstance(value, dict):
        raise ApiError(400, "parseError", "The body is not a JSON object")
    return value


def _first(blocks: Iterable[bytes], length: int) -> Iterator[bytes]:
    for block in blocks:
        if length <= 0:
            return
        yield block[:length]
        length -= len(block)


def _flipped(block: bytes, at: int) -> bytes:
    return block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]
