"""The port Audit, and a reading of the whole trail: nothing is changed or cut off unseen."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import pytest
from google.cloud import storage

from contracts.racing import race
from custody.adapters.audit import BucketAudit
from custody.adapters.objects import Bucket, storage_client
from custody.adapters.signing import LocalSigner
from custody.domain.audit import Checkpoint, Subject
from custody.errors import ConflictError, CorruptError
from custody.ports import Audit, Signer
from custody.steps.audit import Inspection, Trail, verify_trail
from localcloud.deployment import make_buckets
from samples import NOW
from worlds.audit import MemoryAudit
from worlds.localcloud import LocalServers
from worlds.signing import memory_signer
from worlds.writes import Writes

STREAM, OTHER = "e-one", "capture/2026 ä"
LATER = NOW + timedelta(hours=1)
SUBJECT: Subject = {"source": "hubspot", "epoch": 1, "locked": False}
KEYS = memory_signer().keys()


class Books(Audit, Trail, Protocol):
    """The trail, its checkpoints, and hands to do to it what nobody may."""

    def sign_heads(self, signer: Signer, at: datetime) -> Checkpoint: ...
    def overwrite(self, stream: str, number: int, data: bytes) -> None: ...
    def remove(self, stream: str, number: int) -> None: ...
    def sign_as(self, jws: str) -> None: ...


class BucketBooks(BucketAudit):
    """As an intruder sees it who may overwrite and delete."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(bucket)
        self._objects = bucket

    def overwrite(self, stream: str, number: int, data: bytes) -> None:
        name = self._name(stream, number)
        generation = self._objects.read(name).generation
        told = dict(self._objects.metadata(name))[name]
        self._objects.replace(name, data, generation=generation, metadata=told)

    def remove(self, stream: str, number: int) -> None:
        name = self._name(stream, number)
        self._objects.delete(name, generation=self._objects.read(name).generation)

    def sign_as(self, jws: str) -> None:
        self._objects.create(f"checkpoints/{LATER.isoformat()}-{uuid.uuid4()}.jws", jws.encode())

    def _name(self, stream: str, number: int) -> str:
        return f"streams/{quote(stream, safe='')}/{number:08}"


@pytest.fixture
def name(servers: LocalServers) -> str:
    """A bucket of its own."""
    name = f"audit-{uuid.uuid4().hex[:20]}"
    make_buckets(servers.storage.url, name, [name])
    return name


@pytest.fixture
def bucket(servers: LocalServers, name: str) -> Bucket:
    return Bucket(storage_client(servers.storage.url), name)


@pytest.fixture(params=["memory", "local cloud"])
def audit(request: pytest.FixtureRequest) -> Books:
    if request.param == "memory":
        return MemoryAudit(Writes())
    return BucketBooks(request.getfixturevalue("bucket"))


def note_three(audit: Audit, stream: str = STREAM) -> None:
    for epoch in (1, 2, 3):
        audit.note(stream, "shred-keys", {"epoch": epoch}, NOW)


def broken(audit: Books) -> tuple[str | None, int] | None:
    """Stream and number of the first place that is not as it was written."""
    found = verify_trail(audit, KEYS).broken
    return (found.stream, found.number) if found else None


def test_a_trail_without_entries_is_in_order(audit: Books) -> None:
    assert verify_trail(audit, KEYS) == Inspection(entries=0, signed_at=None, broken=None)
    assert list(audit.entries(STREAM)) == []


def test_an_entry_is_read_as_it_was_noted(audit: Books) -> None:
    audit.note(STREAM, "shred-keys", SUBJECT, NOW)
    [entry] = audit.entries(STREAM)
    assert (entry.stream, entry.number, entry.act, entry.at) == (STREAM, 1, "shred-keys", NOW)
    assert entry.subject == SUBJECT
    assert audit.heads() == {STREAM: entry.head}


def test_entries_of_a_stream_are_a_chain_in_their_order(audit: Books) -> None:
    note_three(audit)
    note_three(audit, OTHER)
    for stream in (STREAM, OTHER):
        entries = list(audit.entries(stream))
        assert [entry.subject["epoch"] for entry in entries] == [1, 2, 3]
        assert [entry.number for entry in entries] == [1, 2, 3]
        assert [entry.previous for entry in entries[1:]] == [one.head.hash for one in entries[:2]]
    assert {stream: head.number for stream, head in audit.heads().items()} == {STREAM: 3, OTHER: 3}
    assert verify_trail(audit, KEYS) == Inspection(entries=6, signed_at=None, broken=None)


