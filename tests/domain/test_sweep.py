"""A sweep counts once, and calls a copy empty on evidence alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.erasure import Copy, CopyState, Fate, Found, Horizon, Thing, Track, extend
from custody.domain.sweep import (
    DAILY,
    SECOND_LOOK,
    WEEKLY,
    Page,
    Verdict,
    begin,
    blocked,
    count,
    dates,
    failed,
    held_up,
    mirrored,
    ripened,
    verdict,
    within,
)
from samples import NOW, a_track

QUIESCENCE = timedelta(minutes=15)
QUIET = NOW + QUIESCENCE
LATER = NOW + timedelta(days=1)


def things(*names: str, fate: Fate = Fate.DELETE, until: datetime | None = None) -> list[Thing]:
    return [Thing(name=name, fate=fate, until=until) for name in names]


def a_round(*pages: list[Thing], after: Page | None = None, began_at: datetime = NOW) -> Page:
    """The last page of a round that found these."""
    page = after
    for number, found in enumerate(pages):
        start = begin((page.number + 1) if page else 0, page, began_at)
        last = None if number == len(pages) - 1 else found[-1].name
        page = count(start, Found(things=tuple(found), last=last))
    assert page is not None
    return page


def decide(track: Track, page: Page, *, promised: int = 0, now: datetime = LATER) -> Verdict:
    return verdict(track, page, quiescence=QUIESCENCE, promised=promised, now=now)


def test_the_first_page_begins_at_the_beginning() -> None:
    assert begin(0, None, NOW) == Page(number=0, round=1, began_at=NOW)


def test_a_page_begins_behind_the_last_name_of_the_one_before() -> None:
    first = count(begin(0, None, NOW), Found(things=tuple(things("a", "b")), last="b"))
    second = begin(1, first, LATER)
    assert (second.after, second.round, second.began_at) == ("b", 1, NOW)


def test_after_the_end_a_new_round_begins_and_keeps_what_was_deleted() -> None:
    end = a_round(things("a"), things("b"))
    start = begin(end.number + 1, end, LATER)
    assert (start.after, start.round, start.began_at) == ("", 2, LATER)
    assert (start.before, start.deleted, start.news) == (2, 2, 0)


@given(st.lists(st.lists(st.sampled_from(sorted(Fate)), min_size=1, max_size=4), min_size=1))
def test_a_round_counts_every_thing_once_by_its_fate(pages: list[list[Fate]]) -> None:
    found = [
        [Thing(name=f"{page:04}-{place}", fate=fate) for place, fate in enumerate(fates)]
        for page, fates in enumerate(pages)
    ]
    end, fates = a_round(*found), [fate for page in pages for fate in page]
    assert end.before == len(fates)
    assert end.deleted == fates.count(Fate.DELETE)
    assert end.relinquished == fates.count(Fate.RELINQUISH)
    assert end.news == end.deleted + end.relinquished
    assert end.kept == fates.count(Fate.KEEP)
    assert end.waiting == len(fates) - end.news - end.kept
    digest = ""
    for one in found:
        digest = extend(digest, one)
    assert end.inventory == digest


def test_later_rounds_add_to_what_was_deleted_and_not_to_the_inventory() -> None:
    first = a_round(things("a", "b"))
    second = a_round(things("c"), after=first)
    assert (second.before, second.inventory) == (first.before, first.inventory)
    assert (second.deleted, second.news) == (3, 1)


def test_a_second_look_deletes_within_the_stretch_that_was_written_down() -> None:
    """After a crash the listing may reach further, since part of the page is gone already."""
    page = replace(begin(0, None, NOW), last="b")
    assert within(page, things("b", "c")) == things("b")
    assert within(replace(page, last=None), things("b", "c")) == things("b", "c")


def test_a_hold_that_ended_leaves_a_copy_blocked_only_by_what_was_seen() -> None:
    """Blocked by a hold, nobody looked; blocked by a lock afterwards, somebody has."""
    held = held_up(a_track(), LATER, now=NOW)
    assert held.checked_at is None
    first = decide(held, a_round(things("a"), began_at=QUIET)).track
    locked = things("b", fate=Fate.RETAINED, until=LATER)
    page = a_round(locked, after=a_round(things("a")), began_at=QUIET)
    after = decide(first, page, now=LATER + DAILY).track
    assert (after.state, after.checked_at) == (CopyState.BLOCKED, LATER + DAILY)
    again = decide(after, page, now=LATER + 2 * DAILY).track
    assert again.checked_at == LATER + DAILY, "nothing was deleted since: no news"


def test_a_round_that_found_something_is_no_evidence() -> None:
    come_to = decide(a_track(), a_round(things("a"), began_at=QUIET))
    assert come_to.again
    assert come_to.track.state is CopyState.FENCED
    assert come_to.track.swept_at == LATER


def test_an_empty_round_before_the_writers_have_ended_is_no_evidence() -> None:
    """T25: a writer from before the fence may still send its last byte."""
    page = a_round([], began_at=QUIET - timedelta(seconds=1))
    assert decide(a_track(), page).again


def test_an_empty_round_after_the_writers_have_ended_is_evidence() -> None:
    first = a_round(things("a", "b"))
    come_to = decide(a_track(), a_round([], after=first, began_at=QUIET), promised=2)
    assert not come_to.again
    assert come_to.track.state is CopyState.DELETED_BY_US
    assert (come_to.track.before, come_to.track.deleted, come_to.track.missing) == (2, 2, 0)
    assert come_to.track.checked_at == LATER


def test_less_than_was_promised_is_unknown_and_settled_by_a_second_look_an_hour_later() -> None:
    """T7: "0 deleted" is no evidence where the inventory says more."""
    page = a_round([], began_at=QUIET)
    first = decide(a_track(), page, promised=2)
    assert (first.track.state, first.track.missing) == (CopyState.UNKNOWN, 2)
    early = decide(first.track, page, promised=2, now=LATER + SECOND_LOOK / 2)
    assert early.track.state is CopyState.UNKNOWN
    second = decide(early.track, page, promised=2, now=LATER + SECOND_LOOK)
    assert (second.track.state, second.track.missing) == (CopyState.DELETED_BY_US, 2)


def test_what_is_retained_blocks_with_its_latest_date() -> None:
    early, late = LATER + timedelta(days=2), LATER + timedelta(days=9)
    found = things("a", fate=Fate.RETAINED, until=late) + things(
        "b", fate=Fate.RETAINED, until=early
    )
    come_to = decide(a_track(), a_round(found, began_at=QUIET))
    assert come_to.track.state is CopyState.BLOCKED
    assert come_to.track.until == late
    assert come_to.track.due_at == LATER + DAILY


def test_what_waits_for_its_owner_blocks_without_a_date() -> None:
    page = a_round(things("a", fate=Fate.ASK_OWNER), began_at=QUIET)
    come_to = decide(a_track(Copy.DRIVE), page)
    assert (come_to.track.state, come_to.track.until) == (CopyState.BLOCKED, None)


def test_what_others_own_makes_it_relinquished() -> None:
    first = a_round(things("a") + things("b", fate=Fate.RELINQUISH))
    page = a_round(things("c", fate=Fate.KEEP), after=first, began_at=QUIET)
    come_to = decide(a_track(Copy.DRIVE), page)
    assert come_to.track.state is CopyState.RELINQUISHED
    assert (come_to.track.deleted, come_to.track.relinquished, come_to.track.kept) == (1, 1, 1)


def test_a_folder_of_others_that_we_do_not_see_is_not_called_deleted() -> None:
    """Its owner stopped sharing it, or deleted it: Drive does not say which (T6)."""
    page = a_round([], began_at=QUIET)
    seen = verdict(
        a_track(Copy.DRIVE), page, quiescence=QUIESCENCE, promised=0, now=LATER, adopted=True
    )
    assert seen.track.state is CopyState.RELINQUISHED
    ours = a_round([], after=a_round(things("a")), began_at=QUIET)
    seen = verdict(
        a_track(Copy.DRIVE), ours, quiescence=QUIESCENCE, promised=0, now=LATER, adopted=True
    )
    assert seen.track.state is CopyState.DELETED_BY_US


def settled(state: CopyState = CopyState.DELETED_BY_US, **known: Any) -> Track:
    return a_track(Copy.VAULT, state, deleted_at=NOW, checked_at=NOW, swept_at=NOW, **known)


def test_a_straggler_takes_the_word_back_until_it_is_proven_anew() -> None:
    before = settled(CopyState.UNRECOVERABLE_BY_US, deleted=2)
    found = a_round(things("late"), began_at=LATER)
    come_to = decide(before, found)
    assert come_to.again
    assert come_to.track.state is CopyState.DELETED_BY_US
    assert come_to.track.stragglers == 1
    assert come_to.track.deleted_at == LATER
    after = decide(come_to.track, a_round([], after=found, began_at=LATER), now=LATER + DAILY)
    assert (after.again, after.track.checked_at) == (False, LATER + DAILY)


def test_a_later_look_that_finds_nothing_changes_nothing() -> None:
    before = settled()
    after = decide(before, a_round([], began_at=LATER)).track
    assert replace(after, before=0) == before


def test_what_was_kept_elsewhere_stays_counted_when_the_index_that_led_to_it_is_gone() -> None:
    """A later receipt would say less for no reason."""
    first = a_round(things("a"), after=None)
    kept = count(begin(1, first, QUIET), Found(things=tuple(things("k", fate=Fate.KEEP))))
    settled = decide(a_track(Copy.DRIVE), kept).track
    assert (settled.settled, settled.kept) == (True, 1)
    later = decide(settled, a_round([], after=kept, began_at=LATER)).track
    assert later == settled


def test_a_hold_keeps_what_there_is_and_only_puts_off_what_is_gone() -> None:
    until = NOW + timedelta(hours=5)
    held = held_up(a_track(), until, now=NOW)
    assert (held.state, held.until, held.due_at) == (CopyState.BLOCKED, until, until)
    assert held_up(settled(), until, now=NOW) == replace(settled(), due_at=NOW + DAILY)


def test_what_is_blocked_is_looked_at_daily_at_least() -> None:
    assert blocked(a_track(), "why", None, now=NOW).due_at == NOW + DAILY
    assert blocked(a_track(), "why", NOW - DAILY, now=NOW).due_at == NOW + DAILY
    assert blocked(a_track(), "why", NOW + WEEKLY, now=NOW).due_at == NOW + DAILY


def test_what_failed_is_tried_again_within_the_hour() -> None:
    track = failed(a_track(), "no right to delete", now=NOW)
    assert (track.state, track.reason) == (CopyState.FAILED, "no right to delete")
    assert track.due_at <= NOW + timedelta(hours=1)


DAYS_25 = Horizon(ours=timedelta(days=25), provider=timedelta(days=180))


def test_a_copy_ripens_on_its_dates() -> None:
    """T13, T23: t1 and t2 are computed from the store's configuration, and wait their time."""
    track = ripened(settled(), DAYS_25, now=NOW)
    assert track.state is CopyState.DELETED_BY_US
    assert track.t1 == NOW + timedelta(days=25)
    assert track.t2 == NOW + timedelta(days=205)
    ours = ripened(track, DAYS_25, now=NOW + timedelta(days=25))
    assert ours.state is CopyState.UNRECOVERABLE_BY_US
    theirs = ripened(ours, DAYS_25, now=NOW + timedelta(days=205))
    assert theirs.state is CopyState.UNRECOVERABLE_BY_PROVIDER


