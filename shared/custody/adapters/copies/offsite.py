"""The off-site copy in S3: every version by its id, every delete marker, and the keyset copies.

Two buckets make one copy. Names of things begin with `keys/` or `versions/`, so that keysets come
first. A DELETE without a version id would only lay a marker on top (T22); here each has its id.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import merge
from itertools import chain
from typing import Any

from botocore.exceptions import ClientError

from custody.adapters.copies.bucket import PAGE, in_parallel, stretch
from custody.adapters.s3 import NO_RIGHT, code_of, erasing_errors
from custody.domain import names
from custody.domain.erasure import Fate, Found, Horizon, Target, Thing
from custody.domain.vault import HoldingEpoch
from custody.errors import ConflictError, NotFoundError, RefusedError, UnavailableError

BATCH = 1_000
"""Versions in one deletion, the most that S3 takes (DeleteObjects)."""
ATTEMPTS = 4
"""Deletions of what S3 was too busy for, before Pub/Sub takes over."""
KEYS, VERSIONS = "keys/", "versions/"
_UPLOAD = "upload:"
"""What the stamp of an unfinished upload begins with; that of a version is its id alone."""

Lock = tuple[Fate, datetime | None]
Refused = list[tuple[Thing, str]]
"""What was not deleted, and S3's word for why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder, which ends with `/`, or one whole name in a bucket."""

    bucket: str
    kind: str
    """What the names of its things begin with."""
    name: str

    def holds(self, key: str) -> bool:
        """By the parts of the name, not by how it begins: epoch 1 is not epoch 10 (T22)."""
        return key == self.name or (self.name.endswith("/") and key.startswith(self.name))

    def is_passed(self, after: str) -> bool:
        """Whether all names of this kind come before that one."""
        return after > self.kind and not after.startswith(self.kind)

    def marker(self, after: str) -> dict[str, str]:
        """What makes S3 list what comes behind that name."""
        return {"KeyMarker": after.removeprefix(self.kind)} if after.startswith(self.kind) else {}


