"""Who comes with a wrong region or a wrong clock is told so, and roles are given to everybody."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from amazon import code
from localcloud.clock import Clock
from localcloud.s3 import S3Server

ROLE = "arn:aws:iam::123456789012:role/custody-replicate"


@pytest.fixture
def elsewhere(amazon: boto3.session.Session, s3_server: S3Server) -> Iterator[Any]:
    """A client with another region than the buckets have."""
    made = amazon.client("s3", endpoint_url=s3_server.url, region_name="us-west-2")
    yield made
    made.close()


def test_a_wrong_region_is_told_the_right_one(
    s3_server: S3Server, versions: str, http: requests.Session
) -> None:
    scope = "Credential=key/20260101/us-west-2/s3/aws4_request"
    answer = http.put(
        f"{s3_server.url}/{versions}/name", headers={"Authorization": f"AWS4-HMAC-SHA256 {scope}"}
    )
    assert answer.status_code == 301
    assert answer.headers["x-amz-bucket-region"] == "eu-central-1"
    assert "<Code>PermanentRedirect</Code>" in answer.text


def test_amazons_client_follows_into_the_right_region(elsewhere: Any, versions: str) -> None:
    elsewhere.put_object(Bucket=versions, Key="name", Body=b"content")
    assert elsewhere.head_object(Bucket=versions, Key="name")["ContentLength"] == 7


def test_any_region_may_ask_where_a_bucket_is(elsewhere: Any, versions: str) -> None:
    assert elsewhere.get_bucket_location(Bucket=versions)["LocationConstraint"] == "eu-central-1"


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_off_is_refused(s3: Any, versions: str, minutes: int) -> None:
    sign_at(s3, timedelta(minutes=minutes))
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=versions, Key="name", Body=b"")
    assert code(error) == (403, "RequestTimeTooSkewed")


def test_a_clock_may_be_off_by_minutes(s3: Any, versions: str) -> None:
    sign_at(s3, timedelta(minutes=14))
    s3.put_object(Bucket=versions, Key="name", Body=b"")
    assert s3.list_objects_v2(Bucket=versions)["KeyCount"] == 1


def test_clients_sign_by_the_real_time_whatever_the_local_clock_says(
    s3: Any, versions: str, storage_clock: Clock
) -> None:
    storage_clock.advance(90 * 86_400)
    s3.put_object(Bucket=versions, Key="name", Body=b"")
    assert s3.list_objects_v2(Bucket=versions)["KeyCount"] == 1


def sign_at(s3: Any, offset: timedelta) -> None:
    """As a machine does whose clock is off."""
    date = (datetime.now(UTC) + offset).strftime("%Y%m%dT%H%M%SZ")

    def off(request: Any, **_: Any) -> None:
        del request.headers["X-Amz-Date"]
        request.headers["X-Amz-Date"] = date

    s3.meta.events.register("before-send.s3.PutObject", off)


def test_a_web_identity_gets_a_role_that_reads_and_writes(
    versions: str, amazon: boto3.session.Session, s3_server: S3Server
) -> None:
    sts = amazon.client("sts", endpoint_url=s3_server.url)
    given = sts.assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName="custody", WebIdentityToken="token"
    )["Credentials"]
    assert given["Expiration"] > datetime.now(UTC) + timedelta(minutes=50)
    client = amazon.client(
        "s3",
        endpoint_url=s3_server.url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    client.put_object(Bucket=versions, Key="name", Body=b"content")
    assert client.get_object(Bucket=versions, Key="name")["Body"].read() == b"content"
    client.close()
    sts.close()
