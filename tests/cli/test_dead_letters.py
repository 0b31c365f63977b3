"""`custody dead-letters`: a dead letter is a state, not an end."""

import pytest

from .conftest import Shell

ATTRIBUTES = {"ce-id": "1", "timer": "reconcile"}
BURIED = {
    "CloudPubSubDeadLetterSourceDeliveryCount": "100",
    "CloudPubSubDeadLetterSourceSubscription": "capture",
}


def test_nothing_is_listed_where_nothing_died(shell: Shell) -> None:
    assert shell.json("dead-letters", "ls") == []
    assert shell.json("dead-letters", "replay") == []


def test_dead_letters_are_counted_and_stay(shell: Shell) -> None:
    for number in range(3):
        shell.messages.publish("files-touched-dead", f"{number}".encode())
    shell.messages.publish("timers-dead", b"{}")
    expected = [{"topic": "files-touched", "messages": 3}, {"topic": "timers", "messages": 1}]
    assert shell.json("dead-letters", "ls") == expected
    assert shell.json("dead-letters", "ls") == expected


def test_a_dry_run_replays_nothing(shell: Shell) -> None:
    shell.messages.publish("files-touched-dead", b"one")
    planned = shell.json("dead-letters", "replay", "--dry-run")
    assert planned == [{"topic": "files-touched", "messages": 1, "dry_run": True}]
    assert shell.messages.pull("capture") == []
    assert shell.messages.pull("files-touched-dead") == [(b"one", {})]


def test_replayed_letters_are_the_original_ones(shell: Shell) -> None:
    shell.messages.publish("files-touched-dead", b"one", **ATTRIBUTES, **BURIED)
    shell.messages.publish("timers-dead", b"two", **BURIED)
    answer = shell.json("dead-letters", "replay", "files-touched")
    assert answer == [{"topic": "files-touched", "messages": 1}]
    assert shell.messages.pull("capture") == [(b"one", ATTRIBUTES)]
    assert shell.json("dead-letters", "replay") == [{"topic": "timers", "messages": 1}]
    assert shell.messages.pull("reconcile") == [(b"two", {})]
    assert shell.messages.pull("files-touched-dead") == shell.messages.pull("timers-dead") == []


def test_what_cannot_be_sent_again_stays_dead(shell: Shell) -> None:
    shell.messages.publish("files-touched-dead", b"one")
    shell.messages.delete("topics/files-touched")
    assert shell.fails("dead-letters", "replay", "files-touched")[0] == 4
    assert shell.messages.pull("files-touched-dead") == [(b"one", {})]


def test_an_unknown_topic_is_a_usage_error(shell: Shell) -> None:
    assert shell.fails("dead-letters", "replay", "nonsense")[0] == 2


@pytest.mark.parametrize("verb", ["ls", "replay"])
def test_a_missing_queue_is_no_empty_queue(shell: Shell, verb: str) -> None:
    shell.messages.delete("subscriptions/timers-dead")
    code, error = shell.fails("dead-letters", verb)
    assert (code, error["code"]) == (4, "NOT_FOUND")


def test_a_service_that_does_not_answer_is_no_empty_queue(shell: Shell) -> None:
    shell.environment["PUBSUB_EMULATOR_HOST"] = "127.0.0.1:9"
    code, error = shell.fails("dead-letters", "ls")
    assert (code, error["code"]) == (5, "UNAVAILABLE")
