"""Reconcile: every open holding has its turn."""

from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from custody.domain.events import FilesTouched, TimerRang
from custody.domain.quarantine import quarantined
from custody.domain.vault import Holding, HoldingState
from custody.errors import CorruptError, UnavailableError
from custody.steps.reconcile import reconcile
from pipeline.driver import Pipeline
from samples import a_fence


@pytest.fixture
def birch(pipeline: Pipeline) -> Holding:
    """A second holding, whose turn comes after the first."""
    holding = pipeline.open("c-birch", "stripe")
    pipeline.settle()
    return holding


def test_what_no_event_brought_is_found(pipeline: Pipeline, acorn: Holding) -> None:
    """T1, T4: whatever was lost on the way, both sides are listed and compared."""
    file_id = pipeline.world.google.create_file("x.csv", acorn.folder_id, b"x")
    assert reconcile(pipeline.a_reconcile()) == 1
    assert pipeline.queue == [FilesTouched(life=acorn.life, file_ids=(file_id,))]


def test_out_of_time_it_goes_on_after_the_last_holding_that_is_done(
    pipeline: Pipeline, acorn: Holding, birch: Holding
) -> None:
    """T20."""
    for holding in (acorn, birch):
        pipeline.world.google.create_file("x.csv", holding.folder_id, b"x")
    assert reconcile(pipeline.a_reconcile(deadline=timedelta(seconds=0.9))) == 1
    (rest,) = [event for event in pipeline.queue if isinstance(event, TimerRang)]
    assert rest.after == "c-acorn/hubspot"
    assert reconcile(pipeline.a_reconcile(), rest.after) == 1


@pytest.mark.parametrize("error", [UnavailableError("later"), CorruptError("a bad object")])
def test_a_holding_that_fails_does_not_keep_the_others_waiting(
    pipeline: Pipeline, acorn: Holding, birch: Holding, error: UnavailableError | CorruptError
) -> None:
    pipeline.world.drive.refuses[acorn.folder_id] = error
    file_id = pipeline.world.google.create_file("x.csv", birch.folder_id, b"x")
    if isinstance(error, UnavailableError):
        with pytest.raises(UnavailableError):
            reconcile(pipeline.a_reconcile())
    else:
        reconcile(pipeline.a_reconcile())
    assert pipeline.queue == [FilesTouched(life=birch.life, file_ids=(file_id,))]


def test_a_closed_holding_is_left_alone(pipeline: Pipeline, acorn: Holding) -> None:
    """T25: reconcile passes the same fence as everything else."""
    pipeline.world.google.create_file("x.csv", acorn.folder_id, b"x")
    pipeline.world.registry.save_holding(replace(acorn, state=HoldingState.CLOSED))
    assert reconcile(pipeline.a_reconcile()) == 0


def test_a_fenced_holding_is_left_alone(pipeline: Pipeline, acorn: Holding) -> None:
    pipeline.world.google.create_file("x.csv", acorn.folder_id, b"x")
    pipeline.world.fences.close(acorn.life, a_fence())
    assert reconcile(pipeline.a_reconcile()) == 0


def test_what_waits_for_a_person_for_over_a_day_is_told_again(
    pipeline: Pipeline, acorn: Holding, logged: list[structlog.typing.EventDict]
) -> None:
    world = pipeline.world
    world.quarantine.put(quarantined("message", "why", "where", seen_at=world.now()))
    reconcile(pipeline.a_reconcile())
    assert "quarantine_waiting" not in {line["event"] for line in logged}
    world.advance(timedelta(days=1))
    reconcile(pipeline.a_reconcile())
    (told,) = [line for line in logged if line["event"] == "quarantine_waiting"]
    assert told["entries"] == 1


def test_the_ends_of_the_audit_streams_are_signed_once_a_day(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """A tail that somebody cuts off afterwards is found out."""
    world = pipeline.world
    world.advance(timedelta(days=2))
    reconcile(pipeline.a_reconcile())
    signed = world.audit.signed_at()
    world.advance(timedelta(hours=20))
    reconcile(pipeline.a_reconcile())
    assert world.audit.signed_at() == signed
    world.advance(timedelta(hours=5))
    reconcile(pipeline.a_reconcile())
    assert world.audit.signed_at() != signed


def test_an_index_that_is_rebuilt_knows_what_retention_let_go(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """Drive may still list the revision: it is not captured a second time."""
    world = pipeline.world
    file_id = world.google.create_file("x.csv", acorn.folder_id, b"one")
    pipeline.settle()
    world.google.edit(file_id, b"two")
    pipeline.settle()
    first, second = pipeline.history(acorn.life, file_id).versions
    world.marks.put(first.name)
    for place in (world.vault, world.offsite):
        place.erase(first.name)
    world.index.erase(acorn.life, file_id)
    pipeline.settle()
    history = pipeline.history(acorn.life, file_id)
    assert (history.versions, history.pruned) == ((second,), (first.revision,))
    assert first.name not in world.vault.all_names() | world.offsite.all_names()
