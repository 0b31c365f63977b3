"""Messages as Gmail takes them apart: a tree of parts, each with its own number.

Source: the reference of users.messages, "MessagePart". Gmail never refuses a message for its MIME;
what makes no sense is text.
"""

import base64
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.generator import BytesGenerator
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from io import BytesIO
from typing import Any, TypeAlias

_DECODED = frozenset({"from", "to", "cc", "bcc", "reply-to", "sender", "subject"})
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_LARGEST_INLINE = 1 << 18
"""Text above it has to be fetched apart; Google gives no number."""

_DEEPEST = 100
"""Levels of parts; Google gives no number."""

Mail: TypeAlias = "Message[str, str]"


def parse(raw: bytes) -> Mail:
    """Any bytes are a message; one that is nested without end is its headers and text."""
    try:
        message = message_from_bytes(raw)
        if _depth(message) <= _DEEPEST:
            return message
    except RecursionError:
        pass  # deeper still
    flat = BytesHeaderParser().parsebytes(raw)
    flat.set_type("text/plain")
    return flat


def _depth(message: Mail) -> int:
    depth, level = 0, [message]
    while level:
        depth, level = depth + 1, [inner for one in level for inner in children(one)]
    return depth


def walk(message: Mail, part_id: str = "") -> Iterator[tuple[str, Mail]]:
    """Every part with its `partId`: the message itself has none, its first part is 0."""
    yield part_id, message
    for number, inner in enumerate(children(message)):
        yield from walk(inner, f"{part_id}.{number}" if part_id else str(number))


def children(part: Mail) -> list[Mail]:
    """The parts of a multipart, or the message in an attached message."""
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if part.is_multipart() else []


def payload(part: Mail, issue: Callable[[str], str], part_id: str = "") -> dict[str, Any]:
    """A part and all below it; `issue` gives the id under which an attachment is fetched."""
    shown: dict[str, Any] = {
        "partId": part_id,
        "mimeType": part.get_content_type(),
        "filename": file_name(part),
        "headers": headers(part),
        "body": _body(part, issue, part_id),
    }
    inner = [
        payload(one, issue, f"{part_id}.{number}" if part_id else str(number))
        for number, one in enumerate(children(part))
    ]
    return shown | {"parts": inner} if inner else shown


def _body(part: Mail, issue: Callable[[str], str], part_id: str) -> dict[str, Any]:
    if is_container(part):
        return {"size": 0}
    data = content(part)
    if is_fetched_apart(part, len(data)):
        return {"attachmentId": issue(part_id), "size": len(data)}
    return {"size": len(data), "data": encoded(data)} if data else {"size": 0}


def is_container(part: Mail) -> bool:
    return part.get_content_maintype() == "multipart" and part.is_multipart()


def is_fetched_apart(part: Mail, size: int) -> bool:
    """Whether the content is an attachment's: what has a name, is no text, or is large."""
    is_text = part.get_content_maintype() in ("text", "multipart")
    return bool(file_name(part)) or not is_text or size > _LARGEST_INLINE


def content(part: Mail) -> bytes:
    """The bytes without their transfer encoding."""
    inner = children(part)
    if inner:
        return _written(inner[0])
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _written(message: Mail) -> bytes:
    file = BytesIO()
    BytesGenerator(file, mangle_from_=False, maxheaderlen=0).flatten(message)
    return file.getvalue()


def file_name(part: Mail) -> str:
    """As Content-Disposition or Content-Type give it, in any of the encodings for it."""
    try:
        return _decoded(part.get_filename() or "")
    except (ValueError, LookupError):  # a charset that nobody knows
        return ""


def headers(part: Mail) -> list[dict[str, str]]:
    """Unfolded, in their order; texts and addresses without their encoding (RFC 2047)."""
    return [{"name": name, "value": _value(name, text)} for name, text in part.raw_items()]


def header(part: Mail, *names: str) -> str:
    """The values of some headers, in one text."""
    wanted = {name.lower() for name in names}
    return ", ".join(_value(n, text) for n, text in part.raw_items() if n.lower() in wanted)


def addresses(part: Mail, *names: str) -> list[str]:
    """The addresses in some headers; an encoded name may hold anything, so it stays encoded."""
    wanted = {name.lower() for name in names}
    written = [_FOLD.sub("", text) for name, text in part.raw_items() if name.lower() in wanted]
    return [address for _, address in getaddresses(written) if address]


def _value(name: str, text: str) -> str:
    text = _FOLD.sub("", text).strip()
    return _decoded(text) if name.lower() in _DECODED else _plain(text)


def _decoded(text: str) -> str:
    text = _plain(text)
    if "=?" not in text:
        return text
    try:
        return _plain(str(make_header(decode_header(text))))
    except (HeaderParseError, ValueError, LookupError):
        return text


def _plain(text: str) -> str:
    """Bytes outside ASCII are taken for UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def encoded(data: bytes) -> str:
    """base64url, as all bytes in Gmail's JSON."""
    return base64.urlsafe_b64encode(data).decode()


def file_names(message: Mail) -> list[str]:
    """The names of all attachments."""
    return [name for _, part in walk(message) if (name := file_name(part))]


def text_of(message: Mail) -> str:
    """The first text of a message."""
    for _, part in walk(message):
        if part.get_content_type() == "text/plain" and not file_name(part):
            charset = part.get_content_charset() or "utf-8"
            try:
                return content(part).decode(charset, "replace")
            except LookupError:
                return content(part).decode("utf-8", "replace")
    return ""
