"""The ports Store and Witness of the copies in buckets: complete, for good, and seen anew."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import requests

from custody.adapters.copies.keys import KeysStore, KeysWitness
from custody.adapters.copies.ledger import LedgerStore, LedgerWitness
from custody.adapters.copies.offsite import OffsiteStore
from custody.adapters.copies.offsite_witness import OffsiteWitness
from custody.adapters.copies.vault import VaultStore, VaultWitness
from custody.adapters.objects import storage_client
from custody.domain import names
from custody.domain.erasure import ErasureId, Fate, Found, Horizon, Target, Thing, entry_of
from custody.domain.holds import Hold
from custody.domain.quarantine import Quarantined, Verdict, quarantined
from custody.domain.vault import (
    FileHistory,
    FileId,
    HoldingEpoch,
    ObjectName,
    RevisionId,
    Source,
)
from custody.errors import ConflictError, RefusedError, RetryableError, UnavailableError
from custody.ports import Store, Witness
from samples import LIFE, NOW, a_customer, a_draft, a_fence, a_holding, a_life
from worlds import copies
from worlds.localcloud import LocalServers, LocalWorld
from worlds.memory import MemoryWorld
from worlds.world import World
from worlds.writes import Crash

PAGE = copies.PAGE
DAY = timedelta(days=1)
NEIGHBOURS = [
    a_life(epoch=10),
    a_life(source="hub"),
    a_life(source="hubspot-eu"),
    a_life("c-abcdefghijk"),
    a_life("c-abcdefghijkl1"),
]
"""Lives whose names begin like those of LIFE, or the other way round."""


def a_target(life: HoldingEpoch = LIFE) -> Target:
    return Target(erasure=ErasureId("e-one"), life=life)


# What a copy has, put there as capture and its like do.


def versions(world: World, life: HoldingEpoch, count: int = 2 * PAGE + 1) -> list[str]:
    world.keys.create(life)
    sealer, deadline = world.keys.unwrap(life), world.now() + DAY
    stored = [
        world.vault.store(
            a_draft(f"r{number}", life=life),
            lambda: iter([b"one"]),
            sealer=sealer,
            base=None,
            latest=None,
            deadline=deadline,
        )
        for number in range(count)
    ]
    return sorted(version.name for version in stored)


def offsite_copies(world: World, life: HoldingEpoch, count: int = 2 * PAGE + 1) -> list[str]:
    """Versions as they are replicated, and the keyset twice: one is for the recovery key."""
    assert isinstance(world, MemoryWorld | LocalWorld)
    stored = versions(world, life, count)
    for name in stored:
        parcel = world.vault_shelf.take(ObjectName(name))
        world.offsite_shelf.put(parcel, deadline=world.now() + DAY)
    keysets = [names.keyset_name(life), names.recovery_name(life)]
    if isinstance(world, LocalWorld) and not world._offsite_keys_bucket.exists(keysets[1]):
        world._offsite_keys_bucket.create(keysets[1], b"wrapped for somebody else")
    return [*(f"keys/{name}" for name in keysets), *(f"versions/{name}" for name in stored)]


def a_keyset(world: World, life: HoldingEpoch) -> list[str]:
    world.keys.create(life)
    return [names.keyset_name(life)]


def an_index(world: World, life: HoldingEpoch, count: int = 2 * PAGE) -> list[str]:
    """Files, and one that waits in quarantine."""
    world.keys.create(life)
    files = [FileId(f"{life.source} file {number}") for number in range(count)]
    for file_id in files:
        world.index.note_whereabouts(file_id, life)
        history = FileHistory(life=life, file_id=file_id)
        world.index.write(history, stamp=0, sealer=world.keys.unwrap(life))
    entry = an_entry(life)
    world.quarantine.put(entry)
    return sorted([*(names.index_name(life, one) for one in files), entry_name(entry)])


def an_entry(life: HoldingEpoch, reference: str = "file-one", **known: Any) -> Quarantined:
    entry = quarantined(
        "file",
        "odd",
        reference,
        seen_at=NOW,
        customer=life.customer,
        source=life.source,
        epoch=life.epoch,
    )
    return replace(entry, **known)


def entry_name(entry: Quarantined) -> str:
    return f"quarantine/{entry.id}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One copy in one world: who erases it, who looks, and a hand that fills it."""

    world: World
    store: Store
    witness: Witness
    fill: Callable[[World, HoldingEpoch], list[str]]

    def put(self, life: HoldingEpoch = LIFE) -> list[str]:
        """The names of the things that were put there, in order."""
        return self.fill(self.world, life)

    def pages(self, life: HoldingEpoch = LIFE) -> Iterator[Found]:
        after: str | None = ""
        while after is not None:
            found = self.store.find(a_target(life), after)
            yield found
            after = found.last

    def names(self, life: HoldingEpoch = LIFE) -> list[str]:
        return [thing.name for page in self.pages(life) for thing in page.things]

    def erase(self, life: HoldingEpoch = LIFE) -> list[Thing]:
        """As the step does: what goes of each page, while the next is found behind it."""
        gone: list[Thing] = []
        self.store.close(a_target(life))
        for page in self.pages(life):
            going = [thing for thing in page.things if thing.fate is Fate.DELETE]
            self.store.delete(a_target(life), going)
            gone += going
        return gone

    def remaining(self, life: HoldingEpoch = LIFE, after: str = "", last: str | None = None) -> int:
        return self.witness.remaining(a_target(life), after, last)


