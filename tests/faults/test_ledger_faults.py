"""Cloud Storage when it does not take or give keysets, the index and the ledger well."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import structlog

from custody.adapters.objects import storage_client
from custody.domain.drive import SHARED_DRIVE
from custody.domain.erasure import CopyState, Decision, ErasureId
from custody.domain.names import destroyed_name, keyset_name
from custody.domain.sweep import Page
from custody.domain.vault import (
    FileHistory,
    FileId,
    Holding,
    HoldingState,
)
from custody.errors import (
    ConflictError,
    MissingKeysetError,
    RefusedError,
    RetryableError,
)
from custody.steps.holdings import open_holding
from faults.rig import Rig
from faults.shelf import VAULT, Shelf, tamper
from samples import NOW, a_channel, a_track

LEDGER = "custody-ledger"


# Buckets and keys that are not there.


@pytest.mark.parametrize(
    "setting", ["CUSTODY_VAULT_BUCKET", "CUSTODY_LEDGER_BUCKET", "CUSTODY_KEYS_BUCKET"]
)
def test_a_missing_bucket_is_no_silent_acknowledgement(
    rig: Rig, holding: Holding, setting: str
) -> None:
    """A wrong setting or a deleted bucket must not look like an erased epoch, or an empty store."""
    file = rig.upload(holding, "x.csv", b"x")
    with pytest.raises(RetryableError):
        rig.capture(holding, file.file_id, world=rig.world_with(**{setting: "custody-absent"}))
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [b"x"]


def test_a_fence_is_not_open_because_its_bucket_is_missing(rig: Rig, holding: Holding) -> None:
    world = rig.world_with(CUSTODY_LEDGER_BUCKET="custody-absent")
    with pytest.raises(RetryableError):
        world.fences.closed(holding.life)


def test_a_missing_keyset_stops_everything_and_is_never_made_anew(
    rig: Rig, holding: Holding
) -> None:
    file = rig.upload(holding, "x.csv", b"x")
    keys = storage_client(rig.storage.url).bucket("custody-keys")
    wrapped = keys.blob(keyset_name(holding.life)).download_as_bytes()
    keys.delete_blob(keyset_name(holding.life))
    with structlog.testing.capture_logs() as logged, pytest.raises(MissingKeysetError):
        rig.capture(holding, file.file_id)
    assert [line["event"] for line in logged] == ["keyset_missing"]
    assert not keys.blob(keyset_name(holding.life)).exists()
    assert rig.stored(holding.life) == []
    keys.blob(keyset_name(holding.life)).upload_from_string(wrapped)
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [b"x"]


def test_a_keyset_that_was_destroyed_is_never_made_again(rig: Rig, holding: Holding) -> None:
    life = replace(holding.life, epoch=2)
    keys = storage_client(rig.storage.url).bucket("custody-keys")
    keys.blob(destroyed_name(life)).upload_from_string(b"")
    rig.world.registry.save_holding(replace(holding, state=HoldingState.CLOSED))
    with pytest.raises(RefusedError):
        open_holding(rig.office, rig.world.registry.customer(life.customer), life.source)
    assert not keys.blob(keyset_name(life)).exists()
    assert rig.world.registry.holding(life.customer, life.source).life == holding.life


# The index and the ledger under conflicts and lost answers (T27).


def test_of_two_writers_of_an_index_one_is_told(rig: Rig, holding: Holding, shelf: Shelf) -> None:
    history = FileHistory(life=holding.life, file_id=FileId("file"))
    rig.world.index.write(history, stamp=0, sealer=shelf.sealer)
    with pytest.raises(ConflictError):
        rig.world.index.write(replace(history, file_name="x"), stamp=0, sealer=shelf.sealer)


@pytest.mark.parametrize("skip", range(3))
def test_a_capture_survives_a_lost_answer_of_any_write_to_the_ledger(
    rig: Rig, holding: Holding, skip: int
) -> None:
    """T27: whereabouts, index, quarantine: doing it twice is doing it once."""
    file = rig.upload(holding, "x.csv", b"x")
    rig.fails("storage.objects.insert", match=LEDGER, cut="after", skip=skip)
    rig.capture(holding, file.file_id)
    rig.capture(holding, file.file_id)
    assert rig.contents(holding, file.file_id) == [b"x"]


def test_an_index_that_somebody_else_writes_meanwhile_is_added_to(
    rig: Rig, holding: Holding
) -> None:
    """Two deliveries of one file at once: neither forgets what the other learnt."""
    file = rig.upload(holding, "x.csv", b"x")
    rig.fails("storage.objects.insert", match=VAULT, delay_seconds=0.3, times=None)
    with ThreadPoolExecutor(2) as pool:
        deliveries = [pool.submit(rig.capture, holding, file.file_id)]
        time.sleep(0.1)
        rig.upload(holding, "x.csv", b"xy")
        deliveries.append(pool.submit(rig.capture, holding, file.file_id))
        for one in deliveries:
            one.result()
    assert rig.contents(holding, file.file_id) == [b"x", b"xy"]


def test_a_damaged_index_is_no_empty_one(rig: Rig, holding: Holding) -> None:
    """What cannot be read must not be overwritten; a person is told."""
    file = rig.upload(holding, "x.csv", b"x")
    rig.capture(holding, file.file_id)
    ledger = storage_client(rig.storage.url).bucket(LEDGER)
    (blob,) = [blob for blob in ledger.list_blobs() if blob.name.endswith(f"/1/{file.file_id}")]
    tamper(ledger, blob.name, 50)
    damaged = ledger.blob(blob.name).download_as_bytes()
    rig.capture(holding, file.file_id)
    entries = [one for one in rig.world.quarantine.all() if one.reference == file.file_id]
    assert [one.kind for one in entries] == ["file"]
    assert ledger.blob(blob.name).download_as_bytes() == damaged


def test_a_lost_answer_while_a_holding_is_saved_is_no_conflict(rig: Rig, holding: Holding) -> None:
    """T27: our own committed write comes back as 412; read back, compare, call it success."""
    rig.fails("storage.objects.insert", match=LEDGER, cut="after")
    rig.world.registry.save_holding(replace(holding, adopted=True))
    assert rig.world.registry.holding(holding.life.customer, holding.life.source).adopted


def test_a_lost_answer_while_a_holding_is_opened_leaves_it_open(rig: Rig) -> None:
    """T27: each of its writes in turn."""
    for skip in range(4):
        rig.fails("storage.objects.insert", cut="after", skip=skip)
        holding = rig.open()
        assert rig.hits() == 1
        rig.calm_down()
        file = rig.upload(holding, "x.csv", b"x")
        rig.capture(holding, file.file_id)
        assert rig.contents(holding, file.file_id) == [b"x"]


def test_a_channel_that_ends_while_all_are_read_is_left_out(rig: Rig) -> None:
    """A renewal removes channels while another delivery, or a person, lists them."""
    channels = rig.world.channels
    for name in ("first", "second"):
        channels.add(a_channel(name))
    rig.fails("storage.objects.get", match="channels", delay_seconds=0.6)
    end = threading.Timer(0.2, channels.remove, [a_channel("first")])
    end.start()
    assert channels.all(SHARED_DRIVE) == [a_channel("second")]
    end.join()


def test_a_ledger_that_fails_for_a_while_delays_a_capture_and_no_more(
    rig: Rig, holding: Holding
) -> None:
    file = rig.upload(holding, "x.csv", b"x")
    rig.fails("storage.objects.get", match=LEDGER, status=503)
    rig.fails("storage.objects.insert", match=LEDGER, status=429)
    rig.capture(holding, file.file_id)
    assert rig.hits() == 2
    assert rig.contents(holding, file.file_id) == [b"x"]


# The books of an erasure under lost answers (T27).


def test_a_lost_answer_while_a_copy_moves_is_no_other_deliverys_move(rig: Rig) -> None:
    """T27: told as a conflict, every delivery would look for a rival that there is not."""
    tracks, first = rig.world.books.tracks, a_track(erasure=ErasureId("e-moves"))
    stamp = 0
    for track in (first, replace(first, state=CopyState.BLOCKED), replace(first, deleted=1)):
        rig.fails("storage.objects.insert", match=LEDGER, cut="after")
        written = tracks.write(track, stamp=stamp)
        assert rig.hits() == 1
        rig.calm_down()
        assert tracks.of(track.erasure) == [track]
        assert [one.state for one in tracks.glance() if one.erasure == "e-moves"] == [track.state]
        stamp = written.stamp


def test_a_lost_answer_while_a_page_is_put_or_finished_is_no_other_deliverys(rig: Rig) -> None:
    """T27: what was found is counted once, and the page is called finished all the same."""
    pages, track = rig.world.books.pages, a_track(erasure=ErasureId("e-pages"))
    page = Page(number=0, round=1, began_at=NOW, deleted=2)
    rig.fails("storage.objects.insert", match=LEDGER, cut="after")
    assert pages.put(track, page) == page
    assert pages.read(track, 0) == page
    rig.fails("storage.objects.insert", match=LEDGER, cut="after")
    pages.finish(track, 0)
    assert rig.hits() == 2
    assert pages.finished(track, 0)


def test_a_lost_answer_while_an_erasure_is_decided_is_no_other_decision(rig: Rig) -> None:
    erasures, asked = rig.world.books.erasures, ErasureId("e-decided")
    rig.fails("storage.objects.insert", match=LEDGER, cut="after")
    assert erasures.decide(asked, Decision.CANCEL) is Decision.CANCEL
    assert rig.hits() == 1
    assert erasures.decide(asked, Decision.PROCEED) is Decision.CANCEL


def test_a_glance_at_all_copies_reads_none_of_them(rig: Rig) -> None:
    """One listing, whatever the number of erasures: closed epochs stay on the list for ever."""
    tracks, track = rig.world.books.tracks, a_track(erasure=ErasureId("e-glance"))
    tracks.write(track, stamp=0)
    rig.fails("storage.objects.get", match=LEDGER, status=403, times=None)
    glances = [one for one in tracks.glance() if one.erasure == track.erasure]
    assert [one.due_at for one in glances] == [track.due_at]
    assert rig.hits() == 0
