"""Renewal: every change log always has a channel, and the old one goes after the new one came."""

from datetime import timedelta

import pytest
import structlog

from custody.domain.channels import Channel
from custody.domain.drive import CORPORA, SHARED_DRIVE
from custody.domain.events import TimerRang
from custody.domain.vault import Holding
from custody.errors import RefusedError
from custody.steps.renew_watches import renew_watches
from pipeline.driver import ADDRESS, SECRET, Pipeline
from worlds.drive_ports import MemoryFeed


def renew(pipeline: Pipeline, *, address: str = ADDRESS, feed: MemoryFeed | None = None) -> None:
    world = pipeline.world
    renew_watches(
        feed=feed or world.feed,
        channels=world.channels,
        fresh_id=world.fresh_id(),
        secret=SECRET,
        address=address,
        now=world.now(),
    )


def names(pipeline: Pipeline) -> list[str]:
    return [channel.channel for channel in pipeline.world.channels.all(SHARED_DRIVE)]


def test_each_change_log_gets_a_channel_and_keeps_it(pipeline: Pipeline) -> None:
    renew(pipeline)
    first = {corpus: pipeline.world.channels.all(corpus) for corpus in CORPORA}
    assert [len(channels) for channels in first.values()] == [1, 1]
    renew(pipeline)
    assert {corpus: pipeline.world.channels.all(corpus) for corpus in CORPORA} == first


def test_a_new_channel_overlaps_the_old_one_by_a_run(pipeline: Pipeline) -> None:
    """T2: renewed at half its life, and stopped only when the new one stands."""
    renew(pipeline)
    (old,) = names(pipeline)
    pipeline.world.advance(timedelta(days=4))
    renew(pipeline)
    assert len(names(pipeline)) == 2
    renew(pipeline)
    (new,) = names(pipeline)
    assert new != old
    assert old not in pipeline.world.feed.bells
    assert new in pipeline.world.feed.bells


def test_a_new_address_gets_channels_of_its_own(pipeline: Pipeline) -> None:
    renew(pipeline)
    renew(pipeline, address="https://moved.example")
    renew(pipeline, address="https://moved.example")
    (channel,) = pipeline.world.channels.all(SHARED_DRIVE)
    assert channel.address == "https://moved.example"


def test_a_channel_that_cannot_be_stopped_does_not_keep_others_from_renewal(
    pipeline: Pipeline,
) -> None:
    """T3: only its maker can stop a channel; it ends by itself."""

    class Foreign(MemoryFeed):
        def stop(self, channel: Channel) -> None:
            raise RefusedError("made by another identity")

    renew(pipeline)
    pipeline.world.advance(timedelta(days=4))
    foreign = Foreign(pipeline.world.google)
    renew(pipeline, feed=foreign)
    renew(pipeline, feed=foreign)
    for corpus in CORPORA:
        fresh = [one for one in pipeline.world.channels.all(corpus) if one.channel in foreign.bells]
        assert len(fresh) == 1


def test_the_timer_renews(pipeline: Pipeline, acorn: Holding) -> None:
    pipeline.world.advance(timedelta(days=6))
    pipeline.handle(TimerRang(timer="renew_watches"))
    assert len(names(pipeline)) == 2


@pytest.mark.parametrize(("days", "alerts"), [(5.9, 0), (6.1, len(CORPORA))])
def test_a_channel_that_nobody_renewed_alerts_a_day_before_its_end(
    pipeline: Pipeline, logged: list[structlog.typing.EventDict], days: float, alerts: int
) -> None:
    """T2: a timer that does not ring is noticed, too, when it rings again."""
    renew(pipeline)
    pipeline.world.advance(timedelta(days=days))
    renew(pipeline)
    assert [line["event"] for line in logged].count("watch_expiring") == alerts