def in_memory(world: MemoryWorld, kind: str) -> tuple[Store, Witness]:
    writes = world._writes
    if kind == "vault":
        return copies.MemoryVaultStore(writes, world.vault), copies.MemoryVaultWitness(world.vault)
    if kind == "keys":
        return copies.MemoryKeysStore(writes, world.keys), copies.MemoryKeysWitness(world.keys)
    if kind == "offsite":
        offsite = (world.offsite, world.offsite_keys)
        store = copies.MemoryOffsiteStore(writes, *offsite, world.now)
        return store, copies.MemoryOffsiteWitness(*offsite)
    ledger = (world.index, world.quarantine, world.registry, world.holds, world.marks)
    return copies.MemoryLedgerStore(writes, *ledger), copies.MemoryLedgerWitness(*ledger)


def on_storage(world: LocalWorld, kind: str) -> tuple[Store, Witness]:
    client = storage_client(world.settings.text("STORAGE_EMULATOR_HOST"))
    bucket = world.settings.text(f"CUSTODY_{kind.upper()}_BUCKET")
    made: dict[str, Any] = {
        "vault": (VaultStore, VaultWitness),
        "keys": (KeysStore, KeysWitness),
        "ledger": (LedgerStore, LedgerWitness),
    }
    store, witness = made[kind]
    return store(client, bucket, world.now, page=PAGE), witness(client, bucket)


def on_s3(world: LocalWorld) -> tuple[Store, Witness]:
    buckets = (world._named("OFFSITE"), world._named("OFFSITE_KEYS"))
    store = OffsiteStore(world.s3, *buckets, world.now, page=PAGE)
    return store, OffsiteWitness(world.s3, *buckets)


ON_STORAGE = {"vault": versions, "keys": a_keyset, "ledger": an_index}
FILLS = {**ON_STORAGE, "offsite": offsite_copies}


def side_of(world: World, kind: str) -> Side:
    if isinstance(world, MemoryWorld):
        store, witness = in_memory(world, kind)
    else:
        assert isinstance(world, LocalWorld)
        store, witness = on_s3(world) if kind == "offsite" else on_storage(world, kind)
    return Side(world=world, store=store, witness=witness, fill=FILLS[kind])


@pytest.fixture(params=FILLS)
def side(world: World, request: pytest.FixtureRequest) -> Side:
    return side_of(world, request.param)


# Complete.


