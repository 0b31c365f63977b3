"""Known stories of the pipeline, each told once in full."""

from dataclasses import replace

import pytest

from custody.domain.drive import SHARED_DRIVE
from custody.domain.events import FilesTouched, VersionStored
from custody.domain.vault import Holding, HoldingState, Kind
from custody.errors import MissingKeysetError
from custody.steps.capture import capture_files
from custody.steps.receive_push import Push
from pipeline.driver import Pipeline
from pipeline.promises import check_settled
from samples import a_fence


def test_a_push_brings_a_file_into_the_vault(pipeline: Pipeline, acorn: Holding) -> None:
    file_id = pipeline.world.google.create_file("deals.csv", acorn.folder_id, b"one")
    assert pipeline.push(SHARED_DRIVE) == 1
    pipeline.deliver_all()
    assert pipeline.captured(acorn, file_id) == [b"one"]
    check_settled(pipeline)


def test_a_lost_push_is_found_by_the_timer(pipeline: Pipeline, acorn: Holding) -> None:
    """T1: a push may be lost, and nobody can see it."""
    file_id = pipeline.world.google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.sweep()
    pipeline.deliver_all()
    assert pipeline.captured(acorn, file_id) == [b"one"]


def test_a_replayed_push_makes_no_second_version(pipeline: Pipeline, acorn: Holding) -> None:
    """T18: every message may come again, long after."""
    file_id = pipeline.world.google.create_file("deals.csv", acorn.folder_id, b"one")
    for _ in range(3):
        pipeline.push(SHARED_DRIVE)
    pipeline.deliver_all()
    touched = FilesTouched(life=acorn.life, file_ids=(file_id, file_id))
    for _ in range(3):
        pipeline.handle(touched)
    pipeline.deliver_all()
    assert pipeline.captured(acorn, file_id) == [b"one"]
    assert len(pipeline.announced) == 1


def test_a_forged_push_rings_nothing(pipeline: Pipeline, acorn: Holding) -> None:
    push = Push(channel="mine", token="shared-drive.99999999999.0", state="change")
    assert pipeline.receive(push) is None
    assert not pipeline.queue


def test_every_revision_since_the_last_look_is_captured(pipeline: Pipeline, acorn: Holding) -> None:
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    google.edit(file_id, b"two")
    google.edit(file_id, b"three")
    pipeline.settle()
    assert pipeline.captured(acorn, file_id) == [b"one", b"two", b"three"]
    check_settled(pipeline)


def test_a_file_moved_between_holdings_is_captured_in_the_new_one_and_flagged(
    pipeline: Pipeline, acorn: Holding, birch: Holding
) -> None:
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    google.move(file_id, birch.folder_id)
    pipeline.sweep()
    pipeline.deliver_all()
    assert pipeline.captured(birch, file_id) == [b"one"]
    assert pipeline.captured(acorn, file_id) == [b"one"]
    assert pipeline.history(acorn.life, file_id).lost
    (entry,) = pipeline.world.quarantine.all()
    assert (entry.kind, entry.reference) == ("moved-file", file_id)
    check_settled(pipeline)


def test_a_file_that_moves_back_is_found_again(
    pipeline: Pipeline, acorn: Holding, birch: Holding
) -> None:
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    google.move(file_id, birch.folder_id)
    pipeline.settle()
    google.move(file_id, acorn.folder_id)
    pipeline.settle()
    assert pipeline.history(acorn.life, file_id).lost is None
    assert pipeline.history(birch.life, file_id).lost
    check_settled(pipeline)


def test_a_folder_moved_in_brings_its_subtree(pipeline: Pipeline, acorn: Holding) -> None:
    """The change log names the folder alone."""
    google = pipeline.world.google
    outside = google.create_folder("outside", google.root)
    folder = google.create_folder("exports", outside)
    deep = google.create_folder("deep", folder)
    files = [google.create_file("a", folder, b"a"), google.create_file("b", deep, b"b")]
    pipeline.settle()
    assert not list(pipeline.world.vault.names(acorn.life))
    google.move(folder, acorn.folder_id)
    pipeline.sweep()
    pipeline.deliver_all()
    assert [pipeline.captured(acorn, file_id) for file_id in files] == [[b"a"], [b"b"]]
    assert pipeline.history(acorn.life, files[1]).folder_path == "exports/deep"


