"""Stories of erasures, each told once: what is asked to be erased is gone, and nothing else."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.typing import EventDict

from custody.adapters.signing import verify
from custody.domain.erasure import Copy, CopyState, ErasureId, State
from custody.domain.events import ErasureStep, FilesTouched
from custody.domain.holds import Hold
from custody.domain.names import keyset_name, version_name
from custody.domain.receipt import TYP
from custody.domain.vault import FileId, Holding, RevisionId, Source
from custody.errors import MissingKeysetError, RefusedError, UnavailableError
from custody.steps.capture import capture_files
from pipeline.driver import Pipeline
from samples import a_draft


@pytest.fixture
def files(pipeline: Pipeline, acorn: Holding, birch: Holding) -> list[FileId]:
    """Seven files of the first holding in two versions each, one of the other."""
    google = pipeline.world.google
    theirs = [google.create_file(f"{n}.csv", acorn.folder_id, b"one") for n in range(7)]
    google.create_file("other.csv", birch.folder_id, b"other")
    pipeline.settle()
    for file_id in theirs:
        google.edit(file_id, b"two")
    pipeline.settle()
    return theirs


def erased(pipeline: Pipeline, holding: Holding) -> None:
    """Nothing of the epoch is left, wherever one looks."""
    world, life = pipeline.world, holding.life
    assert not list(world.vault.names(life))
    assert not list(world.offsite.names(life))
    assert not world.offsite_keys.stands(life)
    assert life not in world.offsite_keys.recoverable
    assert not world.index.files(life)
    with pytest.raises(MissingKeysetError):
        world.keys.unwrap(life)
    with pytest.raises(RefusedError):
        world.keys.create(life)
    assert world.google.item(holding.folder_id).deleted
    below = [
        one for one in world.google.items() if world.google.item(holding.folder_id) in one.line()
    ]
    assert all(one.deleted for one in below)


def untouched(pipeline: Pipeline, holding: Holding) -> None:
    world = pipeline.world
    (name,) = world.vault.names(holding.life)
    sealer = world.keys.unwrap(holding.life)
    for place in (world.vault, world.offsite):
        assert b"".join(place.content(name, sealer=sealer)) == b"other"
    assert world.offsite_keys.stands(holding.life)
    assert holding.life in world.offsite_keys.recoverable
    assert not world.google.item(holding.folder_id).deleted


def test_a_source_is_erased_from_every_copy_and_the_other_stays(
    pipeline: Pipeline, acorn: Holding, birch: Holding, files: list[FileId]
) -> None:
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)
    untouched(pipeline, birch)
    vault = pipeline.track(erasure, Copy.VAULT)
    assert (vault.before, vault.deleted, vault.missing) == (14, 14, 0)
    offsite = pipeline.track(erasure, Copy.OFFSITE)
    assert (offsite.before, offsite.deleted) == (16, 16), "two copies of the keyset lie there"
    assert pipeline.world.receipts.last(erasure)


def test_the_same_request_again_is_the_same_erasure(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T18: whoever publishes may publish twice, and late."""
    request_id = "6f1c1c6e-8d34-4a39-9d0e-0a9a3c4c7e11"
    first = pipeline.ask(acorn, request_id=request_id)
    pipeline.settle()
    receipt = pipeline.world.receipts.last(first)
    assert pipeline.ask(acorn, request_id=request_id) == first
    pipeline.settle()
    assert list(pipeline.world.erasures.ids()) == [first]
    assert pipeline.world.receipts.last(first) == receipt


def test_every_task_may_come_twice_and_in_any_order(
    pipeline: Pipeline, acorn: Holding, birch: Holding, files: list[FileId]
) -> None:
    """T18, and no message breeds more of its kind."""
    erasure = pipeline.ask(acorn)
    delivered = 0
    while pipeline.queue and delivered < 400:
        pipeline.queue.append(pipeline.queue[0])
        pipeline.deliver()
        pipeline.deliver(-1)
        delivered += 2
    assert delivered < 400, "messages breed"
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)
    untouched(pipeline, birch)
    assert pipeline.track(erasure, Copy.VAULT).before == 14


