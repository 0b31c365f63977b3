"""Orders to delete some versions: exactly these go, and what is wrong with an order is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog

from custody.domain.disposal import DAMAGED_AT_ONCE, Disposal, Why
from custody.domain.erasure import Copy, ErasureId, Target
from custody.domain.events import ErasureStep, VersionStored
from custody.domain.holds import Hold
from custody.domain.vault import FileId, Holding, ObjectName, Source
from custody.errors import (
    CorruptError,
    MalformedEventError,
    NotFoundError,
    RefusedError,
    StillThereError,
)
from custody.steps.erase import erase
from pipeline.driver import Pipeline
from samples import a_fence
from worlds.memory import MemoryWorld

COPIES = [Copy.VAULT, Copy.OFFSITE]
Names = list[ObjectName]


@pytest.fixture
def stored(pipeline: Pipeline, acorn: Holding) -> Names:
    """Five versions of one file, in both places."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"0")
    for number in range(1, 5):
        google.edit(file_id, b"%d" % number)
    pipeline.settle()
    return sorted(one.name for one in pipeline.history(acorn.life, file_id).versions)


def there(world: MemoryWorld, holding: Holding, copy: Copy) -> Names:
    place = world.vault if copy is Copy.VAULT else world.offsite
    return sorted(place.names(holding.life))


def ordered(
    pipeline: Pipeline, holding: Holding, copy: Copy, *names: ObjectName, **known: Any
) -> ErasureStep:
    """An order as retention gives it, and the message about it."""
    world = pipeline.world
    values: dict[str, Any] = {
        "life": holding.life,
        "copy": copy,
        "why": Why.EXPIRED,
        "names": names,
        "keep": 5 - len(names),
        "ordered_on": world.now().date().isoformat(),
    }
    order = Disposal(**values | known)
    world.disposals.add(order)
    if order.why is Why.EXPIRED:
        for name in names:
            world.marks.put(name)
    life = order.life
    return ErasureStep(
        erasure=ErasureId(order.id), source=life.source, epoch=life.epoch, copy=copy, page=0
    )


def noted(pipeline: Pipeline, step: ErasureStep) -> list[tuple[str, dict[str, Any]]]:
    return [(one.act, dict(one.subject)) for one in pipeline.world.audit.entries(step.erasure)]


@pytest.mark.parametrize("copy", COPIES)
def test_exactly_what_is_named_goes_from_exactly_this_copy(
    pipeline: Pipeline,
    acorn: Holding,
    stored: Names,
    copy: Copy,
    logged: list[structlog.typing.EventDict],
) -> None:
    step = ordered(pipeline, acorn, copy, stored[1], stored[3])
    erase(pipeline.an_erase(), step)
    for one in COPIES:
        left = [stored[0], stored[2], stored[4]] if one is copy else stored
        assert there(pipeline.world, acorn, one) == left
    (line,) = [one for one in logged if one["event"] == "versions_disposed"]
    assert (line["disposal"], line["deleted"], line["copy"]) == (step.erasure, 2, copy)


@pytest.mark.parametrize("copy", COPIES)
def test_what_is_meant_and_what_came_of_it_is_in_the_audit(
    pipeline: Pipeline, acorn: Holding, stored: Names, copy: Copy
) -> None:
    step = ordered(pipeline, acorn, copy, stored[1])
    erase(pipeline.an_erase(), step)
    (meant, before), (done, after) = noted(pipeline, step)
    assert (meant, before["why"], before["versions"]) == ("dispose", "expired", 1)
    assert (done, after["deleted"], after["locked"]) == ("disposed", 1, 0)


@pytest.mark.parametrize("copy", COPIES)
def test_an_order_that_comes_twice_is_carried_out_once(
    pipeline: Pipeline, acorn: Holding, stored: Names, copy: Copy
) -> None:
    """T18."""
    step = ordered(pipeline, acorn, copy, stored[1])
    for _ in range(2):
        erase(pipeline.an_erase(), step)
    assert there(pipeline.world, acorn, copy) == [stored[0], *stored[2:]]


