"""Pub/Sub when it does not take, repeats, delays or gives up messages (T18, T19, T30)."""

import base64
import json
from typing import Any

import pytest
import requests
import structlog

from custody.domain.events import FilesTouched, VersionStored
from custody.domain.topology import DELIVERY_ATTEMPTS
from custody.domain.vault import FileId, Holding, ObjectName
from custody.errors import RetryableError
from faults.rig import Rig
from faults.running import Running, wait_for
from localcloud.faults import Rule
from samples import a_life

EVENT = FilesTouched(life=a_life(), file_ids=(FileId("one"),))
CONTENT = b"id,amount\n1,20\n"


# Publishing, through the adapter.


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 429}, {"cut": "before"}, {"cut": "after"}]
)
def test_an_event_whose_publishing_fails_once_is_published(rig: Rig, fault: dict[str, Any]) -> None:
    """T18: perhaps twice, never not at all; both say the same under the same id."""
    rig.messages("files-touched")
    rig.fails("pubsub.publish", **fault)
    rig.world.publisher.publish([EVENT])
    assert rig.hits() == 1
    messages = rig.messages("files-touched")
    assert 1 <= len(messages) <= 2
    assert len({one["attributes"]["ce-id"] for one in messages}) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_no_answer_of_pubsub_is_a_reason_to_forget_an_event(rig: Rig, status: int) -> None:
    """A topic or a grant that is missing now may be there in ten minutes."""
    rig.fails("pubsub.publish", status=status, times=None)
    with pytest.raises(RetryableError):
        rig.world.publisher.publish([EVENT])


def test_many_events_go_out_in_calls_that_pubsub_takes(rig: Rig) -> None:
    rig.messages("versions-stored")
    events = [
        VersionStored(life=a_life(), file_id=FileId("f"), version=ObjectName(f"v{n}"))
        for n in range(1001)
    ]
    rig.world.publisher.publish(events)
    assert len(rig.messages("versions-stored")) == 1001


@pytest.mark.parametrize("fault", [{"status": 403}, {"cut": "after"}])
def test_a_capture_whose_announcement_is_lost_announces_again(
    rig: Rig, holding: Holding, fault: dict[str, Any]
) -> None:
    """Events before the index: a crash in between tells the others twice, never not at all."""
    file = rig.upload(holding, "x.csv", CONTENT)
    rig.messages("versions-stored")
    rig.fails("pubsub.publish", times=None, **fault)
    with pytest.raises(RetryableError):
        rig.capture(holding, file.file_id)
    assert rig.history(holding, file.file_id).versions == ()
    rig.calm_down()
    rig.messages("versions-stored")
    rig.capture(holding, file.file_id)
    (announced,) = rig.published("versions-stored")
    assert announced["version"] in rig.stored(holding.life)
    assert rig.contents(holding, file.file_id) == [CONTENT]


# Delivery, through the functions.


def test_a_capture_that_fails_is_made_good_by_redelivery(running: Running) -> None:
    """T19: 10 s, 20 s, 40 s; the fourth delivery finds Drive answering again."""
    holding = running.open()
    running.settle()
    running.fails("batch", status=503, times=None)
    file = running.upload(holding, "x.csv", CONTENT)
    for pause in (0, 10, 20):
        running.advance(pause)
        wait_for(lambda: running.waiting()["capture"]["delayed"] == 1)
    assert running.contents(holding, file.file_id) == []
    running.calm_down()
    running.advance(40)
    running.expect(holding, file.file_id, CONTENT)


@pytest.mark.parametrize("fault", [{"cut": "after"}, {"double": True}, {"cut": "before"}])
def test_a_delivery_whose_answer_is_lost_stores_no_second_version(
    running: Running, fault: dict[str, Any]
) -> None:
    """T18: at least once means that everything comes twice."""
    holding = running.open()
    running.settle()
    for topic in ("drive-pushes", "files-touched"):
        running.local.pubsub.faults.add(_push_fault(topic, fault))
    file = running.upload(holding, "x.csv", CONTENT)
    for _ in range(3):
        running.settle()
        running.advance(700)
    running.expect(holding, file.file_id, CONTENT)
    assert len(running.stored(holding.life)) == 1


def _push_fault(topic: str, fault: dict[str, Any]) -> Rule:
    return Rule(method="push", match=f"/{topic} ", **fault)


def test_a_message_that_always_fails_is_kept_as_a_dead_letter(running: Running) -> None:
    """T19: after 100 attempts; nothing is lost, for reconcile captures the file after all."""
    holding = running.open()
    running.settle()
    running.stop_timers()  # hours will pass
    running.local.pubsub.faults.add(_push_fault("files-touched", {"status": 503, "times": None}))
    file = running.upload(holding, "x.csv", CONTENT)
    wait_for(lambda: running.waiting()["capture"]["delayed"])
    for _ in range(DELIVERY_ATTEMPTS):
        running.advance(600)
        wait_for(lambda: not running.is_due("capture"))
    (letter,) = running.dead_letters("files-touched")
    assert json.loads(base64.b64decode(letter["data"]))["file_ids"] == [file.file_id]
    attempts = letter["attributes"]["CloudPubSubDeadLetterSourceDeliveryCount"]
    assert attempts == str(DELIVERY_ATTEMPTS)
    running.calm_down()
    running.publish("timers", {"attributes": {"timer": "reconcile"}})
    running.expect(holding, file.file_id, CONTENT)


