"""The bytes: one file per content, in one folder. Nothing else ever holds them."""

import hashlib
import uuid
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from localcloud.wire import BLOCK


class Digest:
    """The checksums of what passed so far."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc32c = 0
        self.size = 0

    def update(self, block: bytes) -> None:
        self._md5.update(block)
        self._crc32c = google_crc32c.extend(self._crc32c, block)
        self.size += len(block)

    @property
    def md5(self) -> str:
        """In base64."""
        return b64encode(self._md5.digest()).decode()

    @property
    def crc32c(self) -> str:
        """In base64, big-endian."""
        return b64encode(self._crc32c.to_bytes(4, "big")).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A finished file and its checksums. Composed objects have no md5."""

    id: str
    size: int
    crc32c: str
    md5: str | None


class ContentFiles:
    """The folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def new(self) -> str:
        """An empty file."""
        content = uuid.uuid4().hex
        (self._folder / content).touch(exist_ok=False)
        return content

    def append(self, content: str, blocks: Iterable[bytes], digest: Digest) -> None:
        """Each block reaches the file before the next is asked for: a torn upload keeps it."""
        with (self._folder / content).open("r+b", buffering=0) as file:
            file.seek(0, SEEK_END)
            for block in blocks:
                file.write(block)
                digest.update(block)

    def store(self, blocks: Iterable[bytes]) -> Content:
        """A new file with all the blocks; nothing stays when they break off."""
        content, digest = self.new(), Digest()
        try:
            self.append(content, blocks, digest)
        except BaseException:
            self.remove(content)
            raise
        return Content(id=content, size=digest.size, crc32c=digest.crc32c, md5=digest.md5)

    def open(self, content: str) -> BinaryIO:
        return (self._folder / content).open("rb")

    def digest(self, content: str) -> Digest:
        """Reads the file again; a restart forgets the running checksums."""
        digest = Digest()
        with self.open(content) as file:
            while block := file.read(BLOCK):
                digest.update(block)
        return digest

    def remove(self, content: str) -> None:
        (self._folder / content).unlink(missing_ok=True)

    def keep_only(self, used: set[str]) -> None:
        """Removes what a killed server left: torn uploads, and files whose rows are gone."""
        for file in self._folder.iterdir():
            if file.name not in used:
                file.unlink()
