"""What the policy keeps is kept, with all that it leans on; and what went once is never wanted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.retention import (
    DEFAULT,
    RetentionPlan,
    Thinning,
    UnsafePlanError,
    expired,
    is_level,
    needed,
    pruned,
    require_safe,
    require_same,
)
from custody.domain.vault import FileHistory, Kind, ObjectName, Retention, RevisionId, Version
from custody.errors import RefusedError
from samples import LIFE, NOW, a_history, a_life, a_version

DAY = timedelta(days=1)
BRIEF = Retention(all_days=2, daily_days=3, weekly_days=21, monthly_days=62)


def small(*captured_at: datetime) -> FileHistory:
    """A version at each of these times, each alone in its series."""
    return a_history(
        *(
            a_version(f"r{number}", number, captured_at=moment, series=number)
            for number, moment in enumerate(captured_at)
        )
    )


def kept(history: FileHistory, policy: Retention = DEFAULT, at: datetime = NOW) -> list[str]:
    gone = expired(history, policy, at=at)
    return [one.revision for one in history.versions if one.name not in gone]


def names(*revisions: str) -> tuple[ObjectName, ...]:
    return tuple(a_version(one).name for one in revisions)


# Named cases.


def test_every_version_stays_for_thirty_days() -> None:
    history = small(*(NOW - hours * timedelta(hours=6) for hours in range(4 * 30, -1, -1)))
    assert expired(history, DEFAULT, at=NOW) == ()


def test_after_thirty_days_the_newest_of_each_day_stays() -> None:
    day = datetime(2026, 1, 10, tzinfo=UTC)
    history = small(day, day + timedelta(hours=23), day + DAY, NOW)
    assert kept(history) == ["r1", "r2", "r3"]


def test_a_day_is_thinned_only_when_all_of_it_is_old_enough() -> None:
    day = datetime(2026, 1, 30, tzinfo=UTC)
    history = small(day, day + timedelta(hours=23), NOW)
    assert kept(history, at=datetime(2026, 3, 1, 23, tzinfo=UTC)) == ["r0", "r1", "r2"]
    assert kept(history, at=datetime(2026, 3, 2, tzinfo=UTC)) == ["r1", "r2"]


def test_after_that_the_newest_of_each_week_stays_and_a_week_ends_with_its_month() -> None:
    """Monday the 29th to Sunday the 5th is parted, so that a month's newest is never missed."""
    monday = datetime(2025, 9, 29, tzinfo=UTC)
    history = small(*(monday + day * DAY for day in range(7)), NOW)
    assert kept(history) == ["r1", "r6", "r7"]  # Tuesday the 30th, Sunday the 5th


def test_after_that_the_newest_of_each_month_stays_for_as_long_as_the_contract_lasts() -> None:
    history = small(*(datetime(2019, 5, day, tzinfo=UTC) for day in range(1, 32)), NOW)
    assert kept(history) == ["r30", "r31"]


def test_a_policy_may_end_what_is_kept_monthly() -> None:
    ends = replace(DEFAULT, monthly_days=365)
    history = small(datetime(2022, 5, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC), NOW)
    assert kept(history, ends) == ["r1", "r2"]


def test_the_newest_is_the_last_in_drives_order_not_the_last_captured() -> None:
    """T10: an older revision may be captured late."""
    day = datetime(2026, 1, 10, tzinfo=UTC)
    late = a_version("late", 1, captured_at=day + timedelta(hours=2), series=0)
    early = a_version("early", 2, captured_at=day, series=1)
    newest = a_version("newest", 3, captured_at=NOW, series=2)
    assert kept(a_history(late, early, newest)) == ["early", "newest"]


def test_the_latest_version_stays_however_old_it_is() -> None:
    """A file that Drive lost years ago is what we are here for."""
    history = small(datetime(2019, 5, 1, tzinfo=UTC), datetime(2019, 5, 2, tzinfo=UTC))
    assert kept(history, BRIEF) == ["r1"]


def test_nothing_of_a_series_goes_that_a_capture_may_still_add_to() -> None:
    old = datetime(2019, 5, 1, tzinfo=UTC)
    chain = [
        a_version(f"r{n}", n, captured_at=old + n * timedelta(hours=1), number=n) for n in range(3)
    ]
    assert kept(a_history(*chain)) == ["r0", "r1", "r2"]
    begun = a_version("next", 9, captured_at=NOW - timedelta(hours=23), series=1)
    assert kept(a_history(*chain, begun)) == ["r0", "r1", "r2", "next"]
    assert kept(a_history(*chain, begun), at=NOW + DAY) == ["r2", "next"]


