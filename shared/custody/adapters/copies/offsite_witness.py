"""What of the off-site copy is left, by calls and paging of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from custody.adapters.s3 import erasing_errors
from custody.domain import names
from custody.domain.erasure import Target
from custody.errors import ConflictError


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Keys of one bucket: all behind `after`, up to `last` or to the end."""

    after: str
    last: str | None

    def holds(self, key: str) -> bool:
        return key > self.after and not self.ends_before(key)

    def ends_before(self, key: str) -> bool:
        return self.last is not None and key > self.last


class OffsiteWitness:
    """The Witness port. It reads listings alone, page by page, and keeps none of them."""

    def __init__(self, client: Any, bucket: str, keys_bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._keys_bucket = keys_bucket

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        """Raises ConflictError where the mark does not stand: a keyset could be copied again.

        The mark is asked for at the beginning of a round, where it is also made.
        """
        life = target.life
        if not after:
            self._require_mark(names.destroyed_name(life))
        keysets, versions = _span("keys/", after, last), _span("versions/", after, last)
        left = 0
        for name in (names.keyset_name(life), names.recovery_name(life)):
            found = self._everything(self._keys_bucket, name, keysets)
            left += sum(key == name for key in found)
        found = self._everything(self._bucket, names.life_prefix(life), versions)
        return left + sum(1 for _ in found)

    def _require_mark(self, mark: str) -> None:
        with erasing_errors(self._keys_bucket):
            shown = self._client.list_objects_v2(Bucket=self._keys_bucket, Prefix=mark, MaxKeys=1)
        if not any(one["Key"] == mark for one in shown.get("Contents", ())):
            raise ConflictError("the mark of the destroyed keyset is missing off-site")

    def _everything(self, bucket: str, prefix: str, span: Span | None) -> Iterator[str]:
        """The key of each version, delete marker and unfinished upload in a span."""
        if span is None:
            return
        for page in self._pages(bucket, prefix, span):
            shown = (page.get(kind, ()) for kind in ("Versions", "DeleteMarkers", "Uploads"))
            for one in chain(*shown):
                if span.holds(one["Key"]):
                    yield one["Key"]

    def _pages(self, bucket: str, prefix: str, span: Span) -> Iterator[dict[str, Any]]:
        for look, second in (
            (self._client.list_object_versions, "VersionIdMarker"),
            (self._client.list_multipart_uploads, "UploadIdMarker"),
        ):
            at = {"KeyMarker": span.after} if span.after else {}
            while True:
                with erasing_errors(bucket):
                    page = look(Bucket=bucket, Prefix=prefix, **at)
                yield page
                if not page.get("IsTruncated") or span.ends_before(page["NextKeyMarker"]):
                    break
                at = {name: page[f"Next{name}"] for name in ("KeyMarker", second)}


def _span(kind: str, after: str, last: str | None) -> Span | None:
    """What a stretch of names takes of one kind; None for nothing."""
    is_passed = after > kind and not after.startswith(kind)
    if is_passed or (last is not None and last < kind):
        return None
    return Span(
        after=after.removeprefix(kind) if after.startswith(kind) else "",
        last=last.removeprefix(kind) if last and last.startswith(kind) else None,
    )
