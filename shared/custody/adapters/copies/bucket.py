"""What the stores on Cloud Storage share: every generation is found, and each is deleted for good.

A name may have many generations: the live one, noncurrent ones where the bucket keeps versions,
and soft-deleted ones, which nobody can delete: they go at their hardDeleteTime (T21).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote
from xml.etree import ElementTree as ET

from google.api_core import exceptions as google
from google.cloud import storage

from custody.adapters.copies.calls import RETRY, call, is_gone, our_errors
from custody.domain.erasure import Fate, Found, Horizon, Target, Thing
from custody.errors import NotFoundError

PAGE = 4_999
"""Things in one page. One less than five pages of the listing, so that the end needs no sixth."""
BATCH = 100
"""Calls in one batch, the most that Cloud Storage takes (docs "Batch requests")."""
AT_ONCE = 4
"""Calls under way at once."""

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One content of one object name, live or noncurrent."""

    name: str
    stamp: str
    """Its number."""
    size_bytes: int
    md5: str | None
    """In base64. None where the listing tells none: composed objects, keys of our own."""
    is_live: bool
    is_held: bool
    retained_until: datetime | None

    def thing(self, now: datetime) -> Thing:
        """A hold has no date: `until` is None, whatever retention there is besides."""
        is_retained = self.retained_until is not None and self.retained_until > now
        return Thing(
            name=self.name,
            stamp=self.stamp,
            size_bytes=self.size_bytes,
            fate=Fate.RETAINED if self.is_held or is_retained else Fate.DELETE,
            until=self.retained_until if is_retained and not self.is_held else None,
        )


Doomed = Thing | Generation
How = Callable[[Doomed], Mapping[str, int]]


def stretch(things: Iterable[Thing], size: int) -> Found:
    """The first things, as many as one task takes on. All generations of a name stay together."""
    taken: list[Thing] = []
    for one in things:
        if len(taken) >= size and one.name != taken[-1].name:
            return Found(things=tuple(taken), last=taken[-1].name)
        taken.append(one)
    return Found(things=tuple(taken))


class CopyBucket:
    """One bucket, as an erasure meets it.

    A place in it is a folder, which ends with `/`, or a whole name.
    """

    def __init__(self, client: storage.Client, name: str) -> None:
        self._client = client
        self._name = name
        self._bucket = client.bucket(name)

    # What is there.

    def generations(self, place: str, after: str = "") -> Iterator[Generation]:
        """All in this place whose names come behind `after`, in the order of names."""
        listed = self._list(place, _FIELDS, start_offset=after or None, versions=True)
        return (_generation(blob) for blob in listed if blob.name > after)

    def soft_deleted(self, place: str) -> Iterator[datetime]:
        """Until when soft delete keeps what it keeps in this place."""
        fields = "items(name,hardDeleteTime),nextPageToken"
        return (blob.hard_delete_time for blob in self._list(place, fields, soft_deleted=True))

    def read(self, one: Doomed) -> bytes | None:
        """None when it is gone."""
        blob = self._bucket.blob(one.name, generation=int(one.stamp))
        try:
            with our_errors(self._name):
                data: bytes = blob.download_as_bytes(checksum="crc32c", retry=RETRY)
        except NotFoundError:
            return None
        return data

    def _list(self, place: str, fields: str, **asked: Any) -> Iterator[Any]:
        with our_errors(self._name):
            for blob in self._client.list_blobs(
                self._bucket, prefix=place, fields=fields, retry=RETRY, **asked
            ):
                if _lies_in(place, blob.name):
                    yield blob

    # What becomes of it.

    def write(self, name: str, data: bytes, *, over: int) -> None:
        """Writes over exactly this generation (0: nothing). ConflictError for any other."""
        with our_errors(self._name):
            self._bucket.blob(name).upload_from_string(
                data,
                content_type="application/octet-stream",
                if_generation_match=over,
                checksum="crc32c",
                retry=RETRY,
            )

    def delete(self, things: Sequence[Doomed]) -> None:
        """Exactly these generations, for good (T28). What is gone already is no error (T27).

        They are named, not compared: ifGenerationMatch is about the live generation (JSON API,
        "Objects: delete"), so that a noncurrent one could never go.
        """
        self._in_batches(things, lambda one: {"generation": int(one.stamp)})

    def take_down(self, things: Sequence[Doomed]) -> None:
        """Each is live no more, if it was until now. ConflictError where another one is live.

        A compare-and-swap with nothing; where the bucket keeps versions it stays as noncurrent.
        """
        self._in_batches(things, lambda one: {"if_generation_match": int(one.stamp)})

    def abort_uploads(self, place: str) -> None:
        """Ends the unfinished multipart uploads of the XML API in this place."""
        for name, upload in self._unfinished(place):
            path = f"/{self._name}/{quote(name, safe='')}"
            try:
                call(self._client, self._name, "DELETE", path, uploadId=upload)
            except NotFoundError:
                continue  # it ended meanwhile

    def _in_batches(self, things: Sequence[Doomed], how: How) -> None:
        batches = [things[start : start + BATCH] for start in range(0, len(things), BATCH)]
        in_parallel(partial(self._delete_all, how), batches)

    def _delete_all(self, how: How, batch: Sequence[Doomed]) -> None:
        """Repeats what storage was too busy for, as the client does with single calls."""
        left = batch

        def attempt() -> None:
            nonlocal left
            refused = self._send(left, how)
            left = [one for one, _ in refused]
            if refused:
                raise refused[0][1]

        with our_errors(self._name):
            RETRY(attempt)()

    def _send(
        self, things: Sequence[Doomed], how: How
    ) -> list[tuple[Doomed, google.GoogleAPICallError]]:
        """Each call of a batch has its own answer: those that are neither done nor gone."""
        with self._client.batch(raise_exception=False) as batch:
            for one in things:
                self._bucket.delete_blob(one.name, retry=None, **how(one))
        answers = batch._responses  # noqa: SLF001 (told nowhere else)
        errors = [
            None if one.status_code < 300 else google.from_http_response(one) for one in answers
        ]
        pairs = zip(things, errors, strict=True)
        return [(one, error) for one, error in pairs if error and not is_gone(error)]

    def _unfinished(self, place: str) -> Iterator[tuple[str, str]]:
        """Name and id of each upload, page by page (XML API, "List multipart uploads")."""
        markers: dict[str, str] = {}
        while True:
            asked = {"uploads": "", "prefix": place, **markers}
            answer = call(self._client, self._name, "GET", f"/{self._name}", **asked)
            page = ET.fromstring(answer.content)  # noqa: S314 (Google's answer)
            for upload in page.iterfind("{*}Upload"):
                yield _text(upload, "Key"), _text(upload, "UploadId")
            if _text(page, "IsTruncated") != "true":
                return
            markers = {
                "key-marker": _text(page, "NextKeyMarker"),
                "upload-id-marker": _text(page, "NextUploadIdMarker"),
            }

    # How long it can be brought back.

    def keeps_deleted(self) -> bool:
        """Whether soft delete is on. Only then does storage list what it keeps."""
        return bool(self._settings().soft_delete_policy.retention_duration_seconds)

    def horizon(self, kept_until: Iterable[datetime]) -> Horizon:
        """By the live settings, and by what soft delete keeps already.

        While soft delete is off, storage refuses to list what an earlier setting still keeps.
        Beyond us, it is Google's: two months in active systems, 180 days with all backups (Google
        Cloud, "Data deletion on Google Cloud", Deletion timeline); the domain's constant.
        """
        bucket = self._settings()
        policy = bucket.soft_delete_policy
        soft_delete = timedelta(seconds=policy.retention_duration_seconds or 0)
        is_paused = policy.get("hardDeletePause", {}).get("enabled", False)
        return Horizon(
            ours=None if is_paused else soft_delete,
            ours_until=max(kept_until, default=None) if soft_delete else None,
            notes=tuple(_notes(bucket, soft_delete, is_paused=is_paused)),
        )

    def _settings(self) -> Any:
        bucket = self._client.bucket(self._name)
        with our_errors(self._name):
            bucket.reload(retry=RETRY)
        return bucket


