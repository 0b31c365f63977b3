"""multipart/mixed batches: many calls in one request, each with its own answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus
from urllib.parse import urlsplit

from localcloud.errors import ApiError
from localcloud.schema import Json

_BOUNDARY = "batch_of_answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedCall:
    """One inner request."""

    content_id: str
    verb: str
    target: str  # path and query
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedAnswer:
    """The answer to one inner request; None is no body."""

    status: int
    value: Json


def answer_batch(
    content_type: str, body: bytes, answer: Callable[[BatchedCall], BatchedAnswer]
) -> tuple[str, bytes]:
    """Answers each call in turn; returns the content type and the body of the whole answer."""
    calls = parse_batch(content_type, body)
    parts = [_render(call, answer(call)) for call in calls]
    end = f"--{_BOUNDARY}--\r\n".encode()
    return f"multipart/mixed; boundary={_BOUNDARY}", b"".join(parts) + end


def parse_batch(content_type: str, body: bytes) -> list[BatchedCall]:
    """The calls in their order; 400 for more than 100, as Google answers."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if not 0 < len(parts) <= 100:
        raise ApiError(400, "badRequest", f"A batch has 1 to 100 calls, not {len(parts)}")
    return [_parse(part["Content-ID"], part.get_content()) for part in parts]


def _parse(content_id: str | None, text: bytes) -> BatchedCall:
    line, _, rest = text.lstrip().partition(b"\n")
    words = line.decode().split()
    if len(words) < 2:
        raise ApiError(400, "badRequest", "A part of the batch has no request line")
    url = urlsplit(words[1])
    message = BytesParser(policy=HTTP).parsebytes(rest, headersonly=False)
    return BatchedCall(
        content_id=(content_id or "").strip("<> "),
        verb=words[0],
        target=url.path + (f"?{url.query}" if url.query else ""),
        headers={name.lower(): str(value) for name, value in message.items()},
        body=str(message.get_payload()).encode(),
    )


def _render(call: BatchedCall, answer: BatchedAnswer) -> bytes:
    body = "" if answer.value is None else json.dumps(answer.value)
    reason = HTTPStatus(answer.status).phrase
    lines = [
        f"--{_BOUNDARY}",
        "Content-Type: application/http",
        f"Content-ID: <response-{call.content_id}>",
        "",
        f"HTTP/1.1 {answer.status} {reason}",
        "Content-Type: application/json; charset=UTF-8",
        f"Content-Length: {len(body.encode())}",
        "",
        body,
        "",
    ]
    return "\r\n".join(lines).encode()