def test_the_latest_of_a_day_ago_stays_for_a_capture_that_refers_to_it() -> None:
    """It may be at work still, with a content that is that of what was the latest when it began."""
    ends = Retention(monthly_days=0)
    old, late = datetime(2019, 5, 1, tzinfo=UTC), datetime(2019, 5, 2, tzinfo=UTC)
    latest = a_version("latest", 5, captured_at=old, series=0)
    older = a_version("older", 1, captured_at=late, series=1)
    begun = a_version("begun", 9, captured_at=NOW - timedelta(hours=23), series=2)
    history = a_history(latest, older, begun)
    assert kept(history, ends) == ["older", "latest", "begun"]
    assert kept(history, ends, at=NOW + DAY) == ["begun"]


def test_a_mere_reference_opens_no_series() -> None:
    """It has no content of its own; the next version still leans on the series before it."""
    old = datetime(2019, 5, 1, tzinfo=UTC)
    first, second = (
        a_version(f"r{n}", n, captured_at=old + n * DAY, number=n, depth=n) for n in range(2)
    )
    same = a_version(
        "same", 5, captured_at=old + 9 * DAY, series=1, kind=Kind.SAME, base=second.name, depth=1
    )
    assert kept(a_history(first, second, same)) == ["r0", "r1", "same"]


def test_what_a_kept_version_leans_on_stays() -> None:
    old = datetime(2019, 5, 1, tzinfo=UTC)
    full = a_version("full", 1, captured_at=old)
    idle = a_version("idle", 2, captured_at=old, number=1, depth=1, base=full.name)
    delta = a_version(
        "delta", 3, captured_at=old, number=1, depth=1, base=full.name, kind=Kind.DELTA
    )
    same = a_version("same", 4, captured_at=old, depth=2, base=delta.name, kind=Kind.SAME)
    newest = a_version("newest", 5, captured_at=NOW - DAY, series=1)
    assert kept(a_history(full, idle, delta, same, newest)) == ["full", "delta", "same", "newest"]


def test_what_goes_stands_before_what_it_leans_on() -> None:
    """Whoever stops in the middle leaves nothing without its base."""
    old = datetime(2019, 5, 1, tzinfo=UTC)
    full = a_version("a", 1, captured_at=old)
    middle = a_version("b", 2, captured_at=old, depth=1, base=full.name)
    last = a_version("c", 3, captured_at=old, depth=2, base=middle.name)
    others = small(old + DAY, NOW - DAY).versions
    moved = [replace(one, series=one.series + 1, drive_version=9 + one.series) for one in others]
    assert expired(a_history(full, middle, last, *moved), DEFAULT, at=NOW) == names("c", "b", "a")


def test_what_was_marked_goes_whatever_the_policy_became() -> None:
    history = small(NOW - 9 * DAY, NOW - 8 * DAY, NOW - 7 * DAY)
    assert expired(history, DEFAULT, at=NOW, marked=frozenset(names("r0"))) == names("r0")


def test_a_marked_version_that_is_the_latest_or_is_needed_stays() -> None:
    """Whatever happened: no mark makes a whole file unreadable."""
    full = a_version("full", 1, captured_at=NOW - 9 * DAY)
    delta = a_version("delta", 2, captured_at=NOW - 8 * DAY, depth=1, base=full.name)
    newest = a_version("newest", 3, captured_at=NOW - 7 * DAY, series=1)
    marked = frozenset((full.name, newest.name))
    assert expired(a_history(full, delta, newest), DEFAULT, at=NOW, marked=marked) == ()


def test_a_capture_after_the_moment_of_a_plan_changes_nothing_of_it() -> None:
    history = small(*(NOW - days * DAY for days in range(200, 0, -1)))
    before = expired(history, DEFAULT, at=NOW)
    later = a_version("later", 999, captured_at=NOW + 2 * DAY, series=999)
    assert expired(history.with_version(later), DEFAULT, at=NOW) == before


# Taking them out.