def test_everything_is_found_page_by_page_in_the_order_of_names(side: Side) -> None:
    wanted = side.put()
    found = list(side.pages())
    assert [thing.name for page in found for thing in page.things] == wanted
    assert {thing.fate for page in found for thing in page.things} == {Fate.DELETE}
    assert [page.last for page in found] == [*wanted[PAGE - 1 : -1 : PAGE], None]
    assert side.names() == wanted, "finding changes nothing"


def test_what_was_never_there_is_not_found(side: Side) -> None:
    side.store.close(a_target())
    assert side.store.find(a_target(), "") == Found()
    assert side.remaining() == 0


def test_what_is_deleted_is_neither_found_nor_seen_again(side: Side) -> None:
    wanted = side.put()
    assert [thing.name for thing in side.erase()] == wanted
    assert side.names() == []
    assert side.remaining() == 0


def test_doing_it_twice_is_doing_it_once(side: Side) -> None:
    """T27: what is gone already is no error."""
    side.put()
    things = side.erase()
    side.store.close(a_target())
    side.store.delete(a_target(), things)
    assert side.names() == []
    assert side.remaining() == 0


def test_what_is_not_told_to_go_stays(side: Side) -> None:
    wanted = side.put()
    side.store.close(a_target())
    things = side.store.find(a_target(), "").things
    side.store.delete(a_target(), things[1:])
    assert side.names() == [wanted[0], *wanted[PAGE:]]


@pytest.mark.parametrize("neighbour", NEIGHBOURS, ids=str)
def test_nothing_of_a_neighbour_is_found_or_deleted(side: Side, neighbour: HoldingEpoch) -> None:
    """T21, T22: names that begin alike are compared whole."""
    ours, theirs = side.put(), side.put(neighbour)
    assert side.names() == ours
    side.erase()
    assert side.names(neighbour) == theirs
    assert side.remaining() == 0
    side.store.close(a_target(neighbour))
    assert side.remaining(neighbour) == len(theirs)
    side.erase(neighbour)
    assert side.remaining(neighbour) == 0


def test_the_witness_counts_what_stands_in_a_stretch(side: Side) -> None:
    wanted = side.put()
    side.store.close(a_target())
    assert side.remaining() == len(wanted)
    for number, name in enumerate(wanted, 1):
        assert side.remaining(last=name) == number
        assert side.remaining(after=name) == len(wanted) - number
        assert side.remaining(after=name, last=name) == 0
    assert side.remaining(after=wanted[0], last=wanted[-1]) == len(wanted) - 1


def test_where_nothing_is_kept_the_provider_alone_has_a_horizon(side: Side) -> None:
    """Google's promise for all of its backups: 180 days. Amazon makes none."""
    horizon = side.store.horizon(a_target())
    provider = None if side.fill is offsite_copies else 180 * DAY
    assert replace(horizon, notes=()) == Horizon(ours=timedelta(0), provider=provider)


# The keys.


@pytest.mark.parametrize("kind", ["keys", "offsite"])
def test_a_keyset_that_is_to_go_is_never_made_again(world: World, kind: str) -> None:
    """T25: not even between the mark and the deletion, here or off-site."""
    side = side_of(world, kind)
    side.put()
    side.store.close(a_target())
    with pytest.raises(RefusedError):
        world.keys.create(LIFE)
    side.erase()
    with pytest.raises(RefusedError):
        world.keys.create(LIFE)


@pytest.mark.parametrize("kind", ["keys", "offsite"])
def test_without_its_mark_no_keyset_is_called_destroyed(world: World, kind: str) -> None:
    """The absence of a keyset proves nothing while anybody may make it again."""
    with pytest.raises(RetryableError):
        side_of(world, kind).remaining()


def test_no_copy_of_a_keyset_is_made_once_its_epoch_is_erased(world: World) -> None:
    """T25: whoever completes the copies off-site comes late, or again."""
    side = side_of(world, "offsite")
    side.put()
    side.erase()
    with pytest.raises(RefusedError):
        world.keys.complete(LIFE)
    assert side.remaining() == 0


# The ledger.


