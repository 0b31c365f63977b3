"""moto's model of S3 on a folder, with the answers to what moto leaves open.

The buckets of one server are its own: moto has one namespace for the whole process. Bucket
settings that outlive a restart are region, versioning and object lock; others are forgotten.
"""

import bisect
import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.exceptions import BucketAlreadyExists, EntityTooSmall, InvalidPart, MissingBucket
from moto.s3.models import FakeBucket, S3Backend, s3_backends
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from localcloud.clock import Clock
from localcloud.s3 import checksums, listing
from localcloud.s3.checksums import Checksum
from localcloud.s3.locks import Lock
from localcloud.s3.refusals import S3Error, locked, no_such_upload
from localcloud.s3.shelf import Shelf
from localcloud.s3.versions import Marker, Part, Version, moto_time

_SETTINGS = (
    "region_name",
    "versioning_status",
    "object_lock_enabled",
    "default_lock_mode",
    "default_lock_days",
    "default_lock_years",
)
_NULL = "null"
"""The version id in a bucket that keeps no versions."""


class Backend(S3Backend):  # type: ignore[misc]
    """All buckets of one server."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        super().__init__("aws", account_id=DEFAULT_ACCOUNT_ID)
        self.clock = clock
        self._shelf = shelf
        self._replaced: list[tuple[str, int]] = []
        for name in shelf.buckets():
            self._restore(name)

    # Buckets.

    def get_bucket(self, bucket_name: str) -> Any:
        if bucket_name not in self.buckets:
            raise MissingBucket(bucket=bucket_name)
        return self.buckets[bucket_name]

    def create_bucket(self, bucket_name: str, *region: Any, **settings: Any) -> Any:
        if bucket_name in self.buckets:
            raise BucketAlreadyExists(bucket=bucket_name)
        s3_backends.bucket_accounts.pop(bucket_name, None)  # another server of this process
        return super().create_bucket(bucket_name, *region, **settings)

    def put_bucket_versioning(self, bucket_name: str, status: str) -> None:
        """An object lock needs versions ("Object Lock considerations")."""
        if self.get_bucket(bucket_name).object_lock_enabled and status != "Enabled":
            raise S3Error(
                409,
                "InvalidBucketState",
                "An Object Lock configuration is present on this bucket, so the versioning state "
                "cannot be changed.",
            )
        super().put_bucket_versioning(bucket_name, status)

    def keep_bucket(self, name: str) -> None:
        """Called after each change of a bucket, before the answer goes out."""
        bucket = self.buckets.get(name)
        if bucket:
            settings = {setting: getattr(bucket, setting) for setting in _SETTINGS}
            made = bucket.creation_date.isoformat()
            self._shelf.keep_bucket(name, {"made": made, "settings": settings})
        elif name in self._shelf.buckets():
            self._shelf.drop_bucket(name)

    def _restore(self, name: str) -> None:
        kept = self._shelf.bucket(name)
        bucket = FakeBucket(name, self.account_id, kept["settings"]["region_name"])
        for setting, value in kept["settings"].items():
            setattr(bucket, setting, value)
        bucket.creation_date = datetime.fromisoformat(kept["made"])
        self.buckets[name] = bucket
        for number, head in self._shelf.versions(name):
            version = self._restored(name, number, head)
            version.last_modified = datetime.fromisoformat(head["modified"])
            version.saved = version.head()
            bucket.keys[head["key"]] = version

    def _restored(self, bucket: str, number: int, head: dict[str, Any]) -> Version | Marker:
        if head["marker"]:
            return Marker(number=number, name=head["key"], version_id=head["version_id"])
        version = Version(
            number=number,
            name=head["key"],
            value=self._shelf.contents(bucket, number),
            version_id=head["version_id"],
            account_id=self.account_id,
            region_name=self.region_name,
            bucket_name=bucket,
        )
        version.take(head)
        return version

    # Versions.

    def put_object(self, bucket_name: str, key_name: str, value: Any, **asked: Any) -> Version:
        blocks = [value] if isinstance(value, bytes) else value.blocks()
        version: Version = self._add(bucket_name, key_name, blocks, **asked)
        return version

    def _add(self, bucket_name: str, key_name: str, blocks: Iterable[bytes], **asked: Any) -> Any:
        """Joins the bytes to the versions of the key; `keep` gives them a head."""
        bucket = self.get_bucket(bucket_name)
        for unwanted in ("request_method", "disable_notification", "multipart"):
            asked.pop(unwanted, None)
        number, contents = self._shelf.write(bucket_name, blocks)
        if asked.get("checksum_value"):
            asked.setdefault("checksum_type", "FULL_OBJECT")
        asked["etag"] = asked.get("etag") or _md5(contents.blocks()).hex()
        version = Version(
            number=number,
            name=key_name,
            value=contents,
            version_id=str(uuid.uuid4()) if bucket.is_versioned else _NULL,
            is_versioned=bucket.is_versioned,
            account_id=self.account_id,
            region_name=self.region_name,
            bucket_name=bucket_name,
            **asked,
        )
        self._append(bucket, version)
        return version

    def _append(self, bucket: Any, version: Version | Marker) -> None:
        """Takes the place of the version without an id, if it has none itself."""
        version.last_modified = moto_time(self.clock.now())
        versions = bucket.keys.getlist(version.name, [])
        if version.version_id == _NULL:
            gone = [one for one in versions if one.version_id == _NULL]
            self._replaced += [(bucket.name, one.number) for one in gone]
            versions = [one for one in versions if one not in gone]
        bucket.keys.setlist(version.name, [*versions, version])

    def keep(self, bucket_name: str, key_name: str) -> None:
        """Writes what changed in a key's versions; called before the answer goes out."""
        for version in self.get_bucket(bucket_name).keys.getlist(key_name, []):
            head = version.head()
            if head != version.saved:
                self._shelf.keep(bucket_name, version.number, head)
                version.saved = head
        for bucket, number in self._replaced:
            self._shelf.drop(bucket, number)
        self._replaced.clear()

    def delete_object(
        self, bucket_name: str, key_name: str, version_id: str | None = None, bypass: Any = False
    ) -> tuple[bool, dict[str, str]]:
        """A marker, also over nothing, or the end of one version ("DeleteObject")."""
        bucket = self.get_bucket(bucket_name)
        if version_id is None and bucket.versioning_status:
            marker = self._mark(bucket, key_name)
            return True, {"version-id": marker.version_id, "delete-marker": "true"}
        wanted = version_id or _NULL
        versions = bucket.keys.getlist(key_name, [])
        found = [one for one in versions if one.version_id == wanted]
        for version in found:
            self._erase(bucket, version, bypass=bypass in (True, "true"))
        told = {"version-id": version_id} if version_id else {}
        if any(one.is_marker for one in found):
            told["delete-marker"] = "true"
        return True, told

    def _mark(self, bucket: Any, key_name: str) -> Marker:
        version_id = str(uuid.uuid4()) if bucket.is_versioned else _NULL
        marker = Marker(number=self._shelf.number(), name=key_name, version_id=version_id)
        self._append(bucket, marker)
        self.keep(bucket.name, key_name)
        return marker

    def _erase(self, bucket: Any, version: Version | Marker, *, bypass: bool) -> None:
        now = self.clock.now()
        if isinstance(version, Version) and version.lock_state.forbids_deletion(now, bypass=bypass):
            raise locked()
        self._shelf.drop(bucket.name, version.number)
        left = [one for one in bucket.keys.getlist(version.name) if one is not version]
        bucket.keys.setlist(version.name, left)
        if not left:
            bucket.keys.pop(version.name)

    def list_object_versions(
        self,
        bucket_name: str,
        delimiter: str | None = None,
        key_marker: str | None = None,
        max_keys: int | None = 1000,
        prefix: str = "",
        version_id_marker: str | None = None,
    ) -> tuple[list[Version], list[str], list[Marker], str | None, str | None]:
        asked = listing.Asked(
            prefix=prefix,
            delimiter=delimiter or "",
            after_key=key_marker or "",
            after_id=version_id_marker or "",
            most=min(1000 if max_keys is None else max_keys, 1000),
        )
        keys = self.get_bucket(bucket_name).keys
        found = listing.page(_newest_first(keys), asked, lambda version: version.version_id)
        return (
            [one for one in found.entries if not one.is_marker],
            found.prefixes,
            [one for one in found.entries if one.is_marker],
            found.next_key,
            found.next_id,
        )

    # Uploads in parts. What is not complete is lost at a kill.

    def upload(self, bucket_name: str, upload_id: str) -> Any:
        """An upload under way; 404 for any other."""
        with suppress(KeyError):
            return self.get_bucket(bucket_name).multiparts[upload_id]
        raise no_such_upload()

    def create_multipart_upload(self, *asked: Any, **settings: Any) -> Any:
        upload = super().create_multipart_upload(*asked, **settings)
        upload.initiated = self.clock.now()
        upload.lock = Lock()
        return upload

    def upload_part(
        self, bucket_name: str, multipart_id: str, part_id: int, value: bytes
    ) -> Version:
        upload = self.upload(bucket_name, multipart_id)
        part = Part(
            number=0,
            name=part_id,
            value=self._shelf.write_part(value),
            etag=_md5([value]).hex(),
            account_id=self.account_id,
            region_name=self.region_name,
        )
        if part_id in upload.parts:
            upload.parts[part_id].dispose()
        else:
            bisect.insort(upload.partlist, part_id)
        upload.parts[part_id] = part
        return part

    def join(
        self, bucket_name: str, upload: Any, given: list[tuple[int, str]], whole: Checksum | None
    ) -> Version:
        """Makes one version of the parts, or refuses them all ("CompleteMultipartUpload")."""
        parts = [_part(upload, number, etag) for number, etag in given]
        if any(len(part.value) < S3_UPLOAD_PART_MIN_SIZE for part in parts[:-1]):
            raise EntityTooSmall
        checksum, kind = _checksum_of(upload, parts)
        if whole:
            _require_promised(upload, whole, checksum)
        version: Version = self._add(
            bucket_name,
            upload.key_name,
            _joined(parts),
            storage=upload.storage,
            etag=f"{_md5(bytes.fromhex(_plain(part.etag)) for part in parts).hex()}-{len(parts)}",
            encryption=upload.sse_encryption,
            kms_key_id=upload.kms_key_id,
            lock_mode=upload.lock.mode,
            lock_until=upload.lock.until,
            lock_legal_status=upload.lock.hold,
            checksum_value=checksum,
            checksum_type=kind,
            checksum_parts=len(parts),
        )
        version.set_metadata(upload.metadata)
        version.checksum_algorithm = upload.metadata.get("x-amz-checksum-algorithm")
        version.upload_id = upload.id
        del self.get_bucket(bucket_name).multiparts[upload.id]
        return version


