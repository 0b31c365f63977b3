"""The wire form of events: out and in again, and nothing malformed gets through."""

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custody import events
from custody.domain.drive import CORPORA, OWN_LOG
from custody.domain.events import DriveTouched, Event, FilesTouched, TimerRang, VersionStored
from custody.domain.topology import TOPICS
from custody.domain.vault import CustomerId, FileId, HoldingEpoch, ObjectName, Source
from custody.errors import MalformedEventError
from samples import LIFE

Decode = Callable[[events.Delivery], Event]
DECODERS: dict[str, Decode] = {
    "drive-pushes": events.drive_touched,
    "files-touched": events.files_touched,
    "versions-stored": events.version_stored,
    "timers": events.timer_rang,
}
CANARY = "canary@acorn.example"

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
lives = st.builds(
    HoldingEpoch,
    customer=words.map(CustomerId),
    source=words.map(Source),
    epoch=st.integers(1, 10**6),
)
file_ids = words.map(FileId)
some_events = st.one_of(
    st.builds(DriveTouched, corpus=st.sampled_from(CORPORA)),
    st.builds(
        FilesTouched,
        life=lives,
        file_ids=st.lists(file_ids, min_size=1, max_size=50).map(tuple),
    ),
    st.builds(VersionStored, life=lives, file_id=file_ids, version=words.map(ObjectName)),
    st.builds(TimerRang, timer=words, after=st.none() | words),
)


def pushed(data: bytes, attributes: dict[str, str] | None = None) -> bytes:
    """The envelope in which Pub/Sub pushes a message."""
    message = {
        "messageId": "7",
        "message_id": "7",
        "publishTime": "2026-03-01T12:00:00Z",
        "data": base64.b64encode(data).decode(),
        "attributes": attributes or {},
    }
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def decoded(topic: str, data: bytes, attributes: dict[str, str] | None = None) -> Event:
    return DECODERS[topic](events.delivery(pushed(data, attributes)))


@given(some_events)
def test_every_event_comes_out_as_it_went_in(event: Event) -> None:
    message = events.to_message(event)
    assert decoded(message.topic, message.data, message.attributes) == event


@given(some_events)
def test_every_message_is_a_cloud_event_on_a_known_topic(event: Event) -> None:
    message = events.to_message(event)
    assert message.topic in TOPICS
    assert message.attributes["ce-specversion"] == "1.0"
    assert message.attributes["ce-type"] == f"app.datasmash.custody.{message.topic}.v1"
    assert message.attributes["ce-source"]


@given(some_events, some_events)
def test_the_id_follows_from_the_content(one: Event, two: Event) -> None:
    """The same doorbell rung twice has one id; another has another."""
    ids = [events.to_message(event).attributes["ce-id"] for event in (one, two)]
    assert (ids[0] == ids[1]) == (one == two)


def test_a_timer_shows_itself_in_an_attribute() -> None:
    """Subscriptions on `timers` and schedulers go by the attribute."""
    assert events.to_message(TimerRang(timer="reconcile")).attributes["timer"] == "reconcile"


def test_a_timer_without_data_is_known_by_its_attribute() -> None:
    assert decoded("timers", b"", {"timer": "reconcile"}) == TimerRang(timer="reconcile")


def test_a_timer_without_data_or_attribute_is_malformed() -> None:
    with pytest.raises(MalformedEventError):
        decoded("timers", b"")


def test_fields_that_we_do_not_know_are_ignored() -> None:
    data = json.dumps({"corpus": "own-log", "colour": "red"}).encode()
    assert decoded("drive-pushes", data) == DriveTouched(corpus=OWN_LOG)


def test_the_envelope_gives_what_the_error_policy_needs() -> None:
    pushed_message = events.delivery(pushed(b"{}", {"timer": "x"}))
    assert pushed_message.message_id == "7"
    assert pushed_message.subscription == "projects/p/subscriptions/s"
    assert pushed_message.attributes == {"timer": "x"}


def test_a_message_without_data_is_ours_to_judge() -> None:
    """T30: an envelope without `data` decodes, so that it is not redelivered for ever."""
    body = json.dumps({"message": {"messageId": "1"}, "subscription": "s"}).encode()
    assert events.delivery(body).data == b""


