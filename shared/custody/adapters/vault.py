"""The vault: one immutable object a version, written once, readable without the index."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from custody.adapters.container import METADATA, Described, Record, ending
from custody.adapters.objects import Bucket, Upload
from custody.adapters.sealing import associated
from custody.adapters.versions import BucketVersions, to_version
from custody.adapters.windows import Content, Window, shrink
from custody.domain.vault import Draft, Kind, ObjectName, Version
from custody.errors import (
    AlreadyExistsError,
    CorruptError,
    DeadlineError,
    NotFoundError,
    TornReadError,
)
from custody.ports import Sealer


class BucketVault(BucketVersions):
    """The Vault port on one bucket."""

    def __init__(self, bucket: Bucket, clock: Callable[[], datetime]) -> None:
        super().__init__(bucket)
        self._bucket = bucket
        self._clock = clock

    def store(
        self,
        draft: Draft,
        content: Content,
        *,
        sealer: Sealer,
        base: Version | None,
        latest: Version | None,
        deadline: datetime,
    ) -> Version:
        try:
            if latest and _promises_same(draft, latest) and _is_same(content, latest):
                return self._store_same(draft, latest, sealer, deadline)
            try:
                return self._store_content(draft, content, sealer, base, deadline)
            except CorruptError:
                if base is None:
                    raise
                # The base is damaged: this version must not depend on it.
                return self._store_content(draft, content, sealer, None, deadline)
        except AlreadyExistsError:
            # Another delivery, or our own lost response (T27): what stands there is the authority.
            return self.version(draft.name, sealer=sealer)

    def _store_same(
        self, draft: Draft, latest: Version, sealer: Sealer, deadline: datetime
    ) -> Version:
        """A record alone: the content stands in an object that has a body."""
        target, depth = latest.name, latest.depth + 1
        if latest.kind is Kind.SAME and latest.base:
            target, depth = latest.base, latest.depth  # a reference to a reference is none
        with self._bucket.upload(draft.name, METADATA) as upload:
            record = _record(
                draft,
                size_bytes=latest.size_bytes,
                sha256=latest.sha256,
                same_as=target,
                depth=depth,
            )
            return self._complete(upload, record, 0, draft.name, sealer, deadline)

    def _store_content(
        self,
        draft: Draft,
        content: Content,
        sealer: Sealer,
        base: Version | None,
        deadline: datetime,
    ) -> Version:
        above = self._readable(base, sealer)
        with self._bucket.upload(draft.name, METADATA) as upload:
            body = _Counted(upload)
            writer = sealer.encrypting(body, associated("version", draft.name))
            checked, windows = _Checked(content()), []
            reader = self.reader(base.name, above, sealer) if base and above else None
            for window, frame in shrink(checked, reader):
                self._in_time(deadline)
                writer.write(frame)
                windows.append(window)
            checked.require(draft)
            if windows:
                writer.finish()
            record = _record(
                draft,
                size_bytes=checked.size_bytes,
                sha256=checked.sha256,
                windows=windows,
                **_series(draft, windows, base, above),
            )
            return self._complete(upload, record, body.count, draft.name, sealer, deadline)

    def _readable(self, base: Version | None, sealer: Sealer) -> Described | None:
        """The base by its own record; None where that cannot be read: the version is full then.

        Capture may not list, so that an absent base answers 403. That is waited for: reconcile has
        it put back from off-site.
        """
        if base is None:
            return None
        try:
            return self.described(base.name, sealer)
        except (NotFoundError, CorruptError):
            return None

    def _complete(
        self,
        upload: Upload,
        record: Record,
        body_bytes: int,
        name: ObjectName,
        sealer: Sealer,
        deadline: datetime,
    ) -> Version:
        """The last bytes, and only within the writer's time: after it an erasure may sweep."""
        tail = ending(record, body_bytes=body_bytes, sealer=sealer, name=name)
        upload.write(tail)
        self._in_time(deadline)
        upload.commit()
        stored = body_bytes + len(tail)
        return to_version(
            name, Described(record=record, body_bytes=body_bytes, stored_bytes=stored)
        )

    def _in_time(self, deadline: datetime) -> None:
        if self._clock() >= deadline:
            raise DeadlineError("this delivery ran out of time: the next one stores the version")


class _Counted:
    """A sink that counts what went through."""

    def __init__(self, sink: Upload) -> None:
        self._sink = sink
        self.count = 0

    def write(self, data: bytes, /) -> None:
        self._sink.write(data)
        self.count += len(data)


class _Checked:
    """A content that is measured while it passes."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content = content
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._content:
            self.size_bytes += len(chunk)
            self._sha256.update(chunk)
            self._md5.update(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def require(self, draft: Draft) -> None:
        """Before the last byte is sent: what came must be what Drive promised."""
        if draft.size_bytes not in (None, self.size_bytes):
            raise TornReadError(f"{self.size_bytes} bytes came of {draft.size_bytes}: read again")
        if draft.md5 not in (None, self._md5.hexdigest()):
            raise TornReadError("the content's md5 is not the one that Drive gives: read again")


def _promises_same(draft: Draft, latest: Version) -> bool:
    return draft.md5 is not None and (draft.md5, draft.size_bytes) == (
        latest.md5,
        latest.size_bytes,
    )


def _is_same(content: Content, latest: Version) -> bool:
    """Drive's md5 is a promise; only our own sha256 over what it gives decides."""
    checked = _Checked(content())
    for _ in checked:
        pass
    return checked.sha256 == latest.sha256


def _series(
    draft: Draft, windows: list[Window], base: Version | None, above: Described | None
) -> dict[str, Any]:
    """A delta takes its place behind its base; what gained nothing opens the next series."""
    if base and above and any(window.base_size for window in windows):
        depth = above.record.depth + 1
        return {"base": base.name, "series": draft.series, "number": draft.number, "depth": depth}
    opens_next = draft.series + 1 if draft.number else draft.series
    return {"base": None, "series": opens_next, "number": 0, "depth": 0}


def _record(draft: Draft, **learned: Any) -> Record:
    """The record of a draft, once its content is known."""
    life = draft.life
    known: dict[str, Any] = {
        "customer": life.customer,
        "source": life.source,
        "epoch": life.epoch,
        "file_id": draft.file_id,
        "file_name": draft.file_name,
        "folder_path": draft.folder_path,
        "revision": draft.revision,
        "drive_version": draft.drive_version,
        "behind": draft.behind,
        "captured_at": draft.captured_at,
        "content_type": draft.content_type,
        "md5": draft.md5,
        "semantic": draft.semantic,
        "series": draft.series,
        "number": draft.number,
    }
    return Record(**(known | learned))
