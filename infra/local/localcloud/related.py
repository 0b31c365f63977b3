"""multipart/related uploads as a stream: the metadata first, then the media block by block."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from localcloud.errors import ApiError

_LONGEST_HEAD = 1 << 20
# gcloud puts the boundary in single quotes.
_BOUNDARY = re.compile(r"""boundary=["']?([^"';]+)["']?""", re.IGNORECASE)
_CONTENT_TYPE = re.compile(rb"^content-type:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What the two parts say; `media` can be read once."""

    metadata: bytes
    media_type: str | None
    media: Iterator[bytes]


def open_related(content_type: str, blocks: Iterator[bytes]) -> Related:
    """Reads up to the first byte of the media."""
    found = _BOUNDARY.search(content_type)
    if not found:
        raise _torn("Missing boundary in multipart body")
    text = _Text(blocks)
    dashes = b"--" + found[1].encode()
    text.until(dashes)
    newline = text.newline()
    text.until(newline * 2)
    metadata = text.until(newline + dashes)
    media_type = _CONTENT_TYPE.search(text.until(newline * 2))
    return Related(
        metadata=metadata,
        media_type=media_type[1].decode() if media_type else None,
        media=text.stream_until(newline + dashes),
    )


class _Text:
    """A stream that can be cut at marks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._held = b""

    def newline(self) -> bytes:
        """Google's Python client for discovery documents ends its lines with LF alone."""
        while b"\n" not in self._held:
            self._held += self._more()
        return b"\r\n" if self._held.partition(b"\n")[0].endswith(b"\r") else b"\n"

    def until(self, mark: bytes) -> bytes:
        """What comes before the mark; both are consumed."""
        while mark not in self._held:
            if len(self._held) > _LONGEST_HEAD:
                raise _torn("The head of a multipart body is too long")
            self._held += self._more()
        before, _, self._held = self._held.partition(mark)
        return before

    def stream_until(self, mark: bytes) -> Iterator[bytes]:
        """Yields what may not be part of the mark, and drops what follows the mark."""
        while (end := self._held.find(mark)) < 0:
            sure = max(len(self._held) - len(mark) + 1, 0)
            yield self._held[:sure]
            self._held = self._held[sure:] + self._more()
        yield self._held[:end]
        for _ in self._blocks:
            pass  # the epilogue

    def _more(self) -> bytes:
        block = next(self._blocks, None)
        if block is None:
            raise _torn("The multipart body ends before its boundary")
        return block


def _torn(message: str) -> ApiError:
    return ApiError(400, "badRequest", message)
