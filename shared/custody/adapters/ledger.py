"""The ledger's small records as JSON objects in a bucket, with compare-and-swap by generation."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from custody.adapters.objects import Bucket
from custody.domain import names
from custody.domain.channels import Channel
from custody.domain.drain_changes import Cursor
from custody.domain.drive import Corpus
from custody.domain.erasure import Fence
from custody.domain.quarantine import Quarantined, Verdict
from custody.domain.vault import Customer, CustomerId, Holding, HoldingEpoch, Source
from custody.errors import AlreadyExistsError, CorruptError, NotFoundError
from custody.ports import Seen

T = TypeVar("T")


def _read(data: bytes, shape: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.MsgspecError as error:
        raise CorruptError(
            f"the ledger's {name} is not what its kind promises: inspect it"
        ) from error


def _all(bucket: Bucket, names: Iterable[str], shape: type[T]) -> Iterator[T]:
    """Each record; one that is removed between listing and reading is no error."""
    for name in names:
        try:
            stored = bucket.read(name)
        except NotFoundError:
            continue
        yield _read(stored.data, shape, name)


class BucketRegistry:
    """Who the customers are and what we hold of them."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def customers(self) -> Iterator[Customer]:
        return _all(self._bucket, self._bucket.names("registry/customers/"), Customer)

    def customer(self, customer: CustomerId) -> Customer:
        name = names.customer_name(customer)
        return _read(self._bucket.read(name).data, Customer, name)

    def add_customer(self, customer: Customer) -> None:
        """The slug is claimed first: of two that add one name at once, one is refused."""
        self._bucket.create(names.slug_name(customer.slug), customer.customer.encode())
        self.save_customer(customer)

    def save_customer(self, customer: Customer) -> None:
        self._save(names.customer_name(customer.customer), msgspec.json.encode(customer))

    def holdings(self) -> Iterator[Holding]:
        return _all(self._bucket, self._bucket.names("registry/holdings/"), Holding)

    def holding(self, customer: CustomerId, source: Source) -> Holding:
        name = names.holding_name(customer, source)
        return _read(self._bucket.read(name).data, Holding, name)

    def save_holding(self, holding: Holding) -> None:
        life = holding.life
        self._save(names.holding_name(life.customer, life.source), msgspec.json.encode(holding))

    def _save(self, name: str, data: bytes) -> None:
        try:
            generation = self._bucket.read(name).generation
        except NotFoundError:
            generation = 0
        self._bucket.replace(name, data, generation=generation)


class BucketFences:
    """A create-only object closes an epoch; nobody can open it again."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def close(self, life: HoldingEpoch, fence: Fence) -> Fence:
        try:
            self._bucket.create(names.fence_name(life), msgspec.json.encode(fence))
        except AlreadyExistsError:
            return self._standing(names.fence_name(life))
        return fence

    def fence(self, life: HoldingEpoch) -> Fence | None:
        try:
            return self._standing(names.fence_name(life))
        except NotFoundError:
            return None

    def _standing(self, name: str) -> Fence:
        return _read(self._bucket.read(name).data, Fence, name)

    def closed(self, life: HoldingEpoch) -> bool:
        return self._bucket.exists(names.fence_name(life))


class BucketCursors:
    """How far each change log was followed."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def read(self, corpus: Corpus) -> Seen[Cursor] | None:
        name = names.cursor_name(corpus)
        try:
            stored = self._bucket.read(name)
        except NotFoundError:
            return None
        return Seen(value=_read(stored.data, Cursor, name), stamp=stored.generation)

    def move(self, corpus: Corpus, cursor: Cursor, *, stamp: int) -> Seen[Cursor]:
        data = msgspec.json.encode(cursor)
        moved = self._bucket.replace(names.cursor_name(corpus), data, generation=stamp)
        return Seen(value=cursor, stamp=moved)


class BucketChannels:
    """The channels that Drive granted us."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def all(self, corpus: Corpus) -> Sequence[Channel]:
        found = self._bucket.names(names.channel_prefix(corpus))
        return list(_all(self._bucket, found, Channel))

    def add(self, channel: Channel) -> None:
        name = names.channel_name(channel.corpus, channel.channel)
        self._bucket.create(name, msgspec.json.encode(channel))

    def remove(self, channel: Channel) -> None:
        name = names.channel_name(channel.corpus, channel.channel)
        try:
            generation = self._bucket.read(name).generation
        except NotFoundError:
            return
        self._bucket.delete(name, generation=generation)


_VERDICT = ".verdict"


class BucketQuarantine:
    """Entries are create-only, and so is the verdict on each: nothing is ever taken back."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def put(self, entry: Quarantined) -> None:
        try:
            self._bucket.create(f"quarantine/{entry.id}.json", msgspec.json.encode(entry))
        except AlreadyExistsError:
            return  # seen before, at another time

    def all(self) -> Iterator[Quarantined]:
        found = list(self._bucket.names("quarantine/"))
        settled = {name.removesuffix(_VERDICT) for name in found if name.endswith(_VERDICT)}
        waiting = (n for n in found if n.endswith(".json") and n[: -len(".json")] not in settled)
        return _all(self._bucket, waiting, Quarantined)

    def settle(self, entry_id: str, verdict: Verdict) -> Quarantined:
        name = f"quarantine/{entry_id}.json"
        entry = _read(self._bucket.read(name).data, Quarantined, name)
        decided = f"quarantine/{entry_id}{_VERDICT}"
        if self._bucket.exists(decided):
            raise NotFoundError(f"{entry_id} waits no more: somebody decided already")
        self._bucket.create(decided, verdict.value.encode())
        return entry