def test_a_store_that_keeps_nothing_is_beyond_us_at_once() -> None:
    assert ripened(settled(), Horizon(), now=NOW).state is CopyState.UNRECOVERABLE_BY_US


def test_a_store_that_never_forgets_gives_no_dates() -> None:
    """T21: a hard-delete pause keeps what was deleted for as long as it lasts."""
    track = ripened(settled(), Horizon(ours=None), now=LATER)
    assert (track.state, track.t1, track.t2) == (CopyState.DELETED_BY_US, None, None)


def test_a_date_that_was_told_never_moves_to_an_earlier_day() -> None:
    """T21: switching soft delete off does not bring forward what it keeps already."""
    told = ripened(settled(), Horizon(ours=timedelta(days=7)), now=NOW)
    later = ripened(told, Horizon(), now=LATER)
    assert (later.t1, later.t2) == (told.t1, told.t2)
    assert later.state is CopyState.DELETED_BY_US


def test_the_last_thing_that_a_store_keeps_sets_the_date() -> None:
    """T21: t1 is the latest hard-delete time."""
    late = NOW + timedelta(days=7)
    assert dates(Horizon(ours_until=late), NOW)[0] == late
    assert dates(Horizon(provider=None), NOW) == (NOW, None)


def test_what_was_relinquished_has_no_dates() -> None:
    """What others keep is not ours to compute."""
    track = ripened(settled(CopyState.RELINQUISHED), DAYS_25, now=LATER)
    assert (track.t1, track.t2) == (None, None)


@pytest.mark.parametrize(
    ("after_fence", "pace"),
    [(timedelta(days=1), DAILY), (timedelta(days=7.9), DAILY), (timedelta(days=8), WEEKLY)],
)
def test_a_closed_epoch_is_looked_at_daily_for_eight_days_and_weekly_after(
    after_fence: timedelta, pace: timedelta
) -> None:
    now = NOW + after_fence
    track = ripened(settled(), Horizon(ours=None), now=now)
    assert track.due_at == now + pace


def test_a_copy_is_looked_at_on_the_day_when_it_is_beyond_us() -> None:
    track = ripened(settled(), Horizon(ours=timedelta(hours=2)), now=NOW)
    assert track.due_at == NOW + timedelta(hours=2)


def test_a_track_that_follows_says_what_its_leader_says() -> None:
    leader = replace(settled(), deleted=7)
    follower = a_track(erasure="e-two", by="e-one")
    said = mirrored(follower, leader, now=LATER)
    assert (said.erasure, said.by, said.deleted, said.state) == (
        "e-two",
        "e-one",
        7,
        leader.state,
    )
    assert said.due_at > LATER
