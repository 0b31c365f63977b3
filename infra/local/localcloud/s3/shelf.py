"""The folder: for each version a head and its bytes, and for each bucket its settings.

    buckets/<bucket>/bucket.json
    buckets/<bucket>/<number>.json, <number>.data
    parts/<number>.data

A head is written by rename after its bytes are there, and removed before them: what has no head is
swept at the next start. Numbers only grow, so their order is that in which versions came. Files
are not flushed to the disk: the system's own cache survives the death of the process.
"""

import itertools
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from localcloud.s3.contents import Contents
from localcloud.standalone import write_whole

Head = dict[str, Any]


class Shelf:
    """Opens what an earlier run left, and sweeps what it left undone."""

    def __init__(self, folder: Path) -> None:
        self._buckets = folder / "buckets"
        self._parts = folder / "parts"
        self._buckets.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._parts, ignore_errors=True)
        self._parts.mkdir()
        taken = [_number(path) for path in self._buckets.glob("*/*.data")]
        taken += [_number(path) for path in self._heads("*")]
        self._numbers = itertools.count(max(taken, default=0) + 1)

    # Buckets.

    def buckets(self) -> list[str]:
        return sorted(path.parent.name for path in self._buckets.glob("*/bucket.json"))

    def bucket(self, name: str) -> Head:
        return _read(self._settings(name))

    def keep_bucket(self, name: str, settings: Head) -> None:
        self._settings(name).parent.mkdir(exist_ok=True)
        write_whole(self._settings(name), json.dumps(settings))

    def drop_bucket(self, name: str) -> None:
        shutil.rmtree(self._buckets / name)

    # Versions.

    def versions(self, bucket: str) -> Iterator[tuple[int, Head]]:
        """Their numbers and heads, oldest first; sweeps what was left undone."""
        heads = set(map(_number, self._heads(bucket)))
        for path in (self._buckets / bucket).iterdir():
            if path.suffix == ".partial" or (path.suffix == ".data" and _number(path) not in heads):
                path.unlink()
        for number in sorted(heads):
            yield number, _read(self._head(bucket, number))

    def write(self, bucket: str, blocks: Iterable[bytes]) -> tuple[int, Contents]:
        """Bytes of a version to come, under a number of their own."""
        number = next(self._numbers)
        return number, _written(self._data(bucket, number), blocks)

    def contents(self, bucket: str, number: int) -> Contents:
        path = self._data(bucket, number)
        return Contents(path, 0, path.stat().st_size)

    def number(self) -> int:
        """For a delete marker, which has no bytes."""
        return next(self._numbers)

    def keep(self, bucket: str, number: int, head: str) -> None:
        write_whole(self._head(bucket, number), head)

    def drop(self, bucket: str, number: int) -> None:
        self._head(bucket, number).unlink(missing_ok=True)
        self._data(bucket, number).unlink(missing_ok=True)

    # Parts of uploads: gone at the next start.

    def write_part(self, block: bytes) -> Contents:
        return _written(self._parts / f"{next(self._numbers)}.data", [block])

    def _heads(self, bucket: str) -> Iterator[Path]:
        return self._buckets.glob(f"{bucket}/[0-9]*.json")

    def _settings(self, bucket: str) -> Path:
        return self._buckets / bucket / "bucket.json"

    def _head(self, bucket: str, number: int) -> Path:
        return self._buckets / bucket / f"{number}.json"

    def _data(self, bucket: str, number: int) -> Path:
        return self._buckets / bucket / f"{number}.data"


def _number(path: Path) -> int:
    return int(path.name.partition(".")[0])


def _read(path: Path) -> Head:
    head: Head = json.loads(path.read_text())
    return head


def _written(path: Path, blocks: Iterable[bytes]) -> Contents:
    size = 0
    with path.open("wb") as file:
        for block in blocks:
            size += file.write(block)
    return Contents(path, 0, size)
