"""The one policy for errors: acknowledge what is hopeless, let all else escape."""

import base64
import json
from collections.abc import Callable

import flask
import pytest
import structlog

from custody import events
from custody.domain.events import DeletionRequested, TimerRang
from custody.entry import on_message
from custody.errors import (
    ConflictError,
    CorruptError,
    CustodyError,
    MalformedEventError,
    MissingKeysetError,
    NotFoundError,
    PermanentError,
    RefusedError,
    RetryableError,
    UnavailableError,
)
from worlds.memory import MemoryWorld

CANARY = "canary@acorn.example"
Act = Callable[[TimerRang, MemoryWorld], None]


def envelope(data: bytes) -> bytes:
    message = {"messageId": "7", "data": base64.b64encode(data).decode()}
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def answer(world: MemoryWorld, act: Act, body: bytes) -> tuple[str, int]:
    """What a function that does `act` answers to a push with this body."""
    function = on_message(events.timer_rang, lambda: world)(act)
    with flask.Flask(__name__).test_request_context(method="POST", data=body):
        return function(flask.request)


def raising(error: BaseException) -> Act:
    def act(event: TimerRang, world: MemoryWorld) -> None:
        raise error

    return act


GOOD = envelope(b'{"timer": "reconcile"}')


def test_an_event_is_decoded_acted_on_and_acknowledged() -> None:
    world, seen = MemoryWorld(), []
    assert answer(world, lambda event, _: seen.append(event), GOOD) == ("", 204)
    assert seen == [TimerRang(timer="reconcile")]
    assert not list(world.quarantine.all())


@pytest.mark.parametrize(
    "kind", [PermanentError, NotFoundError, RefusedError, CorruptError, MalformedEventError]
)
def test_a_permanent_error_is_recorded_and_acknowledged(kind: type[PermanentError]) -> None:
    world = MemoryWorld()
    assert answer(world, raising(kind("cause and remedy")), GOOD) == ("", 204)
    (entry,) = world.quarantine.all()
    assert entry.kind == "message"
    assert entry.reason == "cause and remedy"
    assert entry.reference == "s message 7"
    assert entry.seen_at == world.now()


@pytest.mark.parametrize(
    "kind", [RetryableError, UnavailableError, ConflictError, MissingKeysetError]
)
def test_a_retryable_error_fails_the_request_so_that_pubsub_delivers_again(
    kind: type[RetryableError],
) -> None:
    world = MemoryWorld()
    assert answer(world, raising(kind("later")), GOOD) == ("", 503)
    assert not list(world.quarantine.all())


@pytest.mark.parametrize("error", [KeyError("a bug"), ZeroDivisionError("a bug"), CustodyError()])
def test_a_bug_escapes(error: Exception) -> None:
    """The platform answers 500 and reports it; Pub/Sub delivers again and dead-letters."""
    world = MemoryWorld()
    with pytest.raises(type(error)):
        answer(world, raising(error), GOOD)
    assert not list(world.quarantine.all())


def test_an_event_for_another_function_is_acknowledged_and_left_alone() -> None:
    """Several timers ring on one topic."""
    world = MemoryWorld()
    function = on_message(events.timer("reconcile"), lambda: world)(raising(KeyError()))
    body = envelope(b'{"timer": "renew_watches"}')
    with flask.Flask(__name__).test_request_context(method="POST", data=body):
        assert function(flask.request) == ("", 204)
    assert not list(world.quarantine.all())


