"""The drill: what is kept comes back from both places, what was erased from none."""

from datetime import timedelta

import pytest
import structlog

from custody.domain.erasure import Copy, State
from custody.domain.vault import FileId, Holding, ObjectName
from custody.errors import MissingKeysetError, UnavailableError
from custody.steps.drill import drill
from pipeline.driver import Pipeline

Lines = list[structlog.typing.EventDict]


@pytest.fixture
def file_id(pipeline: Pipeline, acorn: Holding) -> FileId:
    """A file with three versions, in the vault and off-site."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one" * 5000)
    for text in (b"one" * 5000 + b"two", b"one" * 5000 + b"three"):
        pipeline.settle()
        google.edit(file_id, text)
    pipeline.settle()
    return file_id


def newest(pipeline: Pipeline, holding: Holding, file_id: FileId) -> ObjectName:
    latest = pipeline.history(holding.life, file_id).latest
    assert latest is not None
    return latest.name


def told(logged: Lines, event: str) -> Lines:
    return [line for line in logged if line["event"] == event]


def run(pipeline: Pipeline, logged: Lines) -> int:
    """One drill, by itself."""
    logged.clear()
    return drill(pipeline.a_drill())


def test_a_healthy_system_passes(pipeline: Pipeline, file_id: FileId, logged: Lines) -> None:
    assert run(pipeline, logged) == 0
    (line,) = told(logged, "drill_passed")
    assert line["checked"] >= 4  # newest and oldest at least, from two places


@pytest.mark.parametrize("copy", [Copy.VAULT, Copy.OFFSITE])
def test_one_flipped_bit_is_found_and_the_whole_twin_takes_its_place(
    pipeline: Pipeline, acorn: Holding, file_id: FileId, logged: Lines, copy: Copy
) -> None:
    world = pipeline.world
    place = world.vault if copy is Copy.VAULT else world.offsite
    name = newest(pipeline, acorn, file_id)
    whole = place.stored(name)[0]
    place.damage(name)
    assert run(pipeline, logged) > 0
    assert {line.get("copy") for line in told(logged, "drill_failed")} >= {copy.value}
    pipeline.settle()
    assert place.stored(name)[0] == whole
    assert run(pipeline, logged) == 0


@pytest.mark.parametrize("copy", [Copy.VAULT, Copy.OFFSITE])
def test_a_version_that_one_place_lost_is_found_and_copied_back(
    pipeline: Pipeline, acorn: Holding, file_id: FileId, logged: Lines, copy: Copy
) -> None:
    world = pipeline.world
    place = world.vault if copy is Copy.VAULT else world.offsite
    name = newest(pipeline, acorn, file_id)
    world.advance(timedelta(hours=2))
    place.erase(name)
    assert run(pipeline, logged) > 0
    pipeline.deliver_all()
    assert name in place.all_names()


def test_a_young_version_may_still_be_on_its_way_off_site(
    pipeline: Pipeline, acorn: Holding, file_id: FileId, logged: Lines
) -> None:
    pipeline.world.google.edit(file_id, b"brand-new")
    pipeline.world.offsite_shelf.outage = UnavailableError("S3 does not answer")
    pipeline.sweep()
    for _ in range(20):
        if pipeline.queue:
            pipeline.deliver()
    assert run(pipeline, logged) == 0


def test_what_is_damaged_in_both_places_is_lost_and_nothing_is_deleted(
    pipeline: Pipeline, acorn: Holding, file_id: FileId, logged: Lines
) -> None:
    world = pipeline.world
    name = newest(pipeline, acorn, file_id)
    for place in (world.vault, world.offsite):
        place.damage(name)
    assert run(pipeline, logged) > 0
    assert "lost" in {line.get("remedy") for line in told(logged, "reconcile_mismatch")}
    pipeline.deliver_all()
    assert name in world.vault.all_names() & world.offsite.all_names()


def test_a_keyset_copy_that_does_not_unwrap_is_no_copy(
    pipeline: Pipeline, acorn: Holding, file_id: FileId, logged: Lines
) -> None:
    pipeline.world.offsite_keys.lose(acorn.life)
    assert run(pipeline, logged) == 1
    (line, *_) = told(logged, "drill_failed")
    assert line["copy"] == "offsite"


def test_what_was_erased_does_not_restore(
    pipeline: Pipeline, acorn: Holding, file_id: FileId, logged: Lines
) -> None:
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    with pytest.raises(MissingKeysetError):
        pipeline.world.keys.unwrap(acorn.life)
    assert run(pipeline, logged) == 0
    (line,) = told(logged, "drill_passed")
    assert line["checked"] == 3  # keys, vault, offsite


@pytest.mark.parametrize("what", ["keys", "offsite_keys", "vault", "offsite"])
def test_whatever_comes_back_of_an_erased_epoch_is_an_alarm(
    pipeline: Pipeline, acorn: Holding, file_id: FileId, logged: Lines, what: str
) -> None:
    """T25."""
    world = pipeline.world
    name = newest(pipeline, acorn, file_id)
    data = world.vault.stored(name)[0]
    pipeline.ask(acorn)
    pipeline.settle()
    if what.endswith("keys"):
        getattr(world, what).find(acorn.life)
    else:
        getattr(world, what).lay(name, data)
    assert run(pipeline, logged) == 1
    assert [line for line in told(logged, "drill_failed") if line["log_level"] == "critical"]


def test_out_of_time_it_says_what_it_checked(
    pipeline: Pipeline, file_id: FileId, logged: Lines
) -> None:
    logged.clear()
    assert drill(pipeline.a_drill(deadline=timedelta(0))) == 0
    (line,) = told(logged, "drill_passed")
    assert line["checked"] == 1