def test_what_is_pruned_was_captured_once_and_never_again() -> None:
    history = small(NOW - 2 * DAY, NOW - DAY, NOW)
    after = pruned(history, names("r0"))
    assert [one.revision for one in after.versions] == ["r1", "r2"]
    assert after.pruned == (RevisionId("r0"),)
    assert after.has(RevisionId("r0"))
    assert after.version_of(RevisionId("r0")) is None
    assert after.with_version(history.versions[0]) == after, "somebody who read it comes late"
    assert pruned(after, names("r0")) == after


def test_what_turned_out_to_be_needed_is_not_pruned() -> None:
    full = a_version("full", 1)
    delta = a_version("delta", 2, depth=1, base=full.name)
    history = a_history(full, delta)
    assert pruned(history, names("full")) == history
    assert pruned(history, names("full", "delta")) == history, "the latest and its base"


@pytest.mark.parametrize(
    ("stored", "marked", "level"),
    [
        (("full", "delta"), (), True),
        (("full", "delta", "gone"), ("gone",), True),
        (("full", "delta", "unknown"), (), False),
        (("delta",), (), False),
        (("full",), (), False),
        (("delta",), ("full",), False),
    ],
)
def test_only_a_file_of_which_the_index_knows_all_is_level(
    stored: tuple[str, ...], marked: tuple[str, ...], level: bool
) -> None:
    full = a_version("full", 1)
    history = a_history(full, a_version("delta", 2, depth=1, base=full.name))
    assert is_level(history, names(*stored), names(*marked)) is level


def test_a_file_of_which_the_index_knows_nothing_is_not_level() -> None:
    assert not is_level(a_history(), names("gone"), names("gone"))


def test_a_version_whose_base_the_index_lacks_is_not_level() -> None:
    lonely = a_version("delta", 2, depth=1, base=a_version("full").name)
    assert not is_level(a_history(lonely), names("delta"), ())


# Plans.


def a_plan(*parts: Thinning) -> RetentionPlan:
    return RetentionPlan(customer=LIFE.customer, parts=parts, made_at=NOW)


def thinned(keep: int, expire: int, waiting: int = 0, source: str = "hubspot") -> Thinning:
    gone = tuple(names(*(f"r{number}" for number in range(expire))))
    return Thinning(life=a_life(source=source), keep=keep, expire=gone, waiting=waiting)


def test_a_plan_is_called_by_what_goes_and_not_by_what_stays() -> None:
    plan = a_plan(thinned(10, 3))
    assert a_plan(thinned(11, 3)).id == plan.id
    assert replace(plan, made_at=NOW + DAY).id == plan.id
    assert a_plan(thinned(10, 4)).id != plan.id
    assert a_plan(thinned(10, 3, source="stripe")).id != plan.id
    assert plan.id.startswith("r-")
    assert (plan.keep, plan.expire) == (10, 3)


@pytest.mark.parametrize(
    "parts",
    [
        [thinned(100, 100)],
        [thinned(101, 101)],
        [thinned(200, 150)],
        [thinned(0, 100)],
        [thinned(200, 101, 50), thinned(10, 0)],
    ],
)
def test_half_of_it_or_a_hundred_versions_may_go_without_a_word(parts: list[Thinning]) -> None:
    require_safe(a_plan(*parts), approved=False)


@pytest.mark.parametrize(
    "parts",
    [
        [thinned(100, 101)],
        [thinned(1000, 0), thinned(100, 101, source="stripe")],
        [thinned(60, 90), thinned(10, 60, source="stripe")],
        [thinned(100, 90, 20)],
    ],
)
def test_to_lose_more_a_person_must_say_yes(parts: list[Thinning]) -> None:
    """Of one holding, of the customer as a whole, with what waits from before."""
    plan = a_plan(*parts)
    with pytest.raises(UnsafePlanError, match="--yes"):
        require_safe(plan, approved=False)
    require_safe(plan, approved=True)


def test_a_plan_stands_while_all_of_it_would_still_go_or_is_gone() -> None:
    plan = a_plan(thinned(10, 3))
    require_same(plan, plan, frozenset())
    require_same(plan, a_plan(thinned(9, 4)), frozenset())
    require_same(plan, a_plan(thinned(10, 2)), frozenset(names("r2")))


@pytest.mark.parametrize("parts", [(), (thinned(11, 2),), (thinned(10, 3, source="stripe"),)])
def test_a_plan_of_which_something_would_stay_is_refused(parts: tuple[Thinning, ...]) -> None:
    """A hold, another policy, an erasure: whoever said yes saw another world."""
    with pytest.raises(RefusedError, match="the world changed"):
        require_same(a_plan(thinned(10, 3)), a_plan(*parts), frozenset())


