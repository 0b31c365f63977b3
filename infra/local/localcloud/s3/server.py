"""The HTTP side of S3: faults, and how moto's answers are sent.

moto keeps everything in memory and leaves some of S3 out; what a backup can tell apart is mended
in this package, each module says by which page of AWS's documentation. Versions, delete markers
and buckets outlive a kill with their version ids and dates. Uploads in parts that are not
complete do not, nor do tags, ACLs and other settings of a bucket than backend.py names. Tokens of
STS are good for any access, here as everywhere on this server.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.clock import Clock
from localcloud.errors import ApiError
from localcloud.s3.call import Call
from localcloud.s3.refusals import document, sts_document
from localcloud.wire import Exchange, HttpService

if TYPE_CHECKING:
    from localcloud.s3.front import Answer, Front

_XML = ("Content-Type", "application/xml")
_LENGTH = "content-length"


class S3Exchange(Exchange):
    """One connection to S3 or STS."""

    _call: Call

    def method_id(self) -> str:
        self._call = Call(
            verb=self.command,
            url=self._s3.url + self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.body(),
        )
        return self._s3.front.operation(self._call)

    def serve(self) -> None:
        answer = self._s3.front.answer(self._call)
        if answer.file is None:
            self._send_answer(answer)
            return
        assert answer.contents is not None  # noqa: S101 (for mypy: it is the file's)
        headers = [pair for pair in answer.headers.items() if pair[0].lower() != _LENGTH]
        with answer.file as file:
            contents = answer.contents
            self.send_file(answer.status, headers, file, contents.start, len(contents))

    def _send_answer(self, answer: "Answer") -> None:
        """An answer to HEAD tells the length of a body that is not sent."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        told = headers.pop(_LENGTH, None)
        length = int(told) if told and self.command == "HEAD" else len(answer.body)
        self._send(answer.status, headers.items(), [answer.body], length)

    def send_refusal(self, error: ApiError) -> None:
        is_for_sts = self.command == "POST" and self.url_path == "/"
        body = sts_document(error) if is_for_sts else document(error)
        self.send_bytes(error.code, body, [_XML, *error.headers.items()])

    @property
    def _s3(self) -> "S3Server":
        assert isinstance(self.service, S3Server)  # noqa: S101 (for mypy)
        return self.service


class S3Server(HttpService):
    """S3 and STS on loopback, with their state in a folder."""

    exchange = S3Exchange

    def __init__(self, *, data: Path, clock: Clock, port: int = 0) -> None:
        super().__init__(clock=clock, port=port)
        self._data = data
        self._loading = threading.Lock()
        self._front: Front | None = None

    @property
    def front(self) -> "Front":
        """Made for the first request: moto takes a while to load, and not every run needs it."""
        with self._loading:
            if self._front is None:
                from localcloud.s3.front import Front

                self._front = Front(self._data, self.clock)
            return self._front
