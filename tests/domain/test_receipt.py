"""What a receipt states: every copy, on what evidence, and nothing of who anybody is."""

import json
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.erasure import (
    SETTLED,
    Copy,
    CopyState,
    Erasure,
    ErasureId,
    Fate,
    Found,
    Part,
    PlanId,
    Reason,
    Scope,
    State,
    Thing,
    Track,
    copies_of,
    entry_of,
)
from custody.domain.receipt import CANNOT_PROVE, digest_of, facts_of, statement
from custody.domain.sweep import HELD, WAITS, begin, count, failed, held_up, verdict
from custody.domain.vault import CustomerId, FileId
from samples import LIFE, NOW, a_life, a_track, an_erasure

LATER = NOW + timedelta(days=1)
CANARY = "canary@acorn.example"
LIVES = (LIFE, a_life(epoch=2), a_life(source="stripe"), entry_of(LIFE.customer))
GONE = CopyState.DELETED_BY_US


def asked(**known: Any) -> Erasure:
    return an_erasure(*LIVES, reason=Reason.TERMINATION, deadline=LATER, **known)


def facts(
    *tracks: Track,
    erasure: Erasure | None = None,
    state: State = State.CERTIFIED,
    software: str = "1.0",
) -> dict[str, Any]:
    return facts_of(erasure or asked(), state, tracks, software=software)


def the_copy(track: Track) -> dict[str, Any]:
    """What is stated of a track that stands alone."""
    copy: dict[str, Any] = facts(track)["holdings"][0]["copies"][0]
    return copy


TRACKS = [a_track(copy, GONE, life=life) for life in LIVES for copy in copies_of(life)]


@given(st.permutations(TRACKS))
def test_every_copy_of_every_part_is_stated_in_whatever_order_it_was_read(
    tracks: list[Track],
) -> None:
    stated = facts(*tracks)
    assert [
        (one["source"], one["epoch"], [copy["copy"] for copy in one["copies"]])
        for one in stated["holdings"]
    ] == [
        ("customer", 0, ["ledger"]),
        ("hubspot", 1, ["keys", "vault", "offsite", "drive", "ledger"]),
        ("hubspot", 2, ["keys", "vault", "offsite", "drive", "ledger"]),
        ("stripe", 1, ["keys", "vault", "offsite", "drive", "ledger"]),
    ]
    assert digest_of(stated) == digest_of(facts(*TRACKS))


@pytest.mark.parametrize("copy", Copy)
@pytest.mark.parametrize("state", CopyState)
def test_only_what_is_settled_has_evidence(copy: Copy, state: CopyState) -> None:
    """FENCED says nothing of what is there; nor does a failure."""
    assert bool(the_copy(a_track(copy, state))["evidence"]) == (state in SETTLED)


def test_each_copy_has_evidence_of_its_own() -> None:
    evidence = {the_copy(a_track(copy, GONE))["evidence"] for copy in Copy}
    assert len(evidence) == len(Copy)


def test_a_keyset_that_was_missing_is_not_called_destroyed() -> None:
    keys = a_track(Copy.KEYS, CopyState.DELETED_BY_US, deleted_at=NOW, missing=1)
    assert destroyed_at(keys, OFFSITE_GONE) is None


KEYS_GONE = a_track(Copy.KEYS, GONE, deleted=1, deleted_at=NOW)
OFFSITE_GONE = a_track(Copy.OFFSITE, GONE, deleted=3, deleted_at=LATER, checked_at=LATER)
LOCKED = a_track(
    Copy.OFFSITE,
    CopyState.BLOCKED,
    reason=WAITS,
    deleted=2,
    waiting=1,
    deleted_at=NOW,
    checked_at=LATER,
    until=LATER + timedelta(days=3),
)
"""Seen with one locked version and nothing else."""


def destroyed_at(*tracks: Track) -> str | None:
    """What is stated of the one keyset that these are about."""
    (holding,) = facts(*tracks)["holdings"]
    moment: str | None = holding["keyset_destroyed_at"]
    return moment


@pytest.mark.parametrize("state", CopyState)
def test_the_keyset_is_called_destroyed_only_when_a_look_found_none(state: CopyState) -> None:
    """Deleted is what we did; destroyed is what somebody else saw."""
    keys = replace(KEYS_GONE, state=state)
    expected = "2026-03-02T12:00:00Z" if state in SETTLED else None
    assert destroyed_at(keys, OFFSITE_GONE, a_track()) == expected


