"""The wire form of events: out and in again, and nothing malformed gets through."""

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custody import events
from custody.domain.drive import CORPORA, OWN_LOG
from custody.domain.erasure import Copy, ErasureId, PlanId, Reason, Scope
from custody.domain.events import (
    DeletionRequested,
    DriveTouched,
    ErasureStep,
    Event,
    FilesTouched,
    TimerRang,
    VersionStored,
)
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
    "deletion-requests": events.deletion_requested,
    **{f"erasure-tasks-{one.value}": events.erasure_step for one in Copy},
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
    st.builds(
        ErasureStep,
        erasure=words.map(ErasureId),
        source=words.map(Source),
        epoch=st.integers(0, 10**6),
        copy=st.sampled_from(Copy),
        page=st.none() | st.integers(0, 10**8),
    ),
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
    "erasure-tasks-vault": {
        "erasure": "e",
        "source": "s",
        "epoch": 1,
        "copy": "vault",
        "page": 0,
    },
}


FIELDS = [(topic, field) for topic, good in GOOD.items() for field in good]
ILL_TYPED = [None, 7.5, [], {}, {CANARY: CANARY}, -1, [1], [[CANARY]], ""]


@pytest.mark.parametrize(
    ("topic", "field", "wrong"),
    [
        (topic, field, wrong)
        for topic, field in FIELDS
        for wrong in ILL_TYPED
        if (field, wrong) != ("page", None)  # wherever the sweep stands
    ],
)
def test_an_ill_typed_or_empty_field_is_malformed(topic: str, field: str, wrong: object) -> None:
    bad = json.dumps(GOOD[topic] | {field: wrong}).encode()
    with pytest.raises(MalformedEventError) as caught:
        decoded(topic, bad)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(("topic", "field"), FIELDS)
def test_a_missing_field_is_malformed_and_named(topic: str, field: str) -> None:
    short = {name: value for name, value in GOOD[topic].items() if name != field}
    with pytest.raises(MalformedEventError, match=f"`{field}` is missing at"):
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


# The steps of an erasure.


@pytest.mark.parametrize("one", Copy)
def test_a_step_of_an_erasure_goes_to_the_topic_of_its_copy(one: Copy) -> None:
    step = ErasureStep(erasure=ErasureId("e-one"), source=LIFE.source, epoch=1, copy=one, page=7)
    message = events.to_message(step)
    assert message.topic == f"erasure-tasks-{one.value}"
    assert json.loads(message.data) == {
        "erasure": "e-one",
        "source": "hubspot",
        "epoch": 1,
        "copy": one.value,
        "page": 7,
    }


def test_a_step_of_the_customers_entry_has_no_epoch_but_0() -> None:
    entry = GOOD["erasure-tasks-vault"] | {"source": "customer", "epoch": 0, "copy": "ledger"}
    step = decoded("erasure-tasks-ledger", json.dumps(entry).encode())
    assert step == ErasureStep(
        erasure=ErasureId("e"), source=Source("customer"), epoch=0, copy=Copy.LEDGER, page=0
    )


def test_a_step_of_a_copy_that_nobody_erases_is_malformed() -> None:
    bad = GOOD["erasure-tasks-vault"] | {"copy": CANARY}
    with pytest.raises(MalformedEventError, match=r"`\$\.copy`") as caught:
        decoded("erasure-tasks-vault", json.dumps(bad).encode())
    assert CANARY not in str(caught.value)


# Deletion requests: public, and taken whole or not at all.

EXTENSION = "custody.datasmash.app"
REQUEST_ID = "7c0f1d2e-4b5a-4c6d-8e9f-0a1b2c3d4e5f"
EXAMPLE = """
{"regulation": "gdpr", "subject_request_id": "<uuid4>", "subject_request_type": "erasure", "submitted_time": "2026-11-23T12:00:00Z", "api_version": "2.0",
 "subject_identities": [{"identity_type": "controller_customer_id", "identity_value": "c-…", "identity_format": "raw"}],
 "extensions": {"custody.datasmash.app": {"scope": "sources", "sources": ["hubspot", "stripe"], "reason": "request", "plan": null}}}
"""  # noqa: E501 # as it was agreed on
PUBLIC: dict[str, Any] = json.loads(
    EXAMPLE.replace("<uuid4>", REQUEST_ID).replace("c-…", LIFE.customer)
)
ASKED = DeletionRequested(
    request_id=REQUEST_ID,
    customer=LIFE.customer,
    scope=Scope.SOURCES,
    sources=(Source("hubspot"), Source("stripe")),
    reason=Reason.REQUEST,
    submitted_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
)

