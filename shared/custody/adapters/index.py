"""One sealed object a file: what is known of its versions. A cache that the vault can rebuild."""

from collections.abc import Sequence

import msgspec

from custody.adapters.objects import Bucket
from custody.domain import names
from custody.domain.vault import FileHistory, FileId, HoldingEpoch, Summary
from custody.errors import AlreadyExistsError, NotFoundError
from custody.ports import Sealer, Seen

_VERSIONS, _SEEN, _LOST = "custody-versions", "custody-seen", "custody-lost"
"""Metadata beside a sealed index object: all that may be told of it without its key."""


def _told(summary: Summary) -> dict[str, str]:
    return {
        _VERSIONS: str(summary.versions),
        _SEEN: str(summary.seen_version),
        _LOST: str(int(summary.lost)),
    }


def _summary(told: dict[str, str]) -> Summary:
    return Summary(
        versions=int(told.get(_VERSIONS, 0)),
        seen_version=int(told.get(_SEEN, 0)),
        lost=told.get(_LOST) == "1",
    )


def _associated(name: str) -> bytes:
    return b"custody/index/v1|" + name.encode()


class BucketIndex:
    """The Index port. Contents are sealed: file names and folders are the customer's."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def read(self, life: HoldingEpoch, file_id: FileId, *, sealer: Sealer) -> Seen[FileHistory]:
        name = names.index_name(life, file_id)
        try:
            stored = self._bucket.read(name)
        except NotFoundError:
            return Seen(value=FileHistory(life=life, file_id=file_id), stamp=0)
        clear = sealer.open(stored.data, _associated(name))
        return Seen(value=msgspec.msgpack.decode(clear, type=FileHistory), stamp=stored.generation)

    def write(self, history: FileHistory, *, stamp: int, sealer: Sealer) -> Seen[FileHistory]:
        name = names.index_name(history.life, history.file_id)
        sealed = sealer.seal(msgspec.msgpack.encode(history), _associated(name))
        told = _told(history.summary)
        generation = self._bucket.replace(name, sealed, generation=stamp, metadata=told)
        return Seen(value=history, stamp=generation)

    def known(self, life: HoldingEpoch, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        """One page of names between the first and the last; a fuller range tells nothing."""
        wanted = {names.index_name(life, file_id): file_id for file_id in file_ids}
        found = self._bucket.names_between(min(wanted), max(wanted))
        if found is None:
            return frozenset(file_ids)
        return frozenset(wanted[name] for name in found if name in wanted)

    def files(self, life: HoldingEpoch) -> dict[FileId, Summary]:
        found = self._bucket.metadata(names.index_prefix(life))
        return {names.parse_index_name(name): _summary(told) for name, told in found}

    def ids_after(self, life: HoldingEpoch, after: FileId | None, limit: int) -> list[FileId]:
        """By one listing, which begins where the last one ended."""
        prefix = names.index_prefix(life)
        last = names.index_name(life, after) if after else prefix
        found = self._bucket.names_after(prefix, last, limit)
        return [names.parse_index_name(name) for name in found]

    def promised(self, life: HoldingEpoch) -> int:
        found = self._bucket.metadata(names.index_prefix(life))
        return sum(_summary(told).versions for _, told in found)

    def note_whereabouts(self, file_id: FileId, life: HoldingEpoch) -> Sequence[HoldingEpoch]:
        """One create for a file that is new everywhere, which is nearly every file."""
        name = names.whereabouts_name(file_id)
        try:
            self._bucket.create(name, msgspec.json.encode([life]))
        except AlreadyExistsError:
            return self._add_whereabouts(name, life)
        return []

    def _add_whereabouts(self, name: str, life: HoldingEpoch) -> Sequence[HoldingEpoch]:
        stored = self._bucket.read(name)
        before = msgspec.json.decode(stored.data, type=list[HoldingEpoch])
        if life not in before:
            data = msgspec.json.encode([*before, life])
            self._bucket.replace(name, data, generation=stored.generation)
        return [other for other in before if other != life]

    def whereabouts(self, file_id: FileId) -> Sequence[HoldingEpoch]:
        try:
            stored = self._bucket.read(names.whereabouts_name(file_id))
        except NotFoundError:
            return []
        return msgspec.json.decode(stored.data, type=list[HoldingEpoch])
