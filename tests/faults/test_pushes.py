"""Drive's pushes: forged, lost, doubled, disordered, late; and the channels that they come by."""

from datetime import timedelta

import pytest
import structlog

from custody.domain.channels import CHANGES_LIFE, sign_token
from custody.domain.drive import CORPORA, SHARED_DRIVE
from custody.domain.topology import SWEEP_SECONDS, TIMERS
from custody.domain.vault import Holding
from faults.running import Running, wait_for

CONTENT = b"id,amount\n1,20\n"


@pytest.fixture
def holding(running: Running) -> Holding:
    opened = running.open()
    running.settle()
    return opened


def refused(running: Running, **headers: str) -> bool:
    """Whether a push is answered with 403, counted, and passed on to nobody."""
    with structlog.testing.capture_logs() as logged:
        status = running.push(**headers)
        running.settle()
    return status == 403 and [line["event"] for line in logged] == ["push_refused"]


# Who rings.


@pytest.mark.parametrize(
    "token",
    [
        "",
        "shared-drive",
        "shared-drive.99999999999.",
        "shared-drive.99999999999." + "0" * 64,
        "shared-drive.²." + "0" * 64,
        "shared-drive.-1." + "0" * 64,
        ".." + "0" * 64,
        "shared-drive." + "9" * 5000 + "." + "0" * 64,
    ],
    ids=["none", "corpus", "no-mac", "wrong-mac", "power-of-two", "negative", "dots", "huge"],
)
def test_a_forged_push_is_refused_and_rings_nothing(running: Running, token: str) -> None:
    """T1: whoever knows the address may call it."""
    assert refused(
        running,
        Channel_ID="mine",
        Channel_Token=token.encode().decode("latin-1"),
        Resource_State="change",
    )


def test_a_push_without_headers_is_refused(running: Running) -> None:
    assert refused(running)


def test_a_token_of_another_channel_is_refused(running: Running) -> None:
    genuine = running.genuine(SHARED_DRIVE, "one")
    assert refused(running, **genuine | {"Channel_ID": "another"})


def test_a_token_for_another_change_log_is_refused(running: Running) -> None:
    genuine = running.genuine(SHARED_DRIVE, "one")
    swapped = genuine["Channel_Token"].replace("shared-drive", "own-log")
    assert refused(running, **genuine | {"Channel_Token": swapped})


def test_an_expired_token_is_refused(running: Running) -> None:
    genuine = running.genuine(SHARED_DRIVE, "one", life_seconds=60)
    assert running.push(**genuine) == 204
    running.advance(61)
    running.settle()
    assert refused(running, **genuine)


def test_a_token_under_another_secret_is_refused(running: Running) -> None:
    until = running.world.now() + timedelta(hours=1)
    token = sign_token(b"another", channel="one", corpus=SHARED_DRIVE, expires_at=until)
    assert refused(running, Channel_ID="one", Channel_Token=token)


# What ringing does.


def test_a_replayed_push_makes_no_second_version(running: Running, holding: Holding) -> None:
    """T18: genuine, and not new."""
    file = running.upload(holding, "x.csv", CONTENT)
    running.expect(holding, file.file_id, CONTENT)
    (channel, *_) = running.world.channels.all(SHARED_DRIVE)
    genuine = running.genuine(SHARED_DRIVE, channel.channel)
    assert {running.push(**genuine) for _ in range(5)} == {204}
    running.settle()
    running.expect(holding, file.file_id, CONTENT)
    assert len(running.stored(holding.life)) == 1


def test_a_push_of_a_channel_that_is_no_longer_ours_is_absorbed(
    running: Running, holding: Holding
) -> None:
    """T2: a channel that was stopped may ring once more."""
    assert running.push(**running.genuine(SHARED_DRIVE, "stopped-long-ago")) == 204
    running.settle()
    file = running.upload(holding, "x.csv", CONTENT)
    running.expect(holding, file.file_id, CONTENT)
    assert len(running.stored(holding.life)) == 1


