"""What deletion leaves: noncurrent versions, soft-deleted objects and buckets, or nothing."""

from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, NotFound

from localcloud.clock import Clock
from localcloud.storage import StorageServer

DAY = 86_400
CANARY = b"canary-5f1c9e77-canary"


def put(bucket: Any, name: str, content: bytes = b"content") -> Any:
    blob = bucket.blob(name)
    blob.upload_from_string(content, retry=None)
    return blob


def names(client: Any, bucket: Any, **options: Any) -> list[str]:
    return [blob.name for blob in client.list_blobs(bucket, **options)]


def files_with(folder: Path, needle: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_a_versioned_bucket_keeps_what_is_replaced(client: Any, versioned_bucket: Any) -> None:
    first, second = put(versioned_bucket, "name", b"1"), put(versioned_bucket, "name", b"2")
    old = versioned_bucket.get_blob("name", generation=first.generation)
    assert old.download_as_bytes(retry=None) == b"1"
    assert old.time_deleted is not None
    assert versioned_bucket.get_blob("name").time_deleted is None
    listed = list(client.list_blobs(versioned_bucket, versions=True))
    assert [blob.generation for blob in listed] == [first.generation, second.generation]
    assert names(client, versioned_bucket) == ["name"]


def test_a_delete_without_generation_only_archives(client: Any, versioned_bucket: Any) -> None:
    """T21."""
    blob = put(versioned_bucket, "name")
    versioned_bucket.delete_blob("name", retry=None)
    assert names(client, versioned_bucket) == []
    assert names(client, versioned_bucket, versions=True) == ["name"]
    old = versioned_bucket.blob("name", generation=blob.generation)
    assert old.download_as_bytes(retry=None) == b"content"


def test_a_delete_with_generation_is_for_good(client: Any, versioned_bucket: Any) -> None:
    """T28: `get_blob(n).delete()` sends the generation."""
    put(versioned_bucket, "name", b"1")
    put(versioned_bucket, "name", b"2")
    versioned_bucket.get_blob("name").delete(retry=None)
    assert not versioned_bucket.blob("name").exists(retry=None)
    (left,) = client.list_blobs(versioned_bucket, versions=True)
    assert left.download_as_bytes(retry=None) == b"1"
    left.delete(retry=None)
    assert names(client, versioned_bucket, versions=True) == []


def test_an_old_version_can_be_copied_to_be_live_again(versioned_bucket: Any) -> None:
    first = put(versioned_bucket, "name", b"1")
    put(versioned_bucket, "name", b"2")
    source = versioned_bucket.blob("name")
    versioned_bucket.copy_blob(
        source, versioned_bucket, "name", source_generation=first.generation, retry=None
    )
    assert versioned_bucket.blob("name").download_as_bytes(retry=None) == b"1"


def test_a_deleted_object_is_kept_for_seven_days_and_shown_only_on_request(
    client: Any, bucket: Any
) -> None:
    blob = put(bucket, "name")
    bucket.delete_blob("name", retry=None)
    assert names(client, bucket) == names(client, bucket, versions=True) == []
    (kept,) = client.list_blobs(bucket, soft_deleted=True)
    assert kept.generation == blob.generation
    assert (kept.hard_delete_time - kept.soft_delete_time).days == 7
    found = bucket.get_blob("name", generation=blob.generation, soft_deleted=True)
    assert found.size == 7
    assert bucket.get_blob("name", generation=blob.generation) is None


def test_what_is_replaced_is_soft_deleted_too(client: Any, bucket: Any) -> None:
    first = put(bucket, "name", b"1")
    put(bucket, "name", b"2")
    (kept,) = client.list_blobs(bucket, soft_deleted=True)
    assert kept.generation == first.generation


def test_a_soft_deleted_object_can_neither_be_read_nor_deleted(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    blob = put(bucket, "name")
    bucket.delete_blob("name", retry=None)
    old = bucket.blob("name", generation=blob.generation)
    with pytest.raises(NotFound):
        old.delete(retry=None)
    with pytest.raises(NotFound):
        old.download_as_bytes(retry=None)
    params = {"softDeleted": "true", "alt": "media", "generation": str(blob.generation)}
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}/o/name"
    assert http.get(url, params=params).status_code == 400
    assert http.get(url, params={"softDeleted": "true"}).status_code == 400


def test_a_restored_object_is_a_new_generation(client: Any, bucket: Any) -> None:
    blob = bucket.blob("name")
    blob.metadata = {"a": "b"}
    blob.upload_from_string(b"content", retry=None)
    bucket.delete_blob("name", retry=None)
    restored = bucket.restore_blob("name", generation=blob.generation, retry=None)
    assert restored.generation > blob.generation
    assert (restored.metageneration, restored.metadata) == (1, {"a": "b"})
    assert restored.soft_delete_time is None
    assert restored.download_as_bytes(retry=None) == b"content"
    assert names(client, bucket, soft_deleted=True) == ["name"]
    with pytest.raises(NotFound):
        bucket.restore_blob("name", generation=restored.generation, retry=None)


def test_the_policy_at_the_time_of_deletion_decides(
    client: Any, bucket: Any, storage_clock: Clock
) -> None:
    put(bucket, "early")
    put(bucket, "late")
    bucket.delete_blob("early", retry=None)
    bucket.soft_delete_policy.retention_duration_seconds = 0
    bucket.patch(retry=None)
    bucket.delete_blob("late", retry=None)
    assert names(client, bucket, soft_deleted=True) == ["early"]
    storage_clock.advance(7 * DAY + 1)
    assert names(client, bucket, soft_deleted=True) == []


def test_a_pause_of_hard_deletions_keeps_what_has_reached_its_time(
    client: Any,
    bucket: Any,
    storage_clock: Clock,
    storage_server: StorageServer,
    http: requests.Session,
) -> None:
    """T21."""
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}"
    put(bucket, "name")
    bucket.delete_blob("name", retry=None)
    pause = {"softDeletePolicy": {"hardDeletePause": {"enabled": True}}}
    assert http.patch(url, json=pause).status_code == 200
    storage_clock.advance(8 * DAY)
    assert names(client, bucket, soft_deleted=True) == ["name"]
    http.patch(url, json={"softDeletePolicy": {"hardDeletePause": {"enabled": False}}})
    assert names(client, bucket, soft_deleted=True) == []