# Of any history.


@st.composite
def histories(draw: st.DrawFn) -> FileHistory:
    """Chains as captures make them, with gaps, references, doubled numbers and late captures."""
    versions: list[Version] = []
    moment, series = NOW - timedelta(days=draw(st.integers(0, 1200))), 0
    for number in range(draw(st.integers(0, 14))):
        moment += timedelta(hours=draw(st.sampled_from([0, 1, 7, 24, 24 * 9, 24 * 40])))
        if moment > NOW:
            break
        members = [one for one in versions if one.series == series and one.kind is not Kind.SAME]
        kind = draw(st.sampled_from(Kind)) if members else Kind.FULL
        series += kind is Kind.FULL and bool(members)
        base = draw(st.sampled_from(members)) if kind is not Kind.FULL else None
        versions.append(
            a_version(
                f"r{number}",
                draw(st.integers(1, 9)),
                captured_at=moment,
                kind=kind,
                series=series,
                number=number,
                base=base and base.name,
                depth=base.depth + 1 if base else 0,
            )
        )
    return a_history(*versions)


policies = st.builds(
    Retention,
    all_days=st.integers(1, 40),
    daily_days=st.integers(0, 100),
    weekly_days=st.integers(0, 400),
    monthly_days=st.none() | st.integers(0, 400),
)
moments = st.integers(0, 2000).map(lambda days: NOW + timedelta(days=days, hours=days % 24))


def left(history: FileHistory, gone: Sequence[ObjectName]) -> set[ObjectName]:
    return {one.name for one in history.versions} - set(gone)


@given(histories(), policies, moments)
def test_each_version_is_either_kept_or_let_go(
    history: FileHistory, policy: Retention, at: datetime
) -> None:
    gone = expired(history, policy, at=at)
    after = pruned(history, gone)
    assert len(set(gone)) == len(gone)
    assert {one.name for one in after.versions} == left(history, gone), "counted and kept"
    assert len(after.versions) + len(after.pruned) == len(history.versions)


@given(histories(), policies, moments)
def test_what_is_kept_can_be_read_and_the_latest_is_kept(
    history: FileHistory, policy: Retention, at: datetime
) -> None:
    stays = left(history, expired(history, policy, at=at))
    assert needed(stays, history.versions) == stays
    if history.latest:
        assert history.latest.name in stays


@given(histories(), policies, moments)
def test_whoever_stops_in_the_middle_leaves_nothing_unreadable(
    history: FileHistory, policy: Retention, at: datetime
) -> None:
    gone = expired(history, policy, at=at)
    for done in range(len(gone)):
        stays = left(history, gone[:done])
        assert needed(stays, history.versions) == stays


@given(histories(), policies, moments)
def test_what_was_planned_once_is_all_that_goes(
    history: FileHistory, policy: Retention, at: datetime
) -> None:
    after = pruned(history, expired(history, policy, at=at))
    assert expired(after, policy, at=at) == ()


@given(histories(), policies, moments, moments)
def test_what_went_once_would_never_be_wanted_again(
    history: FileHistory, policy: Retention, one: datetime, other: datetime
) -> None:
    """However often retention ran meanwhile, the same versions are left in the end."""
    sooner, later = sorted((one, other))
    before = expired(history, policy, at=sooner)
    at_last = expired(history, policy, at=later)
    assert set(before) <= set(at_last)
    after = pruned(history, before)
    assert set(before) | set(expired(after, policy, at=later)) == set(at_last)


@given(histories(), policies, moments)
def test_of_each_period_that_is_kept_the_last_state_can_be_restored(
    history: FileHistory, policy: Retention, at: datetime
) -> None:
    """As of the end of any month, while months are kept."""
    stays = left(history, expired(history, replace(policy, monthly_days=None), at=at))
    for year, month in {(one.captured_at.year, one.captured_at.month) for one in history.versions}:
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        then = [one for one in history.versions if one.captured_at < end]
        assert max(then, key=lambda one: one.order).name in stays


@given(histories(), policies, moments)
def test_the_last_series_is_left_alone(
    history: FileHistory, policy: Retention, at: datetime
) -> None:
    last = max((one.series for one in history.versions), default=0)
    ours = {one.name for one in history.versions if one.series == last}
    assert ours <= left(history, expired(history, policy, at=at))