def test_a_folder_moved_out_takes_its_subtree(pipeline: Pipeline, acorn: Holding) -> None:
    google = pipeline.world.google
    outside = google.create_folder("outside", google.root)
    folder = google.create_folder("exports", acorn.folder_id)
    file_id = google.create_file("a", folder, b"a")
    pipeline.settle()
    google.move(folder, outside)
    pipeline.sweep()
    pipeline.deliver_all()
    assert pipeline.history(acorn.life, file_id).lost
    check_settled(pipeline)


def test_a_folder_that_is_shown_again_brings_what_was_added_meanwhile(
    pipeline: Pipeline,
) -> None:
    """An adopted folder is a holding's own folder: its change is its whole subtree's change."""
    google = pipeline.world.google
    folder = google.create_folder("shared with us")
    acorn = pipeline.open("c-acorn", "hubspot", folder)
    pipeline.settle()
    google.hide(folder)
    file_id = google.create_file("deals.csv", folder, b"one")
    pipeline.sweep()
    pipeline.deliver_all()
    google.show(folder)
    pipeline.sweep()
    pipeline.deliver_all()
    assert pipeline.captured(acorn, file_id) == [b"one"]


def test_an_event_of_a_closed_epoch_is_stale(pipeline: Pipeline, acorn: Holding) -> None:
    """T25: nothing comes back after the fence, however late it was sent."""
    file_id = pipeline.world.google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.world.fences.close(acorn.life, a_fence())
    pipeline.handle(FilesTouched(life=acorn.life, file_ids=(file_id,)))
    assert not pipeline.world.vault.all_names()


def test_an_event_of_an_earlier_epoch_is_stale(pipeline: Pipeline, acorn: Holding) -> None:
    """T25: a customer that returns has a new epoch; the old one's events stay out of it."""
    world = pipeline.world
    world.registry.save_holding(
        Holding(life=acorn.life, state=HoldingState.CLOSED, folder_id=acorn.folder_id)
    )
    second = pipeline.open("c-acorn", "hubspot")
    assert second.life.epoch == 2
    file_id = world.google.create_file("deals.csv", second.folder_id, b"one")
    pipeline.handle(FilesTouched(life=acorn.life, file_ids=(file_id,)))
    assert not world.vault.all_names()
    pipeline.settle()
    assert pipeline.captured(second, file_id) == [b"one"]


