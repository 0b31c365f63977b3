"""One drain per change log at a time, and no bell is lost."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from custody.domain.drain_changes import (
    LEASE,
    Cursor,
    LeaveDue,
    Take,
    leased,
    plan_drain,
    released,
)
from samples import NOW

cursors = st.builds(
    Cursor,
    token=st.text(min_size=1),
    moved_at=st.just(NOW),
    holder=st.none() | st.sampled_from(["one", "two"]),
    leased_until=st.none() | st.timedeltas(-2 * LEASE, 2 * LEASE).map(NOW.__add__),
    due=st.booleans(),
)


def test_a_free_change_log_is_taken_under_a_lease() -> None:
    plan = plan_drain(Cursor(token="t", moved_at=NOW), holder="one", now=NOW)
    assert plan == Take(
        cursor=Cursor(token="t", moved_at=NOW, holder="one", leased_until=NOW + LEASE)
    )


def test_whoever_meets_a_lease_leaves_word() -> None:
    held = leased(Cursor(token="t", moved_at=NOW), holder="one", now=NOW)
    plan = plan_drain(held, holder="two", now=NOW + LEASE - timedelta(seconds=1))
    assert isinstance(plan, LeaveDue)
    assert plan.cursor.due
    assert plan.cursor.holder == "one"


def test_a_lease_ends_by_itself() -> None:
    held = leased(Cursor(token="t", moved_at=NOW), holder="one", now=NOW)
    assert isinstance(plan_drain(held, holder="two", now=NOW + LEASE), Take)


def test_a_holder_takes_its_own_lease_again() -> None:
    held = leased(Cursor(token="t", moved_at=NOW), holder="one", now=NOW)
    assert isinstance(plan_drain(held, holder="one", now=NOW), Take)


@given(cursors, st.sampled_from(["one", "two"]))
def test_no_plan_ever_moves_the_token(cursor: Cursor, holder: str) -> None:
    """T4: only a page that was published moves a cursor."""
    assert plan_drain(cursor, holder=holder, now=NOW).cursor.token == cursor.token


@given(cursors, st.sampled_from(["one", "two"]), st.just(NOW))
def test_a_bell_is_answered_by_whoever_takes_the_lease_and_kept_by_all_others(
    cursor: Cursor, holder: str, now: datetime
) -> None:
    plan = plan_drain(cursor, holder=holder, now=now)
    assert plan.cursor.due == isinstance(plan, LeaveDue)


@given(cursors)
def test_a_released_cursor_is_free_for_anybody(cursor: Cursor) -> None:
    assert isinstance(plan_drain(released(cursor), holder="anybody", now=NOW), Take)


@given(cursors)
def test_a_release_keeps_the_bell(cursor: Cursor) -> None:
    assert released(cursor).due == cursor.due
