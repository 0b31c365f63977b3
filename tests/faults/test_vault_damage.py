"""Versions that were damaged where they lie: no wrong byte comes out as if it were right."""

import pytest
from google.cloud import storage

from custody.domain.erasure import Copy
from custody.domain.names import version_name
from custody.domain.vault import (
    FileId,
    Holding,
    Kind,
    RevisionId,
)
from custody.errors import (
    CorruptError,
)
from custody.steps.restore import Result
from custody.steps.verify import Verify, verify_versions
from faults.rig import Rig
from faults.shelf import LARGE, MIB, SMALL, VAULT, Shelf, rows, tamper


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
    world = rig.world
    run = Verify(places={Copy.VAULT: world.vault}, marks=world.marks, clock=world.now)
    count, outcomes = verify_versions(run, sealers, histories)
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


def test_a_base_that_is_gone_does_not_stop_what_is_captured_after(
    rig: Rig, holding: Holding, bucket: storage.Bucket
) -> None:
    data = rows(20_000, seed=3)
    file = rig.upload(holding, "rows.csv", data)
    rig.capture(holding, file.file_id)
    bucket.blob(rig.stored(holding.life)[0]).delete()
    rig.upload(holding, "rows.csv", data + b"two\n")
    rig.capture(holding, file.file_id)
    latest = rig.history(holding, file.file_id).versions[-1]
    assert (latest.kind, rig.read(latest)) == (Kind.FULL, data + b"two\n")


def test_a_version_name_that_is_taken_by_garbage_is_an_error(
    rig: Rig, holding: Holding, shelf: Shelf, bucket: storage.Bucket
) -> None:
    """Whoever may create could take a name; it must not pass for a version."""
    name = version_name(holding.life, FileId("file"), RevisionId("one"))
    bucket.blob(name).upload_from_string(b"garbage")
    with pytest.raises(CorruptError):
        shelf.store("one", SMALL)
