"""Faults on request: what a client meets, and what was done all the same."""

import time
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    FlexibleChecksumError,
    ResponseStreamingError,
)

from amazon import Upload, code
from localcloud.clock import Clock
from localcloud.faults import Rule
from localcloud.s3 import S3Server

ROLE = "arn:aws:iam::123456789012:role/custody"


def put(s3: Any, bucket: str, name: str = "name") -> None:
    s3.put_object(Bucket=bucket, Key=name, Body=b"0123456789", IfNoneMatch="*")


def read(s3: Any, bucket: str, **asked: Any) -> bytes:
    data: bytes = s3.get_object(Bucket=bucket, Key="name", **asked)["Body"].read()
    return data


def test_an_error_is_answered_without_the_work(
    s3: Any, versions: str, s3_server: S3Server, http: requests.Session
) -> None:
    rule = {"method": "PutObject", "match": f"{versions}/name", "status": 503, "reason": "SlowDown"}
    assert http.post(f"{s3_server.url}/_faults", json=rule).ok
    put(s3, versions, "other")
    with pytest.raises(ClientError) as error:
        put(s3, versions)
    assert code(error) == (503, "SlowDown")
    assert s3.list_objects_v2(Bucket=versions)["KeyCount"] == 1
    put(s3, versions)
    assert http.get(f"{s3_server.url}/_faults").json()[0]["hits"] == 1


def test_each_call_is_met_by_its_name(
    s3: Any, versions: str, s3_server: S3Server, amazon: boto3.session.Session
) -> None:
    upload = Upload(s3, versions)
    sts = amazon.client("sts", endpoint_url=s3_server.url)
    target = {"Bucket": versions, "Key": "name"}
    asked = {"Objects": [{"Key": "name"}]}
    calls = {
        "HeadObject": lambda: s3.head_object(**target),
        "GetObject": lambda: s3.get_object(**target),
        "DeleteObject": lambda: s3.delete_object(**target),
        "DeleteObjects": lambda: s3.delete_objects(Bucket=versions, Delete=asked),
        "ListObjectsV2": lambda: s3.list_objects_v2(Bucket=versions),
        "ListObjectVersions": lambda: s3.list_object_versions(Bucket=versions),
        "ListMultipartUploads": lambda: s3.list_multipart_uploads(Bucket=versions),
        "CreateMultipartUpload": lambda: s3.create_multipart_upload(**target),
        "UploadPart": lambda: upload.send(b"part"),
        "CompleteMultipartUpload": upload.complete,
        "AbortMultipartUpload": upload.abort,
        "HeadBucket": lambda: s3.head_bucket(Bucket=versions),
        "GetObjectRetention": lambda: s3.get_object_retention(**target),
        "AssumeRoleWithWebIdentity": lambda: sts.assume_role_with_web_identity(
            RoleArn=ROLE,
            RoleSessionName="custody",
            WebIdentityToken="token",
        ),
    }
    for name, call in calls.items():
        s3_server.faults.clear()
        s3_server.faults.add(Rule(method=name, status=418, reason="Teapot"))
        with pytest.raises(ClientError) as error:
            call()  # type: ignore[no-untyped-call]
        assert code(error)[0] == 418, name
    sts.close()


def test_a_cut_before_does_nothing(s3: Any, versions: str, s3_server: S3Server) -> None:
    s3_server.faults.add(Rule(method="PutObject", cut="before"))
    with pytest.raises(ConnectionClosedError):
        put(s3, versions)
    assert s3.list_objects_v2(Bucket=versions)["KeyCount"] == 0


def test_a_cut_after_has_done_the_work(s3: Any, versions: str, s3_server: S3Server) -> None:
    """T27: the answer is lost, and a retry meets its own object."""
    s3_server.faults.add(Rule(method="PutObject", cut="after"))
    with pytest.raises(ConnectionClosedError):
        put(s3, versions)
    assert read(s3, versions) == b"0123456789"
    with pytest.raises(ClientError) as error:
        put(s3, versions)
    assert code(error) == (412, "PreconditionFailed")


def test_a_cut_body_ends_early(s3: Any, versions: str, s3_server: S3Server) -> None:
    put(s3, versions)
    s3_server.faults.add(Rule(method="GetObject", cut="body"))
    with pytest.raises(ResponseStreamingError):
        read(s3, versions)
    assert read(s3, versions) == b"0123456789"


def test_a_corrupt_download_differs_in_one_bit(s3: Any, versions: str, s3_server: S3Server) -> None:
    put(s3, versions)
    s3_server.faults.add(Rule(method="GetObject", corrupt=True, times=2))
    assert read(s3, versions, Range="bytes=0-8") == b"0123" + b"5" + b"5678"
    with pytest.raises(FlexibleChecksumError):
        read(s3, versions)


def test_a_delay_comes_before_the_work(s3: Any, versions: str, s3_server: S3Server) -> None:
    s3_server.faults.add(Rule(method="PutObject", delay_seconds=0.2))
    begun = time.monotonic()
    put(s3, versions)
    assert time.monotonic() - begun >= 0.2


def test_a_rule_that_makes_no_sense_is_refused(s3_server: S3Server, http: requests.Session) -> None:
    assert http.post(f"{s3_server.url}/_faults", json={"method": "PutObject"}).status_code == 400


def test_the_clock_is_turned_by_request(
    s3_server: S3Server, storage_clock: Clock, http: requests.Session
) -> None:
    before = storage_clock.time()
    assert http.post(f"{s3_server.url}/_clock", json={"advance": 3600}).ok
    assert storage_clock.time() - before >= 3600
