"""What a drill draws: where damage would hurt, and elsewhere by lot."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from custody.domain.drill import by_lot, chain, sample
from custody.domain.vault import Kind, Version
from samples import NOW, a_history, a_version


def versions() -> list[Version]:
    """Ten of one file, an hour apart; the fourth has the longest chain."""
    return [
        a_version(
            f"r{number}",
            number,
            captured_at=NOW + timedelta(hours=number),
            depth=5 if number == 4 else 0,
        )
        for number in range(10)
    ]


def test_the_newest_the_oldest_and_the_longest_chain_are_always_drawn() -> None:
    drawn = {one.revision for one in sample([a_history(*versions())], "2026-03-01")}
    assert {"r9", "r0", "r4"} <= drawn


def test_of_nothing_nothing_is_drawn() -> None:
    assert sample([a_history()], "2026-03-01") == []


def test_a_single_version_is_drawn_once() -> None:
    only = a_version("r1")
    assert sample([a_history(only)], "2026-03-01") == [only]


def test_in_a_month_the_lot_falls_on_every_version() -> None:
    days = [f"2026-03-{day:02}" for day in range(1, 32)]
    drawn = {one.revision for day in days for one in sample([a_history(*versions())], day)}
    assert len(drawn) == 10


@given(st.sets(st.text(), max_size=20), st.text(max_size=10))
def test_the_lot_keeps_everything_and_the_same_day_draws_the_same(
    things: set[str], day: str
) -> None:
    drawn = by_lot(things, day, str)
    assert set(drawn) == things
    assert len(drawn) == len(things)
    assert drawn == by_lot(sorted(things), day, str)


def test_a_chain_leads_from_a_version_to_the_full_one_below_it() -> None:
    full = a_version("r1", 1)
    delta = a_version("r2", 2, kind=Kind.DELTA, base=full.name)
    same = a_version("r3", 3, kind=Kind.SAME, base=delta.name)
    assert chain(a_history(full, delta, same), same) == [same.name, delta.name, full.name]


def test_a_base_that_the_index_does_not_know_still_belongs_to_the_chain() -> None:
    delta = a_version("r2", 2, kind=Kind.DELTA, base=a_version("r1").name)
    assert chain(a_history(delta), delta) == [delta.name, a_version("r1").name]
