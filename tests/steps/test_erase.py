"""One step of one copy: what it refuses, and what it leaves for the next one."""

from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from custody.domain.erasure import Copy, CopyState, Erasure, ErasureId, Part
from custody.domain.events import ErasureStep
from custody.domain.vault import Holding
from custody.errors import MalformedEventError, RefusedError, TooEarlyError
from custody.steps.erase import erase
from pipeline.driver import Pipeline
from samples import a_fence, a_track, an_erasure


@pytest.fixture
def erasure(pipeline: Pipeline, acorn: Holding) -> Erasure:
    """An erasure that was begun for an epoch whose fence nobody closed."""
    world = pipeline.world
    world.google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    asked = an_erasure(parts=(Part(life=acorn.life, folder_id=acorn.folder_id),))
    world.erasures.add(asked)
    for copy in Copy:
        world.tracks.write(a_track(copy, life=acorn.life), stamp=0)
    return asked


def a_step(copy: Copy = Copy.KEYS, page: int | None = 0) -> ErasureStep:
    source = "hubspot"
    return ErasureStep(erasure=ErasureId("e-one"), source=source, epoch=1, copy=copy, page=page)  # type: ignore[arg-type]


@pytest.mark.parametrize("copy", Copy)
def test_nothing_is_deleted_behind_an_open_fence(
    pipeline: Pipeline, acorn: Holding, erasure: Erasure, copy: Copy
) -> None:
    with pytest.raises(RefusedError, match="did not close"):
        erase(pipeline.an_erase(), a_step(copy))
    assert pipeline.world.keys.unwrap(acorn.life)
    assert list(pipeline.world.vault.names(acorn.life))


def test_nothing_is_deleted_behind_the_fence_of_another_erasure(
    pipeline: Pipeline, acorn: Holding, erasure: Erasure
) -> None:
    pipeline.world.fences.close(acorn.life, a_fence("e-two"))
    with pytest.raises(RefusedError, match="did not close"):
        erase(pipeline.an_erase(), a_step())
    assert pipeline.world.keys.unwrap(acorn.life)


def test_a_follower_waits_for_a_leader_that_has_not_begun(
    pipeline: Pipeline, acorn: Holding, erasure: Erasure
) -> None:
    """Between a fence and its tracks an erasure may die; its redelivery begins them."""
    world = pipeline.world
    seen = world.tracks.read(erasure.erasure, acorn.life.source, 1, Copy.KEYS)
    world.tracks.write(replace(seen.value, by=ErasureId("e-two")), stamp=seen.stamp)
    with pytest.raises(TooEarlyError):
        erase(pipeline.an_erase(), a_step())


def test_what_waits_for_another_copy_is_left_alone(
    pipeline: Pipeline,
    acorn: Holding,
    erasure: Erasure,
    logged: list[structlog.typing.EventDict],
) -> None:
    pipeline.world.fences.close(acorn.life, a_fence("e-one"))
    erase(pipeline.an_erase(), a_step(Copy.LEDGER))
    assert pipeline.world.index.files(acorn.life)
    assert "erasure_waits" in {line["event"] for line in logged}


@pytest.mark.parametrize(
    "step",
    [
        replace(a_step(), erasure=ErasureId("e-none")),
        replace(a_step(), epoch=2),
        replace(a_step(), page=1),
    ],
)
def test_a_message_about_what_was_never_begun_is_refused(
    pipeline: Pipeline, erasure: Erasure, step: ErasureStep
) -> None:
    with pytest.raises(MalformedEventError):
        erase(pipeline.an_erase(), step)


def test_the_last_sweep_waits_for_every_writer(
    pipeline: Pipeline, acorn: Holding, erasure: Erasure
) -> None:
    """T25: its message comes back until then."""
    world = pipeline.world
    for copy in Copy:
        seen = world.tracks.read(erasure.erasure, acorn.life.source, 1, copy)
        fenced = replace(seen.value, fenced_at=world.now())
        world.tracks.write(fenced, stamp=seen.stamp)
    world.fences.close(acorn.life, a_fence("e-one"))
    erase(pipeline.an_erase(), a_step())
    track = world.tracks.read(erasure.erasure, acorn.life.source, 1, Copy.KEYS).value
    assert (track.state, track.swept_at is not None) == (CopyState.FENCED, True)
    with pytest.raises(TooEarlyError):
        erase(pipeline.an_erase(), a_step(page=1))
    world.advance(timedelta(hours=1))
    erase(pipeline.an_erase(), a_step(page=1))
    track = world.tracks.read(erasure.erasure, acorn.life.source, 1, Copy.KEYS).value
    assert track.state is CopyState.UNRECOVERABLE_BY_US
