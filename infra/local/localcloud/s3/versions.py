"""What moto keeps in its lists of versions, made so that it lies on disk."""

import json
from datetime import UTC, datetime
from typing import Any

from moto.s3.models import FakeDeleteMarker, FakeKey

from localcloud.s3.contents import Contents
from localcloud.s3.locks import Lock
from localcloud.s3.shelf import Head

_KEPT = (
    "_etag",
    "_is_versioned",
    "_storage_class",
    "encryption",
    "kms_key_id",
    "bucket_key_enabled",
    "lock_mode",
    "lock_until",
    "lock_legal_status",
    "checksum_algorithm",
    "checksum_value",
    "checksum_type",
    "checksum_parts",
    "website_redirect_location",
    "upload_id",
)
"""moto's own names for what a version has besides its bytes; not its ACL and its tags."""


class _Light:
    """moto keeps every model for its dashboard, for ever; ours go when they are deleted."""

    last_modified: datetime

    def __new__(cls, *_: Any, **__: Any) -> Any:
        return object.__new__(cls)

    @property
    def last_modified_ISO8601(self) -> datetime:
        """Not as text, which moto parses again for each line of a listing."""
        return self.last_modified


class Version(_Light, FakeKey):  # type: ignore[misc]
    """One version of an object, or a part of an upload, whose bytes are in a file."""

    is_marker = False
    upload_id: str | None = None
    """The upload that it came from, whose last call may come again."""

    def __init__(self, *, number: int, name: Any, value: Contents, **settings: Any) -> None:
        self.number = number
        self.saved = ""
        super().__init__(name=name, value=value, **settings)
        self.disposed = True  # there is no buffer that somebody has to close

    @property
    def value(self) -> Contents:
        return self._contents

    @value.setter
    def value(self, contents: Contents) -> None:
        self._contents = contents
        self.contentsize = len(contents)

    @property
    def lock_state(self) -> Lock:
        return Lock(mode=self.lock_mode, until=self.lock_until, hold=self.lock_legal_status)

    @property
    def checksum(self) -> str | None:
        """As S3 tells it: of parts, with their number."""
        parts = f"-{self.checksum_parts}" if self.checksum_type == "COMPOSITE" else ""
        return self.checksum_value and f"{self.checksum_value}{parts}"

    def head(self) -> str:
        """All that is to be known of it at the next start."""
        fields = {name: getattr(self, name) for name in _KEPT}
        fields = {name: value for name, value in fields.items() if value is not None}
        return _head(self, metadata=dict(self.metadata), fields=fields)

    def take(self, head: Head) -> None:
        self._metadata.update(head["metadata"])
        for name, value in head["fields"].items():
            setattr(self, name, value)


class Part(Version):
    """A part of an upload; its file goes with it."""

    def dispose(self, garbage: bool = False) -> None:
        super().dispose(garbage)
        self.value.path.unlink(missing_ok=True)


class Marker(_Light, FakeDeleteMarker):  # type: ignore[misc]
    """A delete marker."""

    is_marker = True

    def __init__(self, *, number: int, name: str, version_id: str) -> None:
        self.number = number
        self.saved = ""
        self.name = name
        self._version_id = version_id

    def head(self) -> str:
        return _head(self)


def _head(version: Version | Marker, **more: Any) -> str:
    return json.dumps(
        {
            "key": version.name,
            "version_id": version.version_id,
            "modified": version.last_modified.isoformat(),
            "marker": version.is_marker,
            **more,
        }
    )


def moto_time(moment: datetime) -> datetime:
    """moto's times are UTC and do not say so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
