"""The life cycle of a copy is a table, and what an erasure is follows from its copies."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.erasure import (
    NEXT,
    SETTLED,
    Copy,
    CopyState,
    Decision,
    ErasureId,
    State,
    Thing,
    Track,
    at_rest,
    copies_of,
    entry_of,
    extend,
    is_behind,
    is_ready,
    moved,
    state_of,
)
from custody.domain.vault import HoldingEpoch
from samples import LIFE, NOW, a_life, a_track, an_erasure

ENDS = {CopyState.DELETED_BY_US, CopyState.RELINQUISHED}


GONE = CopyState.DELETED_BY_US
ALL_GONE = dict.fromkeys(Copy, GONE)


def tracks_of(
    states: Mapping[Copy, CopyState] | None = None, life: HoldingEpoch = LIFE
) -> list[Track]:
    """One for each copy of an epoch, fenced where nothing else is said."""
    known = states or {}
    return [a_track(copy, known.get(copy, CopyState.FENCED), life=life) for copy in copies_of(life)]


def test_every_state_has_a_row() -> None:
    assert NEXT.keys() == set(CopyState)


@pytest.mark.parametrize("state", CopyState)
def test_nothing_is_called_deleted_that_was_not_fenced(state: CopyState) -> None:
    if state is CopyState.REQUESTED:
        assert NEXT[state] == {CopyState.FENCED}
    assert CopyState.REQUESTED not in NEXT[state]
    assert (CopyState.FENCED in NEXT[state]) == (state is CopyState.REQUESTED)


@pytest.mark.parametrize("state", CopyState)
def test_beyond_us_comes_after_deleted_and_beyond_the_provider_after_beyond_us(
    state: CopyState,
) -> None:
    """Each claim rests on the one before it."""
    ours, theirs = CopyState.UNRECOVERABLE_BY_US, CopyState.UNRECOVERABLE_BY_PROVIDER
    assert (ours in NEXT[state]) == (state is CopyState.DELETED_BY_US)
    assert (theirs in NEXT[state]) == (state is ours)


@pytest.mark.parametrize("state", [CopyState.BLOCKED, CopyState.FAILED, CopyState.UNKNOWN])
def test_what_is_blocked_failed_or_unknown_can_still_be_erased(state: CopyState) -> None:
    assert NEXT[state] >= ENDS


@pytest.mark.parametrize(("before", "after"), list(product(CopyState, CopyState)))
def test_a_track_moves_by_the_table_alone(before: CopyState, after: CopyState) -> None:
    track = a_track(Copy.VAULT, before)
    if after in NEXT[before] or after is before:
        assert moved(track, after, now=NOW).state is after
    else:
        with pytest.raises(ValueError, match="cannot go"):
            moved(track, after, now=NOW)


def test_a_track_knows_since_when_it_is_in_its_state() -> None:
    later = NOW + timedelta(hours=1)
    track = a_track(Copy.VAULT)
    assert moved(track, CopyState.BLOCKED, now=later).since == later
    assert moved(track, track.state, now=later).since == NOW


def test_the_keys_go_first_and_the_ledger_last() -> None:
    """Unreadable before anything else; the index leads to what Drive has."""
    fenced = tracks_of()
    assert [one.copy for one in fenced if is_ready(one, fenced)] == [Copy.KEYS]
    shredded = [replace(one, swept_at=NOW) if one.copy is Copy.KEYS else one for one in fenced]
    ready = {one.copy for one in shredded if is_ready(one, shredded)}
    assert ready == {Copy.KEYS, Copy.VAULT, Copy.OFFSITE, Copy.DRIVE}
    almost = tracks_of({Copy.KEYS: GONE, Copy.VAULT: GONE})
    assert not is_ready(almost[-1], almost)
    done = tracks_of(ALL_GONE | {Copy.LEDGER: CopyState.FENCED})
    assert is_ready(done[-1], done)


@pytest.mark.parametrize("state", [CopyState.BLOCKED, CopyState.FAILED, CopyState.UNKNOWN])
def test_the_ledger_waits_for_what_may_still_need_it(state: CopyState) -> None:
    tracks = tracks_of({Copy.KEYS: GONE, Copy.VAULT: GONE, Copy.DRIVE: state})
    assert not is_ready(tracks[-1], tracks)


def test_the_ledger_does_not_wait_for_a_lock_off_site() -> None:
    """A listing alone leads to what is there; a lock may last for weeks."""
    done = {Copy.KEYS: GONE, Copy.VAULT: GONE, Copy.DRIVE: GONE}
    tracks = tracks_of(done | {Copy.OFFSITE: CopyState.BLOCKED})
    assert is_ready(tracks[-1], tracks)


def test_the_customers_entry_goes_when_all_else_is_settled() -> None:
    entry = tracks_of(life=entry_of(LIFE.customer))[0]
    tracks = [*tracks_of(ALL_GONE), entry]
    assert is_ready(entry, tracks)
    tracks[0] = a_track(Copy.DRIVE, CopyState.BLOCKED)
    assert not is_ready(entry, tracks)


def test_a_copy_rings_for_those_that_waited_for_it() -> None:
    keys, vault, offsite, drive, ledger = tracks_of()
    swept = replace(keys, swept_at=NOW)
    behind = [is_behind(one, swept) for one in (vault, offsite, drive, ledger)]
    assert behind == [True, True, True, False]
    assert not is_behind(vault, keys)
    gone = a_track(Copy.DRIVE, CopyState.RELINQUISHED)
    assert is_behind(ledger, gone)
    assert not is_behind(replace(ledger, life=a_life(epoch=2)), gone)
    assert is_behind(tracks_of(life=entry_of(LIFE.customer))[0], gone)


def test_a_track_that_follows_waits_for_nobody_of_its_own() -> None:
    follower = replace(a_track(Copy.LEDGER), by=ErasureId("e-two"))
    assert is_ready(follower, [follower, *tracks_of()])
    assert not is_behind(follower, a_track(Copy.DRIVE, CopyState.DELETED_BY_US))


states = st.sampled_from(sorted(CopyState))


@given(st.lists(states, min_size=len(Copy), max_size=len(Copy)))
def test_certified_means_that_every_copy_is_settled(found: list[CopyState]) -> None:
    tracks = [a_track(copy, state) for copy, state in zip(Copy, found, strict=True)]
    state = state_of(an_erasure(LIFE), Decision.PROCEED, tracks)
    assert (state is State.CERTIFIED) == all(one in SETTLED for one in found)
    if {CopyState.FAILED, CopyState.UNKNOWN} & set(found):
        assert state is State.FAILED
    elif CopyState.BLOCKED in found:
        assert state is State.BLOCKED


def test_a_copy_that_was_never_begun_is_not_certified() -> None:
    """A crash between two fences leaves an erasure asked for, not done."""
    done = tracks_of(ALL_GONE)
    assert state_of(an_erasure(LIFE), None, done) is State.CERTIFIED
    assert state_of(an_erasure(LIFE), None, done[:-1]) is State.REQUESTED
    assert state_of(an_erasure(LIFE, a_life(epoch=2)), None, done) is State.REQUESTED


def test_an_erasure_waits_for_approval_until_it_is_decided() -> None:
    erasure = an_erasure(LIFE, needs_approval=True)
    assert state_of(erasure, None, []) is State.AWAITING_APPROVAL
    assert state_of(erasure, Decision.PROCEED, []) is State.REQUESTED
    assert state_of(erasure, Decision.CANCEL, []) is State.CANCELLED


def test_an_erasure_is_fenced_until_something_was_deleted() -> None:
    erasure = an_erasure(LIFE)
    assert state_of(erasure, Decision.PROCEED, tracks_of()) is State.FENCED
    swept = [replace(one, swept_at=NOW) for one in tracks_of()]
    assert state_of(erasure, Decision.PROCEED, swept) is State.ERASING


def test_an_erasure_rests_when_nothing_goes_on_by_itself() -> None:
    assert not at_rest(tracks_of())
    assert at_rest(tracks_of(ALL_GONE))
    settled = {Copy.KEYS: GONE, Copy.VAULT: GONE, Copy.OFFSITE: GONE}
    blocked = settled | {Copy.DRIVE: CopyState.BLOCKED}
    tracks = [replace(one, reason="a hold") for one in tracks_of(blocked)]
    assert at_rest(tracks), "the ledger is behind it"
    assert not at_rest(tracks_of(blocked)), "what blocked it is gone"
    failed = settled | {Copy.DRIVE: CopyState.FAILED}
    assert not at_rest(tracks_of(failed)), "a person must look"


names = st.text("abcdef/", min_size=1)


@given(st.lists(names), st.lists(names))
def test_the_inventory_of_pages_is_that_of_their_lines_in_turn(
    first: list[str], second: list[str]
) -> None:
    one = extend("", [Thing(name=name, stamp="1") for name in first])
    two = extend(one, [Thing(name=name) for name in second])
    assert (one == "") == (not first)
    assert (two == one) == (not second)
    if first != second and first and second:
        assert extend("", [Thing(name=name) for name in second]) != one


def test_the_inventory_of_one_page_is_the_digest_of_its_sorted_lines() -> None:
    """printf 'a 1\\nb 2\\n' | sha256sum"""
    things = [Thing(name="a", stamp="1"), Thing(name="b", stamp="2")]
    assert extend("", things) == hashlib.sha256(b"a 1\nb 2\n").hexdigest()
