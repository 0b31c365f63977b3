"""Whatever was committed of a series, the next version has a base in it, five links at most."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.series import (
    MAX_DEPTH,
    SERIES_LENGTH,
    SMALLEST_DELTA_BYTES,
    Place,
    is_compressed,
    next_place,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A committed version, as far as series know it."""

    name: str
    kind: str
    series: int = 0
    number: int = 0
    depth: int = 0
    size_bytes: int = 1000
    stored_bytes: int = 10
    base: str | None = None


def stored_at(place: Place[Stored], name: str) -> Stored:
    return Stored(
        name=name,
        kind="delta" if place.base else "full",
        series=place.series,
        number=place.number,
        depth=place.depth,
        stored_bytes=10 if place.base else 300,
        base=place.base.name if place.base else None,
    )


def grown(days: int) -> list[Stored]:
    history: list[Stored] = []
    for day in range(days):
        history.append(stored_at(next_place(history), f"day-{day:03}"))
    return history


def test_the_first_version_is_full() -> None:
    assert next_place(list[Stored]()) == Place(series=0, number=0, base=None)


def test_each_base_lacks_the_lowest_bit_of_the_number() -> None:
    history = grown(SERIES_LENGTH)
    bases = {link.number: link.base for link in history if link.number}
    assert bases == {k: f"day-{k & (k - 1):03}" for k in range(1, SERIES_LENGTH)}


def test_a_chain_has_as_many_links_as_its_number_has_bits() -> None:
    assert [link.depth for link in grown(SERIES_LENGTH)] == [
        number.bit_count() for number in range(SERIES_LENGTH)
    ]


def test_after_32_a_new_series_begins_with_a_full_version() -> None:
    history = grown(2 * SERIES_LENGTH + 1)
    opening = [link.name for link in history if link.kind == "full"]
    assert opening == ["day-000", "day-032", "day-064"]
    assert [link.series for link in history] == [0] * 32 + [1] * 32 + [2]


@given(
    fates=st.lists(st.sampled_from(["lost", "late", "doubled", "same", "kept"]), max_size=90),
    data=st.data(),
)
def test_any_committed_subset_gives_a_valid_base(fates: list[str], data: st.DataObject) -> None:
    """Captures fail, come late, or run twice at once; the next one still has its place."""
    committed: list[Stored] = []
    late: list[Stored] = []
    for step, fate in enumerate(fates):
        place = next_place(data.draw(st.permutations(committed)) if step % 8 == 0 else committed)
        check(place, committed)
        link = stored_at(place, f"{step:03}")
        if fate == "late":
            late.append(link)
            continue
        if fate == "same" and committed:
            twin = committed[-1]
            committed.append(
                Stored(name=f"{step:03}", kind="same", series=twin.series, number=twin.number)
            )
        if fate in {"kept", "doubled"}:
            committed += [link, *late]
            late.clear()
        if fate == "doubled":
            committed.append(stored_at(place, f"{step:03}-again"))


def check(place: Place[Stored], committed: list[Stored]) -> None:
    assert 0 <= place.number < SERIES_LENGTH
    assert place.depth <= MAX_DEPTH
    if place.base is None:
        assert place.number == 0
        assert all(link.series < place.series for link in committed if link.kind != "same")
        return
    assert place.base in committed
    assert place.base.kind != "same"
    assert place.base.series == place.series == max(link.series for link in committed)
    assert place.base.number < place.number


def test_a_gap_is_bridged_without_a_deeper_chain() -> None:
    """Number 4 was never committed: 6 takes 2, which is one link deep as 4 would have been."""
    history = [link for link in grown(6) if link.number not in {4, 5}]
    history.append(stored_at(Place(series=0, number=5, base=history[0]), "day-005"))
    place = next_place(history)
    assert place.base is not None
    assert (place.number, place.base.number, place.depth) == (6, 2, 2)


def test_a_small_content_is_kept_in_full_and_reads_no_base() -> None:
    history = grown(5)
    assert next_place(history, SMALLEST_DELTA_BYTES - 1) == Place(series=1, number=0, base=None)
    assert next_place(history, SMALLEST_DELTA_BYTES) == next_place(history)


def test_a_series_without_its_full_version_is_left_alone() -> None:
    assert next_place(grown(5)[1:]) == Place(series=1, number=0, base=None)


@pytest.mark.parametrize(("delta_bytes", "goes_on"), [(149, True), (150, False)])
def test_a_delta_of_half_a_full_copy_ends_the_series(delta_bytes: int, *, goes_on: bool) -> None:
    history = [
        Stored(name="full", kind="full", size_bytes=1000, stored_bytes=300),
        Stored(name="delta", kind="delta", number=1, depth=1, stored_bytes=delta_bytes),
    ]
    assert (next_place(history).base is not None) == goes_on


def test_half_is_measured_by_what_the_grown_content_would_cost() -> None:
    history = [
        Stored(name="full", kind="full", size_bytes=1000, stored_bytes=300),
        Stored(name="delta", kind="delta", number=1, depth=1, size_bytes=4000, stored_bytes=500),
    ]
    assert next_place(history).number == 2


def test_a_delta_that_turned_out_full_opens_the_next_series() -> None:
    history = [*grown(3), Stored(name="moved-on", kind="full", series=1)]
    place = next_place(history)
    assert place.base is not None
    assert (place.series, place.number, place.base.name) == (1, 1, "moved-on")


def test_a_version_of_the_same_content_takes_no_place() -> None:
    history = [*grown(2), Stored(name="twin", kind="same", number=1, depth=1)]
    place = next_place(history)
    assert place.base is not None
    assert (place.number, place.base.name) == (2, "day-000")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"PK\x03\x04rest", True),
        (b"\x1f\x8b\x08rest", True),
        (b"id,name\n1,Ada\n", False),
        (b"", False),
    ],
)
def test_formats_that_are_compressed_are_known_by_their_head(
    head: bytes, *, expected: bool
) -> None:
    assert is_compressed(head) == expected
