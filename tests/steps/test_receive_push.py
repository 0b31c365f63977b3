"""A push is a doorbell: passed on when genuine, and nothing else happens."""

from datetime import timedelta

import pytest

from custody.domain.channels import sign_token
from custody.domain.drive import OWN_LOG
from custody.domain.events import DriveTouched
from custody.steps.receive_push import Push
from pipeline.driver import SECRET, Pipeline


def token(pipeline: Pipeline, channel: str = "channel-one", hours: int = 1) -> str:
    expires_at = pipeline.world.now() + timedelta(hours=hours)
    return sign_token(SECRET, channel=channel, corpus=OWN_LOG, expires_at=expires_at)


@pytest.mark.parametrize("state", ["sync", "change", "", "something new"])
def test_a_genuine_push_rings_for_its_corpus(pipeline: Pipeline, state: str) -> None:
    """T1: `sync` may come before the answer to the watch; ringing once too often costs nothing."""
    push = Push(channel="channel-one", token=token(pipeline), state=state)
    assert pipeline.receive(push) == OWN_LOG
    assert pipeline.queue == [DriveTouched(corpus=OWN_LOG)]


def test_a_push_that_proves_nothing_rings_nothing(pipeline: Pipeline) -> None:
    for channel, shown in [
        ("channel-two", token(pipeline)),
        ("channel-one", token(pipeline, hours=-1)),
        ("channel-one", ""),
        ("", ""),
    ]:
        assert pipeline.receive(Push(channel=channel, token=shown, state="change")) is None
    assert pipeline.queue == []


def test_nothing_that_a_stranger_sends_is_logged_at_length(
    pipeline: Pipeline, logged: list[dict[str, object]]
) -> None:
    push = Push(channel="c" * 5000, token="t" * 5000, state="s" * 5000)
    assert pipeline.receive(push) is None
    assert len(str(logged)) < 300
