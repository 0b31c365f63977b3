"""Drain: one at a time, nothing left out, and nobody's trouble is everybody's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custody.domain.drain_changes import LEASE, Cursor
from custody.domain.drive import SHARED_DRIVE, ChangePage, Corpus
from custody.domain.events import DriveTouched, FilesTouched, TimerRang
from custody.domain.vault import Holding
from custody.errors import ConflictError, NotFoundError, UnavailableError
from custody.ports import Seen
from custody.steps.drain_changes import MOVE_EVERY, drain_changes
from pipeline.driver import Pipeline
from worlds.drive_ports import MemoryFeed
from worlds.ledger import MemoryCursors
from worlds.writes import Writes


def touched(pipeline: Pipeline) -> list[str]:
    """The files that were named since the last look."""
    events = [event for event in pipeline.queue if isinstance(event, FilesTouched)]
    pipeline.queue.clear()
    return [file_id for event in events for file_id in event.file_ids]


def drain(pipeline: Pipeline, *, deadline: timedelta = timedelta(minutes=9)) -> None:
    drain_changes(pipeline.a_drain(SHARED_DRIVE, deadline=deadline))


class Interrupted(MemoryFeed):
    """Something happens in the world while a page is read."""

    def __init__(self, pipeline: Pipeline, *happens: object) -> None:
        super().__init__(pipeline.world.google)
        self._happens = list(happens)

    def page(self, corpus: Corpus, cursor: str) -> ChangePage:
        page = super().page(corpus, cursor)
        if self._happens:
            happens = self._happens.pop(0)
            assert callable(happens)
            happens()
        return page


def test_the_first_drain_starts_from_now_and_asks_for_a_full_listing(pipeline: Pipeline) -> None:
    """T4: first the start token, then the listing: nothing falls between them."""
    drain(pipeline)
    assert TimerRang(timer="reconcile") in pipeline.queue
    cursor = pipeline.world.cursors.read(SHARED_DRIVE)
    assert cursor
    assert cursor.value.holder is None


def test_whoever_meets_a_lease_goes_and_the_holder_looks_again(
    pipeline: Pipeline, acorn: Holding
) -> None:
    google = pipeline.world.google
    late: list[str] = []

    def somebody_edits_and_rings() -> None:
        late.append(google.create_file("late.csv", acorn.folder_id, b"x"))
        drain(pipeline)

    early = google.create_file("early.csv", acorn.folder_id, b"x")
    pipeline.world.feed = Interrupted(pipeline, somebody_edits_and_rings)
    drain(pipeline)
    assert touched(pipeline) == [early, *late]
    cursor = pipeline.world.cursors.read(SHARED_DRIVE)
    assert cursor
    assert not cursor.value.due


def test_a_drain_that_lost_its_lease_leaves_the_rest_to_whoever_has_it(
    pipeline: Pipeline, acorn: Holding
) -> None:
    file_id = pipeline.world.google.create_file("x.csv", acorn.folder_id, b"x")

    def another_takes_over() -> None:
        pipeline.world.advance(LEASE)
        drain(pipeline)

    pipeline.world.feed = Interrupted(pipeline, another_takes_over)
    with pytest.raises(ConflictError):
        drain(pipeline)
    assert file_id in touched(pipeline)


def test_a_failed_drain_leaves_no_lease_behind(pipeline: Pipeline, acorn: Holding) -> None:
    """Its redelivery comes long before a lease would end."""
    file_id = pipeline.world.google.create_file("x.csv", acorn.folder_id, b"x")

    def fails() -> None:
        raise UnavailableError("later")

    pipeline.world.feed = Interrupted(pipeline, fails)
    with pytest.raises(UnavailableError):
        drain(pipeline)
    drain(pipeline)
    assert touched(pipeline) == [file_id]


def test_a_drain_out_of_time_rings_for_itself(pipeline: Pipeline, acorn: Holding) -> None:
    """T20."""
    for _ in range(10):
        pipeline.world.google.create_file("x.csv", acorn.folder_id, b"x")
    drain(pipeline, deadline=timedelta(seconds=0.5))
    assert DriveTouched(corpus=SHARED_DRIVE) in pipeline.queue
    assert len(touched(pipeline)) < 10


def test_the_cursor_moves_once_a_second_at_most(pipeline: Pipeline, acorn: Holding) -> None:
    """Cloud Storage takes one write a second for one object."""
    for _ in range(40):
        pipeline.world.google.create_file("x.csv", acorn.folder_id, b"x")
    before = pipeline.world.cursors.read(SHARED_DRIVE)
    begun = pipeline.world.now()
    drain(pipeline)
    after = pipeline.world.cursors.read(SHARED_DRIVE)
    assert before
    assert after
    seconds = (pipeline.world.now() - begun).total_seconds()
    assert 2 < after.stamp - before.stamp <= seconds + 2


def test_what_lies_in_no_holding_touches_nothing(pipeline: Pipeline, acorn: Holding) -> None:
    google = pipeline.world.google
    google.create_file("x.csv", google.create_folder("outside", google.root), b"x")
    drain(pipeline)
    assert touched(pipeline) == []


def test_a_folder_that_cannot_be_listed_does_not_stop_the_change_log(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """T11: one folder that hides its children must not hold up every customer's changes."""
    google = pipeline.world.google
    odd = google.create_folder("odd", acorn.folder_id)
    file_id = google.create_file("x.csv", acorn.folder_id, b"x")
    pipeline.world.drive.refuses[odd] = NotFoundError("limited access")
    drain(pipeline)
    assert file_id in touched(pipeline)


def test_a_due_that_was_left_already_is_not_written_again(
    pipeline: Pipeline, acorn: Holding
) -> None:
    pipeline.world.google.create_file("x.csv", acorn.folder_id, b"x")
    stamps: list[int] = []

    def two_more_ring() -> None:
        for _ in range(2):
            drain(pipeline)
            seen = pipeline.world.cursors.read(SHARED_DRIVE)
            assert seen
            stamps.append(seen.stamp)

    pipeline.world.feed = Interrupted(pipeline, two_more_ring)
    drain(pipeline)
    assert stamps[0] == stamps[1]


def test_a_bell_that_rings_between_two_pages_is_answered_too(
    pipeline: Pipeline, acorn: Holding
) -> None:
    google = pipeline.world.google
    late: list[str] = []

    def somebody_edits_and_rings() -> None:
        pipeline.world.advance(MOVE_EVERY)
        late.append(google.create_file("late.csv", acorn.folder_id, b"x"))
        drain(pipeline)

    early = [google.create_file(f"{n}.csv", acorn.folder_id, b"x") for n in range(8)]
    pipeline.world.feed = Interrupted(pipeline, somebody_edits_and_rings)
    drain(pipeline)
    assert set(touched(pipeline)) == {*early, *late}


def test_a_cursor_that_everybody_moves_at_once_is_left_to_the_redelivery(
    pipeline: Pipeline, acorn: Holding
) -> None:
    class Contended(MemoryCursors):
        def move(self, corpus: Corpus, cursor: Cursor, *, stamp: int) -> Seen[Cursor]:
            raise ConflictError("somebody was faster")

    with pytest.raises(ConflictError):
        drain_changes(replace(pipeline.a_drain(SHARED_DRIVE), cursors=Contended(Writes())))
    assert touched(pipeline) == []