def test_the_other_epochs_and_their_keysets_are_no_part_of_it(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    birch = pipeline.open("c-birch", "hubspot")
    pipeline.world.google.create_file("deals.csv", birch.folder_id, b"theirs")
    pipeline.settle()
    erase(pipeline.an_erase(), ordered(pipeline, acorn, Copy.OFFSITE, *stored[:4]))
    assert len(there(pipeline.world, birch, Copy.OFFSITE)) == 1
    assert pipeline.world.offsite_keys.unwrap(acorn.life)


# What is refused.


def test_a_message_about_an_order_that_nobody_gave_is_refused(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    step = ordered(pipeline, acorn, Copy.VAULT, stored[0])
    for forged in (
        replace(step, erasure=ErasureId("d-00000000000000000000")),
        replace(step, copy=Copy.OFFSITE),
        replace(step, epoch=2),
        replace(step, source=Source("stripe")),
    ):
        with pytest.raises(MalformedEventError):
            erase(pipeline.an_erase(), forged)
    assert there(pipeline.world, acorn, Copy.VAULT) == stored


@pytest.mark.parametrize("copy", COPIES)
def test_what_retention_did_not_let_go_is_not_deleted(
    pipeline: Pipeline, acorn: Holding, stored: Names, copy: Copy
) -> None:
    """Whoever forges an order needs the right to make marks as well."""
    step = ordered(pipeline, acorn, copy, *stored[:2])
    pipeline.world.marks._marks.remove(stored[1])
    with pytest.raises(RefusedError, match="did not let go"):
        erase(pipeline.an_erase(), step)
    assert there(pipeline.world, acorn, copy) == stored
    assert noted(pipeline, step) == []


@pytest.mark.parametrize("copy", COPIES)
def test_where_too_few_others_are_nothing_is_deleted(
    pipeline: Pipeline, acorn: Holding, stored: Names, copy: Copy
) -> None:
    """The last whole version of something may be among those that are named."""
    place = pipeline.world.vault if copy is Copy.VAULT else pipeline.world.offsite
    step = ordered(pipeline, acorn, copy, stored[0])
    place.erase(stored[4])
    with pytest.raises(RefusedError, match="4 other versions must be in the copy and 3 are"):
        erase(pipeline.an_erase(), step)
    assert there(pipeline.world, acorn, copy) == stored[:4]


@pytest.mark.parametrize("copy", COPIES)
def test_too_much_at_once_needs_a_person_here_as_well(
    pipeline: Pipeline, acorn: Holding, copy: Copy
) -> None:
    google = pipeline.world.google
    for number in range(110):
        google.create_file(f"{number}.csv", acorn.folder_id, b"x")
    pipeline.settle()
    stored = there(pipeline.world, acorn, copy)
    with pytest.raises(RefusedError, match="--yes"):
        erase(pipeline.an_erase(), ordered(pipeline, acorn, copy, *stored[:101], keep=9))
    assert there(pipeline.world, acorn, copy) == stored
    approved = ordered(pipeline, acorn, copy, *stored[:101], keep=9, approved=True)
    erase(pipeline.an_erase(), approved)
    assert there(pipeline.world, acorn, copy) == stored[101:]


def test_keysets_are_never_disposed_of(pipeline: Pipeline, acorn: Holding, stored: Names) -> None:
    with pytest.raises(RefusedError, match="no versions"):
        erase(pipeline.an_erase(), ordered(pipeline, acorn, Copy.KEYS, stored[0]))
    assert pipeline.world.keys.unwrap(acorn.life)


# What it stands back for.


@pytest.mark.parametrize("copy", COPIES)
def test_of_a_closed_epoch_the_erasure_takes_everything(
    pipeline: Pipeline, acorn: Holding, stored: Names, copy: Copy
) -> None:
    step = ordered(pipeline, acorn, copy, stored[0])
    pipeline.world.fences.close(acorn.life, a_fence())
    erase(pipeline.an_erase(), step)
    assert there(pipeline.world, acorn, copy) == stored


def test_a_hold_keeps_what_retention_let_go_too(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    world, life = pipeline.world, acorn.life
    step = ordered(pipeline, acorn, Copy.VAULT, stored[0])
    hold = Hold(
        customer=life.customer,
        source=life.source,
        reason="a dispute",
        until=world.now() + timedelta(days=9),
        placed_at=world.now(),
    )
    world.holds.put(hold)
    erase(pipeline.an_erase(), step)
    assert there(world, acorn, Copy.VAULT) == stored
    world.advance(timedelta(days=9))
    erase(pipeline.an_erase(), step)
    assert there(world, acorn, Copy.VAULT) == stored[1:]


def test_what_a_lock_keeps_waits_and_the_rest_goes(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    """T22: retention orders it again, since it has a mark and is still there."""
    world = pipeline.world
    until = world.now() + timedelta(days=9)
    world.offsite_store.retained[f"versions/{stored[0]}"] = until
    step = ordered(pipeline, acorn, Copy.OFFSITE, *stored[:2])
    erase(pipeline.an_erase(), step)
    assert there(world, acorn, Copy.OFFSITE) == [stored[0], *stored[2:]]
    assert noted(pipeline, step)[-1][1]["locked"] == 1


# Stores with bad habits.


def test_a_listing_that_sees_nothing_deletes_nothing(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    """T7: what must be kept is counted first."""
    pipeline.world.vault_store.stale = 1
    with pytest.raises(RefusedError, match="other versions must be in the copy"):
        erase(pipeline.an_erase(), ordered(pipeline, acorn, Copy.VAULT, stored[0]))
    assert there(pipeline.world, acorn, Copy.VAULT) == stored


class Lazy:
    """Says that it deleted."""

    def __init__(self, world: MemoryWorld) -> None:
        store = world.vault_store
        self.find, self.close, self.horizon = store.find, store.close, store.horizon

    def delete(self, *_: object) -> None:
        pass


def test_what_is_still_to_be_seen_is_deleted_again(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    run, step = pipeline.an_erase(), ordered(pipeline, acorn, Copy.VAULT, stored[0])
    lazy = replace(run, stores={Copy.VAULT: Lazy(pipeline.world)})
    with pytest.raises(StillThereError, match="1 things"):
        erase(lazy, step)
    erase(run, step)
    assert there(pipeline.world, acorn, Copy.VAULT) == stored[1:]


class Sharper:
    """Sees something that the store no longer shows."""

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        return 5


def test_somebody_else_must_see_the_same(pipeline: Pipeline, acorn: Holding, stored: Names) -> None:
    run = replace(pipeline.an_erase(), witnesses={Copy.VAULT: Sharper()})
    with pytest.raises(StillThereError, match="two looks"):
        erase(run, ordered(pipeline, acorn, Copy.VAULT, stored[0]))


class Greedy(Lazy):
    """Deletes one more than it was told to."""

    def __init__(self, world: MemoryWorld, more: Callable[[], object]) -> None:
        super().__init__(world)
        self._more = more

    def delete(self, *_: object) -> None:
        self._more()


def test_a_store_that_deletes_too_much_is_found_out(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    vault = pipeline.world.vault
    greedy = Greedy(pipeline.world, lambda: vault.erase(stored[4]))
    run = replace(pipeline.an_erase(), stores={Copy.VAULT: greedy})
    with pytest.raises(RefusedError, match="4 other versions must be in the copy and 3 are"):
        erase(run, ordered(pipeline, acorn, Copy.VAULT, stored[0]))


# Damage.


def damaged(pipeline: Pipeline, holding: Holding, *names: ObjectName, **known: Any) -> ErasureStep:
    order = {"why": Why.DAMAGED, "keep": 0}
    return ordered(pipeline, holding, Copy.VAULT, *names, **order | known)


def test_a_damaged_object_is_replaced_by_its_whole_twin(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    world, sealer = pipeline.world, pipeline.world.keys.unwrap(acorn.life)
    world.vault.damage(stored[2])
    with pytest.raises(CorruptError):
        world.vault.prove(stored[2], sealer=sealer)
    step = damaged(pipeline, acorn, stored[2])
    erase(pipeline.an_erase(), step)
    assert there(world, acorn, Copy.VAULT) == [*stored[:2], *stored[3:]]
    file_id = FileId(stored[2].split("/")[3])
    assert pipeline.queue == [VersionStored(life=acorn.life, file_id=file_id, version=stored[2])]
    pipeline.deliver_all()
    world.vault.prove(stored[2], sealer=sealer)


def test_an_order_that_comes_again_lets_the_whole_twin_be(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    """T18, T25: the off-site copy may be gone by then."""
    step = damaged(pipeline, acorn, stored[2])
    erase(pipeline.an_erase(), step)
    pipeline.deliver_all()
    pipeline.world.offsite.erase(stored[2])
    erase(pipeline.an_erase(), step)
    assert there(pipeline.world, acorn, Copy.VAULT) == stored


def test_a_delivery_that_died_after_it_rang_lets_the_whole_twin_be(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    """It wrote down what it found before it deleted."""
    step = damaged(pipeline, acorn, stored[2])
    pipeline.world.crash_after(4, takes_effect=True)
    pipeline.queue.append(step)
    pipeline.deliver()
    assert pipeline.world.crashed()
    pipeline.deliver_all()
    assert there(pipeline.world, acorn, Copy.VAULT) == stored
    pipeline.world.vault.prove(stored[2], sealer=pipeline.world.keys.unwrap(acorn.life))


def test_no_order_calls_a_whole_holding_damaged(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    google = pipeline.world.google
    for number in range(DAMAGED_AT_ONCE):
        google.create_file(f"{number}.csv", acorn.folder_id, b"x")
    pipeline.settle()
    everything = there(pipeline.world, acorn, Copy.VAULT)
    with pytest.raises(RefusedError, match="called damaged at once"):
        erase(pipeline.an_erase(), damaged(pipeline, acorn, *everything))
    old = damaged(pipeline, acorn, stored[0], ordered_on="2026-01-01")
    with pytest.raises(RefusedError, match="too old"):
        erase(pipeline.an_erase(), old)
    assert there(pipeline.world, acorn, Copy.VAULT) == everything


def test_an_order_for_an_object_that_is_gone_rings_all_the_same(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    pipeline.world.vault.erase(stored[2])
    erase(pipeline.an_erase(), damaged(pipeline, acorn, stored[2]))
    pipeline.deliver_all()
    assert there(pipeline.world, acorn, Copy.VAULT) == stored


def test_what_neither_place_has_stays_gone_and_is_told(
    pipeline: Pipeline, acorn: Holding, stored: Names
) -> None:
    pipeline.world.offsite.erase(stored[2])
    erase(pipeline.an_erase(), damaged(pipeline, acorn, stored[2]))
    pipeline.deliver_all()
    assert [type(one) for one in pipeline.refused] == [NotFoundError]
