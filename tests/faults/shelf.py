"""Versions of one file, stored and read as capture and restore do, and damaged on purpose."""

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from google.cloud import storage

from custody.domain.vault import Draft, FileId, Holding, ObjectName, Version
from faults.rig import Rig
from samples import a_draft

MIB = 1 << 20
SMALL = b"id,amount\n1,20\n" * 1000
LARGE = random.Random(1).randbytes(9 * MIB)
"""Too large for one request: it goes up in a session of two chunks."""
VAULT = "custody-vault"


class Shelf:
    """Stores versions of one file of one holding, as capture does."""

    def __init__(self, rig: Rig, holding: Holding) -> None:
        self.rig = rig
        self.life = holding.life
        self.vault = rig.world.vault
        self.sealer = rig.world.keys.unwrap(holding.life)

    def draft(self, revision: str, data: bytes, **known: object) -> Draft:
        draft = a_draft(revision, life=self.life, file_id=FileId("file"), size_bytes=len(data))
        return replace(draft, md5=hashlib.md5(data).hexdigest(), **known)  # type: ignore[arg-type]

    def store(
        self,
        revision: str,
        data: bytes,
        *,
        base: Version | None = None,
        content: Callable[[], Iterator[bytes]] | None = None,
        deadline: datetime | None = None,
    ) -> Version:
        return self.vault.store(
            self.draft(revision, data, number=1 if base else 0),
            content or (lambda: in_pieces(data)),
            sealer=self.sealer,
            base=base,
            latest=None,
            deadline=deadline or self.rig.world.now() + timedelta(minutes=5),
        )

    def read(self, version: Version) -> bytes:
        return b"".join(self.vault.content(version.name, sealer=self.sealer))

    @property
    def names(self) -> list[ObjectName]:
        return list(self.vault.names(self.life))


def in_pieces(data: bytes) -> Iterator[bytes]:
    return (data[start : start + MIB] for start in range(0, len(data), MIB))


def rows(count: int, seed: int) -> bytes:
    """Lines that zstd can do little with."""
    chance = random.Random(seed)
    return b"".join(b"%d,%032x\n" % (n, chance.getrandbits(128)) for n in range(count))


def tamper(bucket: storage.Bucket, name: str, place: int) -> None:
    """Flips one bit of a stored object."""
    data = bytearray(bucket.blob(name).download_as_bytes())
    data[place] ^= 1
    bucket.blob(name).upload_from_string(bytes(data))
