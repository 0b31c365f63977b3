"""Known accidents: crashes, lost messages, lost records, and what makes them good."""

from datetime import timedelta

import pytest

from custody.domain.drive import SHARED_DRIVE
from custody.domain.events import DriveTouched, FilesTouched
from custody.domain.vault import Holding
from custody.steps.reconcile import reconcile
from pipeline.driver import LONG, Pipeline
from pipeline.promises import Keeper, check_settled
from worlds.writes import Crash


@pytest.mark.parametrize("takes_effect", [True, False])
@pytest.mark.parametrize("write", range(1, 8))
def test_a_crash_at_any_write_of_a_capture_heals_on_redelivery(
    pipeline: Pipeline, acorn: Holding, write: int, takes_effect: bool
) -> None:
    """The vault first, then the events, the index last: any prefix of it is a good beginning."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    google.edit(file_id, b"two")
    keeper = Keeper(pipeline.world)
    pipeline.queue.append(FilesTouched(life=acorn.life, file_ids=(file_id,)))
    pipeline.world.crash_after(write, takes_effect=takes_effect)
    pipeline.deliver()
    pipeline.world.calm_down()
    keeper.check()
    pipeline.deliver_all()
    keeper.check_all()
    assert pipeline.captured(acorn, file_id) == [b"one", b"two"]
    check_settled(pipeline)


@pytest.mark.parametrize("takes_effect", [True, False])
@pytest.mark.parametrize("write", range(1, 8))
def test_a_capture_that_crashed_and_is_never_delivered_again_is_healed_by_reconcile(
    pipeline: Pipeline, acorn: Holding, write: int, takes_effect: bool
) -> None:
    """T19: a message may end as a dead letter; the vault comes level, index and events too."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    google.edit(file_id, b"two")
    pipeline.sweep()
    while not any(isinstance(event, FilesTouched) for event in pipeline.queue):
        pipeline.deliver()
    pipeline.world.crash_after(write, takes_effect=takes_effect)
    (touched,) = [event for event in pipeline.queue if isinstance(event, FilesTouched)]
    pipeline.queue.clear()
    if pipeline_dies(pipeline, touched):
        pipeline.settle()
    assert pipeline.captured(acorn, file_id) == [b"one", b"two"]
    check_settled(pipeline)


def pipeline_dies(pipeline: Pipeline, touched: FilesTouched) -> bool:
    try:
        pipeline.handle(touched)
    except Crash:
        return True
    return False


@pytest.mark.parametrize("takes_effect", [True, False])
@pytest.mark.parametrize("write", range(1, 7))
def test_a_crash_at_any_write_of_a_drain_loses_no_change(
    pipeline: Pipeline, acorn: Holding, write: int, takes_effect: bool
) -> None:
    """T4: events first, cursor after; a crash in between repeats, never loses."""
    google = pipeline.world.google
    file_ids = [google.create_file(f"{n}.csv", acorn.folder_id, b"%d" % n) for n in range(5)]
    pipeline.push(SHARED_DRIVE)
    pipeline.world.crash_after(write, takes_effect=takes_effect)
    pipeline.deliver()
    pipeline.world.calm_down()
    pipeline.deliver_all()
    pipeline.sweep()
    pipeline.deliver_all()
    for number, file_id in enumerate(file_ids):
        assert pipeline.captured(acorn, file_id) == [b"%d" % number]


def test_a_drain_out_of_time_goes_on_in_another_delivery(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """T20: long work is cut into deliveries, each with a checkpoint."""
    google = pipeline.world.google
    file_ids = [google.create_file(f"{n}.csv", acorn.folder_id, b"x") for n in range(10)]
    pipeline.push(SHARED_DRIVE)
    drains = 0
    while pipeline.queue:
        is_drain = isinstance(pipeline.queue[0], DriveTouched)
        drains += is_drain
        pipeline.deliver(deadline=timedelta(seconds=0.5) if is_drain else LONG)
    assert drains > 2
    assert all(pipeline.captured(acorn, file_id) == [b"x"] for file_id in file_ids)


def test_one_holding_whose_folder_is_gone_does_not_keep_reconcile_from_the_others(
    pipeline: Pipeline,
) -> None:
    """T6: a customer stops sharing; that concerns nobody else."""
    google = pipeline.world.google
    gone = google.create_folder("shared with us")
    acorn = pipeline.open("c-acorn", "hubspot", gone)
    birch = pipeline.open("c-birch", "stripe")
    lost = google.create_file("deals.csv", gone, b"one")
    pipeline.settle()
    google.hide(gone)
    file_id = google.create_file("payments.csv", birch.folder_id, b"two")
    pipeline.timers()
    pipeline.deliver_all()
    assert pipeline.captured(birch, file_id) == [b"two"]
    assert pipeline.history(acorn.life, lost).lost
    assert not pipeline.refused


def test_a_lost_cursor_is_followed_by_a_full_listing(pipeline: Pipeline, acorn: Holding) -> None:
    """T4: a new start token first, then everything is listed, then compared."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.world.feed.forget_cursors()
    pipeline.sweep()
    pipeline.deliver_all()
    assert pipeline.captured(acorn, file_id) == [b"one"]
    later = google.create_file("later.csv", acorn.folder_id, b"two")
    pipeline.sweep()
    pipeline.deliver_all()
    assert pipeline.captured(acorn, later) == [b"two"]


def test_a_lost_index_is_rebuilt(pipeline: Pipeline, acorn: Holding) -> None:
    """The vault is the authority; what the index knew is read from it again."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    google.edit(file_id, b"two")
    pipeline.settle()
    pipeline.world.index.lose(acorn.life, file_id)
    pipeline.settle()
    assert pipeline.captured(acorn, file_id) == [b"one", b"two"]
    check_settled(pipeline)


def test_a_file_that_came_back_unnoticed_is_found_by_reconcile(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """T19: the message that would have said so was lost."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    google.trash(file_id)
    pipeline.settle()
    assert pipeline.history(acorn.life, file_id).lost
    google.untrash(file_id)
    pipeline.sweep()
    while not any(isinstance(event, FilesTouched) for event in pipeline.queue):
        pipeline.deliver()
    pipeline.queue.clear()
    pipeline.settle()
    assert pipeline.history(acorn.life, file_id).lost is None


def test_a_settled_world_gives_reconcile_nothing_to_do(pipeline: Pipeline, acorn: Holding) -> None:
    """A mismatch that is reported every hour is one that nobody looks at."""
    google = pipeline.world.google
    google.create_file("deals.csv", acorn.folder_id, b"one")
    trashed, deleted = (google.create_file("x", acorn.folder_id, b"x") for _ in range(2))
    document = google.create_document("notes", acorn.folder_id, b"one")
    google.create_form("form", acorn.folder_id)
    pipeline.settle()
    google.trash(trashed)
    google.delete(deleted)
    google.touch(document)
    pipeline.settle()
    assert reconcile(pipeline.a_reconcile()) == 0


def test_one_damaged_record_does_not_keep_the_other_files_from_their_capture(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """Fifty files come in one message: what is wrong with one is its own affair."""
    google = pipeline.world.google
    files = [google.create_file(f"{n}.csv", acorn.folder_id, b"one") for n in range(3)]
    pipeline.settle()
    pipeline.world.index.damage(acorn.life, files[1])
    for file_id in files:
        google.edit(file_id, b"two")
    pipeline.sweep()
    pipeline.deliver_all()
    for file_id in (files[0], files[2]):
        assert pipeline.captured(acorn, file_id) == [b"one", b"two"]