@pytest.mark.parametrize("state", CopyState)
def test_no_keyset_is_called_destroyed_of_which_a_copy_may_lie_off_site(state: CopyState) -> None:
    """T23: whoever has a copy and the key that wraps it reads everything."""
    offsite = replace(OFFSITE_GONE, state=state)
    assert bool(destroyed_at(KEYS_GONE, offsite)) == (state in SETTLED)
    assert destroyed_at(KEYS_GONE) is None, "nobody looked off-site"


def test_where_nothing_was_off_site_the_keyset_was_destroyed_with_the_one_that_was() -> None:
    assert destroyed_at(KEYS_GONE, replace(OFFSITE_GONE, deleted=0)) == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("offsite", "is_shown"),
    [
        (LOCKED, True),
        (replace(LOCKED, reason=HELD), True),
        (replace(LOCKED, checked_at=None), False),
        (replace(LOCKED, waiting=0, reason=HELD, checked_at=None), False),
        (replace(LOCKED, deleted_at=LATER + timedelta(hours=1)), False),
        (replace(LOCKED, state=CopyState.FAILED), False),
    ],
)
def test_the_keyset_of_what_is_locked_is_called_destroyed_once_only_that_is_left(
    offsite: Track, is_shown: bool
) -> None:
    """T23: a hold is no look, and what was deleted since a look was seen by nobody."""
    assert bool(destroyed_at(KEYS_GONE, offsite)) == is_shown


def why_of(*tracks: Track) -> str:
    """The reason that is stated of the copy off-site."""
    copies = {one["copy"]: one for one in facts(*tracks)["holdings"][0]["copies"]}
    text: str = copies["offsite"]["why"]
    return text


def test_what_is_locked_says_until_when_and_that_nobody_can_read_it() -> None:
    said = why_of(KEYS_GONE, LOCKED)
    assert "lasts until 2026-03-05T12:00:00Z" in said
    assert "no copy of the keyset is left off-site" in said
    assert "gone everywhere, so nobody can read it" in said


def test_what_is_locked_does_not_say_more_of_its_keyset_than_was_seen() -> None:
    keys = replace(KEYS_GONE, state=CopyState.BLOCKED)
    said = why_of(keys, LOCKED)
    assert "no copy of the keyset is left off-site" in said
    assert "nobody can read it" not in said
    for unseen in (replace(LOCKED, checked_at=None), replace(LOCKED, reason=HELD)):
        assert why_of(KEYS_GONE, unseen) == unseen.reason


def test_a_legal_hold_has_no_date() -> None:
    assert "legal hold, which has no date" in why_of(KEYS_GONE, replace(LOCKED, until=None))


def test_where_there_are_no_keys_no_keyset_is_called_destroyed() -> None:
    entry = a_track(Copy.LEDGER, GONE, life=entry_of(LIFE.customer), deleted_at=NOW)
    assert facts(entry)["holdings"][0]["keyset_destroyed_at"] is None


def test_the_erasure_that_did_the_work_is_named() -> None:
    """Two requests cover one epoch: both receipts say which of them erased it."""
    follower = a_track(Copy.KEYS, GONE, by=ErasureId("e-first"))
    assert facts(follower)["holdings"][0]["erased_by"] == "e-first"
    assert facts(follower)["erasure"] == "e-one"


@given(st.sampled_from(State), st.sampled_from(CopyState))
def test_every_receipt_says_what_it_cannot_prove(state: State, found: CopyState) -> None:
    stated = facts(a_track(state=found), state=state)
    assert stated["cannot_prove"] == list(CANNOT_PROVE)
    assert all(stated["cannot_prove"])
    assert stated["software"] == "custody 1.0"


def test_times_are_stated_in_utc() -> None:
    here = timezone(timedelta(hours=2))
    moment = datetime(2026, 3, 1, 14, 30, tzinfo=here)
    assert the_copy(a_track(checked_at=moment))["checked_at"] == "2026-03-01T12:30:00Z"


def test_what_is_stated_is_json_and_nothing_else() -> None:
    full = Track(**{name: value for name, (value, _) in TRACK_FIELDS.items()})
    stated = facts(full, a_track())
    assert json.loads(json.dumps(stated)) == stated


# What changes a receipt: each field with another value, and whether it is stated.

