"""moto's answers, with what S3 does besides ("Amazon S3 API reference", page of each action)."""

from datetime import datetime, timedelta
from typing import Any

import xmltodict
from moto.core.responses import ActionResult
from moto.s3.exceptions import (
    InvalidPartOrder,
    LockNotEnabled,
    MissingKey,
    MissingVersion,
    PreconditionFailed,
)
from moto.s3.responses import S3Response

from localcloud.errors import ApiError
from localcloud.s3 import checksums, listing
from localcloud.s3.backend import Backend
from localcloud.s3.locks import Lock, lock_of, require_change, require_sound
from localcloud.s3.refusals import S3Error, not_written
from localcloud.s3.versions import Version

Answered = tuple[int, dict[str, Any], Any]
_MOST_DELETED = 1000


class Answers(S3Response):  # type: ignore[misc]
    """Answers one request."""

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self._backend = backend

    @property
    def backend(self) -> Backend:
        return self._backend

    @property
    def _own_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    @property
    def _may_bypass(self) -> bool:
        return self._own_headers.get("x-amz-bypass-governance-retention", "").lower() == "true"

    @property
    def _now(self) -> datetime:
        return self.backend.clock.now()

    # Reading.

    def _key_response_get(self, query: dict[str, Any], key_name: str) -> Answered:
        if "retention" in query:
            return self._get_retention()
        answered: Answered = super()._key_response_get(query, key_name)
        return answered

    def head_object(self, *asked: Any, **more: Any) -> Answered:
        """A checksum of parts says so by their number, as GetObject has it in moto too."""
        status, headers, body = super().head_object(*asked, **more)
        version = self.backend.get_object(asked[0], asked[2], asked[1].get("versionId", [None])[0])
        name = f"x-amz-checksum-{version.checksum_algorithm}".lower() if version else ""
        if version and name in headers and version.checksum_type:
            headers["x-amz-checksum-type"] = version.checksum_type
            headers[name] = version.checksum
        return status, headers, body

    def list_multipart_uploads(self) -> Answered:
        """Pages, and when each upload began; moto has one page, and 2010."""
        asked = listing.Asked(
            prefix=self._asked("prefix"),
            after_key=self._asked("key-marker"),
            after_id=self._asked("upload-id-marker"),
            most=min(int(self._asked("max-uploads") or 1000), 1000),
        )
        uploads: dict[str, list[Any]] = {}
        for upload in self.backend.get_bucket(self.bucket_name).multiparts.values():
            uploads.setdefault(upload.key_name, []).append(upload)
        found = listing.page(uploads.items(), asked, lambda upload: upload.id)
        self.data["Action"] = "ListMultipartUploads"
        return self._told(
            Bucket=self.bucket_name,
            KeyMarker=asked.after_key,
            UploadIdMarker=asked.after_id,
            NextKeyMarker=found.next_key,
            NextUploadIdMarker=found.next_id,
            MaxUploads=asked.most,
            IsTruncated=found.next_key is not None,
            Uploads=[_shown(upload) for upload in found.entries],
        )

    def _asked(self, name: str) -> str:
        value: str = self.querystring.get(name, [""])[0]
        return value

    # Writing.

    def _get_lock_details(
        self,
        bucket: Any,
        lock_enabled: bool,  # noqa: ARG002 (moto's signature)
    ) -> tuple[str | None, str | None, str | None]:
        lock = self._lock_asked(bucket)
        return lock.hold, lock.mode, lock.until

    def _lock_asked(self, bucket: Any) -> Lock:
        """By the request, or else by the bucket."""
        lock = lock_of(self._own_headers, self._now)
        if lock == Lock() and bucket.has_default_lock:
            days = bucket.default_lock_days or 365 * bucket.default_lock_years
            until = (self._now + timedelta(days=days)).isoformat()
            return Lock(mode=bucket.default_lock_mode, until=until)
        if lock != Lock() and not bucket.object_lock_enabled:
            raise LockNotEnabled
        return lock

    def _get_checksum(self, response_headers: dict[str, Any]) -> tuple[str, str | None]:
        """Refuses a body that is not what the client sent; moto takes its word for it."""
        checksum = checksums.require_whole(self._own_headers, self.raw_body, self.body)
        if checksum is None:
            return "", None
        response_headers[f"x-amz-checksum-{checksum.algorithm.lower()}"] = checksum.value
        return checksum.algorithm, checksum.value

    def upload_part(self) -> Answered:
        self._get_checksum({})
        answered: Answered = super().upload_part()
        return answered

    def upload_part_copy(self) -> Answered:
        raise not_written("UploadPartCopy")

    def _key_response_post(
        self, request: Any, body: bytes, bucket_name: str, query: dict[str, Any], key_name: str
    ) -> Answered:
        if query.get("uploadId"):
            return self._complete(key_name, query["uploadId"][0])
        if "uploads" not in query:
            raise not_written(f"{self.method} {self.raw_path}")
        bucket = self.backend.get_bucket(bucket_name)
        lock = self._lock_asked(bucket)
        answered: Answered = super()._key_response_post(request, body, bucket_name, query, key_name)
        next(reversed(bucket.multiparts.values())).lock = lock
        return answered

    def _complete(self, key_name: str, upload_id: str) -> Answered:
        """Whoever asks again after a lost answer gets the same one, whatever the condition.

        So it was found of the real S3 (adobe/S3Mock#2586, getmoto/moto#9209).
        """
        standing = self.backend.get_object(self.bucket_name, key_name)
        if standing is None or standing.upload_id != upload_id:
            upload = self.backend.upload(self.bucket_name, upload_id)
            if self.headers.get("If-None-Match") == "*" and standing is not None:
                raise PreconditionFailed("If-None-Match")
            given = list(self._complete_multipart_body(self.body))
            if [number for number, _ in given] != sorted({number for number, _ in given}):
                raise InvalidPartOrder
            whole = checksums.promised(self._own_headers, b"")
            standing = self.backend.join(self.bucket_name, upload, given, whole)
        return self._completed(standing)

    def _completed(self, version: Version) -> Answered:
        self.data["Action"] = "CompleteMultipartUpload"
        told = {"Bucket": self.bucket_name, "Key": version.name, "ETag": version.etag}
        if version.checksum_algorithm and version.checksum_type:
            told[f"Checksum{version.checksum_algorithm}"] = version.checksum
            told["ChecksumType"] = version.checksum_type
        status, headers, body = self._told(**told)
        return status, headers | {"x-amz-version-id": version.version_id}, body

    # Retention.

    def put_object_retention(self) -> Answered:
        self._get_checksum({})
        version = self._locked_version()
        mode, until = self._mode_until_from_body()
        lock = Lock(mode=mode, until=until)
        require_sound(lock, self._now)
        require_change(version.lock_state, lock, self._now, bypass=self._may_bypass)
        version.lock_mode, version.lock_until = mode, until
        return 200, {}, ""

    def _get_retention(self) -> Answered:
        version = self._locked_version()
        if version.lock_until is None:
            raise S3Error(
                404,
                "NoSuchObjectLockConfiguration",
                "The specified object does not have a ObjectLock configuration",
            )
        self.data["Action"] = "GetObjectRetention"
        return self._told(
            Retention={"Mode": version.lock_mode, "RetainUntilDate": version.lock_until}
        )

    def _locked_version(self) -> Version:
        if not self.backend.get_bucket(self.bucket_name).object_lock_enabled:
            raise LockNotEnabled
        key_name, version_id = self.parse_key_name(), self._get_param("versionId")
        version: Version | None = self.backend.get_object(self.bucket_name, key_name, version_id)
        if version is None:
            raise MissingVersion if version_id else MissingKey(key=key_name)
        return version

    # Deleting many.

    def _bucket_response_delete_keys(
        self,
        bucket_name: str,
        authenticated: bool = True,  # noqa: ARG002 (moto's signature)
    ) -> Answered:
        """Says of each refusal which version it is about, and no more when told to be quiet."""
        checksums.require_whole(self._own_headers, self.raw_body, self.body)
        asked = (
            xmltodict.parse(self.body, strip_whitespace=False, force_list=("Object",))["Delete"]
            or {}
        )
        objects = asked.get("Object", [])
        if not 0 < len(objects) <= _MOST_DELETED:
            raise S3Error(400, "MalformedXML", "The XML you provided was not well-formed.")
        deleted, errors = [], []
        for one in objects:
            try:
                deleted.append(self._delete_one(bucket_name, one["Key"], one.get("VersionId")))
            except ApiError as refused:
                errors.append(one | {"Code": refused.reason, "Message": refused.message})
        self.data["Action"] = "DeleteObjects"
        quiet = asked.get("Quiet") == "true"
        return self._told(Deleted=[] if quiet else deleted, Errors=errors)

    def _delete_one(self, bucket_name: str, key: str, version_id: str | None) -> dict[str, Any]:
        _, told = self.backend.delete_object(bucket_name, key, version_id, self._may_bypass)
        deleted: dict[str, Any] = {"Key": key, "VersionId": version_id}
        if "delete-marker" in told:
            deleted |= {"DeleteMarker": True, "DeleteMarkerVersionId": told["version-id"]}
        return deleted

    def _told(self, **result: Any) -> Answered:
        answered: Answered = self.serialized(ActionResult(result))
        return answered


def _shown(upload: Any) -> dict[str, Any]:
    return {
        "Key": upload.key_name,
        "UploadId": upload.id,
        "StorageClass": upload.storage,
        "Initiated": upload.initiated,
        "ChecksumAlgorithm": upload.metadata.get("x-amz-checksum-algorithm"),
        "ChecksumType": upload.metadata.get("x-amz-checksum-type"),
    }
