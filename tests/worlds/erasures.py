"""What was asked to be erased and how far it came, in memory."""

from collections.abc import Iterator, Sequence

from custody.domain.erasure import Copy, Decision, Erasure, ErasureId, PlanId, Track
from custody.domain.holds import Hold
from custody.domain.plan import Plan
from custody.domain.receipt import Receipt
from custody.domain.sweep import Glance, Page
from custody.domain.vault import CustomerId, Source
from custody.errors import ConflictError, NotFoundError
from custody.ports import Seen
from worlds.writes import Writes

TrackKey = tuple[ErasureId, Source, int, Copy]


def _key(track: Track) -> TrackKey:
    return (track.erasure, track.life.source, track.life.epoch, track.copy)


class MemoryErasures:
    """The port Erasures."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._erasures: dict[ErasureId, Erasure] = {}
        self._decisions: dict[ErasureId, Decision] = {}
        self._approvals: dict[ErasureId, str] = {}

    def add(self, erasure: Erasure) -> Erasure:
        with self._writes.one():
            return self._erasures.setdefault(erasure.erasure, erasure)

    def find(self, erasure: ErasureId) -> Erasure:
        if erasure not in self._erasures:
            raise NotFoundError(f"no erasure {erasure}")
        return self._erasures[erasure]

    def ids(self) -> Iterator[ErasureId]:
        return iter(sorted(self._erasures))

    def decide(self, erasure: ErasureId, decision: Decision) -> Decision:
        with self._writes.one():
            return self._decisions.setdefault(erasure, decision)

    def decision(self, erasure: ErasureId) -> Decision | None:
        return self._decisions.get(erasure)

    def approve(self, erasure: ErasureId, by: str) -> None:
        with self._writes.one():
            self._approvals.setdefault(erasure, by)

    def approved_by(self, erasure: ErasureId) -> str | None:
        return self._approvals.get(erasure)


class MemoryTracks:
    """The port Tracks."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._tracks: dict[TrackKey, Seen[Track]] = {}

    def of(self, erasure: ErasureId) -> Sequence[Track]:
        return [seen.value for key, seen in sorted(self._tracks.items()) if key[0] == erasure]

    def read(self, erasure: ErasureId, source: Source, epoch: int, copy: Copy) -> Seen[Track]:
        key = (erasure, source, epoch, copy)
        if key not in self._tracks:
            raise NotFoundError(f"no track {key}")
        return self._tracks[key]

    def write(self, track: Track, *, stamp: int) -> Seen[Track]:
        key = _key(track)
        with self._writes.one():
            standing = self._tracks.get(key)
            if standing and standing.value == track:
                return standing
            if (standing.stamp if standing else 0) != stamp:
                raise ConflictError(f"somebody wrote {key} first: read it and decide again")
            self._tracks[key] = Seen(value=track, stamp=stamp + 1)
        return self._tracks[key]

    def glance(self) -> Iterator[Glance]:
        for (erasure, source, epoch, copy), seen in sorted(self._tracks.items()):
            yield Glance(
                erasure=erasure,
                source=source,
                epoch=epoch,
                copy=copy,
                state=seen.value.state,
                due_at=seen.value.due_at,
            )


class MemoryPages:
    """The port Pages."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._pages: dict[tuple[TrackKey, int], Page] = {}
        self._finished: set[tuple[TrackKey, int]] = set()

    def put(self, track: Track, page: Page) -> Page:
        with self._writes.one():
            return self._pages.setdefault((_key(track), page.number), page)

    def read(self, track: Track, number: int) -> Page | None:
        return self._pages.get((_key(track), number))

    def finish(self, track: Track, number: int) -> None:
        with self._writes.one():
            self._finished.add((_key(track), number))

    def finished(self, track: Track, number: int) -> bool:
        return (_key(track), number) in self._finished

    def next_number(self, track: Track) -> int:
        numbers = [number for key, number in self._pages if key == _key(track)]
        if not numbers:
            return 0
        return max(numbers) + (1 if self.finished(track, max(numbers)) else 0)


class MemoryPlans:
    """The port Plans."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._plans: dict[PlanId, Plan] = {}

    def save(self, plan: Plan) -> None:
        with self._writes.one():
            self._plans.setdefault(plan.id, plan)

    def find(self, plan: PlanId) -> Plan:
        if plan not in self._plans:
            raise NotFoundError(f"no plan {plan}")
        return self._plans[plan]


class MemoryReceipts:
    """The port Receipts."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._receipts: dict[tuple[ErasureId, int], Receipt] = {}

    def add(self, receipt: Receipt) -> Receipt:
        with self._writes.one():
            return self._receipts.setdefault((receipt.erasure, receipt.number), receipt)

    def last(self, erasure: ErasureId) -> Receipt | None:
        theirs = [one for key, one in sorted(self._receipts.items()) if key[0] == erasure]
        return theirs[-1] if theirs else None


class MemoryHolds:
    """The port Holds."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._holds: dict[tuple[CustomerId, Source], Hold] = {}

    def find(self, customer: CustomerId, source: Source) -> Hold | None:
        return self._holds.get((customer, source))

    def put(self, hold: Hold) -> None:
        with self._writes.one():
            self._holds[hold.customer, hold.source] = hold

    def remove(self, customer: CustomerId, source: Source) -> None:
        with self._writes.one():
            self._holds.pop((customer, source), None)