def test_the_whereabouts_of_a_file_go_with_its_last_epoch(world: World) -> None:
    side, other = side_of(world, "ledger"), a_life("c-birch")
    side.put()
    gone, shared = FileId("hubspot file 0"), FileId("hubspot file 1")
    world.index.note_whereabouts(shared, other)
    side.erase()
    assert list(world.index.whereabouts(gone)) == []
    assert list(world.index.whereabouts(shared)) == [other]


def test_what_waits_in_quarantine_goes_with_the_epoch_that_it_is_about(world: World) -> None:
    side = side_of(world, "ledger")
    ours = [an_entry(LIFE, "a"), an_entry(LIFE, "b", epoch=None), an_entry(LIFE, "settled")]
    theirs = [
        an_entry(a_life(epoch=2), "c"),
        an_entry(LIFE, "d", customer=None, source=None, epoch=None, id="q-nobody"),
        an_entry(LIFE, "e", source=None, epoch=None, id="q-of-the-customer"),
    ]
    for entry in [*ours, *theirs]:
        world.quarantine.put(entry)
    world.quarantine.settle(ours[-1].id, Verdict.REJECTED)
    assert side.names() == sorted(map(entry_name, ours))
    side.erase()
    assert {entry.id for entry in world.quarantine.all()} == {entry.id for entry in theirs}
    assert side.remaining() == 0


def test_the_whereabouts_of_a_file_that_never_was_captured_go_with_its_entry(
    world: World,
) -> None:
    """It was noted, and then refused for good: the entry alone leads to it."""
    side, entry = side_of(world, "ledger"), an_entry(LIFE)
    world.index.note_whereabouts(FileId(entry.reference), LIFE)
    world.quarantine.put(entry)
    side.erase()
    assert list(world.index.whereabouts(FileId(entry.reference))) == []


def test_a_verdict_goes_with_its_entry(world: World) -> None:
    side, entry = side_of(world, "ledger"), an_entry(LIFE)
    world.quarantine.put(entry)
    world.quarantine.settle(entry.id, Verdict.REJECTED)
    side.erase()
    world.quarantine.put(entry)
    assert list(world.quarantine.all()) == [entry], "it waits again: no old verdict decides on it"


ENTRY = entry_of(LIFE.customer)


def a_registered(world: World, customer: str = LIFE.customer, slug: str = "acorn") -> list[str]:
    """A customer with two holdings, a hold and an entry that names no source."""
    record = a_customer(customer, slug)
    world.registry.add_customer(record)
    lives = [a_life(customer, "hubspot"), a_life(customer, "stripe")]
    for life in lives:
        world.registry.save_holding(a_holding(life))
    until = NOW + DAY
    source = Source("stripe")
    hold = Hold(customer=record.customer, source=source, reason="words", until=until, placed_at=NOW)
    world.books.holds.put(hold)
    entry = an_entry(lives[0], customer, source=None, epoch=None, id=f"q-{customer}")
    world.quarantine.put(entry)
    return [
        names.hold_name(record.customer, source),
        entry_name(entry),
        names.customer_name(record.customer),
        *(names.holding_name(life.customer, life.source) for life in lives),
    ]


def test_with_the_entry_of_a_customer_goes_all_that_is_known_of_it(world: World) -> None:
    """T24: the slug is a name, too; it can be taken again."""
    side = side_of(world, "ledger")
    wanted = a_registered(world)
    found = side.names(ENTRY)
    assert [name for name in found if not name.startswith("registry/slugs/")] == wanted
    side.erase(ENTRY)
    assert side.names(ENTRY) == []
    assert side.remaining(ENTRY) == 0
    assert not list(world.registry.customers())
    assert not list(world.registry.holdings())
    world.registry.add_customer(a_customer("c-another"))


@pytest.mark.parametrize("other", ["c-abcdefghijk", "c-abcdefghijkl1"])
def test_another_customer_keeps_its_entry(world: World, other: str) -> None:
    side = side_of(world, "ledger")
    a_registered(world)
    wanted = a_registered(world, other, "birch")
    side.erase(ENTRY)
    left = side.names(entry_of(a_customer(other).customer))
    assert [name for name in left if not name.startswith("registry/slugs/")] == wanted
    assert side.remaining(entry_of(a_customer(other).customer)) == len(left)


