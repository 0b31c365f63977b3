"""Cloud Storage when it does not answer well: through vault, keys, index and ledger."""

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
from google.api_core.exceptions import BadRequest
from google.cloud import storage

from custody.adapters.objects import storage_client
from custody.domain.names import destroyed_name, keyset_name, version_name
from custody.domain.vault import (
    Draft,
    FileHistory,
    FileId,
    Holding,
    HoldingState,
    Kind,
    ObjectName,
    RevisionId,
    Version,
)
from custody.errors import (
    ConflictError,
    CorruptError,
    DeadlineError,
    MissingKeysetError,
    RefusedError,
    RetryableError,
    TornReadError,
    UnavailableError,
)
from custody.steps.holdings import open_holding
from custody.steps.restore import Result, verify_versions
from faults.rig import Rig
from samples import a_draft

MIB = 1 << 20
SMALL = b"id,amount\n1,20\n" * 1000
LARGE = random.Random(1).randbytes(9 * MIB)
"""Too large for one request: it goes up in a session of two chunks."""
VAULT = "custody-vault"
LEDGER = "custody-ledger"


class Shelf:
    """Stores versions of one file of one holding, as capture does."""

    def __init__(self, rig: Rig, holding: Holding) -> None:
        self.rig = rig
        self.life = holding.life
        self.vault = rig.world.vault
        self.sealer = rig.world.keys.unwrap(holding.life)

    def draft(self, revision: str, data: bytes, **known: object) -> Draft:
        draft = a_draft(revision, life=self.life, file_id=FileId("file"), size_bytes=len(data))
        return replace(draft, md5=hashlib.md5(data).hexdigest(), **known)  # type: ignore[arg-type]

    def store(
        self,
        revision: str,
        data: bytes,
        *,
        base: Version | None = None,
        content: Callable[[], Iterator[bytes]] | None = None,
        deadline: datetime | None = None,
    ) -> Version:
        return self.vault.store(
            self.draft(revision, data, number=1 if base else 0),
            content or (lambda: in_pieces(data)),
            sealer=self.sealer,
            base=base,
            latest=None,
            deadline=deadline or self.rig.world.now() + timedelta(minutes=5),
        )

    def read(self, version: Version) -> bytes:
        return b"".join(self.vault.content(version.name, sealer=self.sealer))

    @property
    def names(self) -> list[ObjectName]:
        return list(self.vault.names(self.life))


def in_pieces(data: bytes) -> Iterator[bytes]:
    return (data[start : start + MIB] for start in range(0, len(data), MIB))


def rows(count: int, seed: int) -> bytes:
    """Lines that zstd can do little with."""
    chance = random.Random(seed)
    return b"".join(b"%d,%032x\n" % (n, chance.getrandbits(128)) for n in range(count))


@pytest.fixture
def shelf(rig: Rig, holding: Holding) -> Shelf:
    return Shelf(rig, holding)


@pytest.fixture
def bucket(rig: Rig) -> storage.Bucket:
    """The vault's bucket in the hands of somebody else."""
    return storage_client(rig.storage.url).bucket(VAULT)


def tamper(bucket: storage.Bucket, name: str, place: int) -> None:
    """Flips one bit of a stored object."""
    data = bytearray(bucket.blob(name).download_as_bytes())
    data[place] ^= 1
    bucket.blob(name).upload_from_string(bytes(data))


# Writes whose answer is lost, and names that are taken (T27).


@pytest.mark.parametrize(("data", "skip"), [(SMALL, 0), (LARGE, 0), (LARGE, 1), (LARGE, 2)])
@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lost_answer_stores_a_version_once(
    rig: Rig, shelf: Shelf, data: bytes, skip: int, cut: str
) -> None:
    """T27: our own committed write comes back as somebody else's; it is taken for what it is."""
    rig.fails("storage.objects.insert", match=VAULT, cut=cut, skip=skip)
    version = shelf.store("one", data)
    assert rig.hits() == 1
    assert shelf.names == [version.name]
    assert shelf.read(version) == data


@pytest.mark.parametrize("data", [SMALL, LARGE])
def test_a_name_that_is_taken_gives_the_version_that_stands_there(
    rig: Rig, shelf: Shelf, data: bytes
) -> None:
    """T27: what is stored is the authority, not the attempt."""
    standing = shelf.store("one", SMALL)
    again = shelf.store("one", data)
    assert again == standing
    assert shelf.read(again) == SMALL