def test_a_deleted_generation_leaves_no_bytes(
    bare_bucket: Any, storage_server: StorageServer, tmp_path: Path
) -> None:
    blob = bare_bucket.blob("name")
    blob.metadata = {"note": CANARY.decode()}
    blob.upload_from_string(CANARY * 100, retry=None)
    assert len(files_with(tmp_path, CANARY)) >= 2
    blob.delete(retry=None)
    assert files_with(tmp_path, CANARY) == []


def test_metadata_that_was_overwritten_leaves_with_its_object(
    bare_bucket: Any, storage_server: StorageServer, tmp_path: Path
) -> None:
    blob = bare_bucket.blob("name")
    for number in range(50):
        blob.metadata = {"note": CANARY.decode() * (number % 7 + 1)}
        blob.upload_from_string(b"content", retry=None)
    bare_bucket.delete_blob("name", retry=None)
    assert files_with(tmp_path, CANARY) == []


def test_soft_deleted_bytes_go_when_the_clock_says_so(
    bucket: Any, storage_clock: Clock, tmp_path: Path
) -> None:
    put(bucket, "name", CANARY)
    bucket.delete_blob("name", retry=None)
    storage_clock.advance(6 * DAY)
    assert files_with(tmp_path, CANARY) != []
    storage_clock.advance(DAY + 1)
    assert files_with(tmp_path, CANARY) == []


def test_bytes_that_another_object_shares_stay(bare_bucket: Any) -> None:
    source = put(bare_bucket, "source")
    copy = bare_bucket.copy_blob(source, bare_bucket, "copy", retry=None)
    source.delete(retry=None)
    assert copy.download_as_bytes(retry=None) == b"content"


def test_a_bucket_with_objects_cannot_be_deleted(versioned_bucket: Any) -> None:
    put(versioned_bucket, "name")
    versioned_bucket.delete_blob("name", retry=None)
    with pytest.raises(Conflict):
        versioned_bucket.delete(retry=None)


def test_a_deleted_bucket_is_soft_deleted_and_can_be_restored(
    client: Any, bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    blob = put(bucket, "name")
    bucket.delete_blob("name", retry=None)
    bucket.delete(retry=None)
    assert client.lookup_bucket(bucket.name, retry=None) is None
    (kept,) = client.list_buckets(soft_deleted=True)
    assert (kept.hard_delete_time - kept.soft_delete_time).days == 7
    restored = client.restore_bucket(bucket.name, generation=kept.generation)
    assert restored.soft_delete_time is None
    assert names(client, bucket) == []
    bucket.restore_blob("name", generation=blob.generation, retry=None)
    assert names(client, bucket) == ["name"]


def test_a_name_can_be_used_again_and_shows_nothing_of_the_deleted_bucket(
    client: Any, bucket: Any
) -> None:
    put(bucket, "name")
    bucket.delete_blob("name", retry=None)
    bucket.delete(retry=None)
    again = client.create_bucket(bucket.name)
    assert names(client, again, soft_deleted=True) == []
    (kept,) = client.list_buckets(soft_deleted=True)
    with pytest.raises(Conflict):
        client.restore_bucket(bucket.name, generation=kept.generation)


def test_a_bucket_that_once_kept_objects_is_kept_itself_and_ends_with_its_time(
    client: Any, bucket: Any, storage_clock: Clock, tmp_path: Path
) -> None:
    put(bucket, CANARY.decode(), CANARY)
    bucket.delete_blob(CANARY.decode(), retry=None)
    bucket.soft_delete_policy.retention_duration_seconds = 0
    bucket.patch(retry=None)
    bucket.delete(retry=None)
    assert len(list(client.list_buckets(soft_deleted=True))) == 1
    storage_clock.advance(7 * DAY + 1)
    assert list(client.list_buckets(soft_deleted=True)) == []
    assert files_with(tmp_path, CANARY) == []


def test_a_bucket_without_soft_delete_is_gone_at_once(client: Any, bare_bucket: Any) -> None:
    bare_bucket.delete(retry=None)
    assert list(client.list_buckets(soft_deleted=True)) == []


def test_soft_deleted_and_versions_are_not_listed_together(client: Any, bucket: Any) -> None:
    with pytest.raises(BadRequest):
        names(client, bucket, soft_deleted=True, versions=True)
