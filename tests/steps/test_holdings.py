"""Customers and holdings: opened by a person, one epoch at a time."""

from dataclasses import replace

import pytest

from custody.domain.events import TimerRang
from custody.domain.vault import (
    CustomerId,
    FileId,
    Holding,
    HoldingState,
    Intake,
    Retention,
    Source,
)
from custody.errors import MissingKeysetError, NotFoundError, RefusedError
from custody.steps.holdings import Office, add_customer, find_customer, open_holding
from pipeline.driver import Pipeline
from samples import a_customer, a_fence, a_life
from worlds.writes import Crash


@pytest.fixture
def office(pipeline: Pipeline) -> Office:
    world = pipeline.world
    return Office(
        registry=world.registry,
        fences=world.fences,
        folders=world.folders,
        keys=world.keys,
        publisher=world.publisher,
    )


ACORN = CustomerId("c-acorn")


def test_a_customer_is_added_under_a_slug_and_found_by_any_name(office: Office) -> None:
    added = add_customer(office, "Acorn & Co.", customer=ACORN, intake=Intake.BOTH)
    assert added.slug == "acorn-co"
    for given in ("c-acorn", "acorn-co", "Acorn & Co.", "ACORN & CO."):
        assert find_customer(office.registry, given) == added


def test_a_name_that_is_taken_is_refused_with_the_remedy(office: Office) -> None:
    add_customer(office, "Acorn", customer=ACORN)
    with pytest.raises(RefusedError, match="add-source"):
        add_customer(office, "ACORN", customer=CustomerId("c-other"))


def test_an_unknown_customer_is_not_found_with_the_remedy(office: Office) -> None:
    with pytest.raises(NotFoundError, match="customers ls"):
        find_customer(office.registry, "nobody")


def test_a_holding_opens_with_folder_keyset_and_a_full_listing(
    office: Office, pipeline: Pipeline
) -> None:
    holding = open_holding(office, a_customer(ACORN), Source("hubspot"))
    assert holding.life == a_life(ACORN)
    assert not holding.adopted
    assert office.registry.holding(ACORN, Source("hubspot")) == holding
    assert pipeline.world.google.item(holding.folder_id).is_folder
    office.keys.unwrap(holding.life)
    assert pipeline.queue == [TimerRang(timer="reconcile")]


def test_a_folder_that_a_customer_shares_is_adopted(office: Office, pipeline: Pipeline) -> None:
    folder = pipeline.world.google.create_folder("theirs")
    holding = open_holding(office, a_customer(ACORN), Source("hubspot"), folder=folder)
    assert (holding.folder_id, holding.adopted) == (folder, True)


def test_an_open_epoch_is_not_opened_again(office: Office, acorn: Holding) -> None:
    with pytest.raises(RefusedError, match="open already"):
        open_holding(office, a_customer(ACORN), acorn.life.source)


@pytest.mark.parametrize("how", ["fenced", "closed"])
def test_a_customer_that_returns_gets_the_next_epoch(
    office: Office, acorn: Holding, how: str
) -> None:
    """T25: a new life with a folder and a keyset of its own."""
    if how == "fenced":
        office.fences.close(acorn.life, a_fence())
    else:
        office.registry.save_holding(replace(acorn, state=HoldingState.CLOSED))
    second = open_holding(office, a_customer(ACORN), acorn.life.source)
    assert second.life == replace(acorn.life, epoch=2)
    assert second.folder_id != acorn.folder_id


@pytest.mark.parametrize("write", [1, 2, 3, 4])
@pytest.mark.parametrize("takes_effect", [True, False])
def test_an_opening_that_died_is_finished_by_the_next_one(
    office: Office, pipeline: Pipeline, write: int, takes_effect: bool
) -> None:
    """The word "open" comes last: until then nothing was captured under the keyset."""
    pipeline.world.crash_after(write, takes_effect=takes_effect)
    with pytest.raises(Crash):
        open_holding(office, a_customer(ACORN), Source("stripe"))
    pipeline.world.calm_down()
    if takes_effect and write == 4:
        assert office.registry.holding(ACORN, Source("stripe"))
        return
    assert open_holding(office, a_customer(ACORN), Source("stripe")).life.epoch == 1
    life = a_life(ACORN, "stripe")
    copies = pipeline.world.offsite_keys
    assert copies.stands(life)
    assert life in copies.recoverable


def test_a_destroyed_keyset_is_never_opened_again(office: Office, pipeline: Pipeline) -> None:
    pipeline.world.keys.destroy(a_life(ACORN))
    with pytest.raises(RefusedError, match="next epoch"):
        open_holding(office, a_customer(ACORN), Source("hubspot"), folder=FileId("any"))
    with pytest.raises(MissingKeysetError):
        office.keys.unwrap(a_life(ACORN))


def test_the_next_epoch_keeps_the_policy_of_the_last_one(
    office: Office, pipeline: Pipeline, acorn: Holding
) -> None:
    policy = Retention(all_days=7)
    closed = replace(acorn, state=HoldingState.CLOSED, retention=policy)
    office.registry.save_holding(closed)
    second = open_holding(office, a_customer(ACORN), acorn.life.source)
    assert (second.life.epoch, second.retention) == (2, policy)
