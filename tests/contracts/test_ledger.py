"""The small records: registry, fences, cursors, channels, quarantine."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from contracts.racing import race
from custody.domain.drain_changes import Cursor, leased
from custody.domain.drive import OWN_LOG, SHARED_DRIVE
from custody.domain.quarantine import Verdict, quarantined
from custody.domain.vault import CustomerId, HoldingState, Intake, Source
from custody.errors import AlreadyExistsError, ConflictError, NotFoundError
from custody.ports import Seen
from samples import LIFE, NOW, a_channel, a_customer, a_fence, a_holding, a_life
from worlds.world import World

CURSOR = Cursor(token="t1", moved_at=NOW)


def test_a_customer_is_read_as_it_was_added(world: World) -> None:
    customer = replace(
        a_customer(), name="Größe & Söhne", intake=Intake.BOTH, mail_from=("a@b.example",)
    )
    world.registry.add_customer(customer)
    assert world.registry.customer(customer.customer) == customer
    assert list(world.registry.customers()) == [customer]


def test_a_customer_that_nobody_added_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.registry.customer(CustomerId("c-nobody"))
    assert list(world.registry.customers()) == []


def test_a_slug_is_taken_once(world: World) -> None:
    world.registry.add_customer(a_customer("c-one"))
    with pytest.raises(AlreadyExistsError):
        world.registry.add_customer(a_customer("c-two"))
    assert [one.customer for one in world.registry.customers()] == ["c-one"]


def test_of_sixteen_that_take_one_slug_one_wins(world: World) -> None:
    told = race([partial(world.registry.add_customer, a_customer(f"c-{n}")) for n in range(16)])
    assert [type(one) for one in told if one is not None] == [AlreadyExistsError] * 15
    (winner,) = world.registry.customers()
    assert winner.customer == f"c-{told.index(None)}"


def test_a_saved_customer_replaces_the_one_before(world: World) -> None:
    world.registry.add_customer(a_customer())
    renamed = replace(a_customer(), name="Acorn Ltd.")
    world.registry.save_customer(renamed)
    assert list(world.registry.customers()) == [renamed]


def test_a_holding_is_read_as_it_was_saved(world: World) -> None:
    holding = replace(a_holding(), adopted=True)
    world.registry.save_holding(holding)
    assert world.registry.holding(LIFE.customer, LIFE.source) == holding
    closed = replace(holding, state=HoldingState.CLOSED)
    world.registry.save_holding(closed)
    assert list(world.registry.holdings()) == [closed]


def test_a_holding_is_one_source_of_one_customer(world: World) -> None:
    lives = [a_life("c-a", "hubspot"), a_life("c-a", "stripe"), a_life("c-b", "hubspot")]
    for life in lives:
        world.registry.save_holding(a_holding(life))
    assert {one.life for one in world.registry.holdings()} == set(lives)
    with pytest.raises(NotFoundError):
        world.registry.holding(CustomerId("c-b"), Source("stripe"))


def test_a_fence_closes_one_epoch_and_closing_it_again_changes_nothing(world: World) -> None:
    assert not world.fences.closed(LIFE)
    for _ in range(2):
        world.fences.close(LIFE, a_fence())
    assert world.fences.closed(LIFE)
    assert not world.fences.closed(a_life(epoch=2))
    assert not world.fences.closed(a_life(epoch=11))


def test_the_first_to_close_a_fence_is_the_one_that_erases(world: World) -> None:
    assert world.fences.fence(LIFE) is None
    assert world.fences.close(LIFE, a_fence("e-one")) == a_fence("e-one")
    assert world.fences.close(LIFE, a_fence("e-two")) == a_fence("e-one")
    assert world.fences.fence(LIFE) == a_fence("e-one")


def test_of_many_that_close_a_fence_at_once_all_are_told_the_same(world: World) -> None:
    attempts = [partial(world.fences.close, LIFE, a_fence(f"e-{one}")) for one in range(16)]
    told = race(attempts)
    assert told == [world.fences.fence(LIFE)] * 16


def test_a_change_log_that_was_never_followed_has_no_cursor(world: World) -> None:
    assert world.cursors.read(SHARED_DRIVE) is None


def test_a_cursor_is_read_as_it_was_moved(world: World) -> None:
    held = replace(leased(CURSOR, holder="one", now=NOW), due=True)
    moved = world.cursors.move(SHARED_DRIVE, held, stamp=0)
    assert moved.value == held
    assert world.cursors.read(SHARED_DRIVE) == moved
    assert world.cursors.read(OWN_LOG) is None


def test_a_cursor_moves_from_where_it_was_read_and_from_nowhere_else(world: World) -> None:
    """T4: two drains never take turns in moving a cursor back."""
    first = world.cursors.move(SHARED_DRIVE, CURSOR, stamp=0)
    second = world.cursors.move(SHARED_DRIVE, replace(CURSOR, token="t2"), stamp=first.stamp)
    for old in (0, first.stamp):
        with pytest.raises(ConflictError):
            world.cursors.move(SHARED_DRIVE, CURSOR, stamp=old)
    assert world.cursors.read(SHARED_DRIVE) == second


def test_of_sixteen_that_move_a_cursor_one_wins(world: World) -> None:
    first = world.cursors.move(SHARED_DRIVE, CURSOR, stamp=0)
    moves = [
        partial(world.cursors.move, SHARED_DRIVE, replace(CURSOR, token=f"{n}"), stamp=first.stamp)
        for n in range(16)
    ]
    told = race(moves)
    won = [one for one in told if isinstance(one, Seen)]
    assert [type(one) for one in told if not isinstance(one, Seen)] == [ConflictError] * 15
    assert [world.cursors.read(SHARED_DRIVE)] == won


def test_channels_stand_under_their_corpus_until_they_are_removed(world: World) -> None:
    one, two = a_channel("one"), a_channel("two", created_at=NOW + timedelta(hours=1))
    own = replace(a_channel("own"), corpus=OWN_LOG)
    for channel in (one, two, own):
        world.channels.add(channel)
    assert sorted(world.channels.all(SHARED_DRIVE), key=lambda one: one.channel) == [one, two]
    for _ in range(2):
        world.channels.remove(one)
    assert list(world.channels.all(SHARED_DRIVE)) == [two]
    assert list(world.channels.all(OWN_LOG)) == [own]


ENTRY = quarantined(
    "moved-file",
    "moved here",
    "file-one",
    seen_at=NOW,
    customer=LIFE.customer,
    source=LIFE.source,
    epoch=LIFE.epoch,
)


def test_an_entry_waits_as_it_was_put(world: World) -> None:
    world.quarantine.put(ENTRY)
    assert list(world.quarantine.all()) == [ENTRY]


def test_the_same_entry_twice_changes_nothing(world: World) -> None:
    world.quarantine.put(ENTRY)
    world.quarantine.put(replace(ENTRY, seen_at=NOW + timedelta(days=1)))
    assert list(world.quarantine.all()) == [ENTRY]


@pytest.mark.parametrize("verdict", Verdict)
def test_a_settled_entry_waits_no_more(world: World, verdict: Verdict) -> None:
    other = quarantined("message", "no JSON", "topic message 1", seen_at=NOW)
    world.quarantine.put(ENTRY)
    world.quarantine.put(other)
    assert world.quarantine.settle(ENTRY.id, verdict) == ENTRY
    assert list(world.quarantine.all()) == [other]


def test_an_entry_that_nobody_put_cannot_be_settled(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.quarantine.settle("q-never", Verdict.ADMITTED)


@pytest.mark.parametrize("verdict", Verdict)
def test_an_entry_is_settled_once(world: World, verdict: Verdict) -> None:
    """Of admit and reject one holds: what was settled waits no more, and is not found."""
    world.quarantine.put(ENTRY)
    world.quarantine.settle(ENTRY.id, Verdict.REJECTED)
    with pytest.raises(NotFoundError):
        world.quarantine.settle(ENTRY.id, verdict)
