"""Versions and delete markers: what a delete leaves, and how all of it is found."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from amazon import code, entries

CANARY = b"canary-5f1c9e77-canary"


def put(s3: Any, bucket: str, name: str, body: bytes = b"content") -> str:
    return str(s3.put_object(Bucket=bucket, Key=name, Body=body)["VersionId"])


def test_a_version_is_read_by_its_id(s3: Any, versions: str) -> None:
    first, second = put(s3, versions, "name", b"1"), put(s3, versions, "name", b"2")
    old = s3.get_object(Bucket=versions, Key="name", VersionId=first)
    assert (old["Body"].read(), old["VersionId"]) == (b"1", first)
    assert s3.get_object(Bucket=versions, Key="name")["VersionId"] == second
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=versions, Key="name", VersionId="nothing")
    assert code(error) == (404, "NoSuchVersion")


def test_a_plain_delete_leaves_a_marker_and_all_versions(s3: Any, versions: str) -> None:
    """T22."""
    first = put(s3, versions, "name")
    answer = s3.delete_object(Bucket=versions, Key="name")
    assert answer["DeleteMarker"]
    listed = s3.list_object_versions(Bucket=versions)
    assert [one["VersionId"] for one in listed["Versions"]] == [first]
    (marker,) = listed["DeleteMarkers"]
    assert (marker["VersionId"], marker["IsLatest"]) == (answer["VersionId"], True)
    assert "Contents" not in s3.list_objects_v2(Bucket=versions)
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=versions, Key="name")
    assert code(error) == (404, "NoSuchKey")
    assert s3.get_object(Bucket=versions, Key="name", VersionId=first)["Body"].read() == b"content"


def test_a_plain_delete_marks_what_was_never_there(s3: Any, versions: str) -> None:
    assert s3.delete_object(Bucket=versions, Key="name")["DeleteMarker"]
    assert len(s3.list_object_versions(Bucket=versions)["DeleteMarkers"]) == 1


def test_the_end_of_a_marker_brings_the_object_back(s3: Any, versions: str) -> None:
    put(s3, versions, "name")
    marker = s3.delete_object(Bucket=versions, Key="name")["VersionId"]
    answer = s3.delete_object(Bucket=versions, Key="name", VersionId=marker)
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, marker)
    assert s3.get_object(Bucket=versions, Key="name")["Body"].read() == b"content"


def test_a_delete_of_a_version_is_for_good(s3: Any, versions: str, tmp_path: Path) -> None:
    kept, gone = put(s3, versions, "name", b"kept"), put(s3, versions, "name", CANARY)
    s3.delete_object(Bucket=versions, Key="name", VersionId=gone)
    assert entries(s3.list_object_versions(Bucket=versions)) == [("name", kept, True)]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if CANARY in path.read_bytes()]


def test_a_delete_of_a_version_that_is_gone_succeeds(s3: Any, versions: str) -> None:
    version = put(s3, versions, "name")
    for _ in range(2):
        answer = s3.delete_object(Bucket=versions, Key="name", VersionId=version)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert entries(s3.list_object_versions(Bucket=versions)) == []


def test_names_are_listed_in_order_and_versions_newest_first(s3: Any, versions: str) -> None:
    """Also when they come within one millisecond."""
    made = {name: [put(s3, versions, name) for _ in range(3)] for name in ("b", "ab", "a", "é")}
    listed = entries(s3.list_object_versions(Bucket=versions))
    assert listed == [
        (name, version, version == made[name][-1])
        for name in ("a", "ab", "b", "é")
        for version in reversed(made[name])
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pages_hold_everything_once(s3: Any, versions: str, size: int) -> None:
    for name in ("a", "b", "c"):
        put(s3, versions, name)
        s3.delete_object(Bucket=versions, Key=name)
        put(s3, versions, name)
    whole = s3.list_object_versions(Bucket=versions)
    paginator = s3.get_paginator("list_object_versions")
    pages = list(paginator.paginate(Bucket=versions, PaginationConfig={"PageSize": size}))
    assert len(pages) == -(-9 // size)
    found = [one for page in pages for one in entries(page)]
    assert sorted(found) == sorted(entries(whole))
    assert len(found) == 9


def test_deleting_page_by_page_leaves_nothing(s3: Any, versions: str) -> None:
    """The version at which a page ended is gone when the next page is asked for."""
    for name in ("a", "b", "c"):
        for _ in range(3):
            put(s3, versions, name)
    paginator = s3.get_paginator("list_object_versions")
    for page in paginator.paginate(Bucket=versions, PaginationConfig={"PageSize": 2}):
        for name, version, _ in entries(page):
            s3.delete_object(Bucket=versions, Key=name, VersionId=version)
    assert entries(s3.list_object_versions(Bucket=versions)) == []


def test_a_prefix_and_a_delimiter_choose_what_is_listed(s3: Any, versions: str) -> None:
    for name in ("a/1", "a/2", "a/b/3", "a/b/4", "ab", "b"):
        put(s3, versions, name)
    listed = s3.list_object_versions(Bucket=versions, Prefix="a/", Delimiter="/")
    assert [one["Key"] for one in listed["Versions"]] == ["a/1", "a/2"]
    assert [one["Prefix"] for one in listed["CommonPrefixes"]] == ["a/b/"]


def test_many_are_deleted_at_once_and_each_is_told(s3: Any, versions: str) -> None:
    first, second = put(s3, versions, "a", b"1"), put(s3, versions, "a", b"2")
    asked = [{"Key": "a", "VersionId": first}, {"Key": "b"}]
    answer = s3.delete_objects(Bucket=versions, Delete={"Objects": asked})
    deleted = {one["Key"]: one for one in answer["Deleted"]}
    assert deleted["a"] == {"Key": "a", "VersionId": first}
    assert deleted["b"]["DeleteMarker"]
    marker = deleted["b"]["DeleteMarkerVersionId"]
    assert {one[:2] for one in entries(s3.list_object_versions(Bucket=versions))} == {
        ("a", second),
        ("b", marker),
    }
    quiet = {"Objects": [{"Key": "b", "VersionId": marker}], "Quiet": True}
    assert "Deleted" not in s3.delete_objects(Bucket=versions, Delete=quiet)


def test_more_than_a_thousand_are_not_deleted_at_once(s3: Any, versions: str) -> None:
    asked = [{"Key": str(number)} for number in range(1001)]
    with pytest.raises(ClientError) as error:
        s3.delete_objects(Bucket=versions, Delete={"Objects": asked})
    assert code(error) == (400, "MalformedXML")


def test_a_bucket_without_versions_replaces_and_deletes(
    s3: Any, versions: str, tmp_path: Path
) -> None:
    placed = {"LocationConstraint": "eu-central-1"}
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration=placed)
    s3.put_object(Bucket="plain", Key="name", Body=CANARY)
    s3.put_object(Bucket="plain", Key="name", Body=b"second")
    (left,) = s3.list_object_versions(Bucket="plain")["Versions"]
    assert (left["VersionId"], left["Size"]) == ("null", 6)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if CANARY in path.read_bytes()]
    s3.delete_object(Bucket="plain", Key="name")
    assert entries(s3.list_object_versions(Bucket="plain")) == []


def test_suspended_versions_keep_the_old_and_replace_the_null_one(s3: Any, versions: str) -> None:
    """As the S3 user guide has it of buckets whose versioning is suspended."""
    first = put(s3, versions, "name", b"1")
    s3.put_bucket_versioning(Bucket=versions, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=versions, Key="name", Body=b"2")
    s3.put_object(Bucket=versions, Key="name", Body=b"3")
    assert s3.get_object(Bucket=versions, Key="name")["Body"].read() == b"3"
    assert {one[1] for one in entries(s3.list_object_versions(Bucket=versions))} == {first, "null"}
    assert s3.delete_object(Bucket=versions, Key="name")["VersionId"] == "null"
    listed = s3.list_object_versions(Bucket=versions)
    assert [one["VersionId"] for one in listed["Versions"]] == [first]


def test_a_bucket_with_any_version_is_not_deleted(s3: Any, versions: str) -> None:
    version = put(s3, versions, "name")
    with pytest.raises(ClientError) as error:
        s3.delete_bucket(Bucket=versions)
    assert code(error) == (409, "BucketNotEmpty")
    s3.delete_object(Bucket=versions, Key="name", VersionId=version)
    s3.delete_bucket(Bucket=versions)
    assert s3.list_buckets()["Buckets"] == []
