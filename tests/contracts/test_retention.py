"""Marks, orders and plans in every world; and retention from end to end, by the real adapters."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from contracts.racing import race
from custody.domain import names
from custody.domain.disposal import Disposal, DisposalId, Why
from custody.domain.erasure import Copy, Fate, Thing
from custody.domain.events import ErasureStep
from custody.domain.retention import RetentionPlan, RetentionPlanId, Thinning
from custody.domain.vault import ObjectName, Retention
from custody.errors import NotFoundError
from custody.steps.erase import Erase, erase
from custody.steps.retention import Retain, plan_retention, retain
from pipeline.driver import Pipeline
from samples import FILE, LIFE, NOW, a_customer, a_holding, a_life, a_version
from worlds.localcloud import LocalWorld
from worlds.memory import MemoryWorld
from worlds.retention import daily_exports
from worlds.world import World

DAY = timedelta(days=1)
Ours = MemoryWorld | LocalWorld


@pytest.fixture
def ours(world: World) -> Ours:
    assert isinstance(world, MemoryWorld | LocalWorld)
    return world


# Policies.


def test_a_policy_stands_with_its_holding(ours: Ours) -> None:
    policy = Retention(all_days=7, monthly_days=900)
    holding = replace(a_holding(), retention=policy)
    ours.registry.save_holding(holding)
    assert ours.registry.holding(LIFE.customer, LIFE.source) == holding
    ours.registry.save_holding(replace(holding, retention=None))
    assert ours.registry.holding(LIFE.customer, LIFE.source).retention is None


def test_a_holding_from_before_there_were_policies_is_read(ours: Ours) -> None:
    if isinstance(ours, MemoryWorld):
        pytest.skip("nothing is older than this process")
    life = {"customer": LIFE.customer, "source": LIFE.source, "epoch": 1}
    old = {"life": life, "state": "open", "folder_id": "folder-one", "adopted": False}
    name = names.holding_name(LIFE.customer, LIFE.source)
    ours._ledger.create(name, json.dumps(old).encode())
    assert ours.registry.holding(LIFE.customer, LIFE.source) == a_holding()


# Marks.


def test_a_mark_stands_for_good_and_comes_once(ours: Ours) -> None:
    name = a_version("r1").name
    assert not ours.marks.marked(name)
    for _ in range(2):
        ours.marks.put(name)
    assert ours.marks.marked(name)
    assert ours.marks.all(LIFE) == {name}


def test_each_epoch_has_marks_of_its_own(ours: Ours) -> None:
    """T22: epoch 1 is not epoch 10."""
    lives = [LIFE, a_life(epoch=10), a_life(source="hub"), a_life("c-abcdefghijkl1")]
    marked = {life: a_version("r/1 ä", life=life).name for life in lives}
    for name in marked.values():
        ours.marks.put(name)
    for life, name in marked.items():
        assert ours.marks.all(life) == {name}
    assert ours.marks.all(a_life(epoch=2)) == frozenset()


def test_of_sixteen_that_mark_at_once_none_is_refused(ours: Ours) -> None:
    """T18, T27."""
    race([partial(ours.marks.put, a_version("r1").name)] * 16)
    assert len(ours.marks.all(LIFE)) == 1


# Orders.


def an_order() -> Disposal:
    versions = tuple(a_version(f"r{number}").name for number in range(3))
    return Disposal(
        life=LIFE,
        copy=Copy.OFFSITE,
        why=Why.DAMAGED,
        names=versions,
        keep=7,
        ordered_on="2026-03-01",
        approved=True,
    )


def test_an_order_is_found_as_it_was_given(ours: Ours) -> None:
    order = an_order()
    for _ in range(2):
        ours.disposals.add(order)
    ours.disposals.add(replace(order, keep=8))
    assert ours.disposals.find(order.id) == order


def test_an_order_that_nobody_gave_is_not_found(ours: Ours) -> None:
    with pytest.raises(NotFoundError):
        ours.disposals.find(DisposalId("d-none"))


def test_what_was_found_first_stands(ours: Ours) -> None:
    """An order that comes again must not take what took the place of what it deleted."""
    order, until = an_order(), NOW + DAY
    first = [
        Thing(name="versions/a", stamp="1", size_bytes=3),
        Thing(name="versions/b", stamp="2", fate=Fate.RETAINED, until=until),
    ]
    assert list(ours.disposals.note(order.id, first)) == first
    assert list(ours.disposals.note(order.id, [Thing(name="versions/a", stamp="9")])) == first
    assert list(ours.disposals.note(DisposalId("d-other"), [])) == []


# Plans.


def test_a_plan_is_found_as_it_was_shown_first(ours: Ours) -> None:
    part = Thinning(life=LIFE, keep=3, expire=an_order().names, waiting=1, uneven=2)
    plan = RetentionPlan(customer=LIFE.customer, parts=(part,), made_at=NOW)
    ours.retention_plans.save(plan)
    ours.retention_plans.save(replace(plan, made_at=NOW + DAY))
    assert ours.retention_plans.find(plan.id) == plan
    with pytest.raises(NotFoundError):
        ours.retention_plans.find(RetentionPlanId("r-none"))


# From end to end.


def exported(ours: Ours, days: int) -> dict[ObjectName, bytes]:
    """What so many days of exports left, in both places and in the index, under a brief policy."""
    ours.registry.add_customer(a_customer())
    policy = Retention(all_days=2, daily_days=5, weekly_days=14)
    ours.registry.save_holding(replace(a_holding(), retention=policy))
    ours.keys.create(LIFE)
    stored = daily_exports(ours, LIFE, FILE, days)
    for name in stored:
        ours.offsite_shelf.put(ours.vault_shelf.take(name), deadline=ours.now() + DAY)
    return stored


def a_retain(ours: Ours) -> Retain:
    if isinstance(ours, MemoryWorld):
        return Pipeline(ours).a_retain()
    return ours.retention(ours.now() + DAY)


def an_erase(ours: Ours) -> Erase:
    return Pipeline(ours).an_erase() if isinstance(ours, MemoryWorld) else ours.erase


def test_what_is_kept_restores_from_both_places_and_what_is_let_go_is_in_neither(
    ours: Ours,
) -> None:
    stored = exported(ours, 45)
    plan = plan_retention(a_retain(ours), LIFE.customer)
    assert retain(a_retain(ours)) == plan.expire > 10
    steps = [one for one in ours.sent() if isinstance(one, ErasureStep)]
    assert [one.copy for one in steps] == [Copy.VAULT, Copy.OFFSITE]
    for step in steps * 2:
        erase(an_erase(ours), step)
    sealer = ours.keys.unwrap(LIFE)
    history = ours.index.read(LIFE, FILE, sealer=sealer).value
    kept = {one.name for one in history.versions}
    assert len(kept) == plan.keep
    assert len(kept) + len(history.pruned) == len(stored)
    assert ours.marks.all(LIFE) == stored.keys() - kept
    for place in (ours.vault, ours.offsite):
        assert set(place.names(LIFE)) == kept
        for name in kept:
            assert b"".join(place.content(name, sealer=sealer)) == stored[name]


def test_nothing_is_left_to_do_after_it(ours: Ours) -> None:
    exported(ours, 45)
    retain(a_retain(ours))
    for step in [one for one in ours.sent() if isinstance(one, ErasureStep)]:
        erase(an_erase(ours), step)
    told = len(ours.sent())
    (part,) = plan_retention(a_retain(ours), LIFE.customer).parts
    assert (part.expire, part.waiting, part.uneven) == ((), 0, 0)
    assert retain(a_retain(ours)) == 0
    assert len(ours.sent()) == told


def test_an_object_that_is_damaged_in_one_place_is_deleted_there_alone(ours: Ours) -> None:
    stored = exported(ours, 4)
    first = min(stored)
    order = Disposal(
        life=LIFE,
        copy=Copy.VAULT,
        why=Why.DAMAGED,
        names=(first,),
        keep=0,
        ordered_on=ours.now().date().isoformat(),
    )
    ours.disposals.add(order)
    step = ErasureStep(
        erasure=order.id,  # type: ignore[arg-type] # one name for what a task is about
        source=LIFE.source,
        epoch=LIFE.epoch,
        copy=Copy.VAULT,
        page=0,
    )
    erase(an_erase(ours), step)
    assert set(ours.vault.names(LIFE)) == stored.keys() - {first}
    assert set(ours.offsite.names(LIFE)) == stored.keys()
    ours.vault_shelf.put(ours.offsite_shelf.take(first), deadline=ours.now() + DAY)
    erase(an_erase(ours), step)
    assert set(ours.vault.names(LIFE)) == stored.keys(), "it came again, and let the twin be"
