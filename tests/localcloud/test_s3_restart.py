"""The server as a process: killed without warning, started again, and how much memory it takes."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from alone import Alone
from amazon import Upload, code, uploads

REGION = "eu-central-1"
REST = b"rest"
WHOLE = {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "FULL_OBJECT"}
MIB = 1 << 20
CANARY = b"canary-5f1c9e77-canary"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Alone]:
    made = Alone("s3", tmp_path)
    yield made
    made.clear()


@pytest.fixture
def client(amazon: boto3.session.Session) -> Iterator[Callable[[str], Any]]:
    made = []

    def connect(url: str) -> Any:
        made.append(amazon.client("s3", endpoint_url=url))
        return made[-1]

    yield connect
    for one in made:
        one.close()


def make_bucket(s3: Any) -> None:
    placed = {"LocationConstraint": REGION}
    s3.create_bucket(
        Bucket="bucket", CreateBucketConfiguration=placed, ObjectLockEnabledForBucket=True
    )


def listed(s3: Any) -> dict[str, Any]:
    """Everything that a listing says of versions and markers."""
    found = s3.list_object_versions(Bucket="bucket")
    return {kind: found.get(kind, []) for kind in ("Versions", "DeleteMarkers")}


def test_what_was_acknowledged_survives_a_kill(
    process: Alone, client: Callable[[str], Any]
) -> None:
    """With ids, dates, checksums and metadata, and in the same order."""
    s3 = client(process.start())
    make_bucket(s3)
    for number in range(20):
        s3.put_object(
            Bucket="bucket",
            Key=f"n{number % 7}",
            Body=b"%d" % number,
            ChecksumAlgorithm="SHA256",
            Metadata={"number": str(number)},
        )
    s3.delete_object(Bucket="bucket", Key="n1")
    gone = s3.put_object(Bucket="bucket", Key="n2", Body=b"")["VersionId"]
    s3.delete_object(Bucket="bucket", Key="n2", VersionId=gone)
    asked = {"Bucket": "bucket", "Key": "n3", "ChecksumMode": "ENABLED"}
    before, head = listed(s3), s3.head_object(**asked)
    process.end(signal.SIGKILL)
    s3 = client(process.start())
    assert listed(s3) == before
    after = s3.head_object(**asked)
    assert after["Metadata"] == {"number": "17"}
    for field in ("ChecksumSHA256", "LastModified", "ETag", "VersionId", "ContentType"):
        assert after[field] == head[field]
    for version in before["Versions"]:
        target = {"Bucket": "bucket", "Key": version["Key"], "VersionId": version["VersionId"]}
        answer = s3.get_object(**target)
        assert answer["Body"].read().decode() == answer["Metadata"]["number"]


def test_locks_and_settings_survive_a_kill(process: Alone, client: Callable[[str], Any]) -> None:
    s3 = client(process.start())
    make_bucket(s3)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    version = s3.put_object(Bucket="bucket", Key="name", Body=b"")["VersionId"]
    retention = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
    s3.put_object_retention(Bucket="bucket", Key="name", Retention=retention)
    process.end(signal.SIGKILL)
    s3 = client(process.start())
    assert s3.get_object_retention(Bucket="bucket", Key="name")["Retention"] == retention
    with pytest.raises(ClientError) as error:
        s3.delete_object(Bucket="bucket", Key="name", VersionId=version)
    assert code(error) == (403, "AccessDenied")
    assert s3.get_bucket_versioning(Bucket="bucket")["Status"] == "Enabled"
    assert s3.get_bucket_location(Bucket="bucket")["LocationConstraint"] == REGION
    assert s3.get_object_lock_configuration(Bucket="bucket")


def test_a_completed_upload_survives_a_kill_and_an_unfinished_one_does_not(
    process: Alone, client: Callable[[str], Any], tmp_path: Path
) -> None:
    s3 = client(process.start())
    make_bucket(s3)
    upload = Upload(s3, "bucket", **WHOLE).send(REST)
    done = upload.complete()
    unfinished = Upload(s3, "bucket", "unfinished").send(CANARY)
    process.end(signal.SIGKILL)
    s3 = client(process.start())
    assert s3.get_object(Bucket="bucket", Key="name")["Body"].read() == REST
    assert uploads(s3, "bucket") == []
    assert not [path for path in tmp_path.rglob("*.data") if CANARY in path.read_bytes()]
    target = {**upload.target, "MultipartUpload": {"Parts": upload.parts}}
    assert s3.complete_multipart_upload(**target)["VersionId"] == done["VersionId"]
    with pytest.raises(ClientError) as error:
        s3.abort_multipart_upload(**unfinished.target)
    assert code(error) == (404, "NoSuchUpload")


def test_what_a_kill_left_half_done_is_swept(
    process: Alone, client: Callable[[str], Any], tmp_path: Path
) -> None:
    s3 = client(process.start())
    make_bucket(s3)
    s3.put_object(Bucket="bucket", Key="name", Body=b"content")
    process.end(signal.SIGKILL)
    folder = tmp_path / "data" / "buckets" / "bucket"
    for left in ("7.data", "8.json.partial"):
        (folder / left).write_bytes(CANARY)
    s3 = client(process.start())
    assert [one["Key"] for one in listed(s3)["Versions"]] == ["name"]
    assert sorted(path.name for path in folder.iterdir()) == ["1.data", "1.json", "bucket.json"]
    s3.put_object(Bucket="bucket", Key="name", Body=b"second")
    assert [one["Size"] for one in listed(s3)["Versions"]] == [6, 7]
    s3.delete_object(Bucket="bucket", Key="name", VersionId=listed(s3)["Versions"][0]["VersionId"])
    assert s3.get_object(Bucket="bucket", Key="name")["Body"].read() == b"content"


def test_a_polite_end_is_clean(process: Alone, client: Callable[[str], Any]) -> None:
    make_bucket(client(process.start()))
    assert process.end(signal.SIGTERM) == 0


def test_large_uploads_and_downloads_take_the_memory_of_a_few_parts(
    process: Alone, client: Callable[[str], Any]
) -> None:
    s3 = client(process.start())
    make_bucket(s3)
    part = os.urandom(8 * MIB)
    Upload(s3, "bucket", "warm", **WHOLE).send(part).complete()
    before = peak = process.memory
    upload = Upload(s3, "bucket", **WHOLE)
    for _ in range(16):
        upload.send(part)
        peak = max(peak, process.memory)
    upload.complete()
    peak = max(peak, process.memory)
    body = s3.get_object(Bucket="bucket", Key="name")["Body"]
    for _ in body.iter_chunks(MIB):
        peak = max(peak, process.memory)
    assert peak - before < 40 * MIB