def test_a_large_version_that_another_delivery_finishes_first_comes_back(
    rig: Rig, shelf: Shelf
) -> None:
    """T27: the precondition is checked again when the last chunk arrives."""

    def overtaken() -> Iterator[bytes]:
        yield from in_pieces(LARGE)
        shelf.store("one", SMALL)

    version = shelf.store("one", LARGE, content=overtaken)
    assert shelf.names == [version.name]
    assert shelf.read(version) == SMALL


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("data", "skip"), [(SMALL, 0), (LARGE, 0), (LARGE, 1), (LARGE, 2)])
def test_an_upload_that_fails_for_a_while_is_finished(
    rig: Rig, shelf: Shelf, data: bytes, skip: int, status: int
) -> None:
    rig.fails("storage.objects.insert", match=VAULT, status=status, skip=skip)
    version = shelf.store("one", data)
    assert rig.hits() == 1
    assert shelf.read(version) == data


@pytest.mark.parametrize(
    ("data", "skip", "status"),
    [(SMALL, 0, 401), (SMALL, 0, 403), (LARGE, 0, 403), (LARGE, 1, 403), (LARGE, 2, 403)],
)
def test_an_upload_that_is_refused_is_delivered_again(
    rig: Rig, shelf: Shelf, data: bytes, skip: int, status: int
) -> None:
    """A grant that is missing now may be there in ten minutes: nothing is acknowledged."""
    rig.fails("storage.objects.insert", match=VAULT, status=status, skip=skip)
    with pytest.raises(RetryableError):
        shelf.store("one", data)
    assert shelf.names == []
    assert shelf.read(shelf.store("one", data)) == data


@pytest.mark.slow
@pytest.mark.parametrize("data", [SMALL, LARGE])
def test_storage_that_stays_away_is_left_to_the_redelivery(
    rig: Rig, shelf: Shelf, data: bytes
) -> None:
    rig.fails("storage.objects.insert", match=VAULT, status=503, times=None)
    with pytest.raises(UnavailableError):
        shelf.store("one", data)
    rig.calm_down()
    assert shelf.names == []
    assert shelf.read(shelf.store("one", data)) == data


def test_an_upload_with_a_wrong_checksum_is_refused(bucket: storage.Bucket) -> None:
    """What the line altered never becomes an object."""
    blob = bucket.blob("altered")
    blob.crc32c = "AAAAAA=="
    with pytest.raises(BadRequest):
        blob.upload_from_string(b"x", checksum=None)
    assert not blob.exists()


# Sources that break, deadlines that pass (T26, T20).


@pytest.mark.parametrize("size", [3 * MIB, 9 * MIB])
@pytest.mark.parametrize("error", [UnavailableError, OSError])
def test_a_source_that_breaks_leaves_no_object(
    rig: Rig, shelf: Shelf, size: int, error: type[Exception]
) -> None:
    """T26: Tink would end the ciphertext; nobody may ever see it."""

    def broken() -> Iterator[bytes]:
        yield from in_pieces(LARGE[:size])
        raise error("the source broke")

    with pytest.raises(error, match="the source broke"):
        shelf.store("one", LARGE, content=broken)
    assert shelf.names == []
    assert shelf.read(shelf.store("one", LARGE)) == LARGE


@pytest.mark.parametrize("data", [SMALL, LARGE])
def test_a_content_that_ends_early_leaves_no_object(rig: Rig, shelf: Shelf, data: bytes) -> None:
    """T26: shorter than Drive promised."""
    with pytest.raises(TornReadError):
        shelf.store("one", data, content=lambda: in_pieces(data[:-1]))
    assert shelf.names == []


@pytest.mark.parametrize("data", [b"", SMALL, LARGE])
def test_a_writer_that_is_late_sends_no_last_byte(rig: Rig, shelf: Shelf, data: bytes) -> None:
    """T20: a cut-off function goes on running; after its deadline an erasure may sweep."""
    deadline = rig.world.now() + timedelta(minutes=5)

    def slow() -> Iterator[bytes]:
        yield from in_pieces(data)
        rig.clock.advance(300)

    with pytest.raises(DeadlineError):
        shelf.store("one", data, content=slow, deadline=deadline)
    assert shelf.names == []


def test_a_same_content_is_not_noted_after_the_deadline(rig: Rig, shelf: Shelf) -> None:
    latest = shelf.store("one", SMALL)
    with pytest.raises(DeadlineError):
        shelf.vault.store(
            shelf.draft("two", SMALL),
            lambda: in_pieces(SMALL),
            sealer=shelf.sealer,
            base=None,
            latest=latest,
            deadline=rig.world.now(),
        )
    assert shelf.names == [latest.name]


