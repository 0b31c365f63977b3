"""Capture: what one delivery does when something is amiss."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from custody.domain.events import FilesTouched, VersionStored
from custody.domain.restore import state_of
from custody.domain.vault import FileHistory, FileId, Holding
from custody.errors import (
    ConflictError,
    DeadlineError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from custody.ports import Sealer, Seen
from custody.steps.capture import capture_files
from pipeline.driver import Pipeline
from samples import a_fence, a_life
from worlds.ledger import MemoryIndex
from worlds.writes import Crash, Writes

HOUR = timedelta(hours=1)


def files(pipeline: Pipeline, holding: Holding, count: int) -> tuple[FileId, ...]:
    create = pipeline.world.google.create_file
    return tuple(create(f"{n}.csv", holding.folder_id, b"one") for n in range(count))


def capture(pipeline: Pipeline, holding: Holding, *file_ids: FileId) -> None:
    capture_files(pipeline.a_capture(), FilesTouched(life=holding.life, file_ids=file_ids))


def test_one_file_that_fails_for_now_does_not_hold_up_the_others(
    pipeline: Pipeline, acorn: Holding
) -> None:
    one, two, three = files(pipeline, acorn, 3)
    pipeline.world.drive.refuses[two] = UnavailableError("later")
    with pytest.raises(UnavailableError):
        capture(pipeline, acorn, one, two, three)
    found = [pipeline.contents(acorn.life, file_id) for file_id in (one, two, three)]
    assert found == [[b"one"], [], [b"one"]]
    assert len(pipeline.announced) == 2


def test_a_rename_without_a_new_content_is_known_with_its_time(
    pipeline: Pipeline, acorn: Holding
) -> None:
    (file_id,) = files(pipeline, acorn, 1)
    capture(pipeline, acorn, file_id)
    pipeline.world.advance(HOUR)
    pipeline.world.google.rename(file_id, "won.csv")
    capture(pipeline, acorn, file_id)
    history = pipeline.history(acorn.life, file_id)
    renamed_at = pipeline.world.now()
    assert [(one.since, one.file_name) for one in history.named] == [(renamed_at, "won.csv")]
    for at, name in ((renamed_at - HOUR, "0.csv"), (renamed_at, "won.csv"), (None, "won.csv")):
        assert [one.file_name for one in state_of([history], at).there] == [name]


def test_a_content_that_drive_refuses_is_recorded_and_acknowledged(
    pipeline: Pipeline, acorn: Holding, logged: list[dict[str, object]]
) -> None:
    """T15: delivering again cannot help; silence would be worse."""
    (file_id,) = files(pipeline, acorn, 1)
    pipeline.world.drive.refuses[file_id] = RefusedError("cannotDownloadAbusiveFile")
    capture(pipeline, acorn, file_id)
    (gap,) = pipeline.history(acorn.life, file_id).missed
    assert "cannotDownloadAbusiveFile" in gap.reason
    assert "file_not_captured" in [line["event"] for line in logged]


def test_an_older_revision_that_vanished_is_recorded_and_the_head_captured(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """T10: Drive may purge between the look and the read."""
    google = pipeline.world.google
    (file_id,) = files(pipeline, acorn, 1)
    google.edit(file_id, b"two")
    pipeline.world.vault.before_next_store(lambda: google.purge(file_id))
    capture(pipeline, acorn, file_id)
    assert pipeline.contents(acorn.life, file_id) == [b"two"]
    (gap,) = pipeline.history(acorn.life, file_id).missed
    assert "purged" in gap.reason


@pytest.mark.parametrize("kind", ["file", "document"])
def test_a_head_that_vanished_is_looked_at_again(
    pipeline: Pipeline, acorn: Holding, kind: str
) -> None:
    google = pipeline.world.google
    make = google.create_file if kind == "file" else google.create_document
    file_id = make("deals", acorn.folder_id, b"one")
    pipeline.world.drive.refuses[file_id] = NotFoundError("gone meanwhile")
    with pytest.raises(ConflictError):
        capture(pipeline, acorn, file_id)
    assert not pipeline.history(acorn.life, file_id).missed


def test_a_delivery_out_of_time_says_so_and_keeps_what_it_did(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """T20: the redelivery goes on where this one stopped."""
    touched = FilesTouched(life=acorn.life, file_ids=files(pipeline, acorn, 5))
    with pytest.raises(DeadlineError):
        capture_files(pipeline.a_capture(deadline=timedelta(seconds=4)), touched)
    assert 0 < len(pipeline.world.vault.all_names()) < 5
    assert len(pipeline.announced) == len(pipeline.world.vault.all_names())
    pipeline.handle(touched)
    assert len(pipeline.world.vault.all_names()) == 5


def test_an_index_that_everybody_writes_at_once_is_left_to_the_redelivery(
    pipeline: Pipeline, acorn: Holding
) -> None:
    class Contended(MemoryIndex):
        def write(self, history: FileHistory, *, stamp: int, sealer: Sealer) -> Seen[FileHistory]:
            raise ConflictError("somebody was faster")

    (file_id,) = files(pipeline, acorn, 1)
    run = replace(pipeline.a_capture(), index=Contended(Writes()))
    with pytest.raises(ConflictError, match="too many"):
        capture_files(run, FilesTouched(life=acorn.life, file_ids=(file_id,)))
    assert len(pipeline.announced) == 1
    capture(pipeline, acorn, file_id)
    assert pipeline.contents(acorn.life, file_id) == [b"one"]


def test_an_event_of_a_holding_that_nobody_opened_is_stale(
    pipeline: Pipeline, acorn: Holding
) -> None:
    (file_id,) = files(pipeline, acorn, 1)
    unknown = FilesTouched(life=a_life("c-nobody"), file_ids=(file_id,))
    capture_files(pipeline.a_capture(), unknown)
    assert not pipeline.world.vault.all_names()


def test_what_is_stored_is_announced_once_and_logged_with_its_lag(
    pipeline: Pipeline, acorn: Holding, logged: list[dict[str, object]]
) -> None:
    (file_id,) = files(pipeline, acorn, 1)
    pipeline.world.advance(timedelta(seconds=30))
    capture(pipeline, acorn, file_id)
    (name,) = pipeline.world.vault.names(acorn.life)
    assert pipeline.announced == [VersionStored(life=acorn.life, file_id=file_id, version=name)]
    (line,) = [line for line in logged if line["event"] == "version_stored"]
    assert isinstance(line["lag_ms"], int)
    assert line["lag_ms"] > 30_000
    assert line["file_id"] == file_id


def test_what_is_stored_while_the_fence_closes_is_remembered_and_not_announced(
    pipeline: Pipeline, acorn: Holding, logged: list[dict[str, object]]
) -> None:
    """T25: the erasure finds the file wherever it lies by then."""
    world = pipeline.world
    (file_id,) = files(pipeline, acorn, 1)
    world.vault.before_next_store(lambda: world.fences.close(acorn.life, a_fence()))
    capture(pipeline, acorn, file_id)
    assert pipeline.contents(acorn.life, file_id) == [b"one"]
    assert pipeline.announced == []
    assert "arrival_after_fence" in [line["event"] for line in logged]


def delete(pipeline: Pipeline, file_id: FileId) -> None:
    pipeline.world.google.delete(file_id)


def trash(pipeline: Pipeline, file_id: FileId) -> None:
    pipeline.world.google.trash(file_id)


def move_elsewhere(pipeline: Pipeline, file_id: FileId) -> None:
    google = pipeline.world.google
    google.move(file_id, google.create_folder("elsewhere", google.root))


@pytest.mark.parametrize("vanish", [delete, trash, move_elsewhere])
def test_a_file_that_was_noted_and_is_gone_before_it_is_known_becomes_known_as_lost(
    pipeline: Pipeline, acorn: Holding, vanish: Callable[[Pipeline, FileId], None]
) -> None:
    """A crash before its first version is stored: an erasure finds the id all the same."""
    (file_id,) = files(pipeline, acorn, 1)
    pipeline.world.crash_after(3, takes_effect=False)
    with pytest.raises(Crash):
        capture(pipeline, acorn, file_id)
    assert list(pipeline.world.index.whereabouts(file_id)) == [acorn.life]
    assert pipeline.world.index.files(acorn.life)[file_id].versions == 0
    vanish(pipeline, file_id)
    for _ in range(2):
        capture(pipeline, acorn, file_id)
    history = pipeline.history(acorn.life, file_id)
    assert history.lost
    assert not history.versions
    assert not list(pipeline.world.quarantine.all())


def test_a_file_that_became_known_as_lost_is_captured_when_it_is_back(
    pipeline: Pipeline, acorn: Holding
) -> None:
    (file_id,) = files(pipeline, acorn, 1)
    pipeline.world.index.note_whereabouts(file_id, acorn.life)
    pipeline.world.google.trash(file_id)
    capture(pipeline, acorn, file_id)
    pipeline.world.google.untrash(file_id)
    capture(pipeline, acorn, file_id)
    assert pipeline.contents(acorn.life, file_id) == [b"one"]
    assert pipeline.history(acorn.life, file_id).lost is None


@pytest.mark.parametrize("vanish", [delete, trash, move_elsewhere])
def test_a_file_that_never_was_noted_stays_unknown(
    pipeline: Pipeline, acorn: Holding, vanish: Callable[[Pipeline, FileId], None]
) -> None:
    (file_id,) = files(pipeline, acorn, 1)
    vanish(pipeline, file_id)
    capture(pipeline, acorn, file_id)
    assert not pipeline.world.index.files(acorn.life)


CANARY = "canary-of-a-name"


def test_no_name_or_folder_of_a_customer_is_ever_logged_or_published(
    pipeline: Pipeline, acorn: Holding, logged: list[dict[str, object]]
) -> None:
    """Opaque ids alone leave the vault."""
    google = pipeline.world.google
    folder = google.create_folder(CANARY, acorn.folder_id)
    for name in (f"{CANARY}.csv", CANARY):
        google.create_file(name, folder, CANARY.encode())
    google.create_form(CANARY, folder)
    pipeline.settle()
    google.trash(folder)
    pipeline.settle()
    assert any(line["event"] == "version_stored" for line in logged)
    assert CANARY not in str(logged)
    assert CANARY not in str(pipeline.world.published)
    assert CANARY not in str(pipeline.world.vault.all_names())
