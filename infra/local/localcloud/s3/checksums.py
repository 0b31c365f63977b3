"""Checksums that S3 verifies, and refuses to store what does not match.

"Checking object integrity" in the Amazon S3 user guide; moto believes what it is told.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import google_crc32c

from localcloud.s3.refusals import S3Error, not_written, wrong_checksum

_HEADER = re.compile(r"x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)")
_TRAILER = re.compile(rb"(x-amz-checksum-\w+):([A-Za-z0-9+/=]+)\s*$")
_UNSIGNED = ("UNSIGNED-PAYLOAD", "STREAMING-")


@dataclass(frozen=True, slots=True)
class Checksum:
    """An algorithm by S3's name for it, and the value in base64."""

    algorithm: str
    value: str


def _crc(function: Callable[[int, bytes], int], blocks: Iterable[bytes]) -> bytes:
    value = 0
    for block in blocks:
        value = function(value, block)
    return value.to_bytes(4, "big")


def _hash(name: str, blocks: Iterable[bytes]) -> bytes:
    digest = hashlib.new(name, usedforsecurity=False)
    for block in blocks:
        digest.update(block)
    return digest.digest()


_ALGORITHMS: dict[str, Callable[[Iterable[bytes]], bytes]] = {
    "CRC32": lambda blocks: _crc(lambda value, block: zlib.crc32(block, value), blocks),
    "CRC32C": lambda blocks: _crc(google_crc32c.extend, blocks),
    "SHA1": lambda blocks: _hash("sha1", blocks),
    "SHA256": lambda blocks: _hash("sha256", blocks),
}


def computed(algorithm: str, blocks: Iterable[bytes]) -> bytes:
    """The checksum as bytes; 501 for algorithms that nobody here needs."""
    if algorithm not in _ALGORITHMS:
        raise not_written(f"the checksum algorithm {algorithm}")
    return _ALGORITHMS[algorithm](blocks)


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def promised(headers: Mapping[str, str], raw_body: bytes) -> Checksum | None:
    """What the client says that the checksum is, in a header or after a body in chunks."""
    found = {name: value for name, value in headers.items() if _HEADER.fullmatch(name)}
    if not found and headers.get("x-amz-trailer") and (last := _TRAILER.search(raw_body[-256:])):
        found = {last[1].decode(): last[2].decode()}
    for name, value in found.items():
        return Checksum(name.removeprefix("x-amz-checksum-").upper(), value)
    return None


def require_whole(headers: Mapping[str, str], raw_body: bytes, body: bytes) -> Checksum | None:
    """The checksum that the client promised, if any; 400 when the body is not what was sent."""
    _require_digest(headers, body)
    _require_signed(headers, body)
    checksum = promised(headers, raw_body)
    if checksum:
        require(checksum, text(computed(checksum.algorithm, [body])))
    return checksum


def require(checksum: Checksum, found: str) -> None:
    if checksum.value != found:
        raise wrong_checksum(checksum.algorithm)


def _require_digest(headers: Mapping[str, str], body: bytes) -> None:
    given = headers.get("content-md5")
    if given is not None and given != text(_hash("md5", [body])):
        raise wrong_checksum("Content-MD5")


def _require_signed(headers: Mapping[str, str], body: bytes) -> None:
    """The signature covers the body by its hash ("XAmzContentSHA256Mismatch")."""
    signed = headers.get("x-amz-content-sha256")
    if signed is None or signed.startswith(_UNSIGNED):
        return
    if signed != hashlib.sha256(body).hexdigest():
        raise S3Error(
            400,
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
