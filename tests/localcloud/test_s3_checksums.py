"""What arrives otherwise than it was sent is refused ("Checking object integrity")."""

import base64
import hashlib
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from amazon import code, crc32c

BODY = b"content"
WRONG = b"contemt"


CHECKSUMS = {
    "ChecksumCRC32": base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode(),
    "ChecksumCRC32C": crc32c(BODY),
    "ChecksumSHA1": base64.b64encode(hashlib.sha1(BODY).digest()).decode(),
    "ChecksumSHA256": base64.b64encode(hashlib.sha256(BODY).digest()).decode(),
}


@pytest.mark.parametrize("name", CHECKSUMS)
def test_a_promised_checksum_is_kept_and_told(s3: Any, versions: str, name: str) -> None:
    promised = {name: CHECKSUMS[name]}
    assert s3.put_object(Bucket=versions, Key="name", Body=BODY, **promised)[name] == promised[name]
    asked = {"Bucket": versions, "Key": "name", "ChecksumMode": "ENABLED"}
    head = s3.head_object(**asked)
    assert (head[name], head["ChecksumType"]) == (promised[name], "FULL_OBJECT")
    answer = s3.get_object(**asked)
    assert (answer[name], answer["Body"].read()) == (promised[name], BODY)


@pytest.mark.parametrize("name", CHECKSUMS)
def test_a_wrong_checksum_is_refused(s3: Any, versions: str, name: str) -> None:
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=versions, Key="name", Body=WRONG, **{name: CHECKSUMS[name]})
    assert code(error) == (400, "BadDigest")
    assert "Versions" not in s3.list_object_versions(Bucket=versions)


def test_a_wrong_md5_is_refused(s3: Any, versions: str) -> None:
    md5 = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    s3.put_object(Bucket=versions, Key="name", Body=BODY, ContentMD5=md5)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=versions, Key="name", Body=WRONG, ContentMD5=md5)
    assert code(error) == (400, "BadDigest")


def test_a_body_that_changed_on_its_way_is_refused(s3: Any, versions: str) -> None:
    """The signature covers the body, with or without a checksum."""

    def tear(request: Any, **_: Any) -> None:
        request.body = WRONG

    s3.meta.events.register("before-send.s3.PutObject", tear)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=versions, Key="name", Body=BODY)
    assert code(error) == (400, "XAmzContentSHA256Mismatch")
    assert "Versions" not in s3.list_object_versions(Bucket=versions)


def test_an_unknown_algorithm_is_refused_rather_than_believed(s3: Any, versions: str) -> None:
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=versions, Key="name", Body=BODY, ChecksumCRC64NVME="AAAAAAAAAAA=")
    assert code(error) == (501, "NotImplemented")
