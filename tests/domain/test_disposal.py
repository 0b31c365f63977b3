"""Orders to delete: what is in them, and what a wrong or a forged one cannot do."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from custody.domain.disposal import (
    DAMAGED_AT_ONCE,
    Disposal,
    Look,
    Why,
    doomed,
    first_name,
    is_disposal,
    is_too_much,
    require_enough,
    require_sound,
    version_in,
)
from custody.domain.erasure import Copy, Fate, Thing
from custody.domain.names import version_name
from custody.domain.vault import ObjectName, RevisionId
from custody.errors import CorruptError, RefusedError
from samples import FILE, LIFE, a_life

TODAY = date(2026, 3, 1)


def a_name(number: int) -> ObjectName:
    return version_name(LIFE, FILE, RevisionId(f"r{number:04}"))


def an_order(count: int = 2, **known: Any) -> Disposal:
    values: dict[str, Any] = {
        "life": LIFE,
        "copy": Copy.VAULT,
        "why": Why.EXPIRED,
        "names": tuple(map(a_name, range(count))),
        "keep": 3,
        "ordered_on": TODAY.isoformat(),
    }
    return Disposal(**values | known)


def things(*numbers: int, copy: Copy = Copy.VAULT, **known: Any) -> list[Thing]:
    place = "versions/" if copy is Copy.OFFSITE else ""
    return [Thing(name=place + a_name(number), **known) for number in numbers]


@pytest.mark.parametrize(
    "other",
    [
        {"life": a_life(epoch=2)},
        {"copy": Copy.OFFSITE},
        {"why": Why.DAMAGED},
        {"count": 1},
        {"keep": 4},
        {"ordered_on": "2026-03-02"},
        {"approved": True},
    ],
)
def test_an_order_is_called_by_all_that_it_says(other: dict[str, Any]) -> None:
    assert an_order(**other).id != an_order().id
    assert an_order().id == an_order().id


def test_an_order_is_told_from_an_erasure_by_its_id() -> None:
    assert is_disposal(an_order().id)
    assert not is_disposal("e-0123456789abcdef0123")


@pytest.mark.parametrize("copy", [Copy.VAULT, Copy.OFFSITE])
def test_each_copy_says_in_its_own_way_which_version_a_thing_is(copy: Copy) -> None:
    (thing,) = things(7, copy=copy)
    assert version_in(copy, thing.name) == a_name(7)
    assert thing.name > first_name(copy, LIFE)


def test_a_keyset_copy_is_no_version() -> None:
    keyset = "keys/c-abcdefghijkl/hubspot/1.keyset"
    assert version_in(Copy.OFFSITE, keyset) is None
    assert keyset < first_name(Copy.OFFSITE, LIFE), "what stands before is not looked at"


@pytest.mark.parametrize("copy", [Copy.KEYS, Copy.DRIVE, Copy.LEDGER])
def test_an_order_for_a_copy_without_versions_is_refused(copy: Copy) -> None:
    with pytest.raises(RefusedError, match="no versions"):
        require_sound(an_order(copy=copy), TODAY)


def test_an_order_that_names_versions_of_another_epoch_is_refused() -> None:
    """T22: its names would be looked for under this epoch's prefix, and another one's counted."""
    foreign = version_name(a_life(epoch=10), FILE, RevisionId("r"))
    with pytest.raises(RefusedError, match="another epoch"):
        require_sound(an_order(names=(a_name(1), foreign)), TODAY)
    with pytest.raises(CorruptError):
        require_sound(an_order(names=(ObjectName("nothing of ours"),)), TODAY)


def test_damage_comes_one_by_one() -> None:
    require_sound(an_order(DAMAGED_AT_ONCE, why=Why.DAMAGED), TODAY)
    require_sound(an_order(DAMAGED_AT_ONCE + 1), TODAY)
    with pytest.raises(RefusedError, match="at once"):
        require_sound(an_order(DAMAGED_AT_ONCE + 1, why=Why.DAMAGED), TODAY)


@pytest.mark.parametrize(("days", "stands"), [(-1, False), (0, True), (2, True), (3, False)])
def test_an_old_order_about_damage_does_not_meet_what_took_its_place(
    days: int, stands: bool
) -> None:
    """T25: replayed from a dead letter."""
    order, today = an_order(why=Why.DAMAGED), TODAY + timedelta(days=days)
    require_sound(replace(order, why=Why.EXPIRED), today)
    if stands:
        require_sound(order, today)
    else:
        with pytest.raises(RefusedError, match="orders anew"):
            require_sound(order, today)


@pytest.mark.parametrize("copy", [Copy.VAULT, Copy.OFFSITE])
def test_a_look_tells_what_is_named_from_what_is_not(copy: Copy) -> None:
    """Each version may have many generations, markers and uploads: all of them are things."""
    order = an_order(copy=copy)
    first = [*things(0, copy=copy, stamp="1"), *things(0, copy=copy, stamp="2")]
    rest = [*things(2, copy=copy, stamp="1"), *things(2, 3, copy=copy, stamp="2")]
    look = Look().plus(order, first).plus(order, rest)
    assert look == Look(named=tuple(first), others=2, things=5)


def test_what_must_be_kept_is_counted() -> None:
    require_enough(an_order(keep=3), Look(others=3))
    with pytest.raises(RefusedError, match="3 other versions must be in the copy and 2 are"):
        require_enough(an_order(keep=3), Look(others=2))


@pytest.mark.parametrize(
    ("lost", "of", "too_much"),
    [(100, 100, False), (101, 202, False), (101, 201, True), (5_000, 10_001, False)],
)
def test_more_than_half_and_more_than_a_hundred_is_too_much(
    lost: int, of: int, too_much: bool
) -> None:
    assert is_too_much(lost, of) is too_much


def test_whoever_deletes_asks_as_well_whether_a_person_said_yes() -> None:
    look = Look(named=tuple(things(*range(101))), others=99)
    with pytest.raises(RefusedError, match="--yes"):
        require_enough(an_order(), look)
    require_enough(an_order(approved=True), look)


def test_what_a_lock_keeps_does_not_go_yet() -> None:
    free, locked = things(1), things(2, fate=Fate.RETAINED)
    assert doomed([*free, *locked]) == free
