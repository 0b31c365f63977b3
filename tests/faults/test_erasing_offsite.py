"""The copy off-site on an S3 that locks, refuses, is busy, or loses its answers."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from custody.adapters.copies.offsite import OffsiteStore
from custody.adapters.copies.offsite_witness import OffsiteWitness
from custody.adapters.s3 import Site, s3_client
from custody.domain import names
from custody.domain.erasure import ErasureId, Fate, Found, Target, Thing
from custody.domain.vault import FileId, HoldingEpoch, RevisionId
from custody.errors import ConflictError, CustodyError, RefusedError, UnavailableError
from localcloud.clock import Clock
from localcloud.deployment import REGION, make_s3_buckets
from localcloud.faults import Rule
from localcloud.s3 import S3Server
from samples import LIFE, a_life

DAY = timedelta(days=1)
TARGET = Target(erasure=ErasureId("e-one"), life=LIFE)
KEYSETS = [names.keyset_name(LIFE), names.recovery_name(LIFE)]


def a_name(file: str, life: HoldingEpoch = LIFE) -> str:
    return names.version_name(life, FileId(file), RevisionId("r/1"))


class Offsite:
    """Two buckets of one test, who erases in them, who looks, and somebody else who writes."""

    def __init__(self, server: S3Server, clock: Clock) -> None:
        self.server = server
        self.clock = clock
        self.bucket = f"offsite-{uuid.uuid4().hex[:20]}"
        self.keys = f"{self.bucket}-keys"
        self.hand = s3_client(Site(region=REGION, endpoint=server.url))
        make_s3_buckets(self.hand, self.bucket, self.keys)
        self.client = s3_client(Site(region=REGION, endpoint=server.url))
        self.connect(self.client)

    def connect(self, client: Any, *, page: int = 4) -> None:
        self.store = OffsiteStore(client, self.bucket, self.keys, self.clock.now, page=page)
        self.witness = OffsiteWitness(client, self.bucket, self.keys)

    # What somebody puts there.

    def put(self, *wanted: str, times: int = 1) -> None:
        for name in wanted:
            for _ in range(times):
                self.hand.put_object(Bucket=self._bucket_of(name), Key=name, Body=b"x")

    def hide(self, *wanted: str) -> None:
        """As a plain DELETE does: a marker comes to lie on top."""
        for name in wanted:
            self.hand.delete_object(Bucket=self._bucket_of(name), Key=name)

    def begin_upload(self, name: str) -> str:
        bucket = self._bucket_of(name)
        begun = self.hand.create_multipart_upload(Bucket=bucket, Key=name)
        return str(begun["UploadId"])

    def lock(self, name: str, mode: str, until: datetime) -> None:
        retention = {"Mode": mode, "RetainUntilDate": until}
        self.hand.put_object_retention(Bucket=self.bucket, Key=name, Retention=retention)

    def hold(self, name: str, status: str = "ON") -> None:
        self.hand.put_object_legal_hold(Bucket=self.bucket, Key=name, LegalHold={"Status": status})

    def _bucket_of(self, name: str) -> str:
        return self.bucket if name.count("/") > 2 else self.keys

    # What there is.

    def standing(self) -> list[str]:
        """Every version and delete marker in both buckets, and every upload."""
        found = []
        for bucket in (self.keys, self.bucket):
            for page in self.hand.get_paginator("list_object_versions").paginate(Bucket=bucket):
                shown = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                found += [one["Key"] for one in shown]
            uploads = self.hand.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
            found += [f"{one['Key']} (upload)" for one in uploads]
        return sorted(found)

    # What the step does.

    def pages(self) -> Iterator[Found]:
        after: str | None = ""
        while after is not None:
            found = self.store.find(TARGET, after)
            yield found
            after = found.last

    def things(self) -> list[Thing]:
        return [thing for page in self.pages() for thing in page.things]

    def delete(self) -> None:
        self.store.delete(TARGET, [one for one in self.things() if one.fate is Fate.DELETE])

    def erase(self) -> int:
        """How many things are left in the eyes of the witness."""
        self.store.close(TARGET)
        self.delete()
        return self.remaining()

    def remaining(self) -> int:
        return self.witness.remaining(TARGET, "", None)

    def horizon(self) -> object:
        return self.store.horizon(TARGET)

    def close(self) -> None:
        self.store.close(TARGET)

    # What goes wrong.

    def fails(self, method: str, **fault: Any) -> None:
        self.server.faults.add(Rule(method=method, **fault))

    def hits(self) -> int:
        return sum(rule["hits"] for rule in self.server.faults.list())

    def refuses_in_batches(self, code: str | None, *keys: str, times: int = 1) -> None:
        """As S3 answers of single keys: nothing of them is done, and the answer as such is 200.

        Without a code the answer does not mention them.
        """
        events, left, held = self.client.meta.events, [times], list[Any]()

        def leave_out(params: dict[str, Any], **_: object) -> None:
            asked = params["Delete"]["Objects"]
            held[:] = [one for one in asked if one["Key"] in keys and left[0]]
            if held:
                left[0] -= 1
                kept = [one for one in asked if one not in held] or [_NOTHING]
                params["Delete"] = {**params["Delete"], "Objects": kept}

        def tell(parsed: dict[str, Any], **_: object) -> None:
            if code:
                parsed.setdefault("Errors", []).extend(
                    one | {"Code": code, "Message": code} for one in held
                )

        events.register("provide-client-params.s3.DeleteObjects", leave_out)
        events.register("after-call.s3.DeleteObjects", tell)


_NOTHING = {"Key": "nothing", "VersionId": "null"}
"""What a batch asks for when all that it asked for is refused."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    data = tmp_path_factory.mktemp("s3")
    running = S3Server(data=data, clock=Clock(data / "clock"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def offsite(server: S3Server) -> Iterator[Offsite]:
    made = Offsite(server, server.clock)
    made.put(*KEYSETS, *map(a_name, "abcde"))
    yield made
    server.faults.clear()


# All of it, and nothing else.


def test_every_version_and_every_delete_marker_goes(offsite: Offsite) -> None:
    """T22: only what is named with its version id is gone for good."""
    offsite.put(*KEYSETS, a_name("a"), times=3)
    offsite.hide(*KEYSETS, a_name("a"), a_name("a"), a_name("b"))
    wanted = [f"keys/{name}" for name in KEYSETS for _ in range(5)]
    wanted += [f"versions/{a_name(one)}" for one in "aaaaaabbcde"]
    assert [one.name for one in offsite.things()] == wanted
    assert offsite.erase() == 0
    assert offsite.standing() == [names.destroyed_name(LIFE)]


def test_what_is_hidden_by_delete_markers_alone_is_found(offsite: Offsite) -> None:
    """T22: a listing of objects shows nothing of it."""
    offsite.erase()
    offsite.hide(*KEYSETS, a_name("a"))
    assert offsite.hand.list_objects_v2(Bucket=offsite.bucket).get("Contents") is None
    assert offsite.remaining() == 3
    assert offsite.erase() == 0
    assert offsite.standing() == [names.destroyed_name(LIFE)]


NEIGHBOURS = [
    a_name("a", a_life(epoch=10)),
    a_name("a", a_life(source="hubspot-eu")),
    a_name("a", a_life("c-abcdefghijkl1")),
    *map(names.keyset_name, (a_life(epoch=10), a_life(source="hub"))),
    f"{names.keyset_name(LIFE)}.old",
    f"{names.keyset_name(LIFE)}s",
    f"{names.recovery_name(LIFE)}-2",
    names.destroyed_name(a_life(epoch=10)),
]
"""Names that begin like those of the epoch."""


def test_names_that_begin_alike_are_left_alone(offsite: Offsite) -> None:
    """T22: epoch 1 is not epoch 10."""
    offsite.put(*NEIGHBOURS)
    begun = offsite.begin_upload(NEIGHBOURS[0])
    assert offsite.erase() == 0
    mark, upload = names.destroyed_name(LIFE), f"{NEIGHBOURS[0]} (upload)"
    assert offsite.standing() == sorted([*NEIGHBOURS, mark, upload])
    assert begun


def fill(offsite: Offsite, count: int) -> None:
    """So many versions more: half of them of one name, each tenth hidden by a marker."""
    offsite.put(a_name("a"), times=count // 2)
    others = [a_name(f"b{number:04}") for number in range(count - count // 2)]
    offsite.put(*others)
    offsite.hide(*others[::10])


def test_all_pages_of_a_listing_are_read_and_its_last_page_too(offsite: Offsite) -> None:
    """A page ends among the versions of one name, and between names."""
    for listing, most in (
        ("ListObjectVersions", "MaxKeys"),
        ("ListMultipartUploads", "MaxUploads"),
    ):
        offsite.client.meta.events.register(
            f"provide-client-params.s3.{listing}",
            lambda params, most=most, **_: params.update({most: 7}),
        )
    fill(offsite, 60)
    for _ in range(12):
        offsite.begin_upload(a_name("late"))
    assert len(offsite.things()) == 7 + 60 + 3 + 12
    offsite.put(names.destroyed_name(LIFE))
    assert offsite.remaining() == 82
    assert offsite.erase() == 0
    assert offsite.standing() == [names.destroyed_name(LIFE)]


def test_batches_are_as_large_as_s3_takes_and_no_larger(offsite: Offsite) -> None:
    things = [
        Thing(name=f"versions/{a_name(f'never {number}')}", stamp=uuid.uuid4().hex)
        for number in range(2_001)
    ]
    asked: list[int] = []
    offsite.client.meta.events.register(
        "provide-client-params.s3.DeleteObjects",
        lambda params, **_: asked.append(len(params["Delete"]["Objects"])),
    )
    offsite.store.delete(TARGET, things)
    assert sorted(asked) == [1, 1_000, 1_000]


@pytest.mark.slow
def test_thousands_of_versions_are_found_seen_and_deleted(offsite: Offsite) -> None:
    """With the pages and batches that S3 has by itself."""
    offsite.connect(offsite.client, page=2_000)
    fill(offsite, 2_400)
    offsite.close()
    assert offsite.remaining() == 2_527
    assert [len(page.things) for page in offsite.pages()] == [2_000, 527]
    assert offsite.erase() == 0
    assert offsite.standing() == [names.destroyed_name(LIFE)]


def test_what_is_written_after_a_look_stays_until_the_next(offsite: Offsite) -> None:
    """T28: exactly what was found is deleted."""
    things = offsite.things()
    offsite.put(a_name("a"))
    offsite.store.delete(TARGET, things)
    assert offsite.standing() == [a_name("a")]


def test_without_versioning_there_is_one_version_to_delete(offsite: Offsite) -> None:
    plain = f"{offsite.bucket}-plain"
    where = {"LocationConstraint": REGION}
    offsite.hand.create_bucket(Bucket=plain, CreateBucketConfiguration=where)
    offsite.bucket = plain
    offsite.connect(offsite.client)
    offsite.put(a_name("a"), a_name("b"), times=2)
    assert [one.stamp for one in offsite.things()][2:] == ["null", "null"]
    assert offsite.erase() == 0


# Uploads under way.


def test_unfinished_uploads_end_before_anything_is_deleted(offsite: Offsite) -> None:
    """T22: whoever completes them later would bring back what was erased."""
    other = a_name("a", a_life(epoch=10))
    for name in (a_name("a"), a_name("a"), a_name("new"), other):
        offsite.begin_upload(name)
    for _ in range(2):
        offsite.close()
    assert [one for one in offsite.standing() if "upload" in one] == [f"{other} (upload)"]


def test_an_upload_that_begins_during_the_sweep_is_a_thing_to_delete(offsite: Offsite) -> None:
    """No listing of versions shows it; the witness sees it, and the store ends it."""
    offsite.erase()
    begun = offsite.begin_upload(a_name("late"))
    assert offsite.remaining() == 1
    (thing,) = offsite.things()
    assert (thing.name, thing.stamp) == (f"versions/{a_name('late')}", f"upload:{begun}")
    offsite.delete()
    assert offsite.remaining() == 0
    offsite.store.delete(TARGET, [thing])


def test_the_witness_counts_uploads_and_markers_where_their_names_are(offsite: Offsite) -> None:
    offsite.erase()
    offsite.begin_upload(a_name("b"))
    offsite.hide(a_name("a"), a_name("c"))
    first, second, third = (f"versions/{a_name(one)}" for one in "abc")
    spans: list[tuple[str, str | None, int]] = [
        ("", None, 3),
        ("", first, 1),
        (first, second, 1),
        (first, third, 2),
        (third, None, 0),
        ("", f"keys/{KEYSETS[1]}", 0),
        (f"keys/{KEYSETS[1]}", second, 2),
    ]
    for after, last, expected in spans:
        assert offsite.witness.remaining(TARGET, after, last) == expected


# Locks.


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_what_is_locked_stays_until_its_date_while_its_keysets_go(
    offsite: Offsite, mode: str
) -> None:
    """T22: nobody bypasses a lock, not even one that a right would lift."""
    until = (offsite.clock.now() + 3 * DAY).replace(microsecond=0)
    offsite.lock(a_name("b"), mode, until)
    offsite.put(a_name("b"))
    offsite.hide(a_name("b"))
    assert offsite.erase() == 1
    (left,) = offsite.things()
    assert (left.name, left.fate, left.until) == (
        f"versions/{a_name('b')}",
        Fate.RETAINED,
        until,
    )
    assert offsite.standing() == sorted([a_name("b"), names.destroyed_name(LIFE)])
    offsite.clock.advance((4 * DAY).total_seconds())
    assert offsite.erase() == 0


def test_a_legal_hold_has_no_date_whatever_lock_there_is_besides(offsite: Offsite) -> None:
    offsite.lock(a_name("b"), "GOVERNANCE", offsite.clock.now() + 3 * DAY)
    for name in (a_name("a"), a_name("b")):
        offsite.hold(name)
    assert offsite.erase() == 2
    assert {(one.fate, one.until) for one in offsite.things()} == {(Fate.RETAINED, None)}
    offsite.hold(a_name("a"), "OFF")
    assert offsite.erase() == 1


@pytest.mark.parametrize("how", ["legal hold", "GOVERNANCE", "COMPLIANCE"])
def test_what_became_locked_is_looked_at_again(offsite: Offsite, how: str) -> None:
    """Whatever right the identity has, it lifts no lock."""
    things = offsite.things()
    if how == "legal hold":
        offsite.hold(a_name("c"))
    else:
        offsite.lock(a_name("c"), how, offsite.clock.now() + 3 * DAY)
    with pytest.raises(ConflictError, match="look again"):
        offsite.store.delete(TARGET, things)
    (left,) = offsite.things()
    assert left.fate is Fate.RETAINED, "all others of the batch are gone"


def test_a_keyset_that_could_be_locked_is_for_a_person(offsite: Offsite) -> None:
    """T23: an erasure whose keyset stays for years would be none."""
    locking = f"{offsite.bucket}-locking"
    where = {"LocationConstraint": REGION}
    offsite.hand.create_bucket(
        Bucket=locking, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True
    )
    offsite.keys = locking
    offsite.connect(offsite.client)
    offsite.put(*KEYSETS)
    with pytest.raises(RefusedError, match="CUSTODY_OFFSITE_KEYS_BUCKET"):
        offsite.erase()
    after = f"keys/{KEYSETS[1]}"
    with pytest.raises(RefusedError, match="Object Lock"):
        offsite.store.find(TARGET, f"keys/{KEYSETS[0]}")
    assert offsite.witness.remaining(TARGET, "", after) == 2


# Refusals.


ASKED: list[tuple[str, Callable[[Offsite], object]]] = [
    ("PutObject", Offsite.close),
    ("ListMultipartUploads", Offsite.close),
    ("ListObjectVersions", Offsite.things),
    ("ListMultipartUploads", Offsite.things),
    ("GetObjectLockConfiguration", Offsite.things),
    ("GetObjectRetention", Offsite.things),
    ("GetObjectLegalHold", Offsite.things),
    ("DeleteObjects", Offsite.delete),
    ("ListObjectsV2", Offsite.remaining),
    ("ListObjectVersions", Offsite.remaining),
    ("ListMultipartUploads", Offsite.remaining),
    ("GetBucketVersioning", Offsite.horizon),
    ("GetBucketLifecycleConfiguration", Offsite.horizon),
]
"""Each call that any of this makes, and who makes it."""


@pytest.mark.parametrize(("method", "ask"), ASKED)
def test_a_missing_right_is_refused_and_not_swallowed(
    offsite: Offsite, method: str, ask: Callable[[Offsite], object]
) -> None:
    """No redelivery brings a right: a person is told. T7: nor is it read as nothing."""
    offsite.close()
    offsite.fails(method, status=403, reason="AccessDenied")
    with pytest.raises(RefusedError, match="no right"):
        ask(offsite)
    ask(offsite)


def test_an_upload_that_nobody_may_end_is_refused(offsite: Offsite) -> None:
    offsite.begin_upload(a_name("a"))
    offsite.fails("AbortMultipartUpload", status=403, reason="AccessDenied")
    with pytest.raises(RefusedError, match="no right"):
        offsite.close()


def test_one_key_that_is_refused_in_a_batch_is_told(offsite: Offsite) -> None:
    """The batch as a whole is answered with 200."""
    offsite.refuses_in_batches("AccessDenied", a_name("c"))
    offsite.close()
    with pytest.raises(RefusedError, match="s3:DeleteObjectVersion"):
        offsite.delete()
    assert offsite.remaining() == 1


@pytest.mark.parametrize("code", ["SlowDown", "InternalError", "ServiceUnavailable", None])
def test_what_a_busy_service_left_of_a_batch_is_deleted_again(
    offsite: Offsite, code: str | None
) -> None:
    """Also what the answer does not mention: it may be there still."""
    offsite.refuses_in_batches(code, a_name("a"), a_name("c"), KEYSETS[0], times=3)
    assert offsite.erase() == 0


def test_a_service_that_stays_busy_is_told_by_its_own_word(offsite: Offsite) -> None:
    offsite.refuses_in_batches("SlowDown", a_name("c"), times=100)
    with pytest.raises(UnavailableError, match="SlowDown"):
        offsite.erase()
    assert offsite.remaining() == 1


def test_what_is_refused_is_told_before_what_is_busy(offsite: Offsite) -> None:
    """A person can do something about it."""
    offsite.refuses_in_batches("SlowDown", a_name("c"), times=100)
    offsite.refuses_in_batches("AccessDenied", a_name("d"))
    with pytest.raises(RefusedError):
        offsite.erase()


def test_what_is_gone_already_is_no_error(offsite: Offsite) -> None:
    """T27: whatever S3 says of it."""
    things = offsite.things()
    offsite.refuses_in_batches("NoSuchVersion", a_name("c"))
    offsite.store.delete(TARGET, things)
    assert offsite.standing() == [a_name("c")]
    for _ in range(2):
        offsite.store.delete(TARGET, things)
    assert offsite.standing() == []


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        ({"status": 403, "reason": "RequestTimeTooSkewed"}, UnavailableError, "clock"),
        ({"status": 403, "reason": "SignatureDoesNotMatch"}, UnavailableError, "doctor"),
        ({"status": 404, "reason": "NoSuchBucket"}, UnavailableError, "doctor"),
        ({"status": 400, "reason": "ExpiredToken"}, UnavailableError, "doctor"),
        ({"status": 409, "reason": "OperationAborted"}, UnavailableError, "OperationAborted"),
    ],
)
def test_every_other_refusal_has_its_meaning_and_its_remedy(
    offsite: Offsite, fault: dict[str, Any], error: type[CustodyError], told: str
) -> None:
    for method, ask in (
        ("DeleteObjects", Offsite.delete),
        ("ListObjectVersions", Offsite.things),
        ("ListObjectsV2", Offsite.remaining),
    ):
        offsite.fails(method, **fault)
        with pytest.raises(error, match=told):
            ask(offsite)


def test_buckets_in_another_region_are_erased_all_the_same(offsite: Offsite) -> None:
    """Amazon's client goes where S3 sends it."""
    offsite.connect(s3_client(Site(region="us-west-2", endpoint=offsite.server.url)))
    assert offsite.erase() == 0
    assert offsite.standing() == [names.destroyed_name(LIFE)]


@pytest.mark.parametrize(("method", "ask"), ASKED)
def test_a_region_that_cannot_be_followed_is_named_with_its_setting(
    offsite: Offsite, method: str, ask: Callable[[Offsite], object]
) -> None:
    offsite.close()
    offsite.fails(method, status=301, reason="PermanentRedirect", times=None)
    with pytest.raises(UnavailableError, match="CUSTODY_OFFSITE_REGION"):
        ask(offsite)


# Outages.


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize(("method", "ask"), ASKED)
def test_a_busy_service_is_asked_again(
    offsite: Offsite, method: str, ask: Callable[[Offsite], object], status: int
) -> None:
    offsite.close()
    offsite.fails(method, status=status, reason="SlowDown")
    ask(offsite)
    assert offsite.hits() == 1


LOOKS: Sequence[Callable[[Offsite], object]] = [
    Offsite.close,
    Offsite.things,
    Offsite.remaining,
    Offsite.horizon,
]


@pytest.mark.parametrize("ask", LOOKS)
def test_an_s3_that_is_down_is_asked_later(
    offsite: Offsite, ask: Callable[[Offsite], object]
) -> None:
    offsite.connect(s3_client(Site(region=REGION, endpoint="http://127.0.0.1:9")))
    with pytest.raises(UnavailableError):
        ask(offsite)


def test_a_bucket_that_is_missing_proves_nothing(offsite: Offsite) -> None:
    """T7: neither that nothing was there, nor that it is gone."""
    offsite.close()
    things = offsite.things()
    offsite.bucket = f"{offsite.bucket}-gone"
    offsite.connect(offsite.client)
    with pytest.raises(UnavailableError):
        offsite.store.delete(TARGET, things)
    for ask in LOOKS:
        with pytest.raises(UnavailableError):
            ask(offsite)


@pytest.mark.parametrize("cut", ["before", "after", "body"])
def test_a_lost_answer_is_no_error(offsite: Offsite, cut: Any) -> None:
    """T27: the batch is sent again, and what it had deleted is gone."""
    offsite.fails("DeleteObjects", cut=cut)
    assert offsite.erase() == 0
    assert offsite.hits() == 1


def test_a_mark_whose_answer_was_lost_stands(offsite: Offsite) -> None:
    """T27: our own write, which comes back as somebody else's."""
    offsite.fails("PutObject", cut="after")
    offsite.close()
    assert offsite.remaining() == 7


@pytest.mark.parametrize("method", ["ListObjectVersions", "ListMultipartUploads"])
@pytest.mark.parametrize("cut", ["before", "after", "body"])
def test_a_torn_listing_is_read_again(offsite: Offsite, method: str, cut: Any) -> None:
    """T7: half a listing would look like half of it gone."""
    offsite.close()
    offsite.fails(method, cut=cut)
    assert len(offsite.things()) == 7
    offsite.fails(method, cut=cut)
    assert offsite.remaining() == 7


# What the settings say.


def horizon_of(offsite: Offsite) -> tuple[timedelta | None, str]:
    horizon = offsite.store.horizon(TARGET)
    assert horizon.provider is None
    return horizon.ours, "\n".join(horizon.notes)


def test_the_horizon_tells_what_is_set(offsite: Offsite) -> None:
    """Amazon promises no day, and nothing that is deleted by its id can be had again."""
    ours, notes = horizon_of(offsite)
    assert ours == timedelta(0)
    for told in (
        "keys: versioning is enabled",
        "versions: versioning is enabled",
        "versions: Object Lock is on, with no retention by default",
        "Amazon promises no day",
    ):
        assert told in notes
    assert "keys: Object Lock" not in notes
    assert "replica" not in notes
    assert "lifecycle" not in notes


@pytest.mark.parametrize(
    ("period", "told"),
    [({"Days": 30}, "compliance for 30 days"), ({"Years": 1}, "compliance for 1 years")],
)
def test_the_horizon_tells_what_is_locked_by_default(
    offsite: Offsite, period: dict[str, int], told: str
) -> None:
    offsite.delete()
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", **period}}
    offsite.hand.put_object_lock_configuration(
        Bucket=offsite.bucket,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
    )
    assert told in horizon_of(offsite)[1]


def test_the_horizon_tells_of_lifecycle_rules(offsite: Offsite) -> None:
    rule = {"ID": "one", "Status": "Enabled", "Prefix": "", "Expiration": {"Days": 400}}
    offsite.hand.put_bucket_lifecycle_configuration(
        Bucket=offsite.keys, LifecycleConfiguration={"Rules": [rule]}
    )
    assert "keys: 1 lifecycle rules" in horizon_of(offsite)[1]


def test_what_is_replicated_elsewhere_is_not_beyond_us(offsite: Offsite) -> None:
    """T22: a deletion by version id is never replicated."""
    rule = {
        "Status": "Enabled",
        "Prefix": "",
        "Destination": {"Bucket": "arn:aws:s3:::somewhere-else"},
    }
    for status, ours in (("Disabled", timedelta(0)), ("Enabled", None)):
        offsite.hand.put_bucket_replication(
            Bucket=offsite.bucket,
            ReplicationConfiguration={
                "Role": "arn:aws:iam::123456789012:role/r",
                "Rules": [rule | {"Status": status}],
            },
        )
        known, notes = horizon_of(offsite)
        assert known == ours
        assert ("erase it there too" in notes) == (ours is None)


def test_what_may_be_replicated_is_not_called_beyond_us(offsite: Offsite) -> None:
    offsite.fails("GetBucketReplication", status=403, reason="AccessDenied")
    ours, notes = horizon_of(offsite)
    assert ours is None
    assert "not to be seen" in notes