def test_a_fence_that_falls_during_a_capture_is_seen_before_anything_is_told(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """The fence is checked after the write too: what slipped in is told to nobody.

    The index knows it, so that the erasure finds the file wherever it lies by then.
    """
    world = pipeline.world
    file_id = world.google.create_file("deals.csv", acorn.folder_id, b"one")
    run = pipeline.a_capture()
    world.vault.before_next_store(lambda: world.fences.close(acorn.life, a_fence()))
    capture_files(run, FilesTouched(life=acorn.life, file_ids=(file_id,)))
    assert len(world.vault.all_names()) == 1
    assert not any(isinstance(event, VersionStored) for event in pipeline.queue)
    assert pipeline.history(acorn.life, file_id).versions


def test_a_missing_keyset_stops_the_capture_and_creates_none(
    pipeline: Pipeline, acorn: Holding
) -> None:
    world = pipeline.world
    file_id = world.google.create_file("deals.csv", acorn.folder_id, b"one")
    touched = FilesTouched(life=acorn.life, file_ids=(file_id,))
    world.keys.lose(acorn.life)
    with pytest.raises(MissingKeysetError):
        pipeline.handle(touched)
    assert not world.vault.all_names()
    world.keys.find(acorn.life)
    pipeline.handle(touched)
    assert pipeline.captured(acorn, file_id) == [b"one"]


@pytest.mark.parametrize("loss", ["delete", "hide", "trash"])
def test_what_drive_no_longer_shows_is_lost_and_never_erased(
    pipeline: Pipeline, acorn: Holding, loss: str
) -> None:
    """T6: `removed` also means loss of access. It is never an order to erase."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    {"delete": google.delete, "hide": google.hide, "trash": google.trash}[loss](file_id)
    pipeline.sweep()
    pipeline.deliver_all()
    assert pipeline.history(acorn.life, file_id).lost
    assert pipeline.captured(acorn, file_id) == [b"one"]


def test_a_file_that_comes_back_is_found_with_what_was_written_meanwhile(
    pipeline: Pipeline, acorn: Holding
) -> None:
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    google.hide(file_id)
    pipeline.settle()
    google.edit(file_id, b"two")
    google.show(file_id)
    pipeline.settle()
    assert pipeline.history(acorn.life, file_id).lost is None
    assert pipeline.captured(acorn, file_id) == [b"one", b"two"]


def test_two_files_of_one_name_are_two_files(pipeline: Pipeline, acorn: Holding) -> None:
    """T8: names are not keys."""
    google = pipeline.world.google
    one = google.create_file("deals.csv", acorn.folder_id, b"one")
    two = google.create_file("deals.csv", acorn.folder_id, b"two")
    pipeline.settle()
    assert pipeline.captured(acorn, one) == [b"one"]
    assert pipeline.captured(acorn, two) == [b"two"]


def test_a_zero_byte_file_is_captured(pipeline: Pipeline, acorn: Holding) -> None:
    google = pipeline.world.google
    file_id = google.create_file("empty.csv", acorn.folder_id, b"")
    pipeline.settle()
    google.edit(file_id, b"one")
    google.edit(file_id, b"")
    pipeline.settle()
    assert pipeline.captured(acorn, file_id) == [b"", b"one", b""]
    check_settled(pipeline)


def test_the_same_content_again_is_a_version_and_no_second_copy(
    pipeline: Pipeline, acorn: Holding
) -> None:
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    google.edit(file_id, b"one")
    pipeline.settle()
    kinds = [version.kind for version in pipeline.history(acorn.life, file_id).versions]
    assert kinds == [Kind.FULL, Kind.SAME]


def test_a_document_is_captured_when_it_says_something_new(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """T9: Drive's version number grows without a visible change."""
    google = pipeline.world.google
    file_id = google.create_document("notes", acorn.folder_id, b"one")
    pipeline.settle()
    google.touch(file_id)
    pipeline.settle()
    assert pipeline.captured(acorn, file_id) == [b"one"]
    google.write(file_id, b"two")
    pipeline.settle()
    assert pipeline.captured(acorn, file_id) == [b"one", b"two"]


def test_what_cannot_be_captured_is_recorded(pipeline: Pipeline, acorn: Holding) -> None:
    """T9, T11, T15: never silently."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    google.let_download(file_id, allowed=False)
    form = google.create_form("form", acorn.folder_id)
    shortcut = google.create_shortcut("shortcut", acorn.folder_id, file_id)
    pipeline.settle()
    for missed in (file_id, form, shortcut):
        assert len(pipeline.history(acorn.life, missed).missed) == 1
    assert not pipeline.world.vault.all_names()


def test_a_revision_that_was_too_large_is_captured_later_in_its_place(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """Drive's order, not ours: the command line takes what no function has the time for."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"small")
    google.edit(file_id, b"large" * 100)
    google.edit(file_id, b"small again")
    touched = FilesTouched(life=acorn.life, file_ids=(file_id,))
    capture_files(replace(pipeline.a_capture(), largest_bytes=50), touched)
    assert pipeline.captured(acorn, file_id) == [b"small", b"small again"]
    assert len(pipeline.history(acorn.life, file_id).missed) == 1
    capture_files(pipeline.a_capture(), touched)
    assert pipeline.captured(acorn, file_id) == [b"small", b"large" * 100, b"small again"]
    assert not pipeline.history(acorn.life, file_id).missed


def test_a_file_is_known_under_its_present_name_and_folder(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """A rename or a move within the holding is a change, though its content is captured."""
    google = pipeline.world.google
    file_id = google.create_file("deals.csv", acorn.folder_id, b"one")
    pipeline.settle()
    google.rename(file_id, "offers.csv")
    google.move(file_id, google.create_folder("crm", acorn.folder_id))
    pipeline.settle()
    history = pipeline.history(acorn.life, file_id)
    assert (history.file_name, history.folder_path) == ("offers.csv", "crm")
    assert pipeline.captured(acorn, file_id) == [b"one"]