# Bases that cannot be read while a delta is made.


@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize(
    "fault", [{"cut": "body"}, {"cut": "after"}, {"cut": "before"}, {"status": 503}]
)
def test_a_base_that_is_torn_for_a_moment_still_bears_a_right_version(
    rig: Rig, shelf: Shelf, skip: int, fault: dict[str, str | int]
) -> None:
    data = rows(60_000, seed=1)
    base = shelf.store("one", data)
    rig.fails("storage.objects.get", match=VAULT, skip=skip, **fault)
    version = shelf.store("two", data + b"more\n", base=base)
    assert rig.hits() == 1
    assert version.kind is Kind.DELTA
    assert shelf.read(version) == data + b"more\n"


@pytest.mark.parametrize("skip", [0, 1])
def test_a_base_whose_bytes_are_altered_on_the_way_never_makes_a_wrong_version(
    rig: Rig, shelf: Shelf, skip: int
) -> None:
    data = rows(60_000, seed=1)
    base = shelf.store("one", data)
    rig.fails("storage.objects.get", match=VAULT, corrupt=True, skip=skip)
    version = shelf.store("two", data + b"more\n", base=base)
    assert rig.hits() == 1
    assert shelf.read(version) == data + b"more\n"


@pytest.mark.parametrize("place", [0, 1000, -200, -20, -15, -1])
def test_a_damaged_base_makes_the_next_version_a_full_one(
    rig: Rig, shelf: Shelf, bucket: storage.Bucket, place: int
) -> None:
    data = rows(60_000, seed=1)
    base = shelf.store("one", data)
    tamper(bucket, base.name, place)
    version = shelf.store("two", data + b"more\n", base=base)
    assert (version.kind, version.base) == (Kind.FULL, None)
    assert shelf.read(version) == data + b"more\n"


@pytest.mark.parametrize("left", [0, 10, 1000])
def test_a_truncated_base_makes_the_next_version_a_full_one(
    rig: Rig, shelf: Shelf, bucket: storage.Bucket, left: int
) -> None:
    data = rows(60_000, seed=1)
    base = shelf.store("one", data)
    stored = bucket.blob(base.name).download_as_bytes()
    bucket.blob(base.name).upload_from_string(stored[-left:] if left else b"")
    version = shelf.store("two", data + b"more\n", base=base)
    assert (version.kind, shelf.read(version)) == (Kind.FULL, data + b"more\n")


def test_a_base_that_is_gone_makes_the_next_version_a_full_one(
    rig: Rig, shelf: Shelf, bucket: storage.Bucket
) -> None:
    base = shelf.store("one", SMALL)
    bucket.delete_blob(base.name)
    assert shelf.store("two", SMALL + b"more\n", base=base).kind is Kind.FULL


def test_a_base_that_is_not_given_for_now_is_waited_for(rig: Rig, shelf: Shelf) -> None:
    """A refusal may pass: a full version each time would cost the whole file."""
    base = shelf.store("one", rows(60_000, seed=1))
    rig.fails("storage.objects.get", match=VAULT, status=403)
    with pytest.raises(RetryableError):
        shelf.store("two", rows(60_000, seed=1) + b"more\n", base=base)
    assert shelf.names == [base.name]


# What is stored and damaged.


@pytest.mark.parametrize("place", [0, MIB, -300, -20, -15, -9, -1])
def test_damage_shows_when_a_version_is_read(
    rig: Rig, shelf: Shelf, bucket: storage.Bucket, place: int
) -> None:
    """T26: no altered byte comes out of the vault as if it were right."""
    version = shelf.store("one", rows(100_000, seed=2))
    tamper(bucket, version.name, place)
    with pytest.raises(CorruptError):
        shelf.read(version)


@pytest.mark.parametrize("left", [0, 10, 100, MIB, -1])
def test_a_truncated_object_shows_when_it_is_read(
    rig: Rig, shelf: Shelf, bucket: storage.Bucket, left: int
) -> None:
    version = shelf.store("one", rows(100_000, seed=2))
    data = bucket.blob(version.name).download_as_bytes()
    bucket.blob(version.name).upload_from_string(data[:left])
    with pytest.raises(CorruptError):
        shelf.read(version)


