"""What witnesses look with: requests of their own, which share nothing with those that delete."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from google.cloud import storage
from requests import Response

from custody.adapters.copies.calls import call
from custody.errors import NotFoundError

Shown = dict[str, Any]
"""An object as the JSON API shows it: name and generation."""


class Onlooker:
    """Lists one bucket by ranges of names, in the order of names, in constant memory."""

    def __init__(self, client: storage.Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def generations(self, start: str, end: str, after: str, last: str | None) -> Iterator[Shown]:
        """All live and noncurrent ones from `start` to before `end`, in (`after`, `last`]."""
        return self._within(start, end, after, last, versions="true")

    def soft_deleted(self, start: str, end: str, after: str, last: str | None) -> Iterator[Shown]:
        """None where soft delete is off: storage refuses to list them then."""
        bucket = self._call(f"/storage/v1/b/{self._bucket}", fields="softDeletePolicy").json()
        if not int(bucket.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0)):
            return iter(())
        return self._within(start, end, after, last, softDeleted="true")

    def content(self, one: Shown) -> bytes | None:
        """None when it is gone."""
        asked = {"alt": "media", "generation": str(one["generation"])}
        try:
            return self._call(self._path(one["name"]), **asked).content
        except NotFoundError:
            return None

    def require(self, name: str) -> None:
        """NotFoundError unless it stands."""
        self._call(self._path(name), fields="name")

    def _within(
        self, start: str, end: str, after: str, last: str | None, **kind: str
    ) -> Iterator[Shown]:
        start = max(start, behind_name(after) if after else "")
        end = end if last is None else min(end, behind_name(last))
        fields = "items(name,generation),nextPageToken"
        asked = {"startOffset": start, "endOffset": end, "fields": fields, **kind}
        return self._pages(asked) if start < end else iter(())

    def _pages(self, asked: dict[str, str]) -> Iterator[Shown]:
        while True:
            page = self._call(self._path(), **asked).json()
            yield from page.get("items", ())
            if "nextPageToken" not in page:
                return
            asked["pageToken"] = page["nextPageToken"]

    def _call(self, path: str, **asked: str) -> Response:
        return call(self._client, self._bucket, "GET", path, **asked)

    def _path(self, name: str = "") -> str:
        path = f"/storage/v1/b/{self._bucket}/o"
        return f"{path}/{quote(name, safe='')}" if name else path


def behind(prefix: str) -> str:
    """The first name behind all that begin with this prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def behind_name(name: str) -> str:
    """The first name behind this one."""
    return f"{name}\0"