@pytest.mark.parametrize("takes_effect", [True, False])
def test_a_crash_at_any_write_only_delays_it(takes_effect: bool) -> None:
    """T20: every write of an erasure in turn, before and after its effect."""
    crashed, count = True, 0
    while crashed:
        count += 1
        pipeline = Pipeline()
        acorn = pipeline.open("c-acorn", "hubspot")
        for number in range(4):
            pipeline.world.google.create_file(f"{number}.csv", acorn.folder_id, b"one")
        pipeline.settle()
        erasure = pipeline.ask(acorn)
        pipeline.world.crash_after(count, takes_effect=takes_effect)
        pipeline.deliver_all()
        crashed = pipeline.world.crashed()
        assert pipeline.state(erasure) is State.CERTIFIED, "redelivery alone must heal it"
        pipeline.settle()
        assert pipeline.track(erasure, Copy.VAULT).before == 4
        assert pipeline.track(erasure, Copy.VAULT).deleted == 4
        erased(pipeline, acorn)
    assert count > 40, "an erasure has more writes than that"


def test_overlapping_requests_erase_each_epoch_once_and_both_say_so(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    other = pipeline.open("c-acorn", "stripe")
    pipeline.settle()
    first = pipeline.ask(acorn)
    second = pipeline.ask(acorn, everything=True)
    pipeline.settle()
    for erasure in (first, second):
        assert pipeline.state(erasure) is State.CERTIFIED
        assert pipeline.world.receipts.last(erasure)
    erased(pipeline, acorn)
    erased(pipeline, other)
    followed = [one for one in pipeline.world.tracks.of(second) if one.life == acorn.life]
    assert {one.by for one in followed} == {first}
    assert {one.deleted for one in followed if one.copy is Copy.VAULT} == {14}


def test_a_customer_that_returns_has_a_new_epoch_and_nothing_comes_back(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T25: late and replayed messages of the erased epoch change nothing."""
    old = [event for event in pipeline.world.published if isinstance(event, FilesTouched)]
    pipeline.ask(acorn)
    pipeline.settle()
    again = pipeline.reopen(acorn)
    assert again.life.epoch == 2
    pipeline.queue.extend(old)
    pipeline.settle()
    erased(pipeline, acorn)
    assert not list(pipeline.world.vault.names(again.life))
    file_id = pipeline.world.google.create_file("new.csv", again.folder_id, b"new")
    pipeline.settle()
    assert pipeline.captured(again, file_id) == [b"new"]


def test_a_second_erasure_covers_the_epochs_before(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    first = pipeline.ask(acorn)
    pipeline.settle()
    again = pipeline.reopen(acorn)
    second = pipeline.ask(again)
    pipeline.settle()
    assert pipeline.state(second) is State.CERTIFIED
    by = {one.life.epoch: one.by for one in pipeline.world.tracks.of(second)}
    assert by == {1: first, 2: second}


def test_lost_messages_are_found_by_reconcile(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T19: whatever is lost on the way, the ledger knows what is not done."""
    erasure = pipeline.ask(acorn)
    for _ in range(8):
        pipeline.deliver()
        pipeline.queue.clear()
        pipeline.timers()
        pipeline.timers()
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)


def test_a_file_that_appears_during_the_sweep_goes_too(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    google = pipeline.world.google
    erasure = pipeline.ask(acorn)
    added: FileId | None = None
    while not google.item(acorn.folder_id).deleted:
        if added is None and pipeline.world.fences.closed(acorn.life):
            added = google.create_file("late.csv", acorn.folder_id, b"late")
        pipeline.deliver()
    pipeline.settle()
    assert added
    assert google.item(added).deleted
    assert pipeline.state(erasure) is State.CERTIFIED


def test_a_capture_that_races_the_fence_brings_nothing_back(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T25: what it stored before its deadline is found by the sweep after the quiescence."""
    world = pipeline.world
    file_id = world.google.create_file("late.csv", acorn.folder_id, b"late")
    erasure = pipeline.ask(acorn)
    world.drive_store.refuses = UnavailableError("Drive is down for erasures, not for reading")

    def erase_meanwhile() -> None:
        while not (world.tracks.of(erasure) and pipeline.track(erasure, Copy.VAULT).swept_at):
            pipeline.deliver()

    world.vault.before_next_store(erase_meanwhile)
    run = pipeline.a_capture()
    capture_files(run, FilesTouched(life=acorn.life, file_ids=(file_id,)))
    assert len(list(world.vault.names(acorn.life))) == 1
    world.drive_store.refuses = None
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)


def test_plaintext_that_was_moved_out_of_the_folder_is_found(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    google = pipeline.world.google
    outside = google.create_folder("a colleague's", google.root)
    google.move(files[0], outside)
    google.trash(files[1])
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert google.item(files[0]).deleted
    assert google.item(files[1]).deleted
    assert not google.item(outside).deleted
    assert pipeline.state(erasure) is State.CERTIFIED


def test_what_lies_in_another_holding_now_stays_there(
    pipeline: Pipeline, acorn: Holding, birch: Holding, files: list[FileId]
) -> None:
    google = pipeline.world.google
    google.move(files[0], birch.folder_id)
    pipeline.settle()
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert not google.item(files[0]).deleted
    assert pipeline.captured(birch, files[0])[-1] == b"two"
    drive = pipeline.track(erasure, Copy.DRIVE)
    assert (drive.settled, drive.kept) == (True, 1)
    assert pipeline.state(erasure) is State.CERTIFIED


def test_a_folder_that_the_customer_owns_is_relinquished(pipeline: Pipeline) -> None:
    """T12: what others own we can only let go of, and tell its owner."""
    google = pipeline.world.google
    folder = google.create_folder("shared with us")
    acorn = pipeline.open("c-acorn", "hubspot", folder)
    file_id = google.create_file("deals.csv", folder, b"one")
    pipeline.settle()
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    assert pipeline.track(erasure, Copy.DRIVE).state is CopyState.RELINQUISHED
    assert not google.item(file_id).deleted
    assert google.find(file_id) is None
    assert not list(pipeline.world.vault.names(acorn.life))


def test_a_folder_that_was_deleted_before_is_no_obstacle(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    pipeline.world.google.delete(acorn.folder_id)
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)


def test_an_object_under_retention_blocks_until_its_date_while_the_keys_are_gone(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T21: it says precisely that, in a receipt of its own, and goes on by itself."""
    world = pipeline.world
    locked = next(iter(world.vault.names(acorn.life)))
    until = world.now() + timedelta(days=3)
    world.vault_store.retained = {locked: until}
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.BLOCKED
    vault = pipeline.track(erasure, Copy.VAULT)
    assert (vault.state, vault.until, vault.waiting) == (CopyState.BLOCKED, until, 1)
    assert pipeline.track(erasure, Copy.KEYS).settled
    assert list(world.vault.names(acorn.life)) == [locked]
    first = world.receipts.last(erasure)
    assert first
    world.vault_store.retained = {}
    world.advance(timedelta(days=3))
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)
    last = world.receipts.last(erasure)
    assert last
    assert last.number > first.number


def stated(pipeline: Pipeline, erasure: ErasureId) -> dict[str, Any]:
    """What the last receipt says of the one epoch of an erasure, copy by copy."""
    last = pipeline.world.receipts.last(erasure)
    assert last
    claims: dict[str, Any] = json.loads(verify(last.jws, pipeline.world.signer.keys(), TYP))
    (holding,) = claims["holdings"]
    return {**holding, **{one["copy"]: one for one in holding["copies"]}}


def test_what_is_locked_off_site_blocks_until_its_date_while_its_keyset_is_gone(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T22, T23: the receipt says so before the lock ends, and supersedes itself after."""
    world = pipeline.world
    locked = next(iter(world.offsite.names(acorn.life)))
    until = world.now() + timedelta(days=3)
    world.offsite_store.retained = {f"versions/{locked}": until}
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.BLOCKED
    assert list(world.offsite.names(acorn.life)) == [locked]
    others = [one for one in world.tracks.of(erasure) if one.copy is not Copy.OFFSITE]
    assert all(one.settled for one in others), "nothing waits for a lock off-site"
    first = stated(pipeline, erasure)
    assert first["keyset_destroyed_at"]
    assert first["offsite"]["blocked_until"] == until.isoformat().replace("+00:00", "Z")
    assert first["offsite"]["blocked_until"] in first["offsite"]["why"]
    assert "nobody can read it" in first["offsite"]["why"]
    world.advance(timedelta(days=3))
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)
    assert stated(pipeline, erasure)["offsite"]["why"] is None


def test_while_a_keyset_is_blocked_nobody_says_that_it_is_gone(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T23: soft delete keeps the one, a lock a version off-site."""
    world = pipeline.world
    locked = next(iter(world.offsite.names(acorn.life)))
    until = world.now() + timedelta(days=3)
    world.offsite_store.retained = {f"versions/{locked}": until}
    world.keys_store.retained = {keyset_name(acorn.life): until}
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    said = stated(pipeline, erasure)
    assert said["keyset_destroyed_at"] is None
    assert said["keys"]["state"] == "BLOCKED"
    assert "nobody can read it" not in said["offsite"]["why"]


def test_a_copy_off_site_that_comes_late_is_a_straggler(
    pipeline: Pipeline, acorn: Holding, files: list[FileId], quiet: list[EventDict]
) -> None:
    """T25: whoever copied it looked at the fence before it was closed."""
    world = pipeline.world
    parcel = world.vault_shelf.take(next(iter(world.vault.names(acorn.life))))
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    first = world.receipts.last(erasure)
    world.offsite_shelf.put(parcel, deadline=world.now() + timedelta(hours=1))
    world.offsite_keys.find(acorn.life)
    world.offsite_keys.recoverable.add(acorn.life)
    world.advance(timedelta(days=1))
    pipeline.settle()
    erased(pipeline, acorn)
    assert pipeline.track(erasure, Copy.OFFSITE).stragglers == 3
    assert "arrival_after_fence" in {line["event"] for line in quiet}
    last = world.receipts.last(erasure)
    assert first
    assert last
    assert last.number > first.number


def test_an_outage_off_site_delays_its_copy_alone(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    world = pipeline.world
    world.offsite_store.refuses = UnavailableError("S3 is down")
    erasure = pipeline.ask(acorn)
    for _ in range(60):
        pipeline.deliver()
        world.advance(timedelta(seconds=30))
    assert not pipeline.track(erasure, Copy.OFFSITE).settled
    assert pipeline.track(erasure, Copy.VAULT).settled
    assert pipeline.state(erasure) is State.ERASING
    world.offsite_store.refuses = None
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)


def test_a_store_that_refuses_is_a_failure_that_heals_when_it_is_mended(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """A 403 is never swallowed and never a silent end."""
    world = pipeline.world
    world.vault_store.refuses = RefusedError("this identity may not delete")
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.FAILED
    assert "may not delete" in pipeline.track(erasure, Copy.VAULT).reason
    assert world.receipts.last(erasure) is None
    assert not pipeline.refused, "a failure is a state, not a message set aside"
    world.vault_store.refuses = None
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)


def test_a_stale_listing_is_no_evidence(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T7: the witness sees what the listing did not show, so the step is delivered again."""
    pipeline.world.vault_store.stale = 3
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    assert pipeline.track(erasure, Copy.VAULT).deleted == 14
    erased(pipeline, acorn)


def test_what_the_store_does_not_see_is_never_certified(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """A wrong prefix, say. The witness has other eyes, and nobody is told that it is gone."""
    pipeline.world.vault_store.stale = 10_000
    erasure = pipeline.ask(acorn)
    for _ in range(300):
        pipeline.deliver()
        pipeline.world.advance(timedelta(seconds=30))
    assert pipeline.state(erasure) is State.ERASING
    assert not pipeline.track(erasure, Copy.VAULT).settled
    assert pipeline.world.receipts.last(erasure) is None


def test_versions_that_vanished_before_are_said_to_be_missing(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T7: nothing deleted is no evidence where more was promised; a second look settles it."""
    world = pipeline.world
    for name in list(world.vault.names(acorn.life))[:2]:
        world.vault.erase(name)
    erasure = pipeline.ask(acorn)
    pipeline.deliver_all()
    assert pipeline.track(erasure, Copy.VAULT).state is CopyState.UNKNOWN
    assert pipeline.state(erasure) is State.FAILED
    pipeline.settle()
    vault = pipeline.track(erasure, Copy.VAULT)
    assert vault.settled
    assert (vault.before, vault.missing) == (12, 2)
    assert pipeline.state(erasure) is State.CERTIFIED


def test_a_hold_keeps_everything_until_it_is_released_and_closes_the_fence_all_the_same(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    world, life = pipeline.world, acorn.life
    hold = Hold(
        customer=life.customer,
        source=life.source,
        reason="a dispute",
        until=world.now() + timedelta(days=90),
        placed_at=world.now(),
    )
    world.holds.put(hold)
    erasure = pipeline.ask(acorn)
    late = world.google.create_file("late.csv", acorn.folder_id, b"late")
    pipeline.settle()
    assert pipeline.state(erasure) is State.BLOCKED
    assert pipeline.track(erasure, Copy.KEYS).until == hold.until
    assert world.keys.unwrap(life)
    assert len(list(world.vault.names(life))) == 14
    assert version_name(life, late, RevisionId("any")) not in world.vault.all_names()
    world.holds.remove(life.customer, life.source)
    world.advance(timedelta(days=1))
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, acorn)


def test_a_hold_that_ends_by_itself_lets_it_go_on(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    world, life = pipeline.world, acorn.life
    until = world.now() + timedelta(days=2)
    world.holds.put(
        Hold(
            customer=life.customer,
            source=life.source,
            reason="a dispute",
            until=until,
            placed_at=world.now(),
        )
    )
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.BLOCKED
    world.advance(timedelta(days=2))
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED


def test_a_straggler_is_deleted_alerts_and_supersedes_the_receipt(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T25: a writer that outlived everything; nobody can read what it wrote."""
    world = pipeline.world
    sealer = world.keys.unwrap(acorn.life)
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    first = world.receipts.last(erasure)
    world.vault.store(
        a_draft("late", acorn.life, files[0]),
        lambda: iter([b"late"]),
        sealer=sealer,
        base=None,
        latest=None,
        deadline=world.now() + timedelta(hours=1),
    )
    world.advance(timedelta(days=1))
    pipeline.settle()
    erased(pipeline, acorn)
    assert pipeline.track(erasure, Copy.VAULT).stragglers == 1
    last = world.receipts.last(erasure)
    assert first
    assert last
    assert last.number == first.number + 1


def test_receipts_follow_each_other_as_the_dates_pass(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T13: an administrator can restore what is in Drive for 25 days; Google keeps it for 180."""
    world = pipeline.world
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    drive = pipeline.track(erasure, Copy.DRIVE)
    assert drive.state is CopyState.DELETED_BY_US
    assert drive.t1
    assert drive.t2
    first = world.receipts.last(erasure)
    world.advance(drive.t1 - world.now())
    pipeline.settle()
    assert pipeline.track(erasure, Copy.DRIVE).state is CopyState.UNRECOVERABLE_BY_US
    second = world.receipts.last(erasure)
    world.advance(drive.t2 - world.now())
    pipeline.settle()
    assert pipeline.track(erasure, Copy.DRIVE).state is CopyState.UNRECOVERABLE_BY_PROVIDER
    third = world.receipts.last(erasure)
    assert first
    assert second
    assert third
    assert first.number < second.number < third.number
    assert pipeline.state(erasure) is State.CERTIFIED


def test_a_termination_takes_the_registry_entry_and_still_knows_its_request(
    pipeline: Pipeline, acorn: Holding, birch: Holding, files: list[FileId]
) -> None:
    world = pipeline.world
    request_id = "6f1c1c6e-8d34-4a39-9d0e-0a9a3c4c7e11"
    erasure = pipeline.ask(acorn, terminate=True, request_id=request_id)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    assert [one.customer for one in world.registry.customers()] == [birch.life.customer]
    assert [one.life for one in world.registry.holdings()] == [birch.life]
    assert pipeline.ask(acorn, terminate=True, request_id=request_id) == erasure
    pipeline.settle()
    assert not pipeline.refused
    untouched(pipeline, birch)


def test_nothing_of_an_open_epoch_is_deleted_whatever_a_message_says(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    first = pipeline.ask(acorn)
    pipeline.settle()
    again = pipeline.reopen(acorn)
    file_id = pipeline.world.google.create_file("new.csv", again.folder_id, b"new")
    pipeline.settle()
    forged = [
        ErasureStep(erasure=first, source=again.life.source, epoch=2, copy=copy, page=page)
        for copy in Copy
        for page in (0, 7)
    ]
    pipeline.queue.extend(forged)
    pipeline.deliver_all()
    assert len(pipeline.refused) == len(forged)
    assert pipeline.captured(again, file_id) == [b"new"]
    assert pipeline.state(first) is State.CERTIFIED


def test_a_step_that_no_sweep_has_come_to_is_refused_and_harms_nothing(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    source = acorn.life.source
    forged = ErasureStep(erasure=erasure, source=source, epoch=1, copy=Copy.VAULT, page=99)
    pipeline.queue.append(forged)
    pipeline.deliver_all()
    assert len(pipeline.refused) == 1
    assert pipeline.state(erasure) is State.CERTIFIED


def test_what_is_put_into_a_fenced_folder_alerts_and_is_erased_at_once(
    pipeline: Pipeline, acorn: Holding, files: list[FileId], quiet: list[EventDict]
) -> None:
    """With a hold there still is a folder; without, Drive has none to put anything into."""
    world, google = pipeline.world, pipeline.world.google
    erasure = pipeline.ask(acorn)
    while not world.fences.closed(acorn.life):
        pipeline.deliver()
    waiting, pipeline.queue[:] = list(pipeline.queue), []
    world.advance(timedelta(seconds=1))
    file_id = google.create_file("late.csv", acorn.folder_id, b"late")
    pipeline.handle(FilesTouched(life=acorn.life, file_ids=(file_id, files[0])))
    (alert,) = [line for line in quiet if line["event"] == "arrival_after_fence"]
    assert alert["files"] == 1
    (step,) = pipeline.queue
    assert step == ErasureStep(
        erasure=erasure, source=acorn.life.source, epoch=1, copy=Copy.DRIVE, page=None
    )
    pipeline.queue.extend(waiting)
    pipeline.settle()
    erased(pipeline, acorn)


def test_a_source_that_was_opened_since_keeps_the_customers_entry(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """The entry leads to its data: first somebody must ask for that, too."""
    erasure = pipeline.ask(acorn, terminate=True)
    other = pipeline.open("c-acorn", "stripe")
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    erased(pipeline, other)
    late = pipeline.open("c-cedar", "stripe")
    pipeline.settle()
    erasure = pipeline.ask(late, terminate=True)
    pipeline.deliver()
    office = pipeline.world.registry
    office.save_holding(replace(late, life=replace(late.life, source=Source("zendesk"))))
    pipeline.settle()
    assert pipeline.state(erasure) is State.FAILED
    assert office.customer(late.life.customer)


def test_a_customer_whose_contract_ended_opens_nothing_any_more(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    pipeline.ask(acorn, terminate=True)
    pipeline.deliver()
    with pytest.raises(RefusedError, match="contract"):
        pipeline.reopen(acorn)


def test_a_step_for_wherever_the_sweep_stands_keeps_the_order(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """What arrives after the fence rings for Drive, whose turn comes after the keys."""
    erasure = pipeline.ask(acorn)
    pipeline.deliver()
    waiting, pipeline.queue[:] = list(pipeline.queue), []
    for copy in (Copy.DRIVE, Copy.VAULT, Copy.LEDGER):
        step = ErasureStep(erasure=erasure, source=acorn.life.source, epoch=1, copy=copy, page=None)
        pipeline.handle(step)
    assert not pipeline.world.google.item(files[0]).deleted
    assert pipeline.world.index.files(acorn.life)
    pipeline.queue.extend(waiting)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED


def test_an_owner_who_alone_can_end_our_access_is_asked_and_waited_for(
    pipeline: Pipeline, acorn: Holding, files: list[FileId]
) -> None:
    """T12: it is BLOCKED without a date, and goes on when Drive no longer shows the file."""
    google = pipeline.world.google
    theirs = google.create_folder("somebody's")
    google.item(theirs).granted = False
    google.move(files[0], theirs)
    erasure = pipeline.ask(acorn)
    pipeline.settle()
    drive = pipeline.track(erasure, Copy.DRIVE)
    assert (drive.state, drive.until, drive.waiting) == (CopyState.BLOCKED, None, 1)
    assert len(google.mails) == 1
    assert pipeline.world.receipts.last(erasure)
    google.hide(theirs)
    pipeline.world.advance(timedelta(days=1))
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
