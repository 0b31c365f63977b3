"""The bytes of files: one file on disk each, under a random name."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Bytes that lie in the store, not yet part of any file."""

    content: str
    size: int
    md5: str
    sha1: str
    sha256: str


class Content:
    """A folder of contents. What no table names is swept away at the next start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def new(self) -> str:
        """An empty content, to be appended to."""
        name = secrets.token_hex(16)
        path = self._path(name)
        path.parent.mkdir(exist_ok=True)
        path.touch()
        return name

    def append(self, name: str, blocks: Iterable[bytes], *, skip: int = 0) -> None:
        """Appends a stream, without its first `skip` bytes."""
        with self._path(name).open("ab") as file:
            for block in blocks:
                rest = block[skip:]
                skip -= len(block) - len(rest)
                file.write(rest)

    def size(self, name: str) -> int:
        return self._path(name).stat().st_size

    def truncate(self, name: str, size: int) -> None:
        with self._path(name).open("r+b") as file:
            file.truncate(size)

    def receive(self, blocks: Iterable[bytes]) -> Received:
        """Stores a stream; nothing stays behind when it breaks."""
        name = self.new()
        try:
            self.append(name, blocks)
            return self.received(name)
        except BaseException:
            self.discard(name)
            raise

    def received(self, name: str) -> Received:
        """Reads a complete content once, for its size and checksums."""
        md5, sha1, sha256 = hashlib.md5(), hashlib.sha1(), hashlib.sha256()
        size = 0
        with self.open(name) as file:
            while block := file.read(_BLOCK):
                size += len(block)
                for digest in (md5, sha1, sha256):
                    digest.update(block)
        return Received(
            content=name,
            size=size,
            md5=md5.hexdigest(),
            sha1=sha1.hexdigest(),
            sha256=sha256.hexdigest(),
        )

    def copy(self, name: str) -> str:
        """The same bytes under a new name, so that each is deleted alone."""
        with self.open(name) as file:
            copied = self.new()
            self.append(copied, iter(lambda: file.read(_BLOCK), b""))
        return copied

    def open(self, name: str) -> BinaryIO:
        return self._path(name).open("rb")

    def read(self, name: str) -> bytes:
        return self._path(name).read_bytes()

    def discard(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> None:
        """Removes what a crash left between a commit and its clean-up."""
        for path in self._folder.glob("*/*"):
            if path.name not in known:
                path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name