class OffsiteStore:
    """The Store port."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        keys_bucket: str,
        clock: Callable[[], datetime],
        *,
        page: int = PAGE,
    ) -> None:
        self._client = client
        self._buckets = {KEYS: keys_bucket, VERSIONS: bucket}
        self._clock = clock
        self._page = page

    def close(self, target: Target) -> None:
        """Marks the keyset as destroyed here, too, and ends the uploads that are under way.

        Parts that are being sent may survive that (S3, AbortMultipartUpload); whatever is begun
        or left afterwards is a thing, which `find` finds.
        """
        self._mark(target.life)
        in_parallel(self._abort, chain(*map(self._uploads, self._places(target.life))))

    def find(self, target: Target, after: str) -> Found:
        left = [one for one in self._places(target.life) if not one.is_passed(after)]
        if any(place.kind == KEYS for place in left):
            self._require_deletable_keysets()
        return stretch(chain(*(self._things(place, after) for place in left)), self._page)

    def delete(self, target: Target, things: Sequence[Thing]) -> None:  # noqa: ARG002 (the port's)
        """Exactly these, and keysets before all others. Locks are respected, whoever may lift them.

        A lock in governance mode is a promise of ours as well: no call here bypasses it.
        """
        in_parallel(self._abort, (one for one in things if _is_upload(one)))
        for kind in (KEYS, VERSIONS):
            doomed = [one for one in things if one.name.startswith(kind) and not _is_upload(one)]
            batches = [doomed[start : start + BATCH] for start in range(0, len(doomed), BATCH)]
            in_parallel(partial(self._delete_all, kind), batches)

    def horizon(self, target: Target) -> Horizon:  # noqa: ARG002 (the port's)
        """S3 brings no deleted version back; only a copy that a replication rule made could be.

        Beyond us nothing is promised: Amazon deletes what is deleted with its controls, and
        publishes no time in which storage is overwritten (AWS, "Data processing addendum").
        """
        rules = {kind: self._replication(kind) for kind in self._buckets}
        return Horizon(
            ours=timedelta(0) if all(known == 0 for known in rules.values()) else None,
            provider=None,
            notes=(*self._notes(KEYS, rules), *self._notes(VERSIONS, rules), _PROVIDER),
        )

    # What is there.

    def _places(self, life: HoldingEpoch) -> tuple[Place, ...]:
        """Everywhere that something of this epoch may be, in the order of names."""
        keys, versions = self._buckets[KEYS], self._buckets[VERSIONS]
        return (
            Place(bucket=keys, kind=KEYS, name=names.keyset_name(life)),
            Place(bucket=keys, kind=KEYS, name=names.recovery_name(life)),
            Place(bucket=versions, kind=VERSIONS, name=names.life_prefix(life)),
        )

    def _things(self, place: Place, after: str) -> Iterator[Thing]:
        everything = merge(
            self._versions(place, after), self._uploads(place, after), key=lambda one: one.name
        )
        return (one for one in everything if one.name > after)

    def _versions(self, place: Place, after: str) -> Iterator[Thing]:
        is_locking = place.kind == VERSIONS and self._lock(VERSIONS) is not None
        lock_of = self._lock_of if is_locking else _unlocked
        for page in self._pages("list_object_versions", place, after):
            contents = [one for one in page.get("Versions", ()) if place.holds(one["Key"])]
            markers = [one for one in page.get("DeleteMarkers", ()) if place.holds(one["Key"])]
            locks = in_parallel(partial(lock_of, place.bucket), contents)
            things = [
                *(_thing(place, one, lock) for one, lock in zip(contents, locks, strict=True)),
                *(_thing(place, one, _FREE) for one in markers),
            ]
            yield from sorted(things, key=lambda one: one.name)

    def _uploads(self, place: Place, after: str = "") -> Iterator[Thing]:
        for page in self._pages("list_multipart_uploads", place, after):
            begun = [one for one in page.get("Uploads", ()) if place.holds(one["Key"])]
            things = (
                Thing(name=place.kind + one["Key"], stamp=_UPLOAD + one["UploadId"])
                for one in begun
            )
            yield from sorted(things, key=lambda one: one.name)

    def _pages(self, listing: str, place: Place, after: str) -> Iterator[dict[str, Any]]:
        asked = {"Bucket": place.bucket, "Prefix": place.name, **place.marker(after)}
        with erasing_errors(place.bucket):
            yield from self._client.get_paginator(listing).paginate(**asked)

    # Locks.

    def _lock(self, kind: str) -> Mapping[str, Any] | None:
        """The Object Lock of a bucket; None where it has none."""
        bucket = self._buckets[kind]
        shown = self._setting(self._client.get_object_lock_configuration, Bucket=bucket)
        lock: Mapping[str, Any] = shown.get("ObjectLockConfiguration", {})
        return lock if lock.get("ObjectLockEnabled") == "Enabled" else None

    def _lock_of(self, bucket: str, version: Mapping[str, Any]) -> Lock:
        """A listing tells no lock; a HEAD tells none to whoever lacks the right to see it."""
        which = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        hold = self._setting(self._client.get_object_legal_hold, **which)
        if hold.get("LegalHold", {}).get("Status") == "ON":
            return Fate.RETAINED, None
        kept = self._setting(self._client.get_object_retention, **which)
        until = kept.get("Retention", {}).get("RetainUntilDate")
        if until and until > self._clock():
            return Fate.RETAINED, until.astimezone(UTC)
        return _FREE

    def _require_deletable_keysets(self) -> None:
        """Whatever else is locked: without its keyset nobody can read it."""
        if self._lock(KEYS) is not None:
            raise RefusedError(
                f"{self._buckets[KEYS]} has Object Lock, which could keep a keyset from being "
                "deleted: copy its keysets to a bucket without, set CUSTODY_OFFSITE_KEYS_BUCKET "
                "to that, and delete this one"
            )

    # What becomes of it.

    def _mark(self, life: HoldingEpoch) -> None:
        """The mark stays for ever, so that nobody copies the keyset here again."""
        bucket = self._buckets[KEYS]
        try:
            with erasing_errors(bucket):
                self._client.put_object(
                    Bucket=bucket, Key=names.destroyed_name(life), Body=b"", IfNoneMatch="*"
                )
        except ConflictError:
            return  # it stands already; the witness asks for it

    def _abort(self, upload: Thing) -> None:
        kind, _, key = upload.name.partition("/")
        bucket = self._buckets[f"{kind}/"]
        try:
            with erasing_errors(bucket):
                self._client.abort_multipart_upload(
                    Bucket=bucket, Key=key, UploadId=upload.stamp.removeprefix(_UPLOAD)
                )
        except NotFoundError:
            return  # it ended meanwhile

    def _delete_all(self, kind: str, batch: Sequence[Thing]) -> None:
        """Sends again what S3 was too busy for. What it forbids is told when all else is gone."""
        denied: Refused = []
        left = list(batch)
        for attempt in range(ATTEMPTS):
            time.sleep(attempt * attempt * 0.25)
            refused = self._send(kind, left)
            denied += [(one, code) for one, code in refused if code == NO_RIGHT]
            left = [one for one, code in refused if code != NO_RIGHT]
            if not left:
                break
        self._require_allowed(kind, [one for one, _ in denied])
        if left:
            codes = ", ".join(sorted({code for _, code in refused}))
            raise UnavailableError(
                f"S3 did not delete {len(left)} versions in {self._buckets[kind]} ({codes}): "
                "delete again"
            )

    def _send(self, kind: str, things: Sequence[Thing]) -> Refused:
        """The answer is 200 whatever became of each. What it does not mention is not deleted."""
        bucket = self._buckets[kind]
        objects = [{"Key": _key(one), "VersionId": one.stamp} for one in things]
        with erasing_errors(bucket):
            answer = self._client.delete_objects(
                Bucket=bucket, Delete={"Objects": objects, "Quiet": False}
            )
        told = {_id(one): one["Code"] for one in answer.get("Errors", ())}
        told |= {_id(one): _GONE for one in answer.get("Deleted", ())}
        codes = [
            told.get((_key(one), one.stamp)) or told.get((_key(one), None), "no word of it")
            for one in things  # some S3s tell the key alone
        ]
        return [
            (one, code)
            for one, code in zip(things, codes, strict=True)
            if code not in (_GONE, "NoSuchKey")
        ]

    def _require_allowed(self, kind: str, denied: Sequence[Thing]) -> None:
        """S3 has one word for a lock and for a missing right. Looked at again, all locks show."""
        if not denied:
            return
        bucket, first = self._buckets[kind], {"Key": _key(denied[0]), "VersionId": denied[0].stamp}
        if self._lock(kind) is not None and self._lock_of(bucket, first) != _FREE:
            raise ConflictError(f"an object in {bucket} became locked: look again")
        raise RefusedError(
            f"this identity may not delete versions in {bucket}: grant s3:DeleteObjectVersion, "
            "and switch MFA delete off"
        )

    # The configuration.

    def _setting(self, ask: Callable[..., dict[str, Any]], **which: str) -> dict[str, Any]:
        """Nothing where it was never set, or the S3 of somebody else has no such thing."""
        with erasing_errors(which["Bucket"]):
            try:
                return ask(**which)
            except ClientError as error:
                if code_of(error) in _NOT_SET:
                    return {}
                raise

    def _replication(self, kind: str) -> int | None:
        """How many rules copy what is written here; None where we may not see."""
        try:
            shown = self._setting(self._client.get_bucket_replication, Bucket=self._buckets[kind])
        except RefusedError:
            return None
        rules = shown.get("ReplicationConfiguration", {}).get("Rules", ())
        return len([rule for rule in rules if rule["Status"] == "Enabled"])

    def _notes(self, kind: str, rules: Mapping[str, int | None]) -> Iterator[str]:
        what, bucket = kind.removesuffix("/"), self._buckets[kind]
        versioning = self._setting(self._client.get_bucket_versioning, Bucket=bucket)
        yield f"{what}: versioning is {versioning.get('Status', 'off').lower()}: each is deleted"
        if (lock := self._lock(kind)) is not None:
            yield f"{what}: Object Lock is on, {_default_of(lock)}"
        lifecycle = self._setting(self._client.get_bucket_lifecycle_configuration, Bucket=bucket)
        if lifecycle.get("Rules"):
            yield f"{what}: {len(lifecycle['Rules'])} lifecycle rules"
        if rules[kind]:
            yield f"{what}: {rules[kind]} replication rules copy it elsewhere: erase it there too"
        if rules[kind] is None:
            yield f"{what}: whether it is replicated elsewhere is not to be seen by this identity"


_FREE: Lock = (Fate.DELETE, None)
_GONE = "NoSuchVersion"
_NOT_SET = frozenset(
    {
        "ObjectLockConfigurationNotFoundError",
        "NoSuchObjectLockConfiguration",
        "NoSuchLifecycleConfiguration",
        "ReplicationConfigurationNotFoundError",
        "NoSuchVersion",
        "NoSuchKey",
        "NotImplemented",
    }
)
_PROVIDER = "Amazon promises no day on which deleted storage is overwritten: t2 is not known"


def _unlocked(bucket: str, version: Mapping[str, Any]) -> Lock:  # noqa: ARG001 (as _lock_of)
    return _FREE


def _thing(place: Place, one: Mapping[str, Any], lock: Lock) -> Thing:
    fate, until = lock
    return Thing(
        name=place.kind + one["Key"],
        stamp=one["VersionId"],
        size_bytes=one.get("Size", 0),
        fate=fate,
        until=until,
    )


def _is_upload(one: Thing) -> bool:
    return one.stamp.startswith(_UPLOAD)


def _key(one: Thing) -> str:
    return one.name.partition("/")[2]


def _id(told: Mapping[str, str]) -> tuple[str, str | None]:
    return told["Key"], told.get("VersionId")


def _default_of(lock: Mapping[str, Any]) -> str:
    """What a bucket locks that is stored without a word about locks."""
    default = lock.get("Rule", {}).get("DefaultRetention", {})
    if not default:
        return "with no retention by default"
    period = f"{default['Years']} years" if default.get("Years") else f"{default['Days']} days"
    return f"{default['Mode'].lower()} for {period} by default"
