"""Uploads in parts: one object at the end, or nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import google_crc32c
import pytest
from botocore.exceptions import ClientError

from amazon import Upload, code, crc32c, uploads
from localcloud.clock import Clock

PART = b"0123456789abcdef" * (5 << 16)
"""The least that a part may have that is not the last."""
REST = b"rest"
CANARY = b"canary-5f1c9e77-canary"
WHOLE = {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "FULL_OBJECT"}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.data") if path.is_file()]


def test_parts_become_one_version(s3: Any, versions: str) -> None:
    upload = Upload(s3, versions, Metadata={"format": "1"}, **WHOLE).send(PART, PART, REST)
    assert "Versions" not in s3.list_object_versions(Bucket=versions)
    done = upload.complete(ChecksumCRC32C=crc32c(PART + PART + REST), ChecksumType="FULL_OBJECT")
    (version,) = s3.list_object_versions(Bucket=versions)["Versions"]
    assert (version["VersionId"], version["ETag"]) == (done["VersionId"], done["ETag"])
    assert version["ETag"].endswith('-3"')
    read = s3.get_object(Bucket=versions, Key="name", Range=f"bytes={len(PART) - 2}-{len(PART)}")
    assert (read["Body"].read(), read["Metadata"]) == (PART[-2:] + PART[:1], {"format": "1"})
    assert s3.get_object(Bucket=versions, Key="name")["Body"].read() == PART + PART + REST
    assert uploads(s3, versions) == []


def test_a_checksum_of_the_whole_is_told_later(s3: Any, versions: str) -> None:
    Upload(s3, versions, **WHOLE).send(PART, REST).complete()
    head = s3.head_object(Bucket=versions, Key="name", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32C"], head["ChecksumType"]) == (crc32c(PART + REST), "FULL_OBJECT")


def test_a_checksum_of_checksums_says_so(s3: Any, versions: str) -> None:
    done = Upload(s3, versions, ChecksumAlgorithm="CRC32C").send(PART, REST).complete()
    digests = [google_crc32c.value(body).to_bytes(4, "big") for body in (PART, REST)]
    head = s3.head_object(Bucket=versions, Key="name", ChecksumMode="ENABLED")
    composite = crc32c(b"".join(digests))
    assert head["ChecksumCRC32C"] == done["ChecksumCRC32C"] == f"{composite}-2"
    assert head["ChecksumType"] == "COMPOSITE"


def test_a_wrong_checksum_of_a_part_or_of_the_whole_is_refused(s3: Any, versions: str) -> None:
    upload = Upload(s3, versions, **WHOLE)
    with pytest.raises(ClientError) as error:
        s3.upload_part(**upload.target, PartNumber=1, Body=REST, ChecksumCRC32C=crc32c(PART))
    assert code(error) == (400, "BadDigest")
    upload.send(PART, REST)
    with pytest.raises(ClientError) as error:
        upload.complete(ChecksumCRC32C=crc32c(PART), ChecksumType="FULL_OBJECT")
    assert code(error) == (400, "BadDigest")
    assert "Versions" not in s3.list_object_versions(Bucket=versions)
    upload.complete(ChecksumCRC32C=crc32c(PART + REST), ChecksumType="FULL_OBJECT")


def test_a_checksum_that_was_not_announced_is_refused(s3: Any, versions: str) -> None:
    """Rather than believed."""
    for settings in ({}, {"ChecksumAlgorithm": "SHA256"}):
        upload = Upload(s3, versions, **settings).send(REST)
        upload.parts[0].pop("ChecksumCRC32C")
        with pytest.raises(ClientError) as error:
            upload.complete(ChecksumCRC32C=crc32c(REST))
        assert code(error) == (400, "InvalidRequest")


def test_a_conditional_completion_does_not_replace(s3: Any, versions: str) -> None:
    upload = Upload(s3, versions).send(REST)
    s3.put_object(Bucket=versions, Key="name", Body=b"first")
    with pytest.raises(ClientError) as error:
        upload.complete(IfNoneMatch="*")
    assert code(error) == (412, "PreconditionFailed")
    assert s3.get_object(Bucket=versions, Key="name")["Body"].read() == b"first"
    assert uploads(s3, versions) == [("name", upload.id)]


def test_a_completion_that_comes_again_changes_nothing(s3: Any, versions: str) -> None:
    """T27: the answer was lost, and S3 remembers."""
    upload = Upload(s3, versions).send(REST)
    first, second = (upload.complete(IfNoneMatch="*") for _ in range(2))
    assert first["VersionId"] == second["VersionId"]
    assert len(s3.list_object_versions(Bucket=versions)["Versions"]) == 1


def test_an_aborted_upload_leaves_nothing(s3: Any, versions: str, tmp_path: Path) -> None:
    upload = Upload(s3, versions).send(CANARY)
    assert len(files(tmp_path)) == 1
    upload.abort()
    assert uploads(s3, versions) == []
    assert files(tmp_path) == []
    for gone in (upload.abort, upload.complete, lambda: upload.send(REST)):
        with pytest.raises(ClientError) as error:
            gone()
        assert code(error) == (404, "NoSuchUpload")


def test_a_complete_upload_leaves_no_parts(s3: Any, versions: str, tmp_path: Path) -> None:
    upload = Upload(s3, versions).send(PART, REST)
    upload.parts.clear()
    upload.send(PART, REST).complete()
    (only,) = files(tmp_path)
    assert only.read_bytes() == PART + REST


def test_unfinished_uploads_are_listed_page_by_page(
    s3: Any, versions: str, storage_clock: Clock
) -> None:
    """T22: they are copies too, which no listing of versions shows."""
    started = [(name, Upload(s3, versions, name).id) for name in ("b", "a", "a", "c/d")]
    expected = [started[1], started[2], started[0], started[3]]
    assert uploads(s3, versions) == expected
    assert uploads(s3, versions, Prefix="a") == expected[:2]
    pages = list(
        s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=versions, PaginationConfig={"PageSize": 1}
        )
    )
    assert [one["UploadId"] for page in pages for one in page["Uploads"]] == [
        upload for _, upload in expected
    ]
    begun = pages[0]["Uploads"][0]["Initiated"]
    assert abs(begun - storage_clock.now()) < timedelta(seconds=10)


def test_parts_are_listed(s3: Any, versions: str) -> None:
    upload = Upload(s3, versions).send(PART, REST)
    listed = s3.list_parts(**upload.target)["Parts"]
    assert [(one["PartNumber"], one["Size"]) for one in listed] == [(1, len(PART)), (2, len(REST))]


def test_parts_that_are_wrong_are_refused(s3: Any, versions: str) -> None:
    upload = Upload(s3, versions).send(PART, REST)
    first, second = upload.parts
    for parts, expected in (
        ([second, first], "InvalidPartOrder"),
        ([first, {**second, "ETag": first["ETag"]}], "InvalidPart"),
        ([first, {**second, "PartNumber": 3}], "InvalidPart"),
    ):
        upload.parts = parts
        with pytest.raises(ClientError) as error:
            upload.complete()
        assert code(error) == (400, expected)


def test_a_part_that_is_small_may_only_be_the_last(s3: Any, versions: str) -> None:
    upload = Upload(s3, versions).send(REST, REST)
    with pytest.raises(ClientError) as error:
        upload.complete()
    assert code(error) == (400, "EntityTooSmall")