def test_the_proof_of_an_erasure_is_no_part_of_it(world: World) -> None:
    """Fences outlive everything, and so do marks."""
    ledger, keys = side_of(world, "ledger"), side_of(world, "keys")
    world.fences.close(LIFE, a_fence())
    ledger.put()
    a_registered(world)
    keys.erase()
    ledger.erase()
    ledger.erase(ENTRY)
    assert world.fences.closed(LIFE)
    with pytest.raises(RefusedError):
        world.keys.create(LIFE)


# Misbehaviour that a test orders of the stores in memory.


@pytest.fixture(params=FILLS)
def remembered(request: pytest.FixtureRequest) -> Side:
    return side_of(MemoryWorld(), request.param)


def store_of(side: Side) -> copies._MemoryStore:
    assert isinstance(side.store, copies._MemoryStore)
    return side.store


def test_a_stale_listing_is_noticed_by_the_witness(remembered: Side) -> None:
    """T7: absence is no evidence."""
    wanted = remembered.put()
    store_of(remembered).stale = 2
    assert remembered.erase() == []
    assert remembered.remaining() == len(wanted)
    assert remembered.names() == []
    assert remembered.names() == wanted


def test_a_store_in_memory_may_refuse(remembered: Side) -> None:
    remembered.put()
    store_of(remembered).refuses = RefusedError("no right")
    with pytest.raises(RefusedError):
        remembered.erase()


def test_what_is_retained_is_found_with_its_date_and_left(remembered: Side) -> None:
    *others, kept = remembered.put()
    store_of(remembered).retained = {kept: NOW + DAY}
    assert [thing.name for thing in remembered.erase()] == others
    (left,) = [thing for page in remembered.pages() for thing in page.things]
    assert (left.name, left.fate, left.until) == (kept, Fate.RETAINED, NOW + DAY)
    assert remembered.remaining() == 1


@pytest.mark.parametrize("takes_effect", [False, True])
def test_a_crash_between_two_deletions_orphans_nothing(takes_effect: bool) -> None:
    for count in range(1, 14):
        world = MemoryWorld()
        side = side_of(world, "ledger")
        side.put()
        world.crash_after(count, takes_effect=takes_effect)
        with pytest.raises(Crash):
            side.erase()
        side.erase()
        assert world.index._whereabouts == {}
        assert side.remaining() == 0


# What only Cloud Storage knows: generations, soft delete, holds and retention.


class Shelves:
    """The buckets of a local world, in the hands of somebody else."""

    def __init__(self, world: LocalWorld) -> None:
        self.world = world
        self.url = world.settings.text("STORAGE_EMULATOR_HOST")
        self._client = storage_client(self.url)

    def bucket(self, kind: str) -> Any:
        name = self.world.settings.text(f"CUSTODY_{kind.upper()}_BUCKET")
        return self._client.get_bucket(name)

    def set(self, kind: str, **settings: Any) -> Any:
        bucket = self.bucket(kind)
        for name, value in settings.items():
            setattr(bucket, name, value)
        bucket.patch()
        return bucket

    def soft_delete(self, kind: str, seconds: int, *, paused: bool = False) -> Any:
        bucket = self.bucket(kind)
        policy = {
            "retentionDurationSeconds": str(seconds),
            "hardDeletePause": {"enabled": paused},
        }
        url = f"{self.url}/storage/v1/b/{bucket.name}"
        assert requests.patch(url, json={"softDeletePolicy": policy}, timeout=10).ok
        return bucket

    def listed(self, kind: str, **what: Any) -> list[str]:
        return [blob.name for blob in self.bucket(kind).list_blobs(**what)]


@pytest.fixture
def shelves(servers: LocalServers) -> Shelves:
    return Shelves(LocalWorld(servers, f"p-{uuid.uuid4().hex[:20]}"))


