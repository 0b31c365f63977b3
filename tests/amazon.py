"""What the tests of S3 share: Amazon's client, its errors, and uploads in parts."""

import base64
from typing import Any

import google_crc32c
import pytest
from botocore.exceptions import ClientError


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    """Status and S3's word for it; a HEAD has no more than the status."""
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def crc32c(body: bytes) -> str:
    return base64.b64encode(google_crc32c.value(body).to_bytes(4, "big")).decode()


def entries(listed: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found = (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ()))
    return [(one["Key"], one["VersionId"], one["IsLatest"]) for one in found]


class Upload:
    """An upload under way."""

    def __init__(self, s3: Any, bucket: str, key: str = "name", **settings: Any) -> None:
        self._s3 = s3
        begun = s3.create_multipart_upload(Bucket=bucket, Key=key, **settings)
        self.id = str(begun["UploadId"])
        self.target = {"Bucket": bucket, "Key": key, "UploadId": self.id}
        self.parts: list[dict[str, Any]] = []

    def send(self, *bodies: bytes) -> "Upload":
        for body in bodies:
            number = len(self.parts) + 1
            answer = self._s3.upload_part(
                **self.target, PartNumber=number, Body=body, ChecksumCRC32C=crc32c(body)
            )
            self.parts.append(
                {"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32C": crc32c(body)}
            )
        return self

    def complete(self, **asked: Any) -> Any:
        parts = {"Parts": self.parts}
        return self._s3.complete_multipart_upload(**self.target, MultipartUpload=parts, **asked)

    def abort(self) -> None:
        self._s3.abort_multipart_upload(**self.target)


def uploads(s3: Any, bucket: str, **asked: Any) -> list[tuple[str, str]]:
    listed = s3.list_multipart_uploads(Bucket=bucket, **asked).get("Uploads", ())
    return [(one["Key"], one["UploadId"]) for one in listed]
