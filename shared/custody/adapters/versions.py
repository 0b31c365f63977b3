"""Stored versions as whoever has the keys reads them, from any store of objects."""

from collections.abc import Iterator

from custody.adapters.container import Described, read_record
from custody.adapters.ranges import RANGE, Objects
from custody.adapters.sealing import associated
from custody.adapters.windows import Content, expand, verified
from custody.domain import names
from custody.domain.vault import (
    CustomerId,
    FileId,
    HoldingEpoch,
    Kind,
    ObjectName,
    RevisionId,
    Source,
    Version,
)
from custody.ports import Sealer


class BucketVersions:
    """The Versions port: a version says itself what it is, so the index is not asked."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def version(self, name: ObjectName, *, sealer: Sealer) -> Version:
        return to_version(name, self.described(name, sealer))

    def content(self, name: ObjectName, *, sealer: Sealer) -> Iterator[bytes]:
        described = self.described(name, sealer)
        record = described.record
        return verified(
            self._unproven(name, described, sealer),
            size_bytes=record.size_bytes,
            sha256=record.sha256,
        )

    def prove(self, name: ObjectName, *, sealer: Sealer) -> None:
        described = self.described(name, sealer)
        if described.body_bytes:
            body = self._objects.open(name, described.body_bytes)
            reader = sealer.decrypting(body, associated("version", name))
            while reader.read(RANGE):
                pass

    def names(self, life: HoldingEpoch) -> Iterator[ObjectName]:
        return (ObjectName(name) for name in self._objects.names(names.life_prefix(life)))

    def described(self, name: str, sealer: Sealer) -> Described:
        return read_record(
            lambda size: self._objects.read_tail(name, size), sealer=sealer, name=name
        )

    def _unproven(self, name: str, described: Described, sealer: Sealer) -> Iterator[bytes]:
        """The content window by window, down the chain of bases, in constant memory."""
        record = described.record
        if record.same_as:
            return self._unproven(record.same_as, self.described(record.same_as, sealer), sealer)
        base = None
        if record.base:
            base = self.reader(record.base, self.described(record.base, sealer), sealer)
        body = sealer.decrypting(
            self._objects.open(name, described.body_bytes), associated("version", name)
        )
        return expand(body, record.windows, base)

    def reader(self, name: str, described: Described, sealer: Sealer) -> Content:
        return lambda: self._unproven(name, described, sealer)


def to_version(name: ObjectName, described: Described) -> Version:
    record = described.record
    kind = Kind.SAME if record.same_as else Kind.DELTA if record.base else Kind.FULL
    base = record.same_as or record.base
    return Version(
        name=name,
        life=HoldingEpoch(
            customer=CustomerId(record.customer), source=Source(record.source), epoch=record.epoch
        ),
        file_id=FileId(record.file_id),
        revision=RevisionId(record.revision),
        drive_version=record.drive_version,
        behind=record.behind,
        file_name=record.file_name,
        folder_path=record.folder_path,
        content_type=record.content_type,
        captured_at=record.captured_at,
        size_bytes=record.size_bytes,
        sha256=record.sha256,
        md5=record.md5,
        semantic=record.semantic,
        kind=kind,
        base=ObjectName(base) if base else None,
        series=record.series,
        number=record.number,
        depth=record.depth,
        stored_bytes=described.stored_bytes,
    )