def test_an_object_under_another_name_is_none(
    rig: Rig, shelf: Shelf, bucket: storage.Bucket
) -> None:
    """A record is bound to its object's name."""
    one, two = shelf.store("one", b"1"), shelf.store("two", b"2")
    bucket.blob(one.name).upload_from_string(bucket.blob(two.name).download_as_bytes())
    with pytest.raises(CorruptError):
        shelf.read(one)


@pytest.mark.parametrize("fault", [{"cut": "body"}, {"status": 503}])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_version_is_read_over_a_bad_line(
    rig: Rig, shelf: Shelf, fault: dict[str, str | int], skip: int
) -> None:
    version = shelf.store("one", LARGE)
    rig.fails("storage.objects.get", match=VAULT, skip=skip, **fault)
    assert shelf.read(version) == LARGE
    assert rig.hits() == 1


def test_verify_finds_the_damaged_version_and_those_that_need_it(
    rig: Rig, holding: Holding, bucket: storage.Bucket
) -> None:
    data = rows(20_000, seed=3)
    for more in (b"", b"two\n", b"two\nthree\n"):
        file = rig.upload(holding, "rows.csv", data + more)
        rig.capture(holding, file.file_id)
    other = rig.upload(holding, "other.csv", b"other")
    rig.capture(holding, other.file_id)
    first, *deltas = rig.history(holding, file.file_id).versions
    tamper(bucket, first.name, 500)
    sealers = {holding.life: rig.world.keys.unwrap(holding.life)}
    histories = [rig.history(holding, one) for one in (file.file_id, other.file_id)]
    count, outcomes = verify_versions(rig.world.vault, sealers, histories)
    results = {one.version: one.result for one in outcomes}
    bad = {name for name, result in results.items() if result is Result.MISMATCH}
    assert (count, len(results)) == (4, 4)
    assert bad == {first.name, *(one.name for one in deltas)}


def test_a_version_that_was_damaged_does_not_harm_what_is_captured_after(
    rig: Rig, holding: Holding, bucket: storage.Bucket
) -> None:
    data = rows(20_000, seed=3)
    file = rig.upload(holding, "rows.csv", data)
    rig.capture(holding, file.file_id)
    tamper(bucket, rig.stored(holding.life)[0], 500)
    rig.upload(holding, "rows.csv", data + b"two\n")
    rig.capture(holding, file.file_id)
    assert rig.read(rig.history(holding, file.file_id).versions[-1]) == data + b"two\n"


# Buckets and keys that are not there.


@pytest.mark.parametrize(
    "setting", ["CUSTODY_VAULT_BUCKET", "CUSTODY_LEDGER_BUCKET", "CUSTODY_KEYS_BUCKET"]
)
def test_a_missing_bucket_is_no_silent_acknowledgement(
    rig: Rig, holding: Holding, setting: str
) -> None:
    """A wrong setting or a deleted bucket must not look like an erased epoch, or an empty store."""
    file = rig.upload(holding, "x.csv", b"x")
    with pytest.raises(RetryableError):
        rig.capture(holding, file.file_id, world=rig.world_with(**{setting: "custody-absent"}))
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [b"x"]


def test_a_fence_is_not_open_because_its_bucket_is_missing(rig: Rig, holding: Holding) -> None:
    world = rig.world_with(CUSTODY_LEDGER_BUCKET="custody-absent")
    with pytest.raises(RetryableError):
        world.fences.closed(holding.life)


def test_a_missing_keyset_stops_everything_and_is_never_made_anew(
    rig: Rig, holding: Holding
) -> None:
    file = rig.upload(holding, "x.csv", b"x")
    keys = storage_client(rig.storage.url).bucket("custody-keys")
    wrapped = keys.blob(keyset_name(holding.life)).download_as_bytes()
    keys.delete_blob(keyset_name(holding.life))
    with structlog.testing.capture_logs() as logged, pytest.raises(MissingKeysetError):
        rig.capture(holding, file.file_id)
    assert [line["event"] for line in logged] == ["keyset_missing"]
    assert not keys.blob(keyset_name(holding.life)).exists()
    assert rig.stored(holding.life) == []
    keys.blob(keyset_name(holding.life)).upload_from_string(wrapped)
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [b"x"]


def test_a_keyset_that_was_destroyed_is_never_made_again(rig: Rig, holding: Holding) -> None:
    life = replace(holding.life, epoch=2)
    keys = storage_client(rig.storage.url).bucket("custody-keys")
    keys.blob(destroyed_name(life)).upload_from_string(b"")
    rig.world.registry.save_holding(replace(holding, state=HoldingState.CLOSED))
    with pytest.raises(RefusedError):
        open_holding(rig.office, rig.world.registry.customer(life.customer), life.source)
    assert not keys.blob(keyset_name(life)).exists()
    assert rig.world.registry.holding(life.customer, life.source).life == holding.life


