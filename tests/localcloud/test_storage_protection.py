"""Holds and retention: what they forbid, until when, and who may loosen them."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, Forbidden, PreconditionFailed

from localcloud.clock import Clock
from localcloud.storage import StorageServer

DAY = 86_400


def put(bucket: Any, name: str = "name", content: bytes = b"content") -> Any:
    blob = bucket.blob(name)
    blob.upload_from_string(content, retry=None)
    return blob


def delete_live(bucket: Any) -> None:
    bucket.delete_blob("name", retry=None)


def delete_generation(bucket: Any) -> None:
    bucket.get_blob("name").delete(retry=None)


def replace(bucket: Any) -> None:
    put(bucket)


def replace_by_copy(bucket: Any) -> None:
    bucket.copy_blob(put(bucket, "source"), bucket, "name", retry=None)


def replace_by_compose(bucket: Any) -> None:
    bucket.blob("name").compose([put(bucket, "source")], retry=None)


def replace_resumably(bucket: Any) -> None:
    blob = bucket.blob("name", chunk_size=256 * 1024)
    blob.upload_from_file(io.BytesIO(b"x" * 300_000), retry=None)


ATTEMPTS = [
    delete_live,
    delete_generation,
    replace,
    replace_by_copy,
    replace_by_compose,
    replace_resumably,
]


@pytest.mark.parametrize("hold", ["temporary_hold", "event_based_hold"])
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_held_object_can_neither_go_nor_be_replaced(
    bare_bucket: Any, attempt: Callable[[Any], None], hold: str
) -> None:
    blob = put(bare_bucket)
    setattr(blob, hold, True)
    blob.patch(retry=None)
    with pytest.raises(Forbidden, match="hold and cannot be deleted, overwritten or archived"):
        attempt(bare_bucket)
    setattr(blob, hold, False)
    blob.patch(retry=None)
    attempt(bare_bucket)


def test_a_hold_forbids_archiving_too(versioned_bucket: Any) -> None:
    blob = put(versioned_bucket)
    blob.temporary_hold = True
    blob.patch(retry=None)
    with pytest.raises(Forbidden):
        delete_live(versioned_bucket)
    with pytest.raises(Forbidden):
        replace(versioned_bucket)


def test_the_metadata_of_a_held_object_can_change(bare_bucket: Any) -> None:
    blob = put(bare_bucket)
    blob.temporary_hold = True
    blob.patch(retry=None)
    blob.metadata = {"a": "b"}
    blob.patch(retry=None)
    assert bare_bucket.get_blob("name").metadata == {"a": "b"}


def test_a_bucket_can_hold_every_new_object(
    bare_bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    bare_bucket.default_event_based_hold = True
    bare_bucket.patch(retry=None)
    put(bare_bucket)
    assert bare_bucket.get_blob("name").event_based_hold is True
    url = f"{storage_server.url}/upload/storage/v1/b/{bare_bucket.name}/o"
    metadata = {"name": "free", "eventBasedHold": False}
    session = http.post(url, params={"uploadType": "resumable"}, json=metadata)
    assert http.put(session.headers["Location"], data=b"x").status_code == 200
    bare_bucket.delete_blob("free", retry=None)


@pytest.fixture
def retaining_bucket(bare_bucket: Any) -> Any:
    bare_bucket.retention_period = 10 * DAY
    bare_bucket.patch(retry=None)
    return bare_bucket


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_retained_object_can_neither_go_nor_be_replaced(
    retaining_bucket: Any, attempt: Callable[[Any], None], storage_clock: Clock
) -> None:
    put(retaining_bucket)
    storage_clock.advance(9 * DAY)
    with pytest.raises(Forbidden, match="retention policy"):
        attempt(retaining_bucket)
    storage_clock.advance(10 * DAY + 1)
    attempt(retaining_bucket)


def test_retention_is_retroactive_and_shown(bare_bucket: Any) -> None:
    blob = put(bare_bucket)
    bare_bucket.retention_period = 10 * DAY
    bare_bucket.patch(retry=None)
    blob.reload()
    ends = blob.time_created + timedelta(days=10)
    assert abs(blob.retention_expiration_time - ends) < timedelta(seconds=1)
    with pytest.raises(Forbidden):
        blob.delete(retry=None)


def test_a_retained_version_can_be_archived_but_not_deleted(
    versioned_bucket: Any, client: Any
) -> None:
    versioned_bucket.retention_period = DAY
    versioned_bucket.patch(retry=None)
    put(versioned_bucket)
    put(versioned_bucket)
    delete_live(versioned_bucket)
    versions = list(client.list_blobs(versioned_bucket, versions=True))
    assert len(versions) == 2
    for version in versions:
        with pytest.raises(Forbidden):
            version.delete(retry=None)


def test_the_condition_is_looked_at_before_the_retention(retaining_bucket: Any) -> None:
    put(retaining_bucket)
    with pytest.raises(PreconditionFailed):
        retaining_bucket.blob("name").delete(if_generation_match=1, retry=None)


def test_releasing_an_event_based_hold_starts_the_period_anew(
    retaining_bucket: Any, storage_clock: Clock
) -> None:
    blob = put(retaining_bucket)
    blob.event_based_hold = True
    blob.patch(retry=None)
    assert blob.retention_expiration_time is None
    storage_clock.advance(30 * DAY)
    blob.event_based_hold = False
    blob.patch(retry=None)
    with pytest.raises(Forbidden):
        blob.delete(retry=None)
    storage_clock.advance(10 * DAY + 1)
    blob.delete(retry=None)


def test_a_locked_policy_grows_and_does_nothing_else(retaining_bucket: Any) -> None:
    retaining_bucket.lock_retention_policy(retry=None)
    assert retaining_bucket.retention_policy_locked is True
    retaining_bucket.retention_period = 20 * DAY
    retaining_bucket.patch(retry=None)
    for period in (19 * DAY, None):
        retaining_bucket.retention_period = period
        with pytest.raises(Forbidden):
            retaining_bucket.patch(retry=None)
    retaining_bucket.reload(retry=None)
    assert retaining_bucket.retention_period == 20 * DAY
    assert retaining_bucket.retention_policy_locked is True


def test_an_unlocked_policy_can_be_removed(retaining_bucket: Any) -> None:
    blob = put(retaining_bucket)
    retaining_bucket.retention_period = None
    retaining_bucket.patch(retry=None)
    blob.delete(retry=None)


def test_locking_needs_the_right_metageneration_and_a_policy(
    bare_bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{bare_bucket.name}/lockRetentionPolicy"
    assert http.post(url).status_code == 400
    assert http.post(url, params={"ifMetagenerationMatch": 7}).status_code == 412
    assert http.post(url, params={"ifMetagenerationMatch": 1}).status_code == 400


@pytest.mark.parametrize("period", [0, 3_155_760_001])
def test_a_period_has_its_limits(
    bare_bucket: Any, storage_server: StorageServer, http: requests.Session, period: int
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{bare_bucket.name}"
    body = {"retentionPolicy": {"retentionPeriod": str(period)}}
    assert http.patch(url, json=body).status_code == 400


@pytest.fixture
def lockable_bucket(client: Any) -> Any:
    made = client.bucket("lockable-bucket")
    made.soft_delete_policy.retention_duration_seconds = 0
    return client.create_bucket(made, enable_object_retention=True)


def retain(blob: Any, mode: str | None, days: int | None, *, override: bool = False) -> None:
    blob.retention.mode = mode
    ends = datetime.now(UTC) + timedelta(days=days) if days else None
    blob.retention.retain_until_time = ends
    blob.patch(override_unlocked_retention=override, retry=None)


def test_an_object_can_be_retained_by_itself(lockable_bucket: Any, storage_clock: Clock) -> None:
    blob = put(lockable_bucket)
    retain(blob, "Unlocked", 5)
    for attempt in (delete_generation, delete_live):
        with pytest.raises(Forbidden) as error:
            attempt(lockable_bucket)
        assert error.value.errors[0]["reason"] == "retentionPolicyNotMet"
    with pytest.raises(Forbidden):
        replace(lockable_bucket)
    storage_clock.advance(6 * DAY)
    blob.delete(retry=None)


def test_an_unlocked_retention_is_loosened_only_on_purpose(lockable_bucket: Any) -> None:
    blob = put(lockable_bucket)
    retain(blob, "Unlocked", 5)
    retain(blob, "Unlocked", 6)
    for mode, days in (("Unlocked", 3), ("Locked", 6), (None, None)):
        with pytest.raises(Forbidden):
            retain(blob, mode, days)
    retain(blob, "Unlocked", 3, override=True)
    retain(blob, None, None, override=True)
    blob.delete(retry=None)


def test_a_locked_retention_only_grows(lockable_bucket: Any) -> None:
    blob = put(lockable_bucket)
    retain(blob, "Unlocked", 5)
    retain(blob, "Locked", 5, override=True)
    for mode, days in (("Locked", 4), ("Unlocked", 9), (None, None)):
        with pytest.raises(Forbidden):
            retain(blob, mode, days, override=True)
    retain(blob, "Locked", 9)


def test_a_retention_must_make_sense(lockable_bucket: Any, bare_bucket: Any) -> None:
    with pytest.raises(BadRequest, match="not enabled"):
        retain(put(bare_bucket), "Unlocked", 5)
    with pytest.raises(BadRequest, match="past"):
        retain(put(lockable_bucket, "a"), "Unlocked", -5)
    with pytest.raises(BadRequest, match="required"):
        retain(put(lockable_bucket, "b"), "Unlocked", None)
    held = put(lockable_bucket, "c")
    held.event_based_hold = True
    held.patch(retry=None)
    with pytest.raises(BadRequest, match="together"):
        retain(held, "Unlocked", 5)


def test_copies_are_free_of_holds_and_retention(lockable_bucket: Any) -> None:
    blob = put(lockable_bucket)
    blob.temporary_hold = True
    retain(blob, "Unlocked", 5)
    copy = lockable_bucket.copy_blob(blob, lockable_bucket, "copy", retry=None)
    copy.delete(retry=None)