# Messages that are none of ours (T30).


@pytest.fixture
def quarantined(running: Running) -> set[str]:
    """The entries that were there before."""
    return {entry.id for entry in running.world.quarantine.all()}


ILL = {
    "no data": {"attributes": {"a": "b"}},
    "no JSON": {"data": base64.b64encode(b"{").decode()},
    "not UTF-8": {"data": base64.b64encode(b"\xff\xfe").decode()},
    "a list": {"data": base64.b64encode(b"[]").decode()},
    "nothing in it": {"data": base64.b64encode(b"{}").decode()},
    "a number for a text": {
        "data": base64.b64encode(
            b'{"corpus": 1, "customer": 1, "source": 1, "epoch": "1", "file_ids": 1, "timer": 1}'
        ).decode()
    },
}


@pytest.mark.parametrize("message", ILL.values(), ids=ILL.keys())
@pytest.mark.parametrize(
    ("topic", "functions"),
    [
        ("drive-pushes", {"drain_changes"}),
        ("files-touched", {"capture"}),
        ("timers", {"renew_watches", "reconcile", "drill", "retention"}),
    ],
)
def test_a_message_that_is_not_ours_goes_to_quarantine_once(
    running: Running,
    quarantined: set[str],
    topic: str,
    functions: set[str],
    message: dict[str, Any],
) -> None:
    """T30: recorded and acknowledged; answered with an error it would come for ever."""
    number = running.publish(topic, message)
    wait_for(lambda: len(_new(running, quarantined)) == len(functions))
    found = _new(running, quarantined)
    assert {entry.reference for entry in found} == {f"{f} message {number}" for f in functions}
    assert all(entry.kind == "message" for entry in found)
    running.settle()
    assert not any(running.waiting()[name]["delayed"] for name in functions)


def _new(running: Running, before: set[str]) -> list[Any]:
    return [entry for entry in running.world.quarantine.all() if entry.id not in before]


@pytest.mark.parametrize("corpus", ["", "nonsense", "../registry", "Shared-Drive"])
def test_a_push_for_an_unknown_corpus_goes_to_quarantine_and_makes_no_cursor(
    running: Running, quarantined: set[str], corpus: str
) -> None:
    """There are two change logs; a made-up one must not get a cursor and a lease of its own."""
    data = base64.b64encode(json.dumps({"corpus": corpus}).encode()).decode()
    running.publish("drive-pushes", {"data": data})
    running.settle()
    assert len(_new(running, quarantined)) == 1
    assert running.world.cursors.read(corpus) is None  # type: ignore[arg-type] # made up


@pytest.mark.parametrize(
    "change",
    [{"epoch": 0}, {"epoch": 1.5}, {"customer": ""}, {"file_ids": []}, {"file_ids": [""]}],
)
def test_a_message_that_names_nothing_goes_to_quarantine(
    running: Running, quarantined: set[str], change: dict[str, Any]
) -> None:
    good = {"customer": "c-a", "source": "hubspot", "epoch": 1, "file_ids": ["x"]}
    data = base64.b64encode(json.dumps(good | change).encode()).decode()
    running.publish("files-touched", {"data": data})
    running.settle()
    assert len(_new(running, quarantined)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"message": {}}',
        b'{"message": {"messageId": "1", "data": "?"}}',
    ],
)
def test_a_request_that_is_no_push_is_recorded_and_acknowledged(
    running: Running, quarantined: set[str], body: bytes
) -> None:
    url = running.local.functions.url_of("capture")
    with structlog.testing.capture_logs() as logged:
        assert requests.post(url, data=body, timeout=10).status_code == 204
    assert [line["event"] for line in logged] == ["quarantined"]
    assert len(_new(running, quarantined)) == 1


def test_a_message_of_an_epoch_that_is_not_open_is_acknowledged_and_counted(
    running: Running, quarantined: set[str]
) -> None:
    """T25: late, replayed, or of a holding that never was."""
    holding = running.open()
    running.settle()
    file = running.upload(holding, "x.csv", CONTENT)
    running.expect(holding, file.file_id, CONTENT)
    life = {"customer": holding.life.customer, "source": holding.life.source, "epoch": 2}
    data = base64.b64encode(json.dumps(life | {"file_ids": [file.file_id]}).encode()).decode()
    with structlog.testing.capture_logs() as logged:
        running.publish("files-touched", {"data": data})
        running.settle()
    assert [line.get("reason") for line in logged] == ["stale epoch"]
    assert _new(running, quarantined) == []
