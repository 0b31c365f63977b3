"""Erasures on stores and a Drive that fail, refuse, or are set up as nobody expects."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.cloud import storage

from custody.adapters.objects import storage_client
from custody.domain import names
from custody.domain.drive import DriveFile, Unreadable
from custody.domain.erasure import Copy, CopyState, Reason, Scope, State, Track
from custody.domain.events import DeletionRequested
from custody.domain.request_erasure import erasure_id
from custody.domain.sweep import SECOND_LOOK
from custody.domain.topology import RETRY_SECONDS
from custody.domain.vault import FileHistory, FileId, Holding, RevisionId
from custody.errors import CustodyError, MissingKeysetError, NotFoundError
from custody.steps.audit import verify_trail
from custody.steps.books import standing
from faults.rig import Rig
from faults.running import Running, wait_for
from faults.saga import Saga
from faults.shelf import VAULT
from localcloud.faults import Rule
from samples import a_draft

KEYS, LEDGER, AUDIT = "custody-keys", "custody-ledger", "custody-audit"
FILES = 3
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture
def saga(rig: Rig, holding: Holding) -> Saga:
    """Of a holding with three captured files of one version each."""
    files = [rig.upload(holding, f"{n}.csv", b"%d" % n).file_id for n in range(FILES)]
    rig.capture(holding, *files)
    return Saga(rig, holding)


def certified(saga: Saga, versions: int = FILES) -> None:
    """With true counts, and nothing is left."""
    assert saga.state is State.CERTIFIED
    counts = {
        copy: (track.before, track.deleted, track.missing)
        for copy in Copy
        for track in [saga.track(copy)]
    }
    assert counts[Copy.KEYS] == (1, 1, 0)
    assert counts[Copy.VAULT] == (versions, versions, 0)
    assert saga.rig.stored(saga.life) == []
    with pytest.raises(MissingKeysetError):
        saga.rig.world.keys.unwrap(saga.life)


# A store that fails, throttles, or loses its answer after doing the work.


PLACES = [
    ("storage.objects.insert", LEDGER, 2),  # the fence
    ("storage.objects.insert", LEDGER, 4),  # a track that begins
    ("storage.objects.insert", KEYS, 0),  # the mark of the destroyed keyset
    ("storage.objects.insert", LEDGER, 7),  # a page, before its things are deleted
    ("batch", "storage", 0),  # the keyset goes
    ("storage.objects.insert", LEDGER, 8),  # a track after its first round
    ("batch", "storage", 1),  # objects of the vault go
    ("storage.objects.insert", AUDIT, 3),
]


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"cut": "after"}])
def test_an_erasure_that_stumbles_once_at_every_step_is_certified_with_true_counts(
    saga: Saga, fault: dict[str, Any]
) -> None:
    """T27: our own write that comes back as somebody else's, too."""
    rig = saga.rig
    for method, bucket, skip in PLACES:
        rig.storage.faults.add(Rule(method=method, match=bucket, skip=skip, **fault))
    saga.run()
    assert rig.hits() == len(PLACES)
    certified(saga)
    assert verify_trail(rig.world.audit, rig.world.signer.keys()).broken is None


@pytest.mark.parametrize("every", [3, 7])
def test_an_erasure_whose_every_few_calls_are_refused_is_certified_with_true_counts(
    saga: Saga, every: int
) -> None:
    """T18: what the client does not repeat by itself is delivered again, from anywhere."""
    for number in range(30):
        saga.rig.fails("storage.objects.*", skip=number * every, status=501)
    saga.run()
    assert saga.rig.hits() > 10
    certified(saga)


# A right that is missing.


@pytest.mark.parametrize(
    ("copy", "method", "match", "reason"),
    [
        (Copy.KEYS, "storage.objects.delete", KEYS, "has no right to do this in custody-keys"),
        (Copy.VAULT, "storage.objects.delete", VAULT, "has no right to do this in custody-vault"),
        (Copy.DRIVE, "drive.files.delete", None, "refused (insufficientFilePermissions)"),
    ],
)
def test_a_right_that_is_missing_is_a_failure_that_says_so_and_heals(
    saga: Saga, copy: Copy, method: str, match: str | None, reason: str
) -> None:
    """T15: never swallowed, and no receipt says that anything is done."""
    refused = {"status": 403, "reason": "insufficientFilePermissions"}
    saga.rig.fails(method, match=match, times=None, **refused)
    saga.run()
    assert saga.state is State.FAILED
    failed = saga.track(copy)
    assert failed.state is CopyState.FAILED
    assert reason in failed.reason
    assert saga.receipt() is None
    saga.rig.calm_down()
    saga.later(timedelta(hours=1))
    certified(saga)


