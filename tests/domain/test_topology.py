"""Which function listens to which topic: closed, and within what the platform allows."""

import pytest

from custody.domain.erasure import Copy
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


def test_every_function_has_a_topic_and_a_timer_of_its_own() -> None:
    """Two listeners on one subscription would each see half of the messages."""
    listening = [(one.topic, one.timer) for one in FUNCTIONS]
    assert len(listening) == len(set(listening))


def test_topics_are_named_once_and_each_has_a_listener() -> None:
    assert len(TOPICS) == len(set(TOPICS))
    assert set(TOPICS) - {function.topic for function in FUNCTIONS} == set()


@pytest.mark.parametrize("copy", Copy)
def test_each_copy_is_erased_by_a_deployment_of_its_own_of_one_function(copy: Copy) -> None:
    """An identity each: whoever deletes from one copy has no right on another."""
    (deployed,) = [one for one in FUNCTIONS if one.topic == f"erasure-tasks-{copy.value}"]
    assert (deployed.name, deployed.entry) == (f"erase_{copy.value}", "erase")


def test_a_function_that_names_no_folder_stands_in_its_own() -> None:
    assert all(one.entry == one.name for one in FUNCTIONS if not one.folder)
