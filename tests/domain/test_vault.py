"""Histories: Drive's order whatever ours was, and nothing learnt twice."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from custody.domain.vault import Missed, RevisionId, Version, following
from samples import LIFE, NOW, a_history, a_version

places = st.tuples(st.integers(1, 6), st.integers(-2, 3))
versions = st.lists(places, max_size=6).map(
    lambda found: [a_version(f"r{n}", *place) for n, place in enumerate(found)]
)


def missed(revision: str | None, reason: str = "forbidden") -> Missed:
    return Missed(revision=RevisionId(revision) if revision else None, reason=reason, seen_at=NOW)


def test_an_epoch_reads_as_customer_source_and_number() -> None:
    assert str(LIFE) == "c-abcdefghijkl/hubspot/1"


@given(versions, st.randoms())
def test_versions_stand_in_drives_order_whatever_order_they_came_in(
    found: list[Version], random: st.DataObject
) -> None:
    history = a_history(*found)
    assert list(history.versions) == sorted(found, key=lambda version: version.order)
    assert a_history(*reversed(found)) == history


def test_all_arrival_orders_of_three_versions_make_one_history() -> None:
    found = [a_version("r1", 5, 1), a_version("r2", 5, 0), a_version("r3", 9, 0)]
    histories = {a_history(*order) for order in permutations(found)}
    assert len(histories) == 1
    assert [version.revision for version in histories.pop().versions] == ["r1", "r2", "r3"]


@given(versions)
def test_the_latest_version_is_the_last_in_drives_order(found: list[Version]) -> None:
    history = a_history(*found)
    assert history.latest == (history.versions[-1] if found else None)


def test_the_same_version_twice_changes_nothing() -> None:
    history = a_history(a_version("r1"))
    assert history.with_version(a_version("r1", 99)) is history


def test_a_version_is_found_by_its_revision() -> None:
    history = a_history(a_version("r1"))
    assert history.has(RevisionId("r1"))
    assert history.version_of(RevisionId("r1")) == a_version("r1")
    assert not history.has(RevisionId("r2"))
    assert history.version_of(RevisionId("r2")) is None


def test_a_version_closes_the_gap_of_its_revision_and_no_other() -> None:
    gaps = [missed("r1"), missed("r2"), missed(None, "purged")]
    history = a_history()
    for gap in gaps:
        history = history.with_missed(gap)
    assert history.with_version(a_version("r1")).missed == tuple(gaps[1:])


def test_the_same_gap_twice_changes_nothing() -> None:
    history = a_history().with_missed(missed("r1"))
    assert history.with_missed(missed("r1")) is history


def test_another_reason_is_another_gap() -> None:
    history = a_history().with_missed(missed(None, "one")).with_missed(missed(None, "two"))
    assert len(history.missed) == 2


def test_what_is_captured_cannot_be_missed() -> None:
    history = a_history(a_version("r1"))
    assert history.with_missed(missed("r1")) is history


def test_the_first_version_stands_where_drive_shows_it() -> None:
    assert following(None, 7, 2) == (7, 2)


def test_a_version_after_an_earlier_one_stands_where_drive_shows_it() -> None:
    assert following(a_version("r1", 7, 1), 7, 0) == (7, 0)


def test_a_version_follows_a_predecessor_that_another_delivery_stored_later() -> None:
    stored_later = a_version("r1", 9, 1)
    assert following(stored_later, 7, 0) == (9, 0)


@given(places, places)
def test_whatever_follows_stands_after_its_predecessor(
    place: tuple[int, int], own: tuple[int, int]
) -> None:
    before = a_version("r1", *place)
    drive_version, behind = following(before, *own)
    assert (drive_version, -behind) > before.order[:2]
    assert drive_version >= own[0]