# The index and the ledger under conflicts and lost answers (T27).


def test_of_two_writers_of_an_index_one_is_told(rig: Rig, holding: Holding, shelf: Shelf) -> None:
    history = FileHistory(life=holding.life, file_id=FileId("file"))
    rig.world.index.write(history, stamp=0, sealer=shelf.sealer)
    with pytest.raises(ConflictError):
        rig.world.index.write(replace(history, file_name="x"), stamp=0, sealer=shelf.sealer)


@pytest.mark.parametrize("skip", range(3))
def test_a_capture_survives_a_lost_answer_of_any_write_to_the_ledger(
    rig: Rig, holding: Holding, skip: int
) -> None:
    """T27: whereabouts, index, quarantine: doing it twice is doing it once."""
    file = rig.upload(holding, "x.csv", b"x")
    rig.fails("storage.objects.insert", match=LEDGER, cut="after", skip=skip)
    rig.capture(holding, file.file_id)
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [b"x"]


def test_an_index_that_somebody_else_writes_meanwhile_is_added_to(
    rig: Rig, holding: Holding
) -> None:
    """Two deliveries of one file at once: neither forgets what the other learnt."""
    file = rig.upload(holding, "x.csv", b"x")
    rig.fails("storage.objects.insert", match=VAULT, delay_seconds=0.3, times=None)
    with ThreadPoolExecutor(2) as pool:
        deliveries = [pool.submit(rig.capture, holding, file.file_id)]
        time.sleep(0.1)
        rig.upload(holding, "x.csv", b"xy")
        deliveries.append(pool.submit(rig.capture, holding, file.file_id))
        for one in deliveries:
            one.result()
    assert rig.contents(holding, file.file_id) == [b"x", b"xy"]


def test_a_damaged_index_is_no_empty_one(rig: Rig, holding: Holding) -> None:
    """What cannot be read must not be overwritten: the vault rebuilds it."""
    file = rig.upload(holding, "x.csv", b"x")
    rig.capture(holding, file.file_id)
    ledger = storage_client(rig.storage.url).bucket(LEDGER)
    (blob,) = [blob for blob in ledger.list_blobs() if blob.name.endswith(f"/1/{file.file_id}")]
    tamper(ledger, blob.name, 50)
    with pytest.raises(CorruptError):
        rig.capture(holding, file.file_id)


def test_a_lost_answer_while_a_holding_is_saved_is_no_conflict(rig: Rig, holding: Holding) -> None:
    """T27: our own committed write comes back as 412; read back, compare, call it success."""
    rig.fails("storage.objects.insert", match=LEDGER, cut="after")
    rig.world.registry.save_holding(replace(holding, hold="a dispute"))
    assert rig.world.registry.holding(holding.life.customer, holding.life.source).hold


def test_a_lost_answer_while_a_holding_is_opened_leaves_it_open(rig: Rig) -> None:
    """T27: each of its writes in turn."""
    for skip in range(4):
        rig.fails("storage.objects.insert", cut="after", skip=skip)
        holding = rig.open()
        assert rig.hits() == 1
        rig.calm_down()
        file = rig.upload(holding, "x.csv", b"x")
        rig.capture(holding, file.file_id)
        assert rig.contents(holding, file.file_id) == [b"x"]


def test_a_ledger_that_fails_for_a_while_delays_a_capture_and_no_more(
    rig: Rig, holding: Holding
) -> None:
    file = rig.upload(holding, "x.csv", b"x")
    rig.fails("storage.objects.get", match=LEDGER, status=503)
    rig.fails("storage.objects.insert", match=LEDGER, status=429)
    rig.capture(holding, file.file_id)
    assert rig.hits() == 2
    assert rig.contents(holding, file.file_id) == [b"x"]


def test_a_version_name_that_is_taken_by_garbage_is_an_error(
    rig: Rig, holding: Holding, shelf: Shelf, bucket: storage.Bucket
) -> None:
    """Whoever may create could take a name; it must not pass for a version."""
    name = version_name(holding.life, FileId("file"), RevisionId("one"))
    bucket.blob(name).upload_from_string(b"garbage")
    with pytest.raises(CorruptError):
        shelf.store("one", SMALL)
