"""The port Shelf in memory: what lies in a vault, or off-site, as mere bytes."""

from collections.abc import Callable, Iterator
from datetime import datetime

from custody.adapters.shelves import checked, crc32c_of
from custody.domain.vault import HoldingEpoch, ObjectName
from custody.errors import CorruptError, CustodyError, DeadlineError
from custody.ports import Parcel, Shelved
from worlds.vault import MemoryVault
from worlds.writes import Writes


class MemoryShelf:
    """Off-site is a second vault, to which only whole objects are copied."""

    def __init__(self, writes: Writes, place: MemoryVault, now: Callable[[], datetime]) -> None:
        self._writes = writes
        self._place = place
        self._now = now
        self.outage: CustodyError | None = None
        """What every call raises, for as long as it is set."""

    def all(self, life: HoldingEpoch) -> Iterator[Shelved]:
        self._answer()
        for name in sorted(self._place.names(life)):
            data, stored_at = self._place.stored(name)
            yield Shelved(name=name, size_bytes=len(data), stored_at=stored_at)

    def take(self, name: ObjectName) -> Parcel:
        self._answer()
        data, _ = self._place.stored(name)
        return Parcel(
            name=name,
            size_bytes=len(data),
            crc32c=crc32c_of([data]),
            chunks=lambda: iter([data]),
        )

    def put(self, parcel: Parcel, *, deadline: datetime) -> bool:
        self._answer()
        data = b"".join(checked(parcel))
        with self._writes.one():
            if self._now() >= deadline:
                raise DeadlineError(f"out of time before the last byte of {parcel.name}")
            if parcel.name not in self._place.all_names():
                self._place.lay(parcel.name, data)
                return True
        if self._place.stored(parcel.name)[0] != data:
            raise CorruptError(f"{parcel.name} differs from what is copied")
        return False

    def _answer(self) -> None:
        if self.outage:
            raise self.outage
