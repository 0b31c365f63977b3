"""What Cloud Storage keeps: buckets, generations of objects, upload sessions."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

Fields: TypeAlias = Mapping[str, Any]


class State(StrEnum):
    """Where a generation or a bucket is in its life."""

    LIVE = "live"
    NONCURRENT = "noncurrent"
    SOFT = "soft-deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One life of a bucket: a name that is used again gets another id."""

    id: int  # its generation
    name: str
    state: State
    fields: Fields  # the resource without what is computed
    policy: Fields
    longest_soft_delete: int  # seconds; what a deleted bucket itself is kept for
    hard_delete_at: float | None = None

    @property
    def metageneration(self) -> int:
        return int(self.fields["metageneration"])

    @property
    def keeps_versions(self) -> bool:
        return bool(self.fields.get("versioning", {}).get("enabled"))

    @property
    def soft_delete_seconds(self) -> int:
        return int(self.fields["softDeletePolicy"]["retentionDurationSeconds"])

    @property
    def retention_seconds(self) -> int:
        """0 when the bucket has no retention policy."""
        return int(self.fields.get("retentionPolicy", {}).get("retentionPeriod", 0))

    @property
    def has_uniform_access(self) -> bool:
        return bool(self.fields["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One content of one object name."""

    bucket_id: int
    name: str
    number: int
    state: State
    fields: Fields  # the resource without what is computed
    content: str  # the id of the file with the bytes; copies share it
    retained_from: float  # where the bucket's retention period starts
    hard_delete_at: float | None = None

    @property
    def metageneration(self) -> int:
        return int(self.fields["metageneration"])

    @property
    def size(self) -> int:
        return int(self.fields["size"])

    @property
    def etag(self) -> str:
        return etag(self.number, self.metageneration)


class UploadState(StrEnum):
    """Where a resumable session is in its life."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A resumable session. What it no longer needs it does not keep."""

    id: str
    state: UploadState
    expires_at: float
    bucket_id: int = 0
    name: str = ""
    params: Fields
    metadata: Fields
    content: str | None = None  # while open
    generation: int | None = None  # once done


def etag(*numbers: int) -> str:
    """Google's form: the numbers as fields of a protocol buffer, in base64."""
    coded = b"".join(
        bytes([field << 3]) + _varint(number) for field, number in enumerate(numbers, 1)
    )
    return b64encode(coded).decode()


def _varint(number: int) -> bytes:
    coded = bytearray()
    while number > 0x7F:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*coded, number])
