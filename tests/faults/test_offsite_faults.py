"""Off-site when things go wrong: S3 away, elsewhere or out of step, and bytes that rot."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog

from custody.domain import names
from custody.domain.erasure import Copy
from custody.domain.events import ErasureStep, VersionStored
from custody.domain.vault import Holding, ObjectName, Version
from custody.errors import (
    CorruptError,
    NotFoundError,
    RateLimitedError,
    RetryableError,
    UnavailableError,
)
from custody.steps.drill import drill
from custody.steps.erase import erase
from custody.steps.replicate import replicate_version
from faults.rig import TIMEOUT_SECONDS, Rig
from faults.shelf import LARGE, VAULT, Shelf, rows
from localcloud.deployment import s3_client

Lines = list[structlog.typing.EventDict]
OFFSITE = "custody-offsite"


@pytest.fixture
def logged() -> Iterator[Lines]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def s3(rig: Rig) -> Any:
    """S3 in the hands of somebody else."""
    return s3_client(rig.s3.url)


def replicate(rig: Rig, version: Version, **settings: str) -> None:
    """One delivery of versions-stored."""
    world = rig.world_with(**settings) if settings else rig.world
    stored = VersionStored(life=version.life, file_id=version.file_id, version=version.name)
    replicate_version(world.replicate(TIMEOUT_SECONDS), stored)


def off_site(rig: Rig, version: Version) -> bytes:
    sealer = rig.world.offsite_keys.unwrap(version.life)
    return b"".join(rig.world.offsite.content(version.name, sealer=sealer))


def keep(rig: Rig, holding: Holding, data: bytes = b"one", name: str = "x.csv") -> Version:
    """A file of a customer, captured."""
    file = rig.upload(holding, name, data)
    rig.capture(holding, file.file_id)
    latest = rig.history(holding, file.file_id).latest
    assert latest is not None
    return latest


def flip(s3: Any, name: ObjectName, place: int = 3) -> None:
    """One bit of the present version of an object."""
    data = bytearray(s3.get_object(Bucket=OFFSITE, Key=name)["Body"].read())
    data[place] ^= 1
    s3.put_object(Bucket=OFFSITE, Key=name, Body=bytes(data))


def carry_out(rig: Rig) -> None:
    """What was ordered and rung for, as the functions would."""
    for copy in (Copy.VAULT, Copy.OFFSITE):
        for one in rig.published(f"erasure-tasks-{copy.value}"):
            erase(rig.world.erase, ErasureStep(**one | {"copy": copy}))
    for one in rig.published("versions-stored"):
        life, file_id, _ = names.parse_version_name(one["version"])
        stored = VersionStored(life=life, file_id=file_id, version=one["version"])
        replicate_version(rig.world.replicate(TIMEOUT_SECONDS), stored)


# Copies.


def test_a_copy_is_the_same_bytes_and_reads_back(rig: Rig, holding: Holding, s3: Any) -> None:
    version = keep(rig, holding)
    replicate(rig, version)
    there = s3.get_object(Bucket=OFFSITE, Key=version.name)["Body"].read()
    assert there == rig.world._bucket("CUSTODY_VAULT_BUCKET").read(version.name).data
    assert off_site(rig, version) == b"one"


def test_a_large_version_goes_in_parts_and_is_whole(rig: Rig, shelf: Shelf, s3: Any) -> None:
    """More than one part of 16 MiB; S3 checks the whole."""
    version = shelf.store("one", LARGE + LARGE)
    replicate(rig, version)
    assert "-2" in s3.head_object(Bucket=OFFSITE, Key=version.name)["ETag"]
    assert off_site(rig, version) == LARGE + LARGE


@pytest.mark.parametrize("method", ["UploadPart", "CompleteMultipartUpload"])
def test_an_upload_that_fails_leaves_nothing_and_the_next_one_succeeds(
    rig: Rig, shelf: Shelf, s3: Any, method: str
) -> None:
    version = shelf.store("one", LARGE + LARGE)
    rig.fails(method, match=version.name, status=503, reason="SlowDown", times=None)
    with pytest.raises(RateLimitedError):
        replicate(rig, version)
    rig.calm_down()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=OFFSITE, Prefix=version.name)
    replicate(rig, version)
    assert off_site(rig, version) == LARGE + LARGE


@pytest.mark.parametrize("data", [b"one", LARGE + LARGE])
def test_a_copy_whose_answer_was_lost_is_there_once(
    rig: Rig, shelf: Shelf, s3: Any, data: bytes
) -> None:
    """T27: what comes back as somebody else's write is our own."""
    version = shelf.store("one", data)
    method = "PutObject" if data == b"one" else "CompleteMultipartUpload"
    rig.fails(method, match=version.name, cut="after", times=1)
    replicate(rig, version)
    replicate(rig, version)
    assert rig.hits() == 1
    found = s3.list_object_versions(Bucket=OFFSITE, Prefix=version.name)["Versions"]
    assert len(found) == 1


def test_bytes_that_change_on_the_way_are_not_stored(rig: Rig, shelf: Shelf, s3: Any) -> None:
    version = shelf.store("one", rows(1000, seed=1))
    rig.fails("storage.objects.get", match=VAULT, corrupt=True, times=None, skip=1)
    with pytest.raises(RetryableError):
        replicate(rig, version)
    rig.calm_down()
    assert s3.list_objects_v2(Bucket=OFFSITE, Prefix=version.name)["KeyCount"] == 0


# S3 away, elsewhere, out of step.