# Objects that may not be deleted, and buckets that keep what is.


@pytest.fixture
def vault(bucket: storage.Bucket) -> Iterator[storage.Bucket]:
    """The vault's bucket, whose settings are as they were afterwards."""
    yield bucket
    bucket.retention_period = None
    bucket.versioning_enabled = False
    bucket.soft_delete_policy.retention_duration_seconds = 0
    bucket.patch()


def blocked(saga: Saga, waiting: int) -> None:
    """The vault alone: what there is of it is unreadable, and a receipt says all of that."""
    assert saga.state is State.BLOCKED
    assert saga.track(Copy.VAULT).state is CopyState.BLOCKED
    assert saga.track(Copy.KEYS).settled
    assert saga.track(Copy.DRIVE).settled
    with pytest.raises(MissingKeysetError):
        saga.rig.world.keys.unwrap(saga.life)
    assert len(saga.rig.stored(saga.life)) == waiting
    receipt, said = saga.receipt(), saga.said_of(Copy.VAULT)
    assert receipt
    assert receipt["state"] == "BLOCKED"
    assert receipt["holdings"][0]["keyset_destroyed_at"]
    assert (said["state"], said["waiting"], said["evidence"]) == ("BLOCKED", waiting, None)


def test_an_object_under_a_hold_blocks_its_copy_alone_until_it_is_released(
    saga: Saga, vault: storage.Bucket
) -> None:
    """T21: a hold has no date."""
    held = vault.blob(saga.rig.stored(saga.life)[0])
    held.temporary_hold = True
    held.patch()
    saga.run()
    blocked(saga, waiting=1)
    assert saga.track(Copy.VAULT).until is None
    first = saga.receipt()
    saga.later(DAY)
    assert saga.receipt() == first, "nothing is new"
    held.temporary_hold = False
    held.patch()
    saga.later(DAY)
    certified(saga)


def test_a_retention_blocks_its_copy_alone_until_its_date(
    saga: Saga, vault: storage.Bucket
) -> None:
    """T21: it goes on by itself on that day."""
    vault.retention_period = 3 * 24 * 3600
    vault.patch()
    saga.run()
    blocked(saga, waiting=FILES)
    until = saga.track(Copy.VAULT).until
    assert until
    assert timedelta(days=2) < until - saga.rig.world.now() <= timedelta(days=3)
    assert saga.said_of(Copy.VAULT)["blocked_until"]
    saga.later(until - saga.rig.world.now())
    certified(saga)


def test_noncurrent_generations_go_with_the_live_ones(saga: Saga, vault: storage.Bucket) -> None:
    """T21, T28: a bucket that keeps versions would else keep all of it."""
    vault.versioning_enabled = True
    vault.patch()
    vault.blob(saga.rig.stored(saga.life)[0]).upload_from_string(b"written over by somebody")
    vault.blob(saga.rig.stored(saga.life)[1]).delete()
    saga.run()
    certified(saga, versions=FILES + 1)
    assert not list(vault.list_blobs(prefix=saga.life.customer, versions=True))


def test_what_soft_delete_keeps_is_ours_to_bring_back_until_the_last_of_it_is_gone(
    saga: Saga, vault: storage.Bucket
) -> None:
    """T21: by the live setting, and by what an earlier one still keeps."""
    soften(vault, 30)
    name = names.version_name(saga.life, FileId("a file"), RevisionId("of somebody"))
    vault.blob(name).upload_from_string(b"x")
    vault.blob(name).delete()
    soften(vault, 7)
    saga.run()
    certified(saga)
    track = saga.track(Copy.VAULT)
    (kept,) = [one for one in soft_deleted(vault, saga) if one.name == name]
    assert track.state is CopyState.DELETED_BY_US
    assert track.t1 == kept.hard_delete_time
    assert saga.said_of(Copy.VAULT)["t1"]
    assert len(soft_deleted(vault, saga)) == FILES + 1
    saga.later(track.t1 - saga.rig.world.now())
    assert saga.track(Copy.VAULT).state is CopyState.UNRECOVERABLE_BY_US
    assert soft_deleted(vault, saga) == []


