"""Change logs that fail, and cursors that are lost or rejected (T4, T5)."""

from dataclasses import replace

import pytest

from custody.domain.drain_changes import LEASE
from custody.domain.drive import OWN_LOG, SHARED_DRIVE
from custody.domain.vault import Holding
from custody.errors import RetryableError, UnavailableError
from faults.rig import Rig

STRANGER = "stranger@datasmash.example"
CONTENT = b"id,amount\n1,20\n"


@pytest.fixture
def followed(rig: Rig, holding: Holding) -> Holding:
    """A holding whose change log was followed to its end, and nobody has the lease."""
    rig.clock.advance(LEASE.total_seconds())
    rig.drain(SHARED_DRIVE)
    rig.touched()
    rig.published("timers")
    return holding


def test_a_rejected_cursor_takes_a_new_start_and_rings_for_the_full_listing(
    rig: Rig, followed: Holding
) -> None:
    """T4: a new start token first, then the full list and the difference."""
    lost = rig.upload(followed, "lost.csv", b"lost")
    rig.fails("drive.changes.list", status=400, reason="invalid")
    rig.drain(SHARED_DRIVE)
    assert {"timer": "reconcile", "after": None} in rig.published("timers")
    rig.reconcile()
    assert lost.file_id in rig.touched()
    later = rig.upload(followed, "later.csv", b"later")
    rig.drain(SHARED_DRIVE)
    assert rig.touched() == {later.file_id: 1}


def test_a_cursor_that_drive_never_gave_is_replaced(rig: Rig, followed: Holding) -> None:
    seen = rig.world.cursors.read(SHARED_DRIVE)
    assert seen
    made_up = replace(seen.value, token="999999999")
    rig.world.cursors.move(SHARED_DRIVE, made_up, stamp=seen.stamp)
    rig.drain(SHARED_DRIVE)
    later = rig.upload(followed, "later.csv", b"later")
    rig.drain(SHARED_DRIVE)
    assert rig.touched() == {later.file_id: 1}


def test_a_cursor_is_not_replaced_before_the_full_listing_was_rung_for(
    rig: Rig, followed: Holding
) -> None:
    """T4: a crash between the two must not lose what the old cursor still had to show."""
    rig.upload(followed, "lost.csv", b"lost")
    before = rig.token(SHARED_DRIVE)
    rig.fails("drive.changes.list", status=400, reason="invalid")
    rig.fails("pubsub.publish", status=403, times=None)
    with pytest.raises(RetryableError):
        rig.drain(SHARED_DRIVE)
    assert rig.token(SHARED_DRIVE) == before


@pytest.mark.parametrize("status", [429, 503])
def test_a_cursor_survives_errors_of_the_server(rig: Rig, followed: Holding, status: int) -> None:
    """T4: tokens never expire, so an error is no reason for a new one."""
    before = rig.token(SHARED_DRIVE)
    rig.fails("drive.changes.list", status=status, times=None)
    with pytest.raises(RetryableError):
        rig.drain(SHARED_DRIVE)
    assert rig.token(SHARED_DRIVE) == before
    assert rig.published("timers") == []


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "notFound"), (403, "teamDriveMembershipRequired")]
)
def test_a_shared_drive_that_we_no_longer_see_is_tried_again_and_never_skipped(
    rig: Rig, followed: Holding, status: int, reason: str
) -> None:
    """T5: access lost must alert; acknowledging the push would skip the drive in silence."""
    before = rig.token(SHARED_DRIVE)
    rig.fails("drive.changes.list", status=status, reason=reason)
    with pytest.raises(RetryableError):
        rig.drain(SHARED_DRIVE)
    assert rig.token(SHARED_DRIVE) == before
    assert rig.published("timers") == []


def test_an_identity_outside_the_shared_drive_cannot_drain_it(rig: Rig, followed: Holding) -> None:
    """T5: what Drive itself answers to a stranger."""
    before = rig.token(SHARED_DRIVE)
    with pytest.raises(UnavailableError):
        rig.drain(SHARED_DRIVE, rig.world_with(CUSTODY_SUBJECT=STRANGER))
    assert rig.token(SHARED_DRIVE) == before


def test_a_failed_drain_is_made_good_by_its_redelivery(rig: Rig, followed: Holding) -> None:
    """The redelivery comes after 10 s: it must not stop before the lease of the run that failed."""
    file = rig.upload(followed, "deals.csv", CONTENT)
    rig.fails("drive.changes.list", status=404, reason="notFound")
    with pytest.raises(RetryableError):
        rig.drain(SHARED_DRIVE)
    rig.clock.advance(10)
    rig.drain(SHARED_DRIVE)
    assert rig.touched() == {file.file_id: 1}


def test_a_drain_that_could_not_publish_does_not_move_on(rig: Rig, followed: Holding) -> None:
    """T4: all pages durably, then the cursor."""
    file = rig.upload(followed, "deals.csv", CONTENT)
    before = rig.token(SHARED_DRIVE)
    rig.fails("pubsub.publish", status=403, times=None)
    with pytest.raises(RetryableError):
        rig.drain(SHARED_DRIVE)
    assert rig.token(SHARED_DRIVE) == before
    rig.calm_down()
    rig.clock.advance(LEASE.total_seconds())
    rig.drain(SHARED_DRIVE)
    assert rig.touched() == {file.file_id: 1}


def test_the_own_log_has_a_cursor_of_its_own(rig: Rig, followed: Holding) -> None:
    """T4: one cursor per corpus; an error of one is none of the other."""
    rig.drain(OWN_LOG)
    before = rig.token(OWN_LOG)
    rig.fails("drive.changes.list", match="driveId", status=404, reason="notFound")
    with pytest.raises(RetryableError):
        rig.drain(SHARED_DRIVE)
    rig.drain(OWN_LOG)
    assert rig.token(OWN_LOG) == before
