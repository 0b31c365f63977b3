"""Cloud Storage when it does not take or give versions well."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import storage

from custody.domain.vault import (
    Kind,
)
from custody.errors import (
    DeadlineError,
    RetryableError,
    TornReadError,
    UnavailableError,
)
from faults.rig import Rig
from faults.shelf import LARGE, MIB, SMALL, VAULT, Shelf, in_pieces, rows, tamper

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
