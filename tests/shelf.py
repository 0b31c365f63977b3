"""A vault in a dictionary, put together from the parts of the format as the real one is."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from custody.adapters.container import Described, Record, ending, read_record
from custody.adapters.sealing import Sealer, associated
from custody.adapters.windows import expand, shrink, verified

MIB = 1 << 20


@dataclass
class Shelf:
    """Objects by name, all under one keyset."""

    keyset: bytes = field(default_factory=Sealer.generate)
    objects: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sealer = Sealer(self.keyset)

    def put(self, name: str, content: bytes, base: str | None = None) -> Record:
        """Stores a content, against a base where that pays."""
        sink = io.BytesIO()
        writer = self.sealer.encrypting(sink, associated("version", name))
        windows = []
        for window, frame in shrink(
            in_chunks(content), (lambda: self.content(base)) if base else None
        ):
            windows.append(window)
            writer.write(frame)
        if windows:
            writer.finish()
        used = base if any(window.base_size for window in windows) else None
        depth = self.described(used).record.depth + 1 if used else 0
        record = record_of(content, base=used, depth=depth, windows=windows)
        return self._complete(name, sink.getvalue(), record)

    def put_same(self, name: str, twin: str) -> Record:
        """Stores a version that has the content of another one."""
        content = b"".join(self.content(twin))
        return self._complete(name, b"", record_of(content, same_as=twin))

    def _complete(self, name: str, body: bytes, record: Record) -> Record:
        last = ending(record, body_bytes=len(body), sealer=self.sealer, name=name)
        self.objects[name] = body + last
        return record

    def described(self, name: str) -> Described:
        return read_record(lambda size: self.objects[name][-size:], sealer=self.sealer, name=name)

    def content(self, name: str) -> Iterator[bytes]:
        """The content as it is rebuilt, link by link and window by window."""
        found = self.described(name)
        record = found.record
        if record.same_as:
            yield from self.content(record.same_as)
            return
        body = self.sealer.decrypting(
            io.BytesIO(self.objects[name][: found.body_bytes]), associated("version", name)
        )
        base = record.base
        chunks = expand(body, record.windows, (lambda: self.content(base)) if base else None)
        yield from verified(chunks, size_bytes=record.size_bytes, sha256=record.sha256)


def in_chunks(content: bytes, size: int = MIB) -> Iterator[bytes]:
    """A content as it comes over a line."""
    return (content[start : start + size] for start in range(0, len(content), size))


def record_of(content: bytes, **changes: object) -> Record:
    """A record that is right about a content and arbitrary about all else."""
    return Record(
        **{
            "customer": "c-aaaaaaaaaaaa",
            "source": "stripe",
            "epoch": 1,
            "file_id": "file",
            "file_name": "charges.csv",
            "folder_path": "Exports/2026",
            "revision": "revision",
            "drive_version": 7,
            "behind": 0,
            "captured_at": datetime(2026, 11, 23, 12, tzinfo=UTC),
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "content_type": "text/csv",
            **changes,
        }  # type: ignore[arg-type] # the fields are Record's own
    )