def test_while_s3_is_down_nothing_is_lost_and_then_it_is_caught_up(
    rig: Rig, holding: Holding, logged: Lines
) -> None:
    version = keep(rig, holding)
    for method in ("PutObject", "ListObjectsV2", "HeadObject"):
        rig.fails(method, status=503, reason="ServiceUnavailable", times=None)
    with pytest.raises(UnavailableError):
        replicate(rig, version)
    rig.published("versions-stored")  # every message is lost
    rig.reconcile()
    assert "offsite_behind" in {line["event"] for line in logged}
    rig.calm_down()
    rig.reconcile()
    carry_out(rig)
    assert off_site(rig, version) == b"one"


def test_a_bucket_in_another_region_is_found_by_amazons_client(rig: Rig, holding: Holding) -> None:
    """S3 says where it is, and the client goes there; the doctor says so to a person."""
    version = keep(rig, holding)
    replicate(rig, version, CUSTODY_OFFSITE_REGION="us-east-1")
    assert off_site(rig, version) == b"one"


def test_a_bucket_that_cannot_be_found_anywhere_is_named_with_its_remedy(
    rig: Rig, holding: Holding
) -> None:
    version = keep(rig, holding)
    rig.fails("PutObject", status=301, reason="PermanentRedirect", times=None)
    with pytest.raises(UnavailableError, match="CUSTODY_OFFSITE_REGION"):
        replicate(rig, version)


def test_a_clock_that_is_off_is_named_with_its_remedy(rig: Rig, holding: Holding) -> None:
    version = keep(rig, holding)
    rig.fails("PutObject", status=403, reason="RequestTimeTooSkewed", times=None)
    with pytest.raises(UnavailableError, match="clock"):
        replicate(rig, version)


def test_a_bucket_that_is_not_there_is_tried_again(rig: Rig, holding: Holding) -> None:
    """It may be there in a while; nothing is acknowledged."""
    version = keep(rig, holding)
    with pytest.raises(UnavailableError):
        replicate(rig, version, CUSTODY_OFFSITE_BUCKET="no-such-bucket")


def test_no_s3_at_all_is_tried_again(rig: Rig, holding: Holding) -> None:
    version = keep(rig, holding)
    with pytest.raises(UnavailableError):
        replicate(rig, version, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")


# Bytes that rot.


@pytest.fixture
def old(rig: Rig, holding: Holding) -> Version:
    """A version in both places, for longer than a copy takes."""
    version = keep(rig, holding, rows(3000, seed=4))
    replicate(rig, version)
    rig.published("versions-stored")
    rig.clock.advance(timedelta(hours=2).total_seconds())
    return version


def run_drill(rig: Rig, logged: Lines) -> Lines:
    logged.clear()
    drill(rig.world.drill(TIMEOUT_SECONDS))
    return [line for line in logged if line["event"] in ("drill_failed", "drill_passed")]


@pytest.mark.parametrize("place", [3, -300, -12])
def test_a_bit_of_the_vault_that_flips_is_found_by_the_drill_and_repaired_from_off_site(
    rig: Rig, old: Version, s3: Any, logged: Lines, place: int
) -> None:
    vault = rig.world._bucket("CUSTODY_VAULT_BUCKET")
    stored = vault.read(old.name)
    damaged = bytearray(stored.data)
    damaged[place] ^= 1
    vault.replace(old.name, bytes(damaged), generation=stored.generation)
    assert {line.get("copy") for line in run_drill(rig, logged)} >= {"vault"}
    carry_out(rig)
    assert vault.read(old.name).data == stored.data
    assert [line["event"] for line in run_drill(rig, logged)] == ["drill_passed"]


@pytest.mark.parametrize("place", [3, -300, -12])
def test_a_bit_off_site_that_flips_is_found_by_the_drill_and_repaired_from_the_vault(
    rig: Rig, old: Version, s3: Any, logged: Lines, place: int
) -> None:
    whole = s3.get_object(Bucket=OFFSITE, Key=old.name)["Body"].read()
    flip(s3, old.name, place)
    assert {line.get("copy") for line in run_drill(rig, logged)} >= {"offsite"}
    carry_out(rig)
    assert s3.get_object(Bucket=OFFSITE, Key=old.name)["Body"].read() == whole
    assert [line["event"] for line in run_drill(rig, logged)] == ["drill_passed"]


def test_a_damaged_copy_is_never_taken_for_a_new_version(rig: Rig, old: Version, s3: Any) -> None:
    flip(s3, old.name)
    with pytest.raises(CorruptError):
        replicate(rig, old)


def test_what_somebody_deleted_off_site_comes_back_from_the_vault(
    rig: Rig, holding: Holding, old: Version, s3: Any
) -> None:
    """A plain DELETE lays a marker over the object (T22): it is missing all the same."""
    s3.delete_object(Bucket=OFFSITE, Key=old.name)
    sealer = rig.world.keys.unwrap(holding.life)
    with pytest.raises(NotFoundError):
        rig.world.offsite.version(old.name, sealer=sealer)
    rig.reconcile()
    carry_out(rig)
    assert rig.world.offsite.version(old.name, sealer=sealer) == old


def test_what_somebody_deleted_in_the_vault_comes_back_from_off_site(
    rig: Rig, holding: Holding, old: Version
) -> None:
    vault = rig.world._bucket("CUSTODY_VAULT_BUCKET")
    stored = vault.read(old.name)
    vault.delete(old.name, generation=stored.generation)
    rig.reconcile()
    carry_out(rig)
    assert vault.read(old.name).data == stored.data


def test_reading_off_site_goes_on_over_a_bad_line(rig: Rig, shelf: Shelf) -> None:
    version = shelf.store("one", LARGE)
    replicate(rig, version)
    rig.fails("GetObject", match=version.name, cut="body", skip=2)
    assert off_site(rig, version) == LARGE
    assert rig.hits() == 1
