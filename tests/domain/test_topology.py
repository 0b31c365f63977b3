"""Which function listens to which topic: closed, and within what the platform allows."""

from custody.domain.topology import (
    ACK_DEADLINE_SECONDS,
    DELIVERY_ATTEMPTS,
    FUNCTIONS,
    MESSAGE_RETENTION_DAYS,
    RETRY_SECONDS,
    TIMERS,
    TOPICS,
    timeout_of,
)


def test_every_function_listens_to_a_topic_that_exists_or_to_the_world() -> None:
    assert {function.topic for function in FUNCTIONS} <= {*TOPICS, None}


def test_every_function_has_a_name_of_its_own() -> None:
    names = [function.name for function in FUNCTIONS]
    assert len(names) == len(set(names))


def test_every_timer_has_one_listener_and_no_listener_waits_for_no_timer() -> None:
    listeners = [function.timer for function in FUNCTIONS if function.topic == "timers"]
    assert sorted(name or "" for name in listeners) == sorted(TIMERS)


def test_only_listeners_on_timers_name_one() -> None:
    assert all(function.timer is None for function in FUNCTIONS if function.topic != "timers")


def test_every_delivery_ends_before_its_acknowledgement_is_due() -> None:
    """T20: a delivery that outlives its deadline is delivered again while it still runs."""
    assert all(function.timeout_seconds < ACK_DEADLINE_SECONDS for function in FUNCTIONS)
    assert ACK_DEADLINE_SECONDS <= 600


def test_a_function_is_asked_for_its_own_time() -> None:
    assert {one.name: timeout_of(one.name) for one in FUNCTIONS} == {
        one.name: one.timeout_seconds for one in FUNCTIONS
    }


def test_messages_are_retried_and_kept_as_pubsub_allows() -> None:
    """T19: 5 to 100 attempts, 0 to 600 s between them, 31 days at most."""
    least, most = RETRY_SECONDS
    assert 0 <= least <= most <= 600
    assert 5 <= DELIVERY_ATTEMPTS <= 100
    assert MESSAGE_RETENTION_DAYS <= 31