@pytest.fixture(params=ON_STORAGE)
def stored(shelves: Shelves, request: pytest.FixtureRequest) -> Side:
    return side_of(shelves.world, request.param)


KIND_OF = {VaultStore: "vault", KeysStore: "keys", LedgerStore: "ledger"}


def kind_of(side: Side) -> str:
    return next(kind for store, kind in KIND_OF.items() if isinstance(side.store, store))


def write_again(bucket: Any, *wanted: str, times: int = 2) -> None:
    """What stands there becomes noncurrent where the bucket keeps versions."""
    for name in wanted:
        data = bucket.blob(name).download_as_bytes()
        for _ in range(times):
            bucket.blob(name).upload_from_string(data)


def test_every_generation_goes_where_a_bucket_keeps_versions(
    shelves: Shelves, stored: Side
) -> None:
    """T21: nothing noncurrent is left."""
    bucket = shelves.set(kind_of(stored), versioning_enabled=True)
    wanted = stored.put()
    write_again(bucket, *wanted)
    bucket.delete_blob(wanted[0])
    assert len(stored.names()) == 3 * len(wanted)
    stored.store.close(a_target())
    assert stored.remaining() == 3 * len(wanted)
    stored.erase()
    assert stored.remaining() == 0
    left = shelves.listed(kind_of(stored), versions=True)
    assert [name for name in left if not name.endswith(".destroyed")] == []


def test_old_whereabouts_go_where_a_bucket_keeps_versions(shelves: Shelves) -> None:
    bucket, index = shelves.set("ledger", versioning_enabled=True), shelves.world.index
    side, other = side_of(shelves.world, "ledger"), a_life("c-birch")
    side.put()
    alone, shared = FileId("hubspot file 0"), FileId("hubspot file 1")
    write_again(bucket, names.whereabouts_name(alone))
    index.note_whereabouts(shared, other)
    side.erase()
    kept = shelves.listed("ledger", prefix="index/", versions=True)
    assert kept == [names.whereabouts_name(shared)]
    assert list(index.whereabouts(shared)) == [other]


def test_what_has_no_checksum_is_read(shelves: Shelves) -> None:
    """Listings tell none of composed objects, nor under keys of our own."""
    side, bucket = side_of(shelves.world, "ledger"), shelves.bucket("ledger")
    side.put()
    a_registered(shelves.world)
    a_registered(shelves.world, "c-another", "birch")
    whereabouts = names.whereabouts_name(FileId("hubspot file 0"))
    claims = shelves.listed("ledger", prefix="registry/slugs/")
    for name in (whereabouts, *claims):
        bucket.blob(name).compose([bucket.blob(name)])
    side.erase()
    side.erase(ENTRY)
    assert shelves.listed("ledger", prefix="index/") == []
    assert shelves.listed("ledger", prefix="registry/slugs/") == [names.slug_name("birch")]


def test_whereabouts_that_name_others_alone_are_left_as_they_are(shelves: Shelves) -> None:
    side, other = side_of(shelves.world, "ledger"), a_life("c-birch")
    side.put()
    name = names.whereabouts_name(FileId("hubspot file 0"))
    blob = shelves.bucket("ledger").blob(name)
    blob.upload_from_string(msgspec.json.encode([other]))
    side.erase()
    assert shelves.listed("ledger", prefix="index/") == [name]
    assert shelves.bucket("ledger").get_blob(name).generation == blob.generation


def test_a_page_never_parts_the_generations_of_a_name(shelves: Shelves) -> None:
    bucket = shelves.set("vault", versioning_enabled=True)
    side = side_of(shelves.world, "vault")
    first, *others = side.put()
    write_again(bucket, first, times=PAGE)
    found = list(side.pages())
    assert [thing.name for thing in found[0].things] == [first] * (PAGE + 1)
    assert found[0].last == first
    assert [thing.name for page in found[1:] for thing in page.things] == others