GOOD: dict[str, dict[str, Any]] = {
    "drive-pushes": {"corpus": "own-log"},
    "files-touched": {"customer": "c", "source": "s", "epoch": 1, "file_ids": ["f"]},
    "versions-stored": {
        "customer": "c",
        "source": "s",
        "epoch": 1,
        "file_id": "f",
        "version": "v",
    },
    "timers": {"timer": "reconcile"},
}


@pytest.mark.parametrize(
    ("topic", "field"), [(topic, field) for topic, good in GOOD.items() for field in good]
)
@pytest.mark.parametrize("wrong", [None, 7.5, [], {}, {CANARY: CANARY}, -1, [1], [[CANARY]], ""])
def test_an_ill_typed_or_empty_field_is_malformed(topic: str, field: str, wrong: object) -> None:
    bad = json.dumps(GOOD[topic] | {field: wrong}).encode()
    with pytest.raises(MalformedEventError) as caught:
        decoded(topic, bad)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("topic", "field"), [(topic, field) for topic, good in GOOD.items() for field in good]
)
def test_a_missing_field_is_malformed(topic: str, field: str) -> None:
    short = {name: value for name, value in GOOD[topic].items() if name != field}
    with pytest.raises(MalformedEventError):
        decoded(topic, json.dumps(short).encode())


def test_a_corpus_that_nobody_follows_is_malformed() -> None:
    """It would open a cursor of its own, on somebody's word."""
    with pytest.raises(MalformedEventError):
        decoded("drive-pushes", b'{"corpus": "another"}')


def test_too_many_files_are_malformed() -> None:
    many = GOOD["files-touched"] | {"file_ids": ["f"] * (events.MAX_FILES + 1)}
    with pytest.raises(MalformedEventError):
        decoded("files-touched", json.dumps(many).encode())


@given(st.sampled_from(sorted(DECODERS)), st.binary())
@example("drive-pushes", b"\xff")
@example("drive-pushes", b"[" * 100_000)
@example("drive-pushes", b'{"a":' * 100_000)
@example("files-touched", b'{"epoch": ' + b"9" * 5000 + b"}")
@example("versions-stored", b'{"customer": "\\ud800"}')
def test_no_bytes_do_more_than_being_malformed(topic: str, data: bytes) -> None:
    with pytest.raises(MalformedEventError):
        decoded(topic, data)


@given(st.binary())
@example(b"")
@example(b"[" * 100_000)
@example(b'{"message": {"messageId": "1", "data": "!"}}')
@example('{"message": {"messageId": "1", "data": "\u00fc"}}'.encode())
@example(b'{"message": {"messageId": "1", "attributes": null}}')
@example(b'{"message": {"messageId": 1}}')
@example(b'{"message": null}')
def test_no_body_but_an_envelope_is_taken_for_one(body: bytes) -> None:
    with pytest.raises(MalformedEventError):
        events.delivery(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just(CANARY), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_an_error_never_repeats_what_the_message_said(topic: str, data: st.DataObject) -> None:
    """What arrives malformed may be personal: reasons go to logs and quarantine."""
    field = data.draw(st.sampled_from(sorted(GOOD[topic])))
    bad = json.dumps(GOOD[topic] | {field: data.draw(json_values)}).encode()
    assert CANARY not in why_refused(partial(decoded, topic, bad))


@given(st.data())
def test_an_error_never_repeats_what_the_envelope_said(data: st.DataObject) -> None:
    message = {"messageId": data.draw(json_values), "attributes": data.draw(json_values)}
    for envelope in (
        {"message": data.draw(json_values), "subscription": data.draw(json_values)},
        {"message": message},
    ):
        assert CANARY not in why_refused(partial(events.delivery, json.dumps(envelope).encode()))


def why_refused(decode: Callable[[], object]) -> str:
    """What the error says; nothing when there is none."""
    try:
        decode()
    except MalformedEventError as error:
        return str(error)
    return ""


def test_an_event_of_no_epoch_is_malformed() -> None:
    none_such = events.to_message(FilesTouched(life=LIFE, file_ids=(FileId("f"),)))
    with pytest.raises(MalformedEventError):
        decoded(none_such.topic, none_such.data.replace(b'"epoch":1', b'"epoch":0'))
