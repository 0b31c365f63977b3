"""Faults on request, as Google's clients feel them."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from google.api_core.exceptions import (
    DeadlineExceeded,
    InternalServerError,
    PermissionDenied,
    ServiceUnavailable,
)
from google.pubsub_v1.types import StreamingPullRequest, StreamingPullResponse

from worlds.pubsub import TOPIC
from worlds.pubsub_local import Local, local_world


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with local_world(tmp_path) as local:
        local.topic()
        yield local


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, PermissionDenied), (500, InternalServerError), (503, ServiceUnavailable)],
)
def test_a_call_fails_with_the_status_that_was_asked_for(
    local: Local, status: int, error: type[Exception]
) -> None:
    name = local.subscribe()
    local.fault("pubsub.publish", status=status, message="asked for")
    with pytest.raises(error, match="asked for"):
        local.publish_all([{"data": b"x"}], retry=None)
    assert local.is_empty(name)
    local.publish()
    assert local.counts(name)["ready"] == 1


def test_the_client_library_tries_again_what_was_unavailable(local: Local) -> None:
    local.fault("pubsub.publish", status=503, times=2)
    future = local.publisher.publish(TOPIC, b"x")
    assert future.result(timeout=10)


def test_a_lost_answer_to_a_publish_makes_two_messages_of_one(local: Local) -> None:
    """T18: publisher duplicates stay distinct messages."""
    name = local.subscribe()
    local.fault("pubsub.publish", cut="after")
    local.publisher.publish(TOPIC, b"x").result(timeout=10)
    received = local.pull(name)
    assert [one.message.data for one in received] == [b"x", b"x"]
    assert len({one.message.message_id for one in received}) == 2


def test_a_connection_cut_before_the_work_leaves_nothing_done(local: Local) -> None:
    name = local.subscribe()
    local.fault("pubsub.publish", cut="before", match="things")
    with pytest.raises(ServiceUnavailable):
        local.publish_all([{"data": b"x"}], retry=None)
    assert local.is_empty(name)


def test_a_lost_answer_to_an_acknowledgement_is_an_acknowledgement(local: Local) -> None:
    name = local.subscribe()
    local.publish()
    received = local.pull(name)
    local.fault("pubsub.acknowledge", cut="after")
    with pytest.raises(ServiceUnavailable):
        local.subscriber.acknowledge(subscription=name, ack_ids=[received[0].ack_id], retry=None)
    assert local.is_empty(name)
    local.ack(name, *received)


def test_a_delay_is_felt_by_the_caller(local: Local) -> None:
    local.fault("pubsub.getTopic", delay_seconds=0.5)
    with pytest.raises(DeadlineExceeded):
        local.publisher.get_topic(topic=TOPIC, timeout=0.2, retry=None)
    assert local.publisher.get_topic(topic=TOPIC).name == TOPIC
    (rule,) = local.server.faults.list()
    assert rule["hits"] == 1, "the next call is served at once"


def test_a_stream_can_fail_to_open(local: Local) -> None:
    first = StreamingPullRequest(subscription=local.subscribe(), stream_ack_deadline_seconds=10)
    local.fault("pubsub.streamingPull", status=503)
    with pytest.raises(ServiceUnavailable):
        next(iter(local.subscriber.streaming_pull(requests=iter([first]), retry=None)))
    opened = next(iter(local.subscriber.streaming_pull(requests=iter([first]))))
    assert isinstance(opened, StreamingPullResponse)


def test_faults_are_set_and_counted_over_http_and_hold_for_rest_too(local: Local) -> None:
    rule = {"method": "pubsub.publish", "status": 429, "times": None}
    with urlopen(Request(f"{local.server.url}/_faults", json.dumps(rule).encode())):
        pass
    publish = Request(
        f"{local.server.url}/v1/{TOPIC}:publish",
        json.dumps({"messages": [{"data": "eA=="}]}).encode(),
    )
    with pytest.raises(OSError, match="429") as refused, urlopen(publish):
        pass
    refused.value.close()  # type: ignore[attr-defined]
    with urlopen(f"{local.server.url}/_faults") as answer:
        (armed,) = json.load(answer)
    assert armed["hits"] == 1