def _newest_first(keys: Any) -> Iterator[tuple[str, list[Any]]]:
    for name, versions in keys.iterlists():
        for one in versions:
            one.is_latest = one is versions[-1]
        yield name, versions[::-1]


def _part(upload: Any, number: int, etag: str) -> Version:
    part: Version | None = upload.parts.get(number)
    if part is None or _plain(part.etag) != _plain(etag):
        raise InvalidPart
    return part


def _joined(parts: list[Version]) -> Iterator[bytes]:
    for part in parts:
        yield from part.value.blocks()


def _checksum_of(upload: Any, parts: list[Version]) -> tuple[str | None, str | None]:
    """Of the whole object, or of the parts' checksums, as the upload's first call asked."""
    algorithm = upload.metadata.get("x-amz-checksum-algorithm")
    if algorithm is None:
        return None, None
    if upload.metadata.get("x-amz-checksum-type") == "FULL_OBJECT":
        return checksums.text(checksums.computed(algorithm, _joined(parts))), "FULL_OBJECT"
    of_parts = [checksums.computed(algorithm, part.value.blocks()) for part in parts]
    return checksums.text(checksums.computed(algorithm, of_parts)), "COMPOSITE"


def _require_promised(upload: Any, whole: Checksum, found: str | None) -> None:
    if found is None or whole.algorithm != upload.metadata["x-amz-checksum-algorithm"]:
        raise S3Error(
            400, "InvalidRequest", "The upload was created with another checksum algorithm."
        )
    checksums.require(Checksum(whole.algorithm, whole.value.partition("-")[0]), found)


def _plain(etag: str) -> str:
    return etag.replace('"', "")


def _md5(blocks: Iterable[bytes]) -> bytes:
    digest = hashlib.md5(usedforsecurity=False)
    for block in blocks:
        digest.update(block)
    return digest.digest()