def test_more_than_nine_entries_keep_their_order(audit: Books) -> None:
    for page in range(11):
        audit.note(STREAM, "delete-page", {"page": page}, NOW)
    assert [entry.number for entry in audit.entries(STREAM)] == list(range(1, 12))
    assert verify_trail(audit, KEYS).broken is None


def test_a_stream_whose_name_begins_like_another_is_another(audit: Books) -> None:
    note_three(audit, "e-one")
    audit.note("e-one-more", "shred-keys", SUBJECT, NOW)
    audit.note("e-one/2", "shred-keys", SUBJECT, NOW)
    assert [len(list(audit.entries(stream))) for stream in sorted(audit.heads())] == [3, 1, 1]


def test_a_note_that_a_delivery_repeats_is_not_written_twice(audit: Books) -> None:
    """T18, T27: an intent whose outcome nobody could note is noted again, at another time."""
    audit.note(STREAM, "shred-keys", SUBJECT, NOW)
    audit.note(STREAM, "shred-keys", SUBJECT, LATER)
    assert [entry.at for entry in audit.entries(STREAM)] == [NOW]
    audit.note(STREAM, "keys-shredded", SUBJECT, LATER)
    audit.note(STREAM, "shred-keys", SUBJECT, LATER)
    assert [entry.act for entry in audit.entries(STREAM)] == [
        "shred-keys",
        "keys-shredded",
        "shred-keys",
    ]


def test_eight_that_note_at_once_get_a_number_each(audit: Books) -> None:
    notes = [partial(audit.note, STREAM, "delete-page", {"page": n}, NOW) for n in range(8)]
    assert race(notes) == [None] * 8
    assert sorted(entry.subject["page"] for entry in audit.entries(STREAM)) == list(range(8))
    assert verify_trail(audit, KEYS).broken is None


def test_a_checkpoint_says_where_every_stream_ends(audit: Books) -> None:
    note_three(audit)
    note_three(audit, OTHER)
    signed = audit.sign_heads(memory_signer(), LATER)
    assert signed == Checkpoint(at=LATER, heads=audit.heads())
    assert list(audit.checkpoints(KEYS)) == [signed]
    assert verify_trail(audit, KEYS) == Inspection(entries=6, signed_at=LATER, broken=None)


def test_a_trail_goes_on_after_a_checkpoint(audit: Books) -> None:
    for hour in range(3):
        audit.note(STREAM, "delete-page", {"page": hour}, NOW)
        audit.sign_heads(memory_signer(), NOW + timedelta(hours=hour))
    audit.note(STREAM, "delete-page", {"page": 3}, NOW)
    numbers = [signed.heads[STREAM].number for signed in audit.checkpoints(KEYS)]
    assert numbers == [1, 2, 3]
    signed_at = NOW + timedelta(hours=2)
    assert verify_trail(audit, KEYS) == Inspection(entries=4, signed_at=signed_at, broken=None)


def rewritten(audit: Books, stream: str, number: int) -> bytes:
    """An entry that tells another story, as it would be written."""
    entry = list(audit.entries(stream))[number - 1]
    return replace(entry, act="shred-nothing").canonical()


@pytest.mark.parametrize("number", [1, 2])
def test_an_entry_that_was_rewritten_breaks_the_one_behind_it(audit: Books, number: int) -> None:
    note_three(audit)
    audit.overwrite(STREAM, number, rewritten(audit, STREAM, number))
    assert broken(audit) == (STREAM, number + 1)


def test_a_last_entry_that_was_rewritten_does_not_fit_its_hash(audit: Books) -> None:
    note_three(audit)
    audit.overwrite(STREAM, 3, rewritten(audit, STREAM, 3))
    assert broken(audit) == (STREAM, 3)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"nonsense"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_entry_that_is_no_entry_is_named(audit: Books, number: int, data: bytes) -> None:
    note_three(audit)
    audit.overwrite(STREAM, number, data)
    assert broken(audit) == (STREAM, number)
    with pytest.raises(CorruptError):
        list(audit.entries(STREAM))


