"""The history of a mailbox: what changed since an id."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worlds.drive_local import refusal
from worlds.gmail_local import DAY, INTAKE, Client, Gmail, letter, local_gmail


@pytest.fixture
def gmail(tmp_path: Path) -> Iterator[Gmail]:
    with local_gmail(tmp_path) as gmail:
        yield gmail


@pytest.fixture
def intake(gmail: Gmail) -> Client:
    return gmail.user(INTAKE)


def listed(intake: Client, since: str) -> Any:
    return intake.users.history().list(userId="me", startHistoryId=since)


def test_every_kind_of_change_is_told(intake: Client) -> None:
    since = intake.history_id()
    message_id = intake.insert(letter(), "INBOX")
    body = {"addLabelIds": ["STARRED"], "removeLabelIds": ["INBOX"]}
    intake.messages.modify(userId="me", id=message_id, body=body).execute()
    intake.messages.delete(userId="me", id=message_id).execute()
    added, starred, removed, deleted = intake.history(since)
    message = {"id": message_id, "threadId": message_id}
    assert added["messages"] == [message]
    assert added["messagesAdded"] == [{"message": {**message, "labelIds": ["INBOX"]}}]
    (change,) = starred["labelsAdded"]
    assert change["labelIds"] == ["STARRED"]
    assert change["message"]["labelIds"] == ["STARRED"]
    assert removed["labelsRemoved"][0]["labelIds"] == ["INBOX"]
    assert deleted["messagesDeleted"][0]["message"]["id"] == message_id


def test_ids_grow_with_gaps_and_are_the_mailboxs_and_its_messages(intake: Client) -> None:
    since = intake.history_id()
    message_ids = [intake.insert(letter(), "INBOX") for _ in range(20)]
    records = [int(one["id"]) for one in intake.history(since)]
    assert records == sorted(records)
    assert records[-1] - int(since) > 20
    assert intake.history_id() == str(records[-1])
    assert [int(intake.get(one)["historyId"]) for one in message_ids] == records
    assert listed(intake, str(records[-1])).execute() == {"historyId": str(records[-1])}


def test_pages_lead_to_the_end(intake: Client) -> None:
    since = intake.history_id()
    message_ids = [intake.insert(letter(), "INBOX") for _ in range(5)]
    records = intake.history(since, maxResults=2)
    assert [one["messages"][0]["id"] for one in records] == message_ids
    page = intake.users.history().list(userId="me", startHistoryId=since, maxResults=2).execute()
    assert len(page["history"]) == 2
    assert page["historyId"] == intake.history_id()


def test_changes_are_asked_for_by_kind_and_by_label(intake: Client) -> None:
    since = intake.history_id()
    inbox, other = intake.insert(letter(), "INBOX"), intake.insert(letter())
    body = {"removeLabelIds": ["INBOX"]}
    intake.messages.modify(userId="me", id=inbox, body=body).execute()
    added = intake.history(since, historyTypes=["messageAdded"])
    assert [one["messages"][0]["id"] for one in added] == [inbox, other]
    both = intake.history(since, historyTypes=["messageAdded", "labelRemoved"], labelId="INBOX")
    assert [set(one) & {"messagesAdded", "labelsRemoved"} for one in both] == [
        {"messagesAdded"},
        {"labelsRemoved"},
    ]


def test_what_changes_nothing_is_no_change(intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    since = intake.history_id()
    body = {"addLabelIds": ["INBOX"], "removeLabelIds": ["STARRED"]}
    intake.messages.modify(userId="me", id=message_id, body=body).execute()
    assert intake.history(since) == []


def test_an_id_is_good_for_a_week(gmail: Gmail, intake: Client) -> None:
    """T16: 404 asks for a full synchronisation."""
    since = intake.history_id()
    intake.insert(letter(), "INBOX")
    gmail.advance(6 * DAY)
    assert len(intake.history(since)) == 1
    latest = intake.history_id()
    gmail.advance(2 * DAY)
    assert refusal(listed(intake, since)) == (404, "notFound")
    assert intake.history(latest) == []


def test_history_can_be_forgotten_at_any_time(gmail: Gmail, intake: Client) -> None:
    """T16: "in some rare circumstances" an id is good for a few hours."""
    intake.insert(letter(), "INBOX")
    latest = intake.history_id()
    gmail.call("DELETE", f"/_history/{INTAKE}")
    assert refusal(listed(intake, latest)) == (404, "notFound")
    since = intake.history_id()
    message_id = intake.insert(letter(), "INBOX")
    assert [one["messages"][0]["id"] for one in intake.history(since)] == [message_id]


def test_ids_that_never_were_are_not_found(intake: Client) -> None:
    for wrong in ("1", "999999999"):
        assert refusal(listed(intake, wrong)) == (404, "notFound")
    assert refusal(listed(intake, "many"))[0] == 400
    assert refusal(intake.users.history().list(userId="me"))[0] == 400


def test_history_can_lag_behind_the_mailbox(gmail: Gmail, intake: Client) -> None:
    """T16: an empty answer whose own id is newer than the record that is missing."""
    since = intake.history_id()
    gmail.fault("historyLag", delay_seconds=30)
    message_id = intake.insert(letter(), "INBOX")
    assert listed(intake, since).execute() == {"historyId": intake.history_id()}
    assert intake.history_id() != since
    gmail.advance(31)
    assert [one["messages"][0]["id"] for one in intake.history(since)] == [message_id]