def test_the_stamp_of_a_thing_is_its_generation(shelves: Shelves) -> None:
    """T28: exactly what was found is deleted, not what stands there later."""
    side, bucket = side_of(shelves.world, "vault"), shelves.bucket("vault")
    name, *_ = side.put()
    (thing, *_) = side.store.find(a_target(), "").things
    assert thing.stamp == str(bucket.get_blob(name).generation)
    write_again(bucket, name)
    side.store.delete(a_target(), [thing])
    assert bucket.blob(name).exists()


def test_a_deletion_that_only_archived_is_noticed(shelves: Shelves, stored: Side) -> None:
    """T21: DELETE without a generation makes a version noncurrent, and no more."""
    bucket = shelves.set(kind_of(stored), versioning_enabled=True)
    wanted = stored.put()
    stored.store.close(a_target())
    for name in wanted:
        bucket.delete_blob(name)
    assert shelves.listed(kind_of(stored), prefix=wanted[0]) == []
    assert stored.remaining() == len(wanted)
    assert stored.names() == wanted


def test_what_soft_delete_keeps_is_no_thing_and_has_its_date(shelves: Shelves) -> None:
    """T21: nobody can delete it; it goes at its hardDeleteTime, whatever is set meanwhile."""
    bucket = shelves.soft_delete("vault", 7 * 86_400)
    side = side_of(shelves.world, "vault")
    side.put()
    side.put(a_life(epoch=10))
    side.erase()
    shelves.soft_delete("vault", 10 * 86_400)
    side.erase(a_life(epoch=10))
    assert side.names() == []
    assert side.remaining() == 0
    ends = [blob.hard_delete_time for blob in bucket.list_blobs(soft_deleted=True)]
    ours = side.store.horizon(a_target()).ours_until
    assert ours is not None
    assert ours == max(end for end in ends if end < min(ends) + DAY)


def test_a_keyset_that_soft_delete_keeps_is_still_there(shelves: Shelves) -> None:
    """T23: whoever restores it reads everything."""
    shelves.soft_delete("keys", 7 * 86_400)
    side = side_of(shelves.world, "keys")
    (name,) = side.put()
    side.put(a_life(epoch=10))
    side.erase()
    (kept,) = [thing for page in side.pages() for thing in page.things]
    assert (kept.name, kept.fate) == (name, Fate.RETAINED)
    assert kept.until
    assert side.remaining() == 1
    assert side.remaining(after=name) == 0
    shelves.soft_delete("keys", 0)
    side.put(a_life(epoch=2))
    side.erase(a_life(epoch=2))
    assert side.remaining(a_life(epoch=2)) == 0


@pytest.mark.parametrize("hold", ["temporary_hold", "event_based_hold"])
def test_what_is_held_is_found_without_a_date_and_left(
    shelves: Shelves, stored: Side, hold: str
) -> None:
    wanted = stored.put()
    blob = shelves.bucket(kind_of(stored)).get_blob(wanted[0])
    setattr(blob, hold, True)
    blob.patch()
    assert [thing.name for thing in stored.erase()] == wanted[1:]
    (left,) = [thing for page in stored.pages() for thing in page.things]
    assert (left.name, left.fate, left.until) == (wanted[0], Fate.RETAINED, None)
    assert stored.remaining() == 1


def test_what_is_retained_is_found_with_its_date(shelves: Shelves, stored: Side) -> None:
    stored.put()
    bucket = shelves.set(kind_of(stored), retention_period=10 * 86_400)
    things = [thing for page in stored.pages() for thing in page.things]
    assert {thing.fate for thing in things} == {Fate.RETAINED}
    for thing in things:
        assert thing.until == bucket.get_blob(thing.name).retention_expiration_time


def test_a_retention_that_has_ended_forbids_nothing(shelves: Shelves) -> None:
    world = shelves.world
    versions(world, LIFE, 1)
    shelves.set("vault", retention_period=86_400)
    client, name = storage_client(shelves.url), shelves.bucket("vault").name
    later = VaultStore(client, name, lambda: datetime.now(UTC) + timedelta(days=1, minutes=1))
    (thing,) = later.find(a_target(), "").things
    assert (thing.fate, thing.until) == (Fate.DELETE, None)