def test_with_soft_delete_on_what_was_deleted_is_beyond_us_in_a_week(
    saga: Saga, vault: storage.Bucket
) -> None:
    soften(vault, 7)
    saga.run()
    certified(saga)
    track = saga.track(Copy.VAULT)
    assert track.t1
    assert track.deleted_at
    assert abs(track.t1 - track.deleted_at - WEEK) < timedelta(minutes=1)
    assert "soft delete" in track.notes[0]


def test_a_keyset_that_soft_delete_keeps_is_not_called_destroyed(saga: Saga) -> None:
    """T23: whoever restores it reads everything; what it encrypts goes all the same."""
    keys = storage_client(saga.rig.storage.url).bucket(KEYS)
    soften(keys, 7)
    saga.run()
    soften(keys, 0)
    assert saga.state is State.BLOCKED
    assert [copy for copy in Copy if not saga.track(copy).settled] == [Copy.KEYS]
    receipt, until = saga.receipt(), saga.track(Copy.KEYS).until
    assert receipt
    assert receipt["holdings"][0]["keyset_destroyed_at"] is None
    assert until
    assert abs(until - saga.rig.world.now() - WEEK) < timedelta(hours=1)
    saga.later(until - saga.rig.world.now())
    certified(saga)


def soften(bucket: storage.Bucket, days: int) -> None:
    bucket.soft_delete_policy.retention_duration_seconds = days * 24 * 3600
    bucket.patch()


def soft_deleted(vault: storage.Bucket, saga: Saga) -> list[storage.Blob]:
    return list(vault.list_blobs(prefix=saga.life.customer, soft_deleted=True))


# People, crashes and clocks.


def test_a_folder_that_was_deleted_is_no_obstacle(saga: Saga, holding: Holding) -> None:
    api = saga.rig.as_person()
    ask = {"fileId": holding.folder_id, "supportsAllDrives": True}
    api.call("an end", lambda s: s.files().delete(**ask))
    saga.run()
    certified(saga)
    assert saga.track(Copy.DRIVE).before == 0


@pytest.mark.parametrize(
    ("method", "match", "skip"),
    [
        ("storage.objects.insert", LEDGER, 1),  # the index knows it, its whereabouts are unknown
        ("storage.objects.insert", LEDGER, 2),  # the version is stored, and not in the index
        ("drive.revisions.get", None, 0),  # nothing is stored yet
    ],
)
def test_a_file_whose_capture_died_is_found_wherever_it_was_moved_meanwhile(
    rig: Rig, holding: Holding, method: str, match: str | None, skip: int
) -> None:
    """T25: the fence closes before the capture is delivered again."""
    file_id = rig.upload(holding, "x.csv", b"one").file_id
    rig.fails(method, match=match, skip=skip, times=None, status=400)
    with pytest.raises(CustodyError):
        rig.capture(holding, file_id)
    rig.calm_down()
    rig.change(
        rig.as_person(),
        file_id,
        addParents=rig.settings["CUSTODY_DRIVE_ID"],
        removeParents=holding.folder_id,
    )
    saga = Saga(rig, holding)
    saga.run()
    shown = rig.world.drive.describe([file_id])[file_id]
    assert isinstance(shown, Unreadable) or saga.state is not State.CERTIFIED
    assert rig.world.index.whereabouts(file_id) == []