def test_a_lost_push_is_found_by_the_sweep(running: Running, holding: Holding) -> None:
    """T1: nobody can see that a push was lost; the timer rings in any case."""
    running.advance(SWEEP_SECONDS)
    running.settle()
    running.fails("push", drop=True, times=None)
    file = running.upload(holding, "x.csv", CONTENT)
    running.advance(SWEEP_SECONDS - 60)
    running.settle()
    assert running.contents(holding, file.file_id) == []
    running.advance(60)
    running.expect(holding, file.file_id, CONTENT)


@pytest.mark.parametrize(
    "fault", [{"double": True}, {"reorder": True}, {"delay_seconds": 0.3}, {"status": 503}]
)
def test_pushes_that_come_twice_late_or_in_disorder_make_the_same_vault(
    running: Running, holding: Holding, fault: dict[str, bool | float]
) -> None:
    """T1, T18: what a push says does not matter, nor how often or when it comes."""
    running.fails("push", times=3, **fault)
    contents = [b"%d" % n * 10 for n in range(4)]
    for content in contents:
        file = running.upload(holding, "x.csv", content)
    other = running.upload(holding, "other.csv", CONTENT)
    running.expect(holding, file.file_id, *contents)
    running.expect(holding, other.file_id, CONTENT)
    assert len(running.stored(holding.life)) == 5


def test_a_push_is_passed_on_only_when_pubsub_has_it(running: Running, holding: Holding) -> None:
    """Drive tries again on 503 alone: an answer of 204 would lose the bell."""
    running.fails("pubsub.publish", status=403)
    genuine = running.genuine(SHARED_DRIVE, "one")
    assert running.push(**genuine) in (500, 503)
    assert running.push(**genuine) == 204


# Channels.


def wait_for_channels(running: Running, count: int) -> None:
    """Until every change log has so many."""
    wait_for(lambda: all(len(running.world.channels.all(one)) == count for one in CORPORA))


def test_a_channel_is_renewed_at_half_its_life_and_overlaps(
    running: Running, holding: Holding
) -> None:
    """T2: no renewal by itself; the old one is stopped an hour after the new one began."""
    before = {one: running.world.channels.all(one) for one in CORPORA}
    assert all(len(channels) == 1 for channels in before.values())
    running.advance((CHANGES_LIFE / 2).total_seconds() + 60)
    wait_for_channels(running, 2)
    running.settle()
    file = running.upload(holding, "x.csv", CONTENT)
    running.expect(holding, file.file_id, CONTENT)
    running.advance(TIMERS["renew_watches"])
    wait_for_channels(running, 1)
    for corpus in CORPORA:
        assert running.world.channels.all(corpus)[0] not in before[corpus]
    running.settle()
    with structlog.testing.capture_logs() as logged:
        file = running.upload(holding, "x.csv", CONTENT * 2)
        running.expect(holding, file.file_id, CONTENT, CONTENT * 2)
    assert [line["event"] for line in logged].count("push_received") == 1


def test_channels_outlive_many_renewals(running: Running, holding: Holding) -> None:
    """T2: weeks later a push still brings a file in at once."""
    for _ in range(3):
        running.advance(CHANGES_LIFE.total_seconds() * 0.6)
        running.settle()
        running.advance(TIMERS["renew_watches"])
        running.settle()
    with structlog.testing.capture_logs() as logged:
        file = running.upload(holding, "x.csv", CONTENT)
        running.expect(holding, file.file_id, CONTENT)
    assert "push_received" in [line["event"] for line in logged]


def test_a_renewal_whose_answer_is_lost_leaves_a_live_channel(running: Running) -> None:
    """T2, T3: a channel that we do not know of rings on, and does no harm."""
    running.fails("drive.changes.watch", cut="after")
    running.advance((CHANGES_LIFE / 2).total_seconds() + 60)
    running.settle()
    running.advance(TIMERS["renew_watches"])
    running.settle()
    running.advance(TIMERS["renew_watches"])
    running.settle()
    for corpus in CORPORA:
        (channel,) = running.world.channels.all(corpus)
        assert channel.half_life() > running.world.now()
