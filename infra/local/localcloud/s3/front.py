"""Where requests come to moto: one at a time, for conditional writes are to be atomic."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs

from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router
from moto.sts.responses import TokenResponse

from localcloud.clock import Clock
from localcloud.s3.answers import Answers
from localcloud.s3.backend import Backend
from localcloud.s3.call import Call
from localcloud.s3.contents import Contents
from localcloud.s3.refusals import not_written
from localcloud.s3.shelf import Shelf
from localcloud.s3.signature import elsewhere, refuse_skewed, region_of

_OUR_OWN = ("server", "date", "status")
_FROM_ANYWHERE = ("CreateBucket", "GetBucketLocation")
_READING = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back; a body from a file comes with the file open, which nobody can erase."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    contents: Contents | None = None
    file: BinaryIO | None = None


class Front:
    """One S3 with its STS, over a folder."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._backend = Backend(Shelf(data), clock)
        self._lock = threading.Lock()

    def operation(self, call: Call) -> str:
        """The action that a request asks for, by its name in the API reference."""
        if call.is_for_sts:
            return parse_qs(call.body.decode()).get("Action", ["unknown"])[0]
        try:
            return str(get_service_router("s3").match(_request(call, b""))[0].name)
        except NotFound:
            raise not_written(f"{call.verb} {call.url}") from None

    def answer(self, call: Call) -> Answer:
        refuse_skewed(call.headers, datetime.now(UTC))
        request = _request(call, call.body)
        with self._lock:
            if call.is_for_sts:
                status, headers, body = TokenResponse.dispatch(request, call.url, call.headers)
            else:
                self._refuse_elsewhere(call)
                status, headers, body = self._ask_moto(call, request)
            return _answer(status, headers, body)

    def _refuse_elsewhere(self, call: Call) -> None:
        bucket = self._backend.buckets.get(call.bucket)
        if bucket is None or region_of(call.headers) in (None, bucket.region_name):
            return
        if self.operation(call) not in _FROM_ANYWHERE:
            raise elsewhere(bucket.name, bucket.region_name)

    def _ask_moto(self, call: Call, request: Request) -> tuple[int, dict[str, Any], Any]:
        """Changes are on disk when this returns."""
        answers = Answers(self._backend)
        ask = answers.key_response if call.key else answers.bucket_response
        try:
            told: tuple[int, dict[str, Any], Any] = ask(request, call.url, call.headers)
        except NotImplementedError as error:
            raise not_written(f"{call.verb} {call.url}") from error
        if call.verb not in _READING and call.bucket in self._backend.buckets and call.key:
            self._backend.keep(call.bucket, call.key)
        elif call.verb not in _READING and call.bucket:
            self._backend.keep_bucket(call.bucket)
        return told


def _request(call: Call, body: bytes) -> Request:
    request = Request.from_primitives(call.verb, call.url, call.headers, body)
    del request.environ["werkzeug.request"]  # a circle, which would keep the body for long
    return request


def _answer(status: int, headers: dict[str, Any], body: Any) -> Answer:
    kept = {name: str(value) for name, value in headers.items() if name.lower() not in _OUR_OWN}
    if isinstance(body, Contents):
        file = body.path.open("rb")
        return Answer(status=status, headers=kept, contents=body, file=file)
    body = body.encode() if isinstance(body, str) else body
    return Answer(status=status, headers=kept, body=body)
