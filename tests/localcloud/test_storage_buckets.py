from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, NotFound, PreconditionFailed

from localcloud.clock import Clock
from localcloud.discovery import Api
from localcloud.storage import StorageServer
from localcloud.storage.routes import METHODS


def test_a_new_bucket_is_as_google_makes_it(bucket: Any) -> None:
    assert (bucket.location, bucket.location_type) == ("US", "multi-region")
    assert bucket.storage_class == "STANDARD"
    assert bucket.metageneration == 1
    assert bucket.soft_delete_policy.retention_duration_seconds == 604_800
    assert bucket.soft_delete_policy.effective_time is not None
    assert bucket.iam_configuration.uniform_bucket_level_access_enabled is False
    assert bucket.iam_configuration.public_access_prevention == "inherited"
    assert not bucket.versioning_enabled
    assert bucket.retention_period is None


def test_a_bucket_can_be_made_otherwise(client: Any) -> None:
    made = client.bucket("other-bucket")
    made.storage_class = "NEARLINE"
    made.labels = {"team": "data"}
    made.iam_configuration.uniform_bucket_level_access_enabled = True
    made.add_lifecycle_delete_rule(age=30)
    made.soft_delete_policy.retention_duration_seconds = 8 * 86_400
    made = client.create_bucket(made, location="europe-west1", enable_object_retention=True)
    found = client.get_bucket("other-bucket")
    assert (found.location, found.location_type) == ("EUROPE-WEST1", "region")
    assert (found.storage_class, found.labels) == ("NEARLINE", {"team": "data"})
    assert [dict(rule) for rule in found.lifecycle_rules] == [
        {"action": {"type": "Delete"}, "condition": {"age": 30}}
    ]
    assert found.soft_delete_policy.retention_duration_seconds == 8 * 86_400
    assert found.object_retention_mode == "Enabled"


def test_a_name_is_given_once(client: Any, bucket: Any) -> None:
    with pytest.raises(Conflict):
        client.create_bucket(bucket.name)


@pytest.mark.parametrize(
    "name", ["ab", "UPPER", "-dash", "dash-", "two..dots", "goog-x", "x" * 64, "sp ace"]
)
def test_names_have_rules(storage_server: StorageServer, http: requests.Session, name: str) -> None:
    url = f"{storage_server.url}/storage/v1/b"
    assert http.post(url, params={"project": "p"}, json={"name": name}).status_code == 400


@pytest.mark.parametrize("seconds", [1, 604_799, 7_776_001])
def test_soft_delete_lasts_seven_to_ninety_days(bucket: Any, seconds: int) -> None:
    bucket.soft_delete_policy.retention_duration_seconds = seconds
    with pytest.raises(BadRequest):
        bucket.patch(retry=None)


def test_the_effective_time_is_that_of_the_longer_policy(bucket: Any, storage_clock: Clock) -> None:
    made = bucket.soft_delete_policy.effective_time
    storage_clock.advance(100)
    bucket.soft_delete_policy.retention_duration_seconds = 0
    bucket.patch(retry=None)
    assert bucket.soft_delete_policy.effective_time == made
    bucket.soft_delete_policy.retention_duration_seconds = 604_800
    bucket.patch(retry=None)
    assert bucket.soft_delete_policy.effective_time >= made + timedelta(seconds=100)