@pytest.mark.parametrize("body", [b"", b"no JSON", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_envelope_is_recorded_by_its_digest_and_acknowledged(body: bytes) -> None:
    """T30: a push that nobody can decode must not be redelivered for ever."""
    world = MemoryWorld()
    assert answer(world, raising(KeyError("never reached")), body) == ("", 204)
    (entry,) = world.quarantine.all()
    assert entry.reference.startswith("a push with digest ")


@pytest.mark.parametrize("data", [b"", b"no JSON", b"{}", b'{"timer": 7}'])
def test_a_malformed_event_is_recorded_and_acknowledged(data: bytes) -> None:
    world = MemoryWorld()
    assert answer(world, raising(KeyError("never reached")), envelope(data)) == ("", 204)
    (entry,) = world.quarantine.all()
    assert entry.reference == "s message 7"


def test_the_same_message_again_makes_no_second_entry() -> None:
    world = MemoryWorld()
    for _ in range(3):
        answer(world, raising(NotFoundError("gone")), GOOD)
    assert len(list(world.quarantine.all())) == 1


def test_nothing_that_a_malformed_push_says_is_kept() -> None:
    """Quarantine holds references, and logs hold opaque ids: never the payload."""
    world = MemoryWorld()
    with structlog.testing.capture_logs() as logged:
        for body in (
            CANARY.encode(),
            envelope(CANARY.encode()),
            envelope(b'{"%s": 1}' % CANARY.encode()),
        ):
            answer(world, raising(KeyError("never reached")), body)
    assert len(logged) == 3
    assert CANARY not in str(logged)
    assert CANARY not in str(list(world.quarantine.all()))


def test_an_acknowledged_loss_is_logged_under_the_function_that_had_it() -> None:
    world = MemoryWorld()

    def reconcile(event: TimerRang, world: MemoryWorld) -> None:
        raise NotFoundError("gone")

    processors = [structlog.contextvars.merge_contextvars]
    with structlog.testing.capture_logs(processors=processors) as logged:
        answer(world, reconcile, GOOD)
    (line,) = logged
    assert line["event"] == "quarantined"
    assert line["log_level"] == "error"
    assert line["function"] == "reconcile"
    assert line["error"] == "NotFoundError"
    (entry,) = world.quarantine.all()
    assert line["quarantine"] == entry.id


REQUEST = """
{"regulation": "gdpr", "subject_request_id": "7c0f1d2e-4b5a-4c6d-8e9f-0a1b2c3d4e5f",
 "subject_request_type": "erasure", "submitted_time": "2026-11-23T12:00:00Z",
 "subject_identities": [{"identity_type": "controller_customer_id",
                         "identity_value": "c-abcdefghijkl", "identity_format": "raw"}],
 "extensions": {"custody.datasmash.app": {"scope": "all", "reason": "request"}}}
"""


def refused(world: MemoryWorld, body: bytes) -> list[structlog.typing.EventDict]:
    """What is logged when a function that takes no request at all gets this push."""

    @on_message(events.deletion_requested, lambda: world, refusal="request_refused")
    def request_erasure(request: DeletionRequested, world: MemoryWorld) -> None:
        raise RefusedError("no customer has the id of this request")

    with (
        structlog.testing.capture_logs() as logged,
        flask.Flask(__name__).test_request_context(method="POST", data=body),
    ):
        assert request_erasure(flask.request) == ("", 204)
    return logged


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (REQUEST, "RefusedError", "no customer has the id of this request"),
        (REQUEST.replace("gdpr", ""), "MalformedEventError", "`$.regulation`"),
        (REQUEST.replace("c-abcdefghijkl", CANARY), "MalformedEventError", "identity_value"),
        (CANARY, "MalformedEventError", "no JSON"),
    ],
)
def test_a_refused_request_has_a_name_of_its_own_in_the_log_and_a_reason_in_quarantine(
    data: str, error: str, reason: str
) -> None:
    """Somebody was told that data would be erased, and it will not be: that alerts by itself."""
    world = MemoryWorld()
    (line,) = refused(world, envelope(data.encode()))
    (entry,) = world.quarantine.all()
    assert (line["event"], line["log_level"]) == ("request_refused", "error")
    assert (line["error"], line["quarantine"]) == (error, entry.id)
    assert reason in entry.reason
    assert entry.reference == "s message 7"
    assert CANARY not in f"{line} {entry}"


def test_a_push_that_is_no_envelope_is_a_refused_request_too() -> None:
    world = MemoryWorld()
    assert [line["event"] for line in refused(world, b"no JSON")] == ["request_refused"]
    assert len(list(world.quarantine.all())) == 1
