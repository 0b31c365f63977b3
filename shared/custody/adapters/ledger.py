"""The ledger's small records as JSON objects in a bucket, with compare-and-swap by generation."""

from collections.abc import Iterator, Sequence

import msgspec

from custody.adapters import records
from custody.adapters.objects import Bucket
from custody.domain import names
from custody.domain.channels import Channel
from custody.domain.drain_changes import Cursor
from custody.domain.drive import Corpus
from custody.domain.erasure import Fence
from custody.domain.quarantine import Quarantined, Verdict
from custody.domain.vault import Customer, CustomerId, Holding, HoldingEpoch, Source
from custody.errors import AlreadyExistsError, NotFoundError
from custody.ports import Seen


class BucketRegistry:
    """Who the customers are and what we hold of them."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def customers(self) -> Iterator[Customer]:
        return records.each(self._bucket, self._bucket.names("registry/customers/"), Customer)

    def customer(self, customer: CustomerId) -> Customer:
        return records.read(self._bucket, names.customer_name(customer), Customer)

    def add_customer(self, customer: Customer) -> None:
        """The slug is claimed first: of two that add one name at once, one is refused."""
        self._bucket.create(names.slug_name(customer.slug), customer.customer.encode())
        self.save_customer(customer)

    def save_customer(self, customer: Customer) -> None:
        records.save(self._bucket, names.customer_name(customer.customer), customer)

    def holdings(self) -> Iterator[Holding]:
        return records.each(self._bucket, self._bucket.names("registry/holdings/"), Holding)

    def holding(self, customer: CustomerId, source: Source) -> Holding:
        return records.read(self._bucket, names.holding_name(customer, source), Holding)

    def save_holding(self, holding: Holding) -> None:
        life = holding.life
        records.save(self._bucket, names.holding_name(life.customer, life.source), holding)


class BucketFences:
    """A create-only object closes an epoch; nobody can open it again."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def close(self, life: HoldingEpoch, fence: Fence) -> Fence:
        return records.once(self._bucket, names.fence_name(life), fence, Fence)

    def fence(self, life: HoldingEpoch) -> Fence | None:
        return records.maybe(self._bucket, names.fence_name(life), Fence)

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
        return Seen(value=records.decoded(stored.data, Cursor, name), stamp=stored.generation)

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
        return list(records.each(self._bucket, found, Channel))

    def add(self, channel: Channel) -> None:
        name = names.channel_name(channel.corpus, channel.channel)
        self._bucket.create(name, msgspec.json.encode(channel))

    def remove(self, channel: Channel) -> None:
        records.remove(self._bucket, names.channel_name(channel.corpus, channel.channel))


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
        return records.each(self._bucket, waiting, Quarantined)

    def settle(self, entry_id: str, verdict: Verdict) -> Quarantined:
        name = f"quarantine/{entry_id}.json"
        entry = records.read(self._bucket, name, Quarantined)
        decided = f"quarantine/{entry_id}{_VERDICT}"
        if self._bucket.exists(decided):
            raise NotFoundError(f"{entry_id} waits no more: somebody decided already")
        self._bucket.create(decided, verdict.value.encode())
        return entry