def test_a_soft_delete_policy_that_is_unset_is_the_default(
    bare_bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{bare_bucket.name}"
    answer = http.patch(url, json={"softDeletePolicy": None})
    assert answer.json()["softDeletePolicy"]["retentionDurationSeconds"] == "604800"


def test_a_patch_merges_and_counts(bucket: Any) -> None:
    bucket.labels = {"a": "1", "b": "2"}
    bucket.patch(retry=None)
    bucket.labels = {"a": "1"}
    bucket.versioning_enabled = True
    bucket.patch(retry=None)
    assert (bucket.labels, bucket.versioning_enabled) == ({"a": "1"}, True)
    assert bucket.metageneration == 3


def test_an_update_replaces(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    bucket.labels = {"a": "1"}
    bucket.patch(retry=None)
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}"
    answer = http.put(url, json={"versioning": {"enabled": True}}).json()
    assert "labels" not in answer
    assert answer["versioning"] == {"enabled": True}
    assert answer["softDeletePolicy"]["retentionDurationSeconds"] == "604800"


def test_uniform_access_can_be_left_for_ninety_days(bucket: Any, storage_clock: Clock) -> None:
    access = bucket.iam_configuration
    access.uniform_bucket_level_access_enabled = True
    bucket.patch(retry=None)
    locks = bucket.iam_configuration.uniform_bucket_level_access_locked_time
    assert timedelta(days=89) < locks - datetime.now(UTC) < timedelta(days=91)
    storage_clock.advance(91 * 86_400)
    bucket.iam_configuration.uniform_bucket_level_access_enabled = False
    with pytest.raises(BadRequest):
        bucket.patch(retry=None)


def test_uniform_access_has_no_access_lists(bucket: Any) -> None:
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.patch(retry=None)
    with pytest.raises(BadRequest):
        bucket.blob("name").upload_from_string(b"x", predefined_acl="private", retry=None)


def test_buckets_are_listed_in_pages(client: Any) -> None:
    for number in range(5):
        client.create_bucket(f"page-{number}")
    client.create_bucket("another")
    found = client.list_buckets(prefix="page-", page_size=2)
    assert [[bucket.name for bucket in page] for page in found.pages] == [
        ["page-0", "page-1"],
        ["page-2", "page-3"],
        ["page-4"],
    ]


def test_a_policy_is_kept_and_guarded_by_its_etag(bucket: Any) -> None:
    policy = bucket.get_iam_policy(requested_policy_version=3, retry=None)
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"user:a@b.c"}})
    bucket.set_iam_policy(policy, retry=None)
    again = bucket.get_iam_policy(requested_policy_version=3, retry=None)
    assert again.bindings[-1] == {
        "role": "roles/storage.objectViewer",
        "members": {"user:a@b.c"},
    }
    with pytest.raises(PreconditionFailed):
        bucket.set_iam_policy(policy, retry=None)
    asked = ["storage.objects.get", "storage.objects.delete"]
    assert bucket.test_iam_permissions(asked, retry=None) == asked


def test_managed_folders_carry_policies(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}/managedFolders"
    assert http.post(url, json={"name": "fences/"}).json()["name"] == "fences/"
    assert http.post(url, json={"name": "fences/"}).status_code == 409
    assert http.post(url, json={"name": "no-slash"}).status_code == 400
    one = f"{url}/fences%2F"
    policy = http.get(f"{one}/iam").json()
    policy["bindings"] = [{"role": "roles/storage.objectCreator", "members": ["user:a@b.c"]}]
    assert http.put(f"{one}/iam", json=policy).status_code == 200
    assert http.put(f"{one}/iam", json=policy).status_code == 412
    assert http.get(f"{one}/iam").json()["bindings"] == policy["bindings"]
    assert [item["name"] for item in http.get(url).json()["items"]] == ["fences/"]
    bucket.blob("fences/a").upload_from_string(b"x", retry=None)
    assert http.delete(one).status_code == 409
    assert http.delete(one, params={"allowNonEmpty": "true"}).status_code == 204
    assert http.get(one).status_code == 404


def test_notification_configurations_are_kept(bucket: Any) -> None:
    made = bucket.notification(topic_name="topic", topic_project="project-1", payload_format="NONE")
    made.create(retry=None)
    assert made.notification_id == "1"
    (found,) = bucket.list_notifications(retry=None)
    assert (found.topic_name, found.payload_format) == ("topic", "NONE")
    found.delete(retry=None)
    assert list(bucket.list_notifications(retry=None)) == []
    with pytest.raises(NotFound):
        bucket.get_notification("1", retry=None)


def test_every_route_is_a_method_of_google() -> None:
    assert METHODS.keys() <= Api("storage", "v1").methods.keys()


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("GET", "/storage/v1/projects/p/hmacKeys", "storage.projects.hmacKeys.list"),
        ("GET", "/storage/v1/b/x/acl", "storage.bucketAccessControls.list"),
        ("POST", "/storage/v1/b/x/o/a/moveTo/o/b", "storage.objects.move"),
        ("POST", "/bucket/object?uploadId=x", "XML API"),
        ("PUT", "/bucket/object", "XML API"),
    ],
)
def test_what_is_not_written_is_refused_by_name(
    storage_server: StorageServer, http: requests.Session, verb: str, path: str, method: str
) -> None:
    answer = http.request(verb, storage_server.url + path)
    assert answer.status_code == 501
    assert method in answer.json()["error"]["message"]


def test_what_google_does_not_know_is_refused(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}"
    assert http.get(url, params={"colour": "red"}).status_code == 400
    assert http.patch(url, json={"colour": "red"}).status_code == 400
    assert http.patch(url, data="{").status_code == 400
    assert http.get(f"{storage_server.url}/storage/v1/nothing").status_code == 404


def test_the_discovery_document_is_served(
    storage_server: StorageServer, http: requests.Session
) -> None:
    document = http.get(f"{storage_server.url}/discovery/v1/apis/storage/v1/rest").json()
    assert document["rootUrl"] == f"{storage_server.url}/"