Place = tuple[str | int, ...]
IDENTITY: Place = ("subject_identities", 0)
OURS: Place = ("extensions", EXTENSION)
PLAN_ID = "p-" + "0" * 20


def requested(message: dict[str, Any]) -> Event:
    return decoded("deletion-requests", json.dumps(message).encode())


def altered(place: Place, value: object) -> dict[str, Any]:
    """The example with another value in one place."""
    message = copy.deepcopy(PUBLIC)
    around(message, place)[place[-1]] = value
    return message


def shortened(place: Place) -> dict[str, Any]:
    """The example without the field in one place."""
    message = copy.deepcopy(PUBLIC)
    del around(message, place)[place[-1]]
    return message


def around(message: Any, place: Place) -> Any:
    """What a place is in."""
    for step in place[:-1]:
        message = message[step]
    return message


def ours(**fields: object) -> dict[str, Any]:
    """The example with another extension of ours."""
    return altered(OURS, PUBLIC["extensions"][EXTENSION] | fields)


def test_the_request_that_was_agreed_on_is_taken_as_it_is_written() -> None:
    assert requested(PUBLIC) == ASKED


def test_what_we_publish_is_what_was_agreed_on() -> None:
    message = events.to_message(ASKED)
    published = json.loads(message.data)
    assert published["extensions"][EXTENSION].pop("requested_by") is None
    assert published == PUBLIC
    assert (message.topic, message.attributes) == ("deletion-requests", {})


some_requests = st.one_of(
    st.builds(
        replace,
        st.just(ASKED),
        sources=st.sets(words.map(Source), min_size=1).map(sorted).map(tuple),
    ),
    st.builds(
        replace,
        st.just(ASKED),
        scope=st.just(Scope.ALL),
        sources=st.just(()),
        reason=st.sampled_from(Reason),
    ),
)


@given(
    some_requests,
    st.uuids().map(str),
    st.from_regex(r"c-[a-z0-9]{1,62}", fullmatch=True).map(CustomerId),
    st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 # a bound
    st.none() | st.from_regex(r"p-[0-9a-f]{20}", fullmatch=True).map(PlanId),
    st.none() | st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
)
def test_every_request_comes_out_as_it_went_in(
    asked: DeletionRequested,
    request_id: str,
    customer: CustomerId,
    submitted_at: datetime,
    plan: PlanId | None,
    requested_by: str | None,
) -> None:
    asked = replace(
        asked,
        request_id=request_id,
        customer=customer,
        submitted_at=submitted_at,
        plan=plan,
        requested_by=requested_by,
    )
    message = events.to_message(asked)
    assert decoded(message.topic, message.data, message.attributes) == asked


@pytest.mark.parametrize("spelled", [REQUEST_ID.upper(), REQUEST_ID.replace("-", "")])
def test_the_same_id_in_another_spelling_is_the_same_request(spelled: str) -> None:
    assert requested(altered(("subject_request_id",), spelled)) == ASKED


def test_a_time_in_another_zone_is_the_same_time() -> None:
    assert requested(altered(("submitted_time",), "2026-11-23T14:00:00+02:00")) == ASKED


def test_a_source_that_is_named_twice_is_asked_for_once() -> None:
    assert requested(ours(sources=["stripe", "hubspot", "stripe"])) == ASKED


WRONG: dict[Place, list[object]] = {
    ("regulation",): [None, 7, "", [CANARY], {CANARY: CANARY}],
    ("subject_request_id",): [None, 7, "", CANARY, [CANARY], REQUEST_ID + "0"],
    ("subject_request_type",): [None, 7, "", CANARY, "access", "portability"],
    ("submitted_time",): [None, 7, "", CANARY, "2026-11-23", "2026-11-23T12:00:00"],
    ("api_version",): [None, 2.0, "", CANARY, "1.0"],
    ("subject_identities",): [None, {}, [], CANARY, PUBLIC["subject_identities"] * 2],
    IDENTITY: [None, 7, [], CANARY],
    (*IDENTITY, "identity_type"): [None, 7, "", CANARY, "email"],
    (*IDENTITY, "identity_value"): [
        None,
        7,
        "",
        CANARY,
        "c-",
        "c-CANARY",
        f"c-abc {CANARY}",
        "c-abc\n",
        "c-" + "a" * 63,
        [CANARY],
    ],
    (*IDENTITY, "identity_format"): [None, 7, "", CANARY, "sha256"],
    ("extensions",): [None, 7, [], CANARY],
    (*OURS, "scope"): [None, 7, "", CANARY, "everything", [CANARY]],
    (*OURS, "sources"): [None, 7, CANARY, {CANARY: CANARY}, [""], [7], [[CANARY]], ["s"] * 1001],
    (*OURS, "reason"): [None, 7, "", CANARY, "because", {CANARY: CANARY}],
    (*OURS, "plan"): [7, "", CANARY, [CANARY], "p-one", PLAN_ID + "\n"],
    (*OURS, "requested_by"): [7, "", CANARY, "Canary Person", "o-" + "a" * 63, [CANARY]],
}