def test_what_became_retained_is_looked_at_again(shelves: Shelves) -> None:
    side = side_of(shelves.world, "vault")
    side.put()
    things = side.store.find(a_target(), "").things
    shelves.set("vault", retention_period=86_400)
    with pytest.raises(ConflictError, match="look again"):
        side.store.delete(a_target(), things)
    shelves.set("vault", retention_period=None)
    blob = shelves.bucket("vault").get_blob(things[0].name)
    blob.temporary_hold = True
    blob.patch()
    with pytest.raises(ConflictError, match="look again"):
        side.store.delete(a_target(), things)
    assert side.names()[0] == things[0].name
    assert things[1].name not in side.names()


@pytest.mark.parametrize(
    ("settings", "ours", "told"),
    [
        ({}, timedelta(0), "soft delete is off"),
        ({"seconds": 7 * 86_400}, 7 * DAY, "604800 seconds"),
        ({"seconds": 7 * 86_400, "paused": True}, None, "paused"),
    ],
)
def test_the_horizon_follows_the_live_settings(
    shelves: Shelves, stored: Side, settings: dict[str, Any], ours: timedelta | None, told: str
) -> None:
    """T21: hardDeletePause keeps what is soft-deleted for ever."""
    shelves.soft_delete(kind_of(stored), **({"seconds": 0} | settings))
    horizon = stored.store.horizon(a_target())
    assert (horizon.ours, horizon.ours_until) == (ours, None)
    assert any(told in note for note in horizon.notes)


def test_the_horizon_tells_what_else_is_set(shelves: Shelves) -> None:
    bucket = shelves.set(
        "vault",
        versioning_enabled=True,
        retention_period=86_400,
        default_event_based_hold=True,
    )
    bucket.lock_retention_policy()
    notes = side_of(shelves.world, "vault").store.horizon(a_target()).notes
    for told in ("noncurrent", "86400 seconds, locked", "event-based hold"):
        assert any(told in note for note in notes)


def test_the_ledger_has_a_date_for_what_soft_delete_keeps_of_a_customer(shelves: Shelves) -> None:
    bucket = shelves.soft_delete("ledger", 7 * 86_400)
    side = side_of(shelves.world, "ledger")
    a_registered(shelves.world)
    side.erase(ENTRY)
    kept = {blob.name: blob.hard_delete_time for blob in bucket.list_blobs(soft_deleted=True)}
    places = ("holds/", "registry/customers/", "registry/holdings/")
    ends = [end for name, end in kept.items() if name.startswith(places)]
    assert side.store.horizon(a_target(ENTRY)).ours_until == max(ends)


def test_unfinished_uploads_end_before_anything_is_deleted(shelves: Shelves) -> None:
    """T21: whoever completes them later would bring back what was erased."""
    bucket = shelves.bucket("vault")
    root = f"{shelves.url}/{bucket.name}"
    for life in (LIFE, LIFE, *NEIGHBOURS):
        name = names.version_name(life, FileId("a b"), RevisionId("1"))
        assert requests.post(f"{root}/{name.replace('%', '%25')}?uploads", timeout=10).ok
    side = side_of(shelves.world, "vault")
    for _ in range(2):
        side.store.close(a_target())
    left = requests.get(root, params={"uploads": ""}, timeout=10).text
    assert left.count("<UploadId>") == len(NEIGHBOURS)
    assert f"<Key>{names.life_prefix(LIFE)}" not in left


def test_a_bucket_that_is_missing_proves_nothing(shelves: Shelves, stored: Side) -> None:
    """T7: neither that nothing was there, nor that it is gone."""
    stored.put()
    things = stored.store.find(a_target(), "").things
    bucket = shelves.bucket(kind_of(stored))
    bucket.delete(force=True)
    looks: Sequence[Callable[[], object]] = [
        lambda: stored.store.find(a_target(), ""),
        lambda: stored.store.delete(a_target(), things),
        lambda: stored.store.horizon(a_target()),
        stored.remaining,
    ]
    for look in looks:
        with pytest.raises(UnavailableError):
            look()
