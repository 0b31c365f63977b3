"""What was asked to be erased and how far it came, as JSON objects in the ledger's bucket."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote

import msgspec

from custody.adapters import records
from custody.adapters.objects import Bucket
from custody.domain import names
from custody.domain.erasure import (
    Copy,
    CopyState,
    Decision,
    Erasure,
    ErasureId,
    PlanId,
    Track,
)
from custody.domain.holds import Hold
from custody.domain.plan import Plan
from custody.domain.receipt import Receipt
from custody.domain.sweep import Glance, Page
from custody.domain.vault import CustomerId, Source
from custody.ports import Seen

_STATE, _DUE = "custody-state", "custody-due"
"""Metadata beside a track: what a listing of all tracks must show."""
_AT_ONCE = datetime.min.replace(tzinfo=UTC)
"""When a track is due whose metadata were lost: somebody must look at it."""


class BucketErasures:
    """The Erasures port."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def add(self, erasure: Erasure) -> Erasure:
        return records.once(self._bucket, names.request_name(erasure.erasure), erasure, Erasure)

    def find(self, erasure: ErasureId) -> Erasure:
        return records.read(self._bucket, names.request_name(erasure), Erasure)

    def ids(self) -> Iterator[ErasureId]:
        found = self._bucket.names(names.REQUESTS)
        return (ErasureId(unquote(name.removeprefix(names.REQUESTS))) for name in found)

    def decide(self, erasure: ErasureId, decision: Decision) -> Decision:
        return records.once(self._bucket, names.decision_name(erasure), decision, Decision)

    def decision(self, erasure: ErasureId) -> Decision | None:
        return records.maybe(self._bucket, names.decision_name(erasure), Decision)

    def approve(self, erasure: ErasureId, by: str) -> None:
        records.once(self._bucket, names.approval_name(erasure), by, str)

    def approved_by(self, erasure: ErasureId) -> str | None:
        return records.maybe(self._bucket, names.approval_name(erasure), str)


class BucketTracks:
    """The Tracks port."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def of(self, erasure: ErasureId) -> Sequence[Track]:
        found = self._bucket.names(names.track_prefix(erasure))
        return [records.read(self._bucket, name, Track) for name in found]

    def read(self, erasure: ErasureId, source: Source, epoch: int, copy: Copy) -> Seen[Track]:
        name = names.track_name(erasure, source, epoch, copy)
        stored = self._bucket.read(name)
        return Seen(value=records.decoded(stored.data, Track, name), stamp=stored.generation)

    def write(self, track: Track, *, stamp: int) -> Seen[Track]:
        life = track.life
        name = names.track_name(track.erasure, life.source, life.epoch, track.copy)
        told = {_STATE: track.state.value, _DUE: track.due_at.isoformat()}
        generation = self._bucket.replace(
            name, msgspec.json.encode(track), generation=stamp, metadata=told
        )
        return Seen(value=track, stamp=generation)

    def glance(self) -> Iterator[Glance]:
        for name, told in self._bucket.metadata(names.TRACKS):
            erasure, source, epoch, copy = names.parse_track_name(name)
            yield Glance(
                erasure=ErasureId(erasure),
                source=source,
                epoch=epoch,
                copy=Copy(copy),
                state=CopyState(told.get(_STATE, CopyState.FENCED)),
                due_at=datetime.fromisoformat(told[_DUE]) if _DUE in told else _AT_ONCE,
            )


class BucketPages:
    """The Pages port."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def put(self, track: Track, page: Page) -> Page:
        return records.once(self._bucket, names.page_name(track, page.number), page, Page)

    def read(self, track: Track, number: int) -> Page | None:
        return records.maybe(self._bucket, names.page_name(track, number), Page)

    def finish(self, track: Track, number: int) -> None:
        self._bucket.create(names.page_name(track, number) + names.DONE, b"")

    def finished(self, track: Track, number: int) -> bool:
        return self._bucket.exists(names.page_name(track, number) + names.DONE)

    def next_number(self, track: Track) -> int:
        last = deque(self._bucket.names(names.page_prefix(track)), maxlen=1)
        if not last:
            return 0
        number = names.parse_page_number(last[0])
        return number + 1 if last[0].endswith(names.DONE) else number


class BucketPlans:
    """The Plans port."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def save(self, plan: Plan) -> None:
        records.once(self._bucket, names.plan_name(plan.id), plan, Plan)

    def find(self, plan: PlanId) -> Plan:
        return records.read(self._bucket, names.plan_name(plan), Plan)


class BucketReceipts:
    """The Receipts port."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def add(self, receipt: Receipt) -> Receipt:
        name = names.receipt_name(receipt.erasure, receipt.number)
        return records.once(self._bucket, name, receipt, Receipt)

    def last(self, erasure: ErasureId) -> Receipt | None:
        found = list(self._bucket.names(names.receipt_prefix(erasure)))
        return records.maybe(self._bucket, found[-1], Receipt) if found else None


class BucketHolds:
    """The Holds port."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def find(self, customer: CustomerId, source: Source) -> Hold | None:
        return records.maybe(self._bucket, names.hold_name(customer, source), Hold)

    def put(self, hold: Hold) -> None:
        records.save(self._bucket, names.hold_name(hold.customer, hold.source), hold)

    def remove(self, customer: CustomerId, source: Source) -> None:
        records.remove(self._bucket, names.hold_name(customer, source))
