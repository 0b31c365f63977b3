"""Mending: an object proves itself, so the damaged one is known for certain, and only that goes."""

import pytest

from custody.domain.disposal import DisposalId, Why
from custody.domain.erasure import Copy
from custody.domain.events import ErasureStep, VersionStored
from custody.domain.vault import FileId, Holding, ObjectName
from custody.steps.mend import Remedy, mend
from pipeline.driver import Pipeline


@pytest.fixture
def stored(pipeline: Pipeline, acorn: Holding) -> tuple[FileId, ObjectName]:
    file_id = pipeline.world.google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    (version,) = pipeline.history(acorn.life, file_id).versions
    return file_id, version.name


def mended(pipeline: Pipeline, holding: Holding, stored: tuple[FileId, ObjectName]) -> list[Remedy]:
    sealer = pipeline.world.keys.unwrap(holding.life)
    return mend(pipeline.a_mend(), [stored[1]], sealer)


def test_where_both_are_whole_nothing_is_done(
    pipeline: Pipeline, acorn: Holding, stored: tuple[FileId, ObjectName]
) -> None:
    assert mended(pipeline, acorn, stored) == [Remedy.NONE]
    assert pipeline.queue == []


@pytest.mark.parametrize("copy", [Copy.VAULT, Copy.OFFSITE])
def test_the_damaged_one_alone_is_ordered_to_go(
    pipeline: Pipeline, acorn: Holding, stored: tuple[FileId, ObjectName], copy: Copy
) -> None:
    world = pipeline.world
    (world.vault if copy is Copy.VAULT else world.offsite).damage(stored[1])
    assert mended(pipeline, acorn, stored) == [Remedy.REPLACE]
    (step,) = pipeline.queue
    assert isinstance(step, ErasureStep)
    order = world.disposals.find(DisposalId(step.erasure))
    assert (order.copy, order.why, order.names) == (copy, Why.DAMAGED, (stored[1],))


@pytest.mark.parametrize("copy", [Copy.VAULT, Copy.OFFSITE])
def test_the_missing_one_is_copied(
    pipeline: Pipeline, acorn: Holding, stored: tuple[FileId, ObjectName], copy: Copy
) -> None:
    world = pipeline.world
    (world.vault if copy is Copy.VAULT else world.offsite).erase(stored[1])
    assert mended(pipeline, acorn, stored) == [Remedy.COPY]
    assert pipeline.queue == [VersionStored(life=acorn.life, file_id=stored[0], version=stored[1])]


def test_where_none_is_whole_nothing_is_deleted(
    pipeline: Pipeline, acorn: Holding, stored: tuple[FileId, ObjectName]
) -> None:
    world = pipeline.world
    world.vault.damage(stored[1])
    world.offsite.erase(stored[1])
    assert mended(pipeline, acorn, stored) == [Remedy.LOST]
    assert pipeline.queue == []


def test_an_order_of_the_same_day_is_the_same_order(
    pipeline: Pipeline, acorn: Holding, stored: tuple[FileId, ObjectName]
) -> None:
    pipeline.world.vault.damage(stored[1])
    for _ in range(2):
        mended(pipeline, acorn, stored)
    first, second = pipeline.queue
    assert first == second