class BucketStore:
    """What the stores on Cloud Storage have in common."""

    def __init__(
        self,
        client: storage.Client,
        bucket: str,
        clock: Callable[[], datetime],
        *,
        page: int = PAGE,
    ) -> None:
        self._bucket = CopyBucket(client, bucket)
        self._clock = clock
        self._page = page

    def delete(self, target: Target, things: Sequence[Thing]) -> None:  # noqa: ARG002 (the port's)
        self._bucket.delete(things)

    def _stretch(self, found: Iterable[Generation]) -> Found:
        """The first page of them, as things."""
        now = self._clock()
        return stretch((one.thing(now) for one in found), self._page)


_FIELDS = (
    "items(name,generation,size,md5Hash,timeDeleted,"
    "temporaryHold,eventBasedHold,retentionExpirationTime),nextPageToken"
)


def _lies_in(place: str, name: str) -> bool:
    """By the parts of the name, not by how it begins: epoch 1 is not epoch 10 (T21, T22)."""
    *folder, rest = place.split("/")
    return name == place if rest else name.split("/")[: len(folder)] == folder


def _generation(blob: Any) -> Generation:
    return Generation(
        name=blob.name,
        stamp=str(blob.generation),
        size_bytes=int(blob.size),
        md5=blob.md5_hash,
        is_live=blob.time_deleted is None,
        is_held=bool(blob.temporary_hold or blob.event_based_hold),
        retained_until=blob.retention_expiration_time,
    )


def _notes(bucket: Any, soft_delete: timedelta, *, is_paused: bool) -> Iterator[str]:
    if soft_delete:
        yield f"soft delete keeps what is deleted for {soft_delete.total_seconds():.0f} seconds"
    else:
        yield "soft delete is off: what an earlier setting still keeps is not to be seen"
    if is_paused:
        yield "hard deletions are paused: what soft delete keeps does not go"
    if bucket.versioning_enabled:
        yield "the bucket keeps noncurrent versions: they are deleted too"
    if bucket.retention_period:
        lock = "locked" if bucket.retention_policy_locked else "not locked"
        yield f"a retention policy of {bucket.retention_period} seconds, {lock}"
    if bucket.default_event_based_hold:
        yield "every new object is under an event-based hold"


def in_parallel(act: Callable[[Given], Made], things: Iterable[Given]) -> list[Made]:
    """Raises the first error; what has begun by then is finished, the rest is not begun."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, things))


def _text(element: ET.Element, tag: str) -> str:
    return element.findtext(f"{{*}}{tag}", "")
