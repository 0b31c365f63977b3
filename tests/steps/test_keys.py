"""Keysets and their copies: which one counts, and which come back."""

from collections.abc import Callable

import pytest

from archive import FilledWorld
from custody.domain.vault import HoldingEpoch
from custody.errors import (
    AlreadyExistsError,
    CorruptError,
    CustodyError,
    MissingKeysetError,
    UnavailableError,
)
from custody.ports import Sealer
from custody.steps.keys import (
    EitherKeys,
    KeyResult,
    copy_keysets,
    look_at_keysets,
    restore_keysets,
)
from samples import LIFE, a_fence, a_holding, a_life
from worlds.memory import MemoryWorld

SECOND = a_life(epoch=2)
DONE, STANDS, ERASED, FAILED = KeyResult


@pytest.fixture
def world() -> FilledWorld:
    return FilledWorld()


class BrokenKeys:
    """A place that gives no keyset."""

    def __init__(self, error: CustodyError) -> None:
        self._error = error

    def unwrap(self, life: HoldingEpoch) -> Sealer:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [MissingKeysetError("lost"), UnavailableError("no bucket"), CorruptError("a bit flipped")],
    ids=str,
)
def test_the_copy_counts_where_the_first_place_gives_none(
    world: FilledWorld, logged: list[dict[str, object]], error: CustodyError
) -> None:
    sealer = EitherKeys(BrokenKeys(error), world.offsite_keys).unwrap(LIFE)
    assert sealer.open(world.keys.unwrap(LIFE).seal(b"x", b""), b"") == b"x"
    assert [line["event"] for line in logged] == ["keyset_copy_used"]


def test_the_first_place_is_asked_alone_while_it_answers(
    world: FilledWorld, logged: list[dict[str, object]]
) -> None:
    keys = EitherKeys(world.keys, BrokenKeys(UnavailableError("S3 is down")))
    assert keys.unwrap(LIFE)
    assert logged == []


def test_a_keyset_that_no_place_has_is_missing(world: FilledWorld) -> None:
    keys = EitherKeys(BrokenKeys(UnavailableError("no bucket")), world.offsite_keys)
    with pytest.raises(MissingKeysetError):
        keys.unwrap(SECOND)


def copied(world: MemoryWorld, life: HoldingEpoch) -> list[tuple[KeyResult, int]]:
    outcomes = copy_keysets(world.keys, world.fences, [a_holding(life)])
    return [(one.result, one.copies) for one in outcomes]


def test_copies_are_made_of_every_epoch_that_is_not_erased(world: FilledWorld) -> None:
    world.open(SECOND)
    for life in (LIFE, SECOND):
        world.offsite_keys.erase(life)
    world.fences.close(LIFE, a_fence())
    assert copied(world, SECOND) == [(ERASED, 0), (DONE, 1)]
    assert copied(world, SECOND) == [(ERASED, 0), (STANDS, 0)]
    assert not world.offsite_keys.stands(LIFE)


def test_a_keyset_that_is_missing_is_told_and_the_others_go_on(world: FilledWorld) -> None:
    world.open(SECOND)
    world.offsite_keys.erase(SECOND)
    world.keys.lose(LIFE)
    assert copied(world, SECOND) == [(FAILED, 0), (DONE, 1)]


def test_of_a_destroyed_keyset_no_copy_is_made(world: FilledWorld) -> None:
    world.keys.destroy(LIFE)
    assert copied(world, LIFE) == [(ERASED, 0)]


class Rescue:
    """The port KeyRescue; something may happen in the world while a keyset is put back."""

    def __init__(self, world: FilledWorld, happens: Callable[[], object] = lambda: None) -> None:
        self._world = world
        self._happens = happens

    def stands(self, life: HoldingEpoch) -> bool:
        return self._world.keys.stands(life)

    def lacking(self, life: HoldingEpoch) -> int:
        return int(not self._world.offsite_keys.stands(life))

    def put_back(self, life: HoldingEpoch) -> None:
        self._happens()
        self._world.offsite_keys.unwrap(life)
        self._world.keys.find(life)


def restored(world: FilledWorld, rescue: Rescue) -> list[tuple[KeyResult, int]]:
    outcomes = restore_keysets(rescue, world.fences, world.registry.holdings())
    return [(one.result, one.copies) for one in outcomes]


def test_what_is_lost_is_put_back_and_what_stands_is_left_alone(world: FilledWorld) -> None:
    assert restored(world, Rescue(world)) == [(STANDS, 0)]
    world.keys.lose(LIFE)
    assert restored(world, Rescue(world)) == [(DONE, 1)]
    assert world.keys.stands(LIFE)


def test_a_look_tells_what_would_be_done(world: FilledWorld) -> None:
    world.offsite_keys.erase(LIFE)
    holdings = list(world.registry.holdings())
    [outcome] = look_at_keysets(Rescue(world).lacking, world.fences, holdings)
    assert (outcome.result, outcome.copies) == (DONE, 1)
    assert not world.offsite_keys.stands(LIFE)


def test_nothing_of_a_closed_epoch_is_put_back(world: FilledWorld) -> None:
    """T25."""
    world.keys.lose(LIFE)
    world.fences.close(LIFE, a_fence())
    assert restored(world, Rescue(world)) == [(ERASED, 0)]
    assert not world.keys.stands(LIFE)


def test_a_fence_that_falls_meanwhile_alerts(
    world: FilledWorld, logged: list[dict[str, object]]
) -> None:
    world.keys.lose(LIFE)
    restored(world, Rescue(world, lambda: world.fences.close(LIFE, a_fence())))
    assert [line["event"] for line in logged] == ["arrival_after_fence"]


def test_what_cannot_be_put_back_is_told(world: FilledWorld) -> None:
    def somebody_else_does() -> None:
        raise AlreadyExistsError("there is one")

    world.keys.lose(LIFE)
    [outcome] = restore_keysets(
        Rescue(world, somebody_else_does), world.fences, world.registry.holdings()
    )
    assert (outcome.result, outcome.reason) == (FAILED, "there is one")