TRACK_FIELDS: dict[str, tuple[Any, bool]] = {
    "erasure": (ErasureId("e-two"), False),  # the erasure itself is stated
    "life": (a_life(epoch=2), True),
    "copy": (Copy.DRIVE, True),
    "by": (ErasureId("e-two"), True),
    "fenced_at": (LATER, True),
    "state": (CopyState.BLOCKED, True),
    "since": (LATER, False),
    "due_at": (LATER, False),
    "swept_at": (LATER, False),
    "before": (7, True),
    "inventory": ("0" * 64, True),
    "deleted": (7, True),
    "relinquished": (7, True),
    "kept": (7, True),
    "waiting": (7, True),
    "missing": (7, True),
    "stragglers": (7, True),
    "reason": ("a hold", True),
    "until": (LATER, True),
    "deleted_at": (LATER, True),
    "checked_at": (LATER, True),
    "t1": (LATER, True),
    "t2": (LATER, True),
    "notes": (("soft delete is off",), True),
}
ERASURE_FIELDS: dict[str, tuple[Any, bool]] = {
    "erasure": (ErasureId("e-two"), True),
    "request_id": ("another", True),
    "customer": (CustomerId("c-other"), True),
    "scope": (Scope.SOURCES, True),
    "reason": (Reason.REQUEST, True),
    "requested_at": (LATER, True),
    "deadline": (NOW, True),
    "parts": ((), False),  # their tracks are
    "plan": (PlanId("p-one"), False),
    "requested_by": ("person-one", False),
    "needs_approval": (True, False),
}


def test_every_field_of_a_track_and_of_an_erasure_is_judged_here() -> None:
    assert TRACK_FIELDS.keys() == {field.name for field in fields(Track)}
    assert ERASURE_FIELDS.keys() == {field.name for field in fields(Erasure)}


@pytest.mark.parametrize("field", TRACK_FIELDS)
def test_a_track_makes_another_receipt_exactly_when_a_stated_fact_changed(field: str) -> None:
    """That somebody looked again, and will again, is no news."""
    value, is_stated = TRACK_FIELDS[field]
    before, after = a_track(state=GONE), a_track(**{"state": GONE, field: value})
    assert (digest_of(facts(before)) != digest_of(facts(after))) == is_stated


@pytest.mark.parametrize("field", ERASURE_FIELDS)
def test_an_erasure_is_stated_by_what_was_asked_and_not_by_whom(field: str) -> None:
    value, is_stated = ERASURE_FIELDS[field]
    after = replace(asked(), **{field: value})
    assert (digest_of(facts()) != digest_of(facts(erasure=after))) == is_stated


def test_the_state_and_the_software_are_stated() -> None:
    digests = {
        digest_of(one)
        for one in (facts(), facts(state=State.BLOCKED), facts(software="1.1"), facts())
    }
    assert len(digests) == 3


# The statement.


def test_the_first_statement_supersedes_nothing_and_each_other_the_one_before() -> None:
    stated = [statement(facts(), number=number, issued_at=NOW) for number in (1, 2, 10)]
    assert [one["number"] for one in stated] == [1, 2, 10]
    assert [one["supersedes"] for one in stated] == [None, 1, 9]


def test_a_statement_is_the_facts_with_a_number_and_a_date() -> None:
    stated = statement(facts(*TRACKS), number=3, issued_at=LATER)
    assert stated["issued_at"] == "2026-03-02T12:00:00Z"
    own = {"number", "supersedes", "issued_at"}
    assert {name: value for name, value in stated.items() if name not in own} == facts(*TRACKS)


# Nothing personal.


def test_whoever_asked_and_whatever_folder_it_was_are_not_stated() -> None:
    """Ids that people chose, or that lead to what people named, stay in the ledger."""
    parts = tuple(Part(life=life, folder_id=FileId(CANARY)) for life in LIVES)
    erasure = asked(parts=parts, plan=PlanId(CANARY), requested_by=CANARY)
    assert CANARY not in json.dumps(facts(*TRACKS, erasure=erasure))


def ended(track: Track, *things: Thing) -> Track:
    """After a round that found these, long after the fence."""
    page = count(begin(0, None, LATER), Found(things=things))
    return verdict(track, page, quiescence=timedelta(0), promised=0, now=LATER).track


def test_what_a_store_said_of_a_failure_reaches_no_receipt() -> None:
    """An answer may name anything. A failed copy has no receipt, and what follows is our words."""
    broken = failed(a_track(), CANARY, now=NOW)
    assert broken.reason == CANARY
    locked = Thing(name="a", fate=Fate.RETAINED)
    for after in (ended(broken), ended(broken, locked), held_up(broken, LATER, now=NOW)):
        assert after.state in SETTLED | {CopyState.BLOCKED}
        assert CANARY not in json.dumps(facts(after))