@pytest.mark.parametrize("minutes", [-5, 5])
def test_minutes_between_two_clocks_let_no_writer_slip_through(
    saga: Saga, minutes: int, tmp_path: Path
) -> None:
    """T25: a capture from before the fence has 510 s to write its last byte in.

    The index learns of it, and so promises one more than there was at first: none is missing.
    """
    rig, sealer = saga.rig, saga.rig.world.keys.unwrap(saga.life)
    saga.world = rig.world_with(CUSTODY_QUIESCENCE_SECONDS="900")
    deadline = rig.world.deadline(540)
    elsewhere = tmp_path / "clock"
    elsewhere.write_text(str((rig.clock.now() - datetime.now(UTC)).total_seconds() + minutes * 60))
    saga.ask(rig.world_with(CUSTODY_CLOCK_FILE=str(elsewhere)))
    saga.go_on()
    rig.clock.advance((deadline - rig.world.now()).total_seconds() - 1)
    saga.go_on()
    assert rig.stored(saga.life) == []
    version = rig.world.vault.store(
        a_draft("late", saga.life),
        lambda: iter([b"late"]),
        sealer=sealer,
        base=None,
        latest=None,
        deadline=deadline,
    )
    history = FileHistory(life=saga.life, file_id=version.file_id, versions=(version,))
    rig.world.index.write(history, stamp=0, sealer=sealer)
    saga.finish()
    assert saga.state is State.CERTIFIED
    assert rig.stored(saga.life) == []
    vault = saga.track(Copy.VAULT)
    assert (vault.before, vault.deleted, vault.missing) == (FILES, FILES + 1, 0)
    assert vault.stragglers == 0


# Messages, through the functions.


@pytest.mark.parametrize("fault", [{"double": True, "times": None}, {"cut": "after", "times": 3}])
def test_tasks_that_come_twice_or_whose_answer_is_lost_count_nothing_twice(
    running: Running, fault: dict[str, Any]
) -> None:
    """T18: at least once means that everything comes twice, and two at once."""
    holding = running.open()
    file = running.upload(holding, "x.csv", b"one")
    running.expect(holding, file.file_id, b"one")
    for topic in ("deletion-requests", *(f"erasure-tasks-{copy.value}" for copy in Copy)):
        running.local.pubsub.faults.add(Rule(method="push", match=f"/{topic} ", **fault))
    tracks = erased(running, holding)
    assert {copy: (one.before, one.deleted) for copy, one in tracks.items()} == {
        Copy.KEYS: (1, 1),
        Copy.VAULT: (1, 1),
        Copy.OFFSITE: (3, 3),  # two copies of the keyset, and the version
        Copy.DRIVE: (2, 2),
        Copy.LEDGER: (1, 1),
    }


def test_whatever_arrives_while_a_source_is_erased_is_erased_with_it(running: Running) -> None:
    """T25: captures race the fence, and somebody goes on filling the folder."""
    holding = running.open()
    running.settle()
    arrived = [running.upload(holding, f"{n}.csv", b"%d" % n).file_id for n in range(3)]

    def fill() -> None:
        for number in range(3, 15):
            try:
                arrived.append(running.upload(holding, f"{number}.csv", b"x").file_id)
            except NotFoundError:
                return  # the folder is gone

    with ThreadPoolExecutor() as pool:
        filling = pool.submit(fill)
        erased(running, holding)
        filling.result()
    assert len(arrived) > 3
    assert running.stored(holding.life) == []
    assert not running.world.index.files(holding.life)
    seen = running.world.drive.describe([holding.folder_id, *arrived]).values()
    assert not any(isinstance(one, DriveFile) for one in seen)


def erased(running: Running, holding: Holding) -> dict[Copy, Track]:
    """Asks for it, and waits without Pub/Sub's pauses until it is certified, once."""
    request = DeletionRequested(
        request_id=str(uuid4()),
        customer=holding.life.customer,
        scope=Scope.SOURCES,
        sources=(holding.life.source,),
        reason=Reason.REQUEST,
        submitted_at=running.world.now(),
    )
    running.world.publisher.publish([request])
    books, erasure = running.world.books, erasure_id(request.request_id)

    def is_certified() -> bool:
        if not any(running.is_due(function) for function in running.waiting()):
            # What an interrupted capture promised and never stored waits for a second look.
            rest = RETRY_SECONDS[0] if running.is_held() else SECOND_LOOK.total_seconds()
            running.advance(rest)
        return books.receipts.last(erasure) is not None

    wait_for(is_certified)
    running.settle()
    assert standing(books, books.erasures.find(erasure)) is State.CERTIFIED
    receipt = books.receipts.last(erasure)
    assert receipt
    assert receipt.number == 1
    return {one.copy: one for one in books.tracks.of(erasure)}
