"""What S3 does with objects: written once, read in parts, found by their names."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from amazon import code
from localcloud.clock import Clock
from localcloud.s3 import S3Server

ODD_NAMES = ["a b", "a+b", "a%2Fb", "a//b", "/a", "ünï/c&d=?#x", "a.", "..", "~", "日本"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_stays_as_it_was_given(s3: Any, versions: str, name: str) -> None:
    s3.put_object(Bucket=versions, Key=name, Body=name.encode())
    assert s3.get_object(Bucket=versions, Key=name)["Body"].read() == name.encode()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=versions)["Contents"]] == [name]
    assert [one["Key"] for one in s3.list_object_versions(Bucket=versions)["Versions"]] == [name]


def test_content_is_read_whole_and_in_parts(s3: Any, versions: str) -> None:
    s3.put_object(Bucket=versions, Key="name", Body=b"0123456789")

    def part(asked: str) -> bytes:
        data: bytes = s3.get_object(Bucket=versions, Key="name", Range=asked)["Body"].read()
        return data

    assert s3.get_object(Bucket=versions, Key="name")["Body"].read() == b"0123456789"
    assert part("bytes=2-4") == b"234"
    assert part("bytes=7-99") == b"789"
    assert part("bytes=-3") == b"789"
    with pytest.raises(ClientError) as error:
        part("bytes=10-12")
    assert code(error) == (416, "InvalidRange")


def test_a_head_tells_size_time_and_metadata(s3: Any, versions: str, storage_clock: Clock) -> None:
    """Time is that of the local clock, which may be ahead."""
    storage_clock.advance(90 * 86_400)
    s3.put_object(Bucket=versions, Key="name", Body=b"12345", Metadata={"format": "1"})
    head = s3.head_object(Bucket=versions, Key="name")
    assert (head["ContentLength"], head["Metadata"]) == (5, {"format": "1"})
    assert abs(head["LastModified"] - storage_clock.now()) < timedelta(seconds=5)


def test_an_empty_object_is_an_object(s3: Any, versions: str) -> None:
    s3.put_object(Bucket=versions, Key="name", Body=b"")
    assert s3.get_object(Bucket=versions, Key="name")["Body"].read() == b""


def test_a_conditional_create_does_not_replace(s3: Any, versions: str) -> None:
    s3.put_object(Bucket=versions, Key="name", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=versions, Key="name", Body=b"second", IfNoneMatch="*")
    assert code(error) == (412, "PreconditionFailed")
    assert s3.get_object(Bucket=versions, Key="name")["Body"].read() == b"first"


def test_a_conditional_create_may_follow_a_delete_marker(s3: Any, versions: str) -> None:
    """S3 takes a name whose newest version is a marker for free ("Conditional writes")."""
    s3.put_object(Bucket=versions, Key="name", Body=b"first")
    s3.delete_object(Bucket=versions, Key="name")
    s3.put_object(Bucket=versions, Key="name", Body=b"second", IfNoneMatch="*")
    assert s3.get_object(Bucket=versions, Key="name")["Body"].read() == b"second"


def test_of_many_conditional_creates_one_succeeds(s3: Any, versions: str) -> None:
    together = Barrier(8)
    body = bytes(1 << 20)

    def create(name: str) -> bool:
        together.wait()
        try:
            s3.put_object(Bucket=versions, Key=name, Body=body, IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for name in ("a", "b", "c"):
            assert sum(pool.map(create, [name] * 8)) == 1
    assert len(s3.list_object_versions(Bucket=versions)["Versions"]) == 3


def test_what_is_missing_is_named(s3: Any, versions: str) -> None:
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=versions, Key="name")
    assert code(error) == (404, "NoSuchKey")
    with pytest.raises(ClientError) as error:
        s3.head_object(Bucket=versions, Key="name")
    assert code(error) == (404, "404")
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket="nowhere", Key="name")
    assert code(error) == (404, "NoSuchBucket")


def test_listings_go_by_prefix_and_page_by_page(s3: Any, versions: str) -> None:
    names = [f"{letter}/{number}" for letter in "abc" for number in range(5)]
    for name in reversed(names):
        s3.put_object(Bucket=versions, Key=name, Body=b"")
    paginator = s3.get_paginator("list_objects_v2")

    def listed(**asked: Any) -> list[str]:
        pages = paginator.paginate(Bucket=versions, PaginationConfig={"PageSize": 2}, **asked)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    assert listed() == names
    assert listed(Prefix="b/") == names[5:10]
    assert listed(Prefix="b/3") == ["b/3"]


def test_every_access_key_is_let_in(s3: Any, amazon: Any, s3_server: S3Server) -> None:
    other = amazon.client(
        "s3",
        endpoint_url=s3_server.url,
        aws_access_key_id="ASIAOTHER",
        aws_secret_access_key="other",
        aws_session_token="token",
    )
    assert other.list_buckets()["Buckets"] == []
    other.close()


def test_an_unknown_request_is_refused_as_not_a_part_of_this(
    s3_server: S3Server, http: requests.Session
) -> None:
    answer = http.post(f"{s3_server.url}/bucket/name")
    assert answer.status_code == 501
    assert "<Code>NotImplemented</Code>" in answer.text
