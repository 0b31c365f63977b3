"""The port Keys: one keyset an epoch, and a missing one is a stop."""

from functools import partial

import pytest

from contracts.racing import race
from custody.errors import (
    AlreadyExistsError,
    CorruptError,
    MissingKeysetError,
    RefusedError,
)
from samples import LIFE, a_life
from worlds.world import World


def test_what_a_keyset_sealed_it_opens(world: World) -> None:
    world.keys.create(LIFE)
    sealed = world.keys.unwrap(LIFE).seal(b"one", b"name")
    assert world.keys.unwrap(LIFE).open(sealed, b"name") == b"one"


@pytest.mark.parametrize("associated", [b"", b"another name"])
def test_sealed_bytes_open_under_their_own_name_alone(world: World, associated: bytes) -> None:
    world.keys.create(LIFE)
    sealer = world.keys.unwrap(LIFE)
    sealed = sealer.seal(b"one", b"name")
    with pytest.raises(CorruptError):
        sealer.open(sealed, associated)


@pytest.mark.parametrize("broken", [b"", b"short", b"x" * 100])
def test_what_was_never_sealed_does_not_open(world: World, broken: bytes) -> None:
    world.keys.create(LIFE)
    with pytest.raises(CorruptError):
        world.keys.unwrap(LIFE).open(broken, b"name")


def test_each_epoch_has_a_keyset_of_its_own(world: World) -> None:
    for epoch in (1, 2):
        world.keys.create(a_life(epoch=epoch))
    sealed = world.keys.unwrap(a_life(epoch=1)).seal(b"one", b"name")
    with pytest.raises(CorruptError):
        world.keys.unwrap(a_life(epoch=2)).open(sealed, b"name")


def test_a_keyset_that_was_never_created_is_missing_and_asking_creates_none(world: World) -> None:
    for _ in range(2):
        with pytest.raises(MissingKeysetError):
            world.keys.unwrap(LIFE)


def test_a_lost_keyset_is_missing(world: World) -> None:
    world.keys.create(LIFE)
    world.lose_keyset(LIFE)
    with pytest.raises(MissingKeysetError):
        world.keys.unwrap(LIFE)


def test_a_keyset_is_created_once(world: World) -> None:
    """A second keyset would make all that the first one sealed unreadable."""
    world.keys.create(LIFE)
    sealed = world.keys.unwrap(LIFE).seal(b"one", b"name")
    with pytest.raises(AlreadyExistsError):
        world.keys.create(LIFE)
    assert world.keys.unwrap(LIFE).open(sealed, b"name") == b"one"


def test_of_sixteen_that_create_one_keyset_one_wins(world: World) -> None:
    told = race([partial(world.keys.create, LIFE)] * 16)
    assert [type(one) for one in told if one is not None] == [AlreadyExistsError] * 15


def test_a_destroyed_keyset_is_never_made_again(world: World) -> None:
    """T25: nothing may open what was shredded, nor seal under its name."""
    world.keys.create(LIFE)
    world.destroy_keyset(LIFE)
    with pytest.raises(RefusedError):
        world.keys.create(LIFE)
    with pytest.raises(MissingKeysetError):
        world.keys.unwrap(LIFE)


def test_a_keyset_has_a_copy_off_site_that_opens_the_same(world: World) -> None:
    world.keys.create(LIFE)
    sealed = world.keys.unwrap(LIFE).seal(b"one", b"name")
    assert world.offsite_keys.unwrap(LIFE).open(sealed, b"name") == b"one"


def test_completing_makes_only_the_copies_that_are_missing(world: World) -> None:
    world.keys.create(LIFE)
    assert world.keys.complete(LIFE) == 0


def test_completing_never_makes_a_keyset(world: World) -> None:
    with pytest.raises(MissingKeysetError):
        world.keys.complete(LIFE)
    with pytest.raises(MissingKeysetError):
        world.keys.unwrap(LIFE)


def test_a_destroyed_keyset_is_not_completed(world: World) -> None:
    """T25."""
    world.keys.create(LIFE)
    world.destroy_keyset(LIFE)
    with pytest.raises(RefusedError):
        world.keys.complete(LIFE)
