"""Downloads: the headers that tell about the content, and which part of it is sent."""

import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import BinaryIO

from localcloud.errors import ApiError
from localcloud.storage.model import Generation
from localcloud.wire import BLOCK

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def media_headers(generation: Generation) -> dict[str, str]:
    """docs "HTTP headers for Cloud Storage"."""
    fields = generation.fields
    md5 = f",md5={fields['md5Hash']}" if "md5Hash" in fields else ""
    updated = datetime.fromisoformat(fields["updated"])
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": generation.etag,
        "Last-Modified": format_datetime(updated, usegmt=True),
        "X-Goog-Generation": str(generation.number),
        "X-Goog-Metageneration": str(generation.metageneration),
        "X-Goog-Hash": f"crc32c={fields['crc32c']}{md5}",
        "X-Goog-Storage-Class": fields["storageClass"],
        "X-Goog-Stored-Content-Encoding": fields.get("contentEncoding", "identity"),
        "X-Goog-Stored-Content-Length": fields["size"],
        "Content-Type": fields.get("contentType", "application/octet-stream"),
        "Cache-Control": fields.get("cacheControl", "no-cache, no-store, max-age=0"),
        "Content-Encoding": fields.get("contentEncoding", ""),
        "Content-Language": fields.get("contentLanguage", ""),
        "Content-Disposition": fields.get("contentDisposition", ""),
    }
    return {name: value for name, value in headers.items() if value}


def requested_part(header: str | None, size: int) -> range | None:
    """The bytes that a Range header asks for, None for all; 416 where there are none."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if not found or not (found[1] or found[2]):
        return None
    if found[1] and found[2] and int(found[2]) < int(found[1]):
        return None  # RFC 9110, 14.1.1: no range at all
    if found[1]:
        start, stop = int(found[1]), int(found[2] or size) + 1
    else:
        start, stop = max(size - int(found[2]), 0), size
    part = range(start, min(stop, size))
    if not part:
        raise ApiError(
            416,
            "requestedRangeNotSatisfiable",
            "Request range not satisfiable",
            "Range",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return part


def is_to_be_unpacked(generation: Generation, headers: Mapping[str, str]) -> bool:
    """docs "Transcoding of gzip-compressed files": for clients that do not take gzip."""
    fields = generation.fields
    return (
        fields.get("contentEncoding") == "gzip"
        and "gzip" not in headers.get("accept-encoding", "")
        and "no-transform" not in fields.get("cacheControl", "")
    )


def unpacked(file: BinaryIO) -> Iterator[bytes]:
    """The content of a gzip file, block by block."""
    decoder = zlib.decompressobj(wbits=31)
    while block := file.read(BLOCK):
        yield decoder.decompress(block)
    yield decoder.flush()
