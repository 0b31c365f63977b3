"""The port Shelf: versions as mere bytes, copied whole or not at all, and never over another."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.racing import race
from custody.domain import names
from custody.domain.vault import FileId, ObjectName, RevisionId, Version
from custody.errors import CorruptError, DeadlineError, NotFoundError, TornReadError
from custody.ports import Parcel, Shelf
from samples import LIFE, a_draft, a_life
from worlds.world import World

FAR = timedelta(hours=1)


@pytest.fixture
def stored(world: World) -> Version:
    """One version in the vault."""
    return keep(world, "one")


def keep(world: World, revision: str, data: bytes = b"content") -> Version:
    life = LIFE
    if not list(world.vault_shelf.all(life)):
        world.keys.create(life)
    return world.vault.store(
        a_draft(revision),
        lambda: iter([data]),
        sealer=world.keys.unwrap(life),
        base=None,
        latest=None,
        deadline=world.now() + FAR,
    )


def put(world: World, shelf: Shelf, parcel: Parcel) -> bool:
    return shelf.put(parcel, deadline=world.now() + FAR)


def test_what_is_copied_is_the_same_and_reads_back(world: World, stored: Version) -> None:
    parcel = world.vault_shelf.take(stored.name)
    assert put(world, world.offsite_shelf, parcel)
    copy = world.offsite_shelf.take(stored.name)
    assert b"".join(copy.chunks()) == b"".join(parcel.chunks())
    assert (copy.size_bytes, copy.crc32c) == (parcel.size_bytes, parcel.crc32c)
    sealer = world.offsite_keys.unwrap(LIFE)
    assert b"".join(world.offsite.content(stored.name, sealer=sealer)) == b"content"
    world.offsite.prove(stored.name, sealer=sealer)


def test_a_copy_is_made_once(world: World, stored: Version) -> None:
    parcel = world.vault_shelf.take(stored.name)
    assert [put(world, world.offsite_shelf, parcel) for _ in range(3)] == [True, False, False]


def test_of_eight_that_copy_at_once_one_makes_it(world: World, stored: Version) -> None:
    parcel = world.vault_shelf.take(stored.name)
    results = race([lambda: put(world, world.offsite_shelf, parcel)] * 8)
    assert results.count(True) == 1


def test_nothing_is_put_over_other_bytes(world: World, stored: Version) -> None:
    put(world, world.offsite_shelf, world.vault_shelf.take(stored.name))
    other = keep(world, "two", b"another")
    forged = replace(world.vault_shelf.take(other.name), name=stored.name)
    for shelf in (world.vault_shelf, world.offsite_shelf):
        with pytest.raises(CorruptError):
            put(world, shelf, forged)


@pytest.mark.parametrize("side", ["vault_shelf", "offsite_shelf"])
def test_bytes_that_are_not_what_was_promised_are_not_stored(
    world: World, stored: Version, side: str
) -> None:
    shelf: Shelf = getattr(world, side)
    name = names.version_name(LIFE, FileId("file-one"), RevisionId("torn"))
    parcel = world.vault_shelf.take(stored.name)
    cut = b"".join(parcel.chunks())[:-1]
    torn = replace(parcel, name=name, chunks=lambda: iter([cut]))
    with pytest.raises(TornReadError):
        put(world, shelf, torn)
    with pytest.raises(NotFoundError):
        shelf.take(name)


def test_past_the_deadline_nothing_is_stored(world: World, stored: Version) -> None:
    parcel = world.vault_shelf.take(stored.name)
    with pytest.raises(DeadlineError):
        world.offsite_shelf.put(parcel, deadline=world.now())
    with pytest.raises(NotFoundError):
        world.offsite_shelf.take(stored.name)


def test_a_source_that_breaks_leaves_nothing(world: World, stored: Version) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"some"
        raise OSError("the line broke")

    parcel = replace(world.vault_shelf.take(stored.name), chunks=breaking)
    with pytest.raises(OSError, match="broke"):
        put(world, world.offsite_shelf, parcel)
    with pytest.raises(NotFoundError):
        world.offsite_shelf.take(stored.name)


def test_a_listing_shows_one_epoch_in_the_order_of_names(world: World) -> None:
    """Epoch 1 is not epoch 10 (T22)."""
    kept = [keep(world, revision) for revision in ("b", "a", "c")]
    begun = world.now()
    for version in kept:
        put(world, world.offsite_shelf, world.vault_shelf.take(version.name))
    elsewhere = names.version_name(a_life(epoch=10), FileId("file-one"), RevisionId("a"))
    put(world, world.offsite_shelf, replace(world.vault_shelf.take(kept[0].name), name=elsewhere))
    for shelf in (world.vault_shelf, world.offsite_shelf):
        shown = list(shelf.all(LIFE))
        assert [one.name for one in shown] == sorted(one.name for one in kept)
        assert all(one.size_bytes > 0 for one in shown)
        assert all(abs(one.stored_at - begun) < timedelta(minutes=5) for one in shown)


@pytest.mark.parametrize("side", ["vault_shelf", "offsite_shelf"])
def test_what_is_not_there_is_not_found(world: World, side: str) -> None:
    with pytest.raises(NotFoundError):
        getattr(world, side).take(ObjectName("c-x/s/1/f/r"))
