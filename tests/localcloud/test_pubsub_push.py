"""Push delivery to real endpoints: envelope, signature, what acknowledges, what is retried."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from localcloud.pubsub.policy import backoff_seconds
from localcloud.pubsub.proto import Subscription
from worlds.pubsub import DEAD_TOPIC, Endpoint, eventually, listening
from worlds.pubsub_local import Local, local_world

AT_ONCE = {"minimum_backoff": {"seconds": 0}, "maximum_backoff": {"seconds": 0}}
AFTER_A_WHILE = {"minimum_backoff": {"seconds": 100}}
PUSH_BACKOFF = [0.1, 0.2, 0.4]
"""Seconds of rest after the first failures, where no retry policy says otherwise."""


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with local_world(tmp_path) as local:
        local.topic()
        yield local


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with listening() as endpoint:
        yield endpoint


def push_to(endpoint: Endpoint, **more: object) -> dict[str, object]:
    return {"push_endpoint": endpoint.url, **more}


def test_the_envelope_is_the_documented_one(local: Local, endpoint: Endpoint) -> None:
    name = local.subscribe(push_config=push_to(endpoint))
    sent = local.publish(b"\x00hello", kind="test")
    (push,) = endpoint.wait_for(1)
    published = push.envelope["message"]["publishTime"]
    assert push.envelope == {
        "message": {
            "attributes": {"kind": "test"},
            "data": base64.b64encode(b"\x00hello").decode(),
            "messageId": sent,
            "message_id": sent,
            "publishTime": published,
            "publish_time": published,
        },
        "subscription": name,
    }
    assert push.headers["Content-Type"] == "application/json"
    assert "Authorization" not in push.headers
    assert published.endswith("Z")
    eventually(lambda: local.is_empty(name))


def test_a_message_without_data_has_no_data_in_its_envelope(
    local: Local, endpoint: Endpoint
) -> None:
    """T30: converters that expect data answer 400 to such a message, for ever."""
    local.subscribe(push_config=push_to(endpoint))
    local.publish(b"", kind="bare")
    (push,) = endpoint.wait_for(1)
    assert "data" not in push.envelope["message"]
    assert push.envelope["message"]["attributes"] == {"kind": "bare"}


def test_the_attempt_is_in_the_envelope_where_dead_letters_are_asked_for(
    local: Local, endpoint: Endpoint
) -> None:
    local.topic(DEAD_TOPIC)
    endpoint.statuses = [500, 500, 200]
    local.subscribe(
        push_config=push_to(endpoint),
        dead_letter_policy={"dead_letter_topic": DEAD_TOPIC},
        retry_policy=AT_ONCE,
    )
    local.publish()
    pushes = endpoint.wait_for(3)
    assert [push.envelope["deliveryAttempt"] for push in pushes] == [1, 2, 3]


def test_a_push_that_is_never_acknowledged_ends_with_the_dead_letters(
    local: Local, endpoint: Endpoint
) -> None:
    local.topic(DEAD_TOPIC)
    endpoint.statuses = [500]
    local.subscribe(
        push_config=push_to(endpoint),
        dead_letter_policy={"dead_letter_topic": DEAD_TOPIC, "max_delivery_attempts": 5},
        retry_policy=AT_ONCE,
    )
    dead = local.subscribe("dead", topic=DEAD_TOPIC)
    local.publish(b"poison")
    (letter,) = local.pull(dead, wait=15)
    assert letter.message.data == b"poison"
    assert letter.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert len(endpoint.pushes) == 5


@pytest.mark.parametrize("status", [102, 200, 201, 202, 204])
def test_these_statuses_acknowledge(local: Local, endpoint: Endpoint, status: int) -> None:
    endpoint.statuses = [status]
    name = local.subscribe(push_config=push_to(endpoint))
    local.publish()
    eventually(lambda: local.is_empty(name))
    assert len(endpoint.pushes) == 1


@pytest.mark.parametrize("status", [203, 206, 301, 302, 307, 400, 404, 429, 500, 503])
def test_every_other_status_refuses_and_redirects_are_not_followed(
    local: Local, endpoint: Endpoint, status: int
) -> None:
    endpoint.statuses = [status, 204]
    name = local.subscribe(push_config=push_to(endpoint), retry_policy=AFTER_A_WHILE)
    local.publish()
    eventually(lambda: local.counts(name)["delayed"] == 1)
    assert len(endpoint.pushes) == 1
    local.advance(101)
    eventually(lambda: local.is_empty(name))
    first, second = endpoint.ids()
    assert first == second


def test_without_a_retry_policy_backoff_starts_at_100_ms(local: Local, endpoint: Endpoint) -> None:
    endpoint.statuses = [500, 500, 500, 200]
    local.subscribe(push_config=push_to(endpoint))
    local.publish()
    times = [push.at for push in endpoint.wait_for(4)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    for gap, least in zip(gaps, PUSH_BACKOFF, strict=True):
        assert gap >= least
    config = Subscription(push_config=push_to(endpoint))
    assert [backoff_seconds(config, attempts) for attempts in (1, 2, 3)] == PUSH_BACKOFF


def test_a_failing_message_does_not_hold_up_the_others(local: Local, endpoint: Endpoint) -> None:
    endpoint.statuses = [500, 200]
    name = local.subscribe(push_config=push_to(endpoint), retry_policy=AFTER_A_WHILE)
    failing = local.publish(b"failing")
    eventually(lambda: local.counts(name)["delayed"] == 1)
    others = [local.publish() for _ in range(5)]
    endpoint.wait_for(6)
    assert sorted(endpoint.ids()) == sorted([failing, *others])
    local.advance(101)
    assert endpoint.wait_for(7)[-1].message_id == failing


def test_an_endpoint_that_is_not_there_is_tried_again(local: Local) -> None:
    with listening() as gone:
        pass
    name = local.subscribe(push_config=push_to(gone), retry_policy=AFTER_A_WHILE)
    local.publish()
    eventually(lambda: local.counts(name)["delayed"] == 1)
    with listening() as endpoint:
        local.subscriber.modify_push_config(
            subscription=name, push_config={"push_endpoint": endpoint.url}
        )
        local.advance(101)
        endpoint.wait_for(1)
    eventually(lambda: local.is_empty(name))


def test_an_answer_after_the_ack_deadline_comes_too_late(local: Local, endpoint: Endpoint) -> None:
    endpoint.answer_after = threading.Event()
    name = local.subscribe(push_config=push_to(endpoint), ack_deadline_seconds=10)
    local.publish()
    endpoint.wait_for(1)
    local.advance(11)
    endpoint.wait_for(2)
    endpoint.answer_after.set()
    eventually(lambda: local.is_empty(name))


def test_eight_messages_of_a_subscription_are_pushed_side_by_side(
    local: Local, endpoint: Endpoint
) -> None:
    endpoint.answer_after = threading.Event()
    name = local.subscribe(push_config=push_to(endpoint))
    for _ in range(12):
        local.publish()
    endpoint.wait_for(8)
    time.sleep(0.1)
    assert len(endpoint.pushes) == 8
    endpoint.answer_after.set()
    eventually(lambda: local.is_empty(name))
    assert len(endpoint.pushes) == 12


def test_a_subscription_changes_between_push_and_pull(local: Local, endpoint: Endpoint) -> None:
    name = local.subscribe()
    local.publish(b"first")
    local.subscriber.modify_push_config(
        subscription=name, push_config={"push_endpoint": endpoint.url}
    )
    endpoint.wait_for(1)
    eventually(lambda: local.is_empty(name))
    local.subscriber.modify_push_config(subscription=name, push_config={})
    local.publish(b"second")
    assert [one.message.data for one in local.pull(name)] == [b"second"]
    assert len(endpoint.pushes) == 1


def test_a_connection_that_the_endpoint_closed_is_no_failure(local: Local) -> None:
    with listening(idle_seconds=0.1) as endpoint:
        name = local.subscribe(push_config=push_to(endpoint), retry_policy=AFTER_A_WHILE)
        first = local.publish()
        endpoint.wait_for(1)
        time.sleep(0.4)
        second = local.publish()
        eventually(lambda: local.is_empty(name))
    assert endpoint.ids() == [first, second]


def test_unwrapped_pushes_are_the_data_alone(local: Local, endpoint: Endpoint) -> None:
    local.subscribe(push_config=push_to(endpoint, no_wrapper={}))
    local.publish(b"\x00raw", kind="test")
    (push,) = endpoint.wait_for(1)
    assert push.body == b"\x00raw"
    assert not [name for name in push.headers if name.lower().startswith(("x-goog-", "kind"))]


def test_unwrapped_pushes_may_carry_their_metadata_as_headers(
    local: Local, endpoint: Endpoint
) -> None:
    name = local.subscribe(push_config=push_to(endpoint, no_wrapper={"write_metadata": True}))
    attributes = {"Content-Type": "text/csv", "no header": "x", "bad-value": "a\r\nb: c"}
    sent = local.publish(b"a,b", **attributes)
    (push,) = endpoint.wait_for(1)
    assert push.headers["x-goog-pubsub-subscription-name"] == name
    assert push.headers["x-goog-pubsub-message-id"] == sent
    assert push.headers["x-goog-pubsub-publish-time"].endswith("Z")
    assert push.headers["Content-Type"] == "text/csv"
    assert not {"no header", "bad-value", "b"} & set(push.headers)


def test_tokens_are_signed_as_google_does_and_verify_with_the_served_keys(
    local: Local, endpoint: Endpoint
) -> None:
    oidc = {"service_account_email": "invoker@proj-one.iam.gserviceaccount.com"}
    local.subscribe(push_config=push_to(endpoint, oidc_token=oidc))
    local.publish()
    (push,) = endpoint.wait_for(1)
    with urlopen(f"{local.server.url}/_jwks") as answer:
        claims = verify(push.headers["Authorization"], json.load(answer))
    assert claims["iss"] == "https://accounts.google.com"
    assert claims["aud"] == endpoint.url
    assert claims["email"] == oidc["service_account_email"]
    assert claims["email_verified"] is True
    assert claims["sub"].isdigit()
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(time.time() - claims["iat"]) < 60


def test_an_audience_of_its_own_is_in_the_token(local: Local, endpoint: Endpoint) -> None:
    oidc = {"service_account_email": "invoker@proj-one.iam.gserviceaccount.com", "audience": "us"}
    local.subscribe(push_config=push_to(endpoint, oidc_token=oidc))
    local.publish()
    (push,) = endpoint.wait_for(1)
    claims = verify(push.headers["Authorization"], local.server.identity.jwks())
    assert claims["aud"] == "us"


def test_the_signing_key_stays_with_the_data(tmp_path: Path) -> None:
    with local_world(tmp_path) as before:
        keys = before.server.identity.jwks()
    with local_world(tmp_path) as after:
        assert after.server.identity.jwks() == keys


def test_a_dropped_push_comes_after_the_lease(local: Local, endpoint: Endpoint) -> None:
    local.fault("push", drop=True, match="/topics/things")
    name = local.subscribe(push_config=push_to(endpoint))
    first, second = local.publish(), local.publish()
    assert [endpoint.wait_for(1)[0].message_id] == [second]
    eventually(lambda: local.counts(name) == {"ready": 0, "leased": 1, "delayed": 0})
    local.advance(10.5)
    assert endpoint.wait_for(2)[1].message_id == first


def test_a_doubled_push_arrives_twice(local: Local, endpoint: Endpoint) -> None:
    """T18: a push may come twice, and is one message."""
    local.fault("push", double=True)
    name = local.subscribe(push_config=push_to(endpoint))
    sent = local.publish()
    eventually(lambda: local.is_empty(name))
    assert endpoint.ids() == [sent, sent]


def test_a_reordered_push_arrives_after_the_next_one(local: Local, endpoint: Endpoint) -> None:
    local.fault("push", reorder=True)
    name = local.subscribe(push_config=push_to(endpoint))
    first = local.publish()
    eventually(lambda: local.counts(name)["leased"] == 1)
    second = local.publish()
    eventually(lambda: local.is_empty(name))
    assert endpoint.ids() == [second, first]


def test_a_delayed_push_arrives_later(local: Local, endpoint: Endpoint) -> None:
    local.fault("push", delay_seconds=0.4)
    local.subscribe(push_config=push_to(endpoint))
    started = time.monotonic()
    local.publish()
    assert endpoint.wait_for(1)[0].at - started >= 0.4


def test_an_answer_that_is_lost_leads_to_a_second_delivery(
    local: Local, endpoint: Endpoint
) -> None:
    """T18: at least once, also when the receiver did its work."""
    local.fault("push", cut="after")
    name = local.subscribe(push_config=push_to(endpoint))
    sent = local.publish()
    eventually(lambda: local.is_empty(name))
    assert endpoint.ids() == [sent, sent]


def test_hundreds_of_messages_a_second_reach_an_endpoint(local: Local, endpoint: Endpoint) -> None:
    name = local.subscribe(push_config=push_to(endpoint))
    started = time.monotonic()
    messages = [{"data": b"x" * 100}] * 500
    local.publish_all(messages)
    eventually(lambda: local.is_empty(name))
    assert len(endpoint.pushes) == 500
    assert time.monotonic() - started < 5


def verify(authorization: str, keys: dict[str, Any]) -> dict[str, Any]:
    """The claims of a bearer token, if its signature fits (RFC 7515)."""
    scheme, _, token = authorization.partition(" ")
    header, payload, signature = token.split(".")
    assert scheme == "Bearer"
    described = json.loads(octets(header))
    (key,) = [key for key in keys["keys"] if key["kid"] == described["kid"]]
    assert (described["alg"], key["alg"], key["kty"]) == ("RS256", "RS256", "RSA")
    numbers = rsa.RSAPublicNumbers(
        e=int.from_bytes(octets(key["e"])), n=int.from_bytes(octets(key["n"]))
    )
    signed = f"{header}.{payload}".encode()
    numbers.public_key().verify(octets(signature), signed, padding.PKCS1v15(), SHA256())
    claims: dict[str, Any] = json.loads(octets(payload))
    return claims


def octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