@pytest.mark.parametrize(
    ("place", "wrong"), [(place, wrong) for place, values in WRONG.items() for wrong in values]
)
def test_an_ill_typed_field_of_a_request_is_malformed_and_named_with_the_remedy(
    place: Place, wrong: object
) -> None:
    """Its value is nowhere repeated: it may be the name of a person."""
    named = next(str(step) for step in reversed(place) if isinstance(step, str))
    why = why_refused(partial(requested, altered(place, wrong)))
    assert named in why
    assert "publish it anew" in why
    assert "canary" not in why.lower()


@pytest.mark.parametrize("wrong", [None, 7, "", [], CANARY])
def test_an_extension_that_is_none_is_malformed(wrong: object) -> None:
    why = why_refused(partial(requested, altered(OURS, wrong)))
    assert "deletion-requests' extension" in why
    assert CANARY not in why


REQUIRED = [
    place
    for place in WRONG
    if place != IDENTITY and place[-1] not in ("api_version", "sources", "plan", "requested_by")
]


@pytest.mark.parametrize("place", REQUIRED)
def test_a_missing_field_of_a_request_is_malformed_and_named(place: Place) -> None:
    with pytest.raises(MalformedEventError, match=f"`{place[-1]}` is missing at.*publish it anew"):
        requested(shortened(place))


def test_a_request_without_our_extension_is_malformed() -> None:
    """What another controller's extension says is no word to us."""
    theirs = altered(("extensions",), {"example.com": {"scope": CANARY}})
    with pytest.raises(MalformedEventError, match=EXTENSION) as caught:
        requested(theirs)
    assert CANARY not in str(caught.value)


def test_a_request_for_two_customers_is_malformed() -> None:
    """One of them might be erased, and the other one not."""
    other = PUBLIC["subject_identities"][0] | {"identity_value": "c-other"}
    both = altered(("subject_identities",), [*PUBLIC["subject_identities"], other])
    with pytest.raises(MalformedEventError, match="subject_identities"):
        requested(both)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"sources": []}, "names at least one source"),
        ({"scope": "all", "sources": [CANARY]}, "names no sources"),
        ({"scope": "all", "sources": [CANARY], "reason": "termination"}, "names no sources"),
        ({"reason": "termination"}, "a termination is of scope 'all'"),
    ],
)
def test_fields_that_do_not_go_together_are_malformed(fields: dict[str, Any], why: str) -> None:
    """Nobody guesses what was meant: the narrow reading leaves data, the wide one takes it."""
    with pytest.raises(MalformedEventError, match=f"{why}.*publish it anew") as caught:
        requested(ours(**fields))
    assert CANARY not in str(caught.value)


def test_a_scope_of_sources_that_names_none_at_all_is_malformed() -> None:
    with pytest.raises(MalformedEventError, match="names at least one source"):
        requested(shortened((*OURS, "sources")))


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("extension", [{"sources": []}, {}])
def test_everything_is_asked_for_without_naming_a_source(
    reason: Reason, extension: dict[str, Any]
) -> None:
    message = altered(OURS, {"scope": "all", "reason": reason.value, **extension})
    assert requested(message) == replace(ASKED, scope=Scope.ALL, sources=(), reason=reason)


def test_a_request_may_name_the_plan_and_the_person() -> None:
    asked = requested(ours(plan=PLAN_ID, requested_by="person-one"))
    assert asked == replace(ASKED, plan=PlanId(PLAN_ID), requested_by="person-one")


def test_fields_of_a_request_that_we_do_not_know_are_ignored() -> None:
    message = ours(colour=CANARY) | {"status_callback_urls": [CANARY]}
    message["subject_identities"][0]["colour"] = CANARY
    message["extensions"]["example.com"] = [CANARY]
    assert requested(message) == ASKED


@given(st.sampled_from(sorted(WRONG, key=str)), json_values)
def test_an_error_never_repeats_what_a_request_said(place: Place, value: object) -> None:
    assert CANARY not in why_refused(partial(requested, altered(place, value)))
