"""Replicate: whichever place lacks a version gets it, and nothing of an erased epoch comes back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog

from custody.domain.events import TimerRang, VersionStored
from custody.domain.vault import FileId, Holding, ObjectName
from custody.errors import (
    CorruptError,
    DeadlineError,
    MalformedEventError,
    NotFoundError,
    UnavailableError,
)
from custody.steps.replicate import replicate_version
from pipeline.driver import Pipeline
from samples import a_fence, a_life


@pytest.fixture
def stored(pipeline: Pipeline, acorn: Holding) -> VersionStored:
    """One version in the vault, of which replicate was not told yet."""
    pipeline.world.google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.sweep()
    while not any(isinstance(event, VersionStored) for event in pipeline.queue):
        pipeline.deliver()
    return next(event for event in pipeline.queue if isinstance(event, VersionStored))


def same(pipeline: Pipeline, name: ObjectName) -> bool:
    world = pipeline.world
    return world.vault.stored(name)[0] == world.offsite.stored(name)[0]


def test_the_same_bytes_lie_under_the_same_name_off_site(
    pipeline: Pipeline, stored: VersionStored
) -> None:
    replicate_version(pipeline.a_replicate(), stored)
    assert same(pipeline, stored.version)


def test_doing_it_twice_is_doing_it_once(pipeline: Pipeline, stored: VersionStored) -> None:
    """T18."""
    for _ in range(2):
        replicate_version(pipeline.a_replicate(), stored)
    assert same(pipeline, stored.version)


def test_a_version_that_the_vault_lost_comes_back_from_off_site(
    pipeline: Pipeline, stored: VersionStored
) -> None:
    replicate_version(pipeline.a_replicate(), stored)
    before = pipeline.world.vault.stored(stored.version)[0]
    pipeline.world.vault.erase(stored.version)
    replicate_version(pipeline.a_replicate(), stored)
    assert pipeline.world.vault.stored(stored.version)[0] == before


def test_of_a_closed_epoch_nothing_is_copied_either_way(
    pipeline: Pipeline, acorn: Holding, stored: VersionStored
) -> None:
    """T25."""
    pipeline.world.fences.close(acorn.life, a_fence())
    replicate_version(pipeline.a_replicate(), stored)
    assert pipeline.world.offsite.all_names() == frozenset()


def test_a_copy_that_raced_the_fence_is_told(
    pipeline: Pipeline,
    acorn: Holding,
    stored: VersionStored,
    logged: list[structlog.typing.EventDict],
) -> None:
    world = pipeline.world
    run = pipeline.a_replicate()
    closed = iter([False, True])

    class Racing:
        close, fence = world.fences.close, world.fences.fence

        def closed(self, _: object) -> bool:
            return next(closed)

    replicate_version(replace(run, fences=Racing()), stored)
    assert "arrival_after_fence" in {line["event"] for line in logged}


def test_what_retention_let_go_is_not_copied(pipeline: Pipeline, stored: VersionStored) -> None:
    pipeline.world.marks.put(stored.version)
    replicate_version(pipeline.a_replicate(), stored)
    assert pipeline.world.offsite.all_names() == frozenset()


def test_out_of_time_nothing_is_stored(pipeline: Pipeline, stored: VersionStored) -> None:
    with pytest.raises(DeadlineError):
        replicate_version(pipeline.a_replicate(deadline=timedelta(0)), stored)
    assert pipeline.world.offsite.all_names() == frozenset()


def test_a_version_that_neither_place_has_is_for_a_person(
    pipeline: Pipeline, stored: VersionStored
) -> None:
    pipeline.world.vault.erase(stored.version)
    with pytest.raises(NotFoundError):
        replicate_version(pipeline.a_replicate(), stored)


def test_two_different_objects_under_one_name_are_for_a_person(
    pipeline: Pipeline, stored: VersionStored
) -> None:
    """Neither place may overwrite the other: the drill finds out which one is whole."""
    replicate_version(pipeline.a_replicate(), stored)
    pipeline.world.vault.damage(stored.version)
    with pytest.raises(CorruptError):
        replicate_version(pipeline.a_replicate(), stored)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": ObjectName("no name of ours")},
        {"life": a_life("c-another")},
        {"file_id": FileId("another")},
    ],
)
def test_a_message_cannot_ask_one_fence_and_copy_behind_another(
    pipeline: Pipeline, stored: VersionStored, wrong: dict[str, Any]
) -> None:
    with pytest.raises(MalformedEventError):
        replicate_version(pipeline.a_replicate(), replace(stored, **wrong))


def test_a_day_without_s3_loses_nothing_and_is_caught_up(
    pipeline: Pipeline, stored: VersionStored, logged: list[structlog.typing.EventDict]
) -> None:
    world = pipeline.world
    world.offsite_shelf.outage = UnavailableError("S3 does not answer")
    pipeline.queue.clear()  # every message was lost meanwhile, dead letters too
    for _ in range(24):
        pipeline.timers()
        for event in [one for one in pipeline.queue if isinstance(one, TimerRang)]:
            pipeline.handle(event)
        pipeline.queue.clear()
    assert "offsite_behind" in {line["event"] for line in logged}
    world.offsite_shelf.outage = None
    pipeline.settle()
    assert same(pipeline, stored.version)
