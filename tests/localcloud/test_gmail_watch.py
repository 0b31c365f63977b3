"""Watching a mailbox: pushes to Pub/Sub, and how they get lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.clock import Clock
from localcloud.gmail import GmailServer
from worlds.drive_local import refusal
from worlds.gmail_local import DAY, INTAKE, OFFICE, TOPIC, Client, Gmail, letter, local_gmail


@pytest.fixture
def gmail(tmp_path: Path) -> Iterator[Gmail]:
    with local_gmail(tmp_path) as gmail:
        gmail.make_topic()
        yield gmail


@pytest.fixture
def intake(gmail: Gmail) -> Client:
    return gmail.user(INTAKE)


@pytest.fixture
def watching(gmail: Gmail, intake: Client) -> Client:
    """A mailbox that is watched, after the notification that a watch begins with."""
    intake.watch()
    gmail.wait_for_pushes(1)
    return intake


def test_a_watch_tells_where_it_begins_and_ends_and_says_so_to_the_topic(
    gmail: Gmail, intake: Client
) -> None:
    """Guide "Configure push notifications": a successful watch sends a notification at once."""
    answer = intake.watch()
    assert answer["historyId"] == intake.history_id()
    ahead = int(answer["expiration"]) / 1000 - gmail.server.clock.time()
    assert 7 * DAY - 10 < ahead <= 7 * DAY
    (push,) = gmail.wait_for_pushes(1)
    assert push == {"emailAddress": INTAKE, "historyId": int(answer["historyId"])}


def test_a_change_is_pushed_with_its_history_id(gmail: Gmail, watching: Client) -> None:
    watching.insert(letter(), "INBOX")
    (push,) = gmail.wait_for_pushes(1)
    assert push == {"emailAddress": INTAKE, "historyId": int(watching.history_id())}


def test_above_one_a_second_pushes_are_dropped(gmail: Gmail, watching: Client) -> None:
    """T16: what is dropped never comes."""
    since = watching.history_id()
    for _ in range(5):
        watching.insert(letter(), "INBOX")
    first = gmail.wait_for_pushes(1)[0]["historyId"]
    records = watching.history(since)
    assert first == int(records[0]["id"])
    gmail.advance(1)
    watching.insert(letter(), "INBOX")
    gmail.wait_for_pushes(1)


def test_one_call_is_one_push_with_its_last_id(gmail: Gmail, watching: Client) -> None:
    ids = [watching.insert(letter(), "INBOX") for _ in range(3)]
    gmail.wait_for_pushes(1)
    gmail.advance(2)
    body = {"ids": ids, "addLabelIds": ["STARRED"]}
    watching.messages.batchModify(userId="me", body=body).execute()
    (push,) = gmail.wait_for_pushes(1)
    assert push["historyId"] == int(watching.history_id())


def test_one_user_does_not_slow_another_down(gmail: Gmail, watching: Client) -> None:
    office = gmail.user(OFFICE)
    office.watch()
    gmail.wait_for_pushes(1)
    watching.insert(letter(), "INBOX")
    office.insert(letter(), "INBOX")
    pushes = gmail.wait_for_pushes(2)
    assert {one["emailAddress"] for one in pushes} == {INTAKE, OFFICE}


def test_a_watch_can_be_about_some_labels_only(gmail: Gmail, intake: Client) -> None:
    wanted = {"INBOX": True, "STARRED": False}
    for behavior in ("include", "exclude"):
        intake.watch(labelIds=["INBOX"], labelFilterBehavior=behavior)
        gmail.wait_for_pushes(1)
        for label, included in wanted.items():
            gmail.advance(2)
            intake.insert(letter(), label)
            gmail.wait_for_pushes(included == (behavior == "include"))


def test_the_older_name_of_the_filter_counts_where_the_newer_is_missing(
    gmail: Gmail, intake: Client
) -> None:
    intake.watch(labelIds=["INBOX"], labelFilterAction="exclude")
    gmail.wait_for_pushes(1)
    intake.insert(letter(), "INBOX")
    gmail.wait_for_pushes(0)


def test_a_later_watch_takes_the_place_of_the_earlier(gmail: Gmail, watching: Client) -> None:
    watching.watch(labelIds=["STARRED"])
    gmail.wait_for_pushes(1)
    watching.insert(letter(), "INBOX")
    gmail.wait_for_pushes(0)


def test_a_watch_ends_by_stop_and_by_time(gmail: Gmail, watching: Client) -> None:
    assert not watching.users.stop(userId="me").execute()
    watching.insert(letter(), "INBOX")
    gmail.wait_for_pushes(0)
    watching.watch()
    gmail.wait_for_pushes(1)
    gmail.advance(7 * DAY + 1)
    watching.insert(letter(), "INBOX")
    gmail.wait_for_pushes(0)


def test_a_topic_that_cannot_be_published_to_is_no_topic_for_a_watch(intake: Client) -> None:
    assert refusal(lambda: intake.watch(topicName="mail")) == (400, "invalidArgument")
    missing = TOPIC + "-missing"
    assert refusal(lambda: intake.watch(topicName=missing)) == (404, "notFound")


def test_without_a_pubsub_there_is_no_watch_and_mail_arrives_all_the_same(tmp_path: Path) -> None:
    server = GmailServer(data=tmp_path / "alone", clock=Clock(), pubsub="127.0.0.1:9")
    server.start()
    client = Client(server.url, INTAKE)
    assert refusal(client.watch) == (403, "forbidden")
    message_id = client.insert(letter(), "INBOX")
    assert client.ids() == [message_id]
    client.api.close()
    server.stop()


def test_pushes_can_be_lost_doubled_and_late(gmail: Gmail, watching: Client) -> None:
    """T16: "notifications may be delayed or dropped"."""
    for fault, arriving in (({"drop": True}, 0), ({"double": True}, 2)):
        gmail.fault("push", match=INTAKE, **fault)
        gmail.advance(2)
        watching.insert(letter(), "INBOX")
        gmail.wait_for_pushes(arriving)
    gmail.fault("push", delay_seconds=0.5)
    gmail.advance(2)
    begun = time.monotonic()
    watching.insert(letter(), "INBOX")
    gmail.wait_for_pushes(1)
    assert time.monotonic() - begun > 0.5


def test_a_push_can_come_before_what_it_is_about(gmail: Gmail, watching: Client) -> None:
    """T16: an empty history after a push."""
    since = watching.history_id()
    gmail.fault("historyLag", delay_seconds=5)
    watching.insert(letter(), "INBOX")
    (push,) = gmail.wait_for_pushes(1)
    assert push["historyId"] > int(since)
    assert watching.history(since) == []
    gmail.advance(5)
    assert len(watching.history(since)) == 1


def test_a_stop_of_the_server_does_not_wait_for_late_pushes(gmail: Gmail, watching: Client) -> None:
    gmail.fault("push", delay_seconds=60)
    watching.insert(letter(), "INBOX")
    begun = time.monotonic()
    gmail.server.pushes.stop()
    assert time.monotonic() - begun < 5
