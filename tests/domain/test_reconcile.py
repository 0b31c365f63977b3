"""The vault against off-site against the ledger: what is missing, late, lost or extra."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from custody.domain.names import version_name
from custody.domain.reconcile import Difference, Places, compare
from custody.domain.vault import ObjectName, RevisionId, Summary
from samples import FILE, LIFE, NOW

NAMES = [version_name(LIFE, FILE, RevisionId(f"r{number}")) for number in range(6)]
ONE, TWO, THREE, *_ = NAMES
OLD = NOW - timedelta(hours=5)
subsets = st.frozensets(st.sampled_from(NAMES))


def compared(
    vault: set[ObjectName] | frozenset[ObjectName],
    offsite: set[ObjectName] | frozenset[ObjectName] | None,
    *,
    marked: set[ObjectName] | frozenset[ObjectName] = frozenset(),
    promised: int = 0,
) -> Difference:
    places = Places(
        vault=dict.fromkeys(vault, OLD),
        offsite=None if offsite is None else frozenset(offsite),
        marked=frozenset(marked),
    )
    known = {FILE: Summary(versions=promised, seen_version=1, lost=False)}
    return compare(places, known, now=NOW)


def test_what_one_place_lacks_is_missing_whichever_it_is() -> None:
    assert compared({ONE, TWO}, {TWO, THREE}).missing == (ONE, THREE)


def test_what_retention_let_go_is_missing_nowhere_and_extra_where_it_still_lies() -> None:
    found = compared({ONE, TWO}, {TWO}, marked={ONE})
    assert (found.missing, found.extra) == ((), 1)


def test_a_version_that_is_not_off_site_for_long_is_behind_and_its_age_is_told() -> None:
    found = compared({ONE, TWO}, {TWO})
    assert (found.behind, found.behind_for) == (1, timedelta(hours=5))


def test_a_young_version_is_on_its_way() -> None:
    places = Places(vault={ONE: NOW}, offsite=frozenset(), marked=frozenset())
    found = compare(places, {}, now=NOW)
    assert (found.missing, found.behind) == ((ONE,), 0)


def test_what_the_index_promises_and_no_place_has_is_lost() -> None:
    assert compared({ONE}, {TWO}, promised=4).lost == 2


def test_while_off_site_cannot_be_listed_nothing_is_said_of_it() -> None:
    """T7: absence from a listing that failed proves nothing."""
    found = compared({ONE}, None, promised=4)
    assert (found.missing, found.behind, found.lost) == ((), 0, 0)


@given(vault=subsets, offsite=subsets, marked=subsets)
def test_once_every_missing_one_is_copied_both_places_hold_the_same_of_what_is_kept(
    vault: frozenset[ObjectName], offsite: frozenset[ObjectName], marked: frozenset[ObjectName]
) -> None:
    missing = frozenset(compared(vault, offsite, marked=marked).missing)
    assert (vault | missing) - marked == (offsite | missing) - marked
    assert not missing & marked
    assert missing <= vault | offsite