def test_an_entry_is_stored_as_its_hash_is_made(audit: Books) -> None:
    """So that it can be checked with sha256sum; other spelling of the same words is a change."""
    note_three(audit)
    spaced = next(audit.entries(STREAM)).canonical().replace(b",", b", ")
    audit.overwrite(STREAM, 1, spaced)
    assert broken(audit) == (STREAM, 1)


@pytest.mark.parametrize("number", [1, 2])
def test_an_entry_that_was_taken_out_is_missed(audit: Books, number: int) -> None:
    note_three(audit)
    audit.remove(STREAM, number)
    assert broken(audit) == (STREAM, number)


def test_the_first_break_is_named(audit: Books) -> None:
    for stream in ("e-two", "e-one"):
        note_three(audit, stream)
        audit.remove(stream, 2)
    assert broken(audit) == ("e-one", 2)


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_tail_that_was_cut_off_is_missed_by_the_checkpoint(audit: Books, left: int) -> None:
    """The chain that is left holds. Only what was signed tells that there was more."""
    note_three(audit)
    audit.sign_heads(memory_signer(), NOW)
    for number in (3, 2, 1)[: 3 - left]:
        audit.remove(STREAM, number)
    assert broken(audit) == (STREAM, left + 1)


def test_a_stream_that_was_forged_anew_is_not_the_one_that_was_signed(audit: Books) -> None:
    note_three(audit)
    audit.sign_heads(memory_signer(), NOW)
    for number in (3, 2, 1):
        audit.remove(STREAM, number)
    for epoch in (1, 2, 4):
        audit.note(STREAM, "shred-keys", {"epoch": epoch}, NOW)
    assert broken(audit) == (STREAM, 3)


def test_a_tail_that_nothing_vouches_for_can_be_cut_off(audit: Books) -> None:
    """What a reading cannot see: it says until when it can."""
    note_three(audit)
    audit.sign_heads(memory_signer(), NOW)
    audit.note(STREAM, "keys-shredded", {}, LATER)
    audit.remove(STREAM, 4)
    assert verify_trail(audit, KEYS) == Inspection(entries=3, signed_at=NOW, broken=None)


def test_a_checkpoint_that_somebody_else_signed_is_named(audit: Books, tmp_path: Path) -> None:
    note_three(audit)
    audit.sign_heads(memory_signer(), NOW)
    audit.sign_heads(LocalSigner.create(tmp_path / "key"), LATER)
    assert broken(audit) == (None, 2)


def test_what_was_signed_as_something_else_is_no_checkpoint(audit: Books) -> None:
    claims = Checkpoint(at=NOW, heads={}).claims
    audit.sign_as(memory_signer().sign(claims, "erasure-receipt+jws"))
    assert broken(audit) == (None, 1)


@pytest.mark.parametrize("jws", ["", "ÿ", "not a statement", "a.b.c"])
def test_what_is_no_statement_is_no_checkpoint(audit: Books, jws: str) -> None:
    audit.sign_as(jws)
    assert broken(audit) == (None, 1)


class ContestedBucket(Bucket):
    """One in which somebody else always notes first."""

    def __init__(self, client: storage.Client, name: str) -> None:
        super().__init__(client, name)
        self._rival = BucketAudit(Bucket(client, name))
        self._pages = count()

    def replace(
        self, name: str, data: bytes, *, generation: int, metadata: dict[str, str] | None = None
    ) -> int:
        self._rival.note(STREAM, "delete-page", {"page": next(self._pages)}, NOW)
        return super().replace(name, data, generation=generation, metadata=metadata)


def test_whoever_never_comes_first_is_told_to_try_again(servers: LocalServers, name: str) -> None:
    client = storage_client(servers.storage.url)
    with pytest.raises(ConflictError):
        BucketAudit(ContestedBucket(client, name)).note(STREAM, "shred-keys", SUBJECT, NOW)
    audit = BucketBooks(Bucket(client, name))
    assert {entry.act for entry in audit.entries(STREAM)} == {"delete-page"}
    assert broken(audit) is None


@pytest.mark.parametrize("odd", ["streams/e-one", "streams/e-one/1", "streams/e one/00000001"])
def test_an_object_with_a_name_that_we_never_give_is_no_entry(bucket: Bucket, odd: str) -> None:
    bucket.create(odd, b"")
    with pytest.raises(CorruptError, match="never gives"):
        BucketAudit(bucket).heads()
