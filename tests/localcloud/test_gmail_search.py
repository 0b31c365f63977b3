"""Searching a mailbox: the part of Gmail's search language that is understood here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from worlds.drive_local import refusal
from worlds.gmail_local import INTAKE, Client, Gmail, letter, local_gmail


@pytest.fixture
def gmail(tmp_path: Path) -> Iterator[Gmail]:
    with local_gmail(tmp_path) as gmail:
        yield gmail


@pytest.fixture
def intake(gmail: Gmail) -> Client:
    return gmail.user(INTAKE)


def dated(intake: Client, date: str) -> str:
    return intake.insert(letter(Date=date), "INBOX", internalDateSource="dateHeader")


def test_the_newest_come_first_and_pages_miss_none(intake: Client) -> None:
    ids = [dated(intake, f"Thu, 0{day} Jan 2026 12:00:00 +0000") for day in (2, 1, 3, 5, 4)]
    expected = [ids[3], ids[4], ids[2], ids[0], ids[1]]
    assert intake.ids(maxResults=2) == expected
    page = intake.messages.list(userId="me", maxResults=2).execute()
    assert page["resultSizeEstimate"] == 5
    assert set(page["messages"][0]) == {"id", "threadId"}
    assert intake.ids(maxResults=9999) == expected
    request = intake.messages.list(userId="me", pageToken="bogus")
    assert refusal(request) == (400, "invalidArgument")


def test_nothing_found_is_no_list_at_all(intake: Client) -> None:
    assert intake.messages.list(userId="me").execute() == {"resultSizeEstimate": 0}


def test_dates_are_midnight_in_the_pacific_and_seconds_are_exact(intake: Client) -> None:
    """Guide "Search and filter messages"."""
    before = dated(intake, "Thu, 01 Jan 2026 07:59:59 +0000")
    after = dated(intake, "Thu, 01 Jan 2026 08:00:00 +0000")
    for date in ("2026/01/01", "2026-1-1", "1767254400"):
        assert intake.ids(f"after:{date}") == [after]
        assert intake.ids(f"before:{date}") == [before]
    assert intake.ids("after:1767254399 before:1767254400") == [before]


def test_ages_count_from_now(gmail: Gmail, intake: Client) -> None:
    old = intake.insert(letter(), "INBOX")
    gmail.advance(3 * 86_400)
    new = intake.insert(letter(), "INBOX")
    assert intake.ids("newer_than:2d") == [new]
    assert intake.ids("older_than:2d") == [old]
    assert intake.ids("newer_than:1m") == [new, old]


def test_labels_and_places(intake: Client) -> None:
    made = intake.labels.create(userId="me", body={"name": "Taken in"}).execute()
    inbox = intake.insert(letter(), "INBOX", "UNREAD")
    labelled = intake.insert(letter(), made["id"], "STARRED")
    spam = intake.insert(letter(), "SPAM")
    trash = intake.insert(letter(), "TRASH")
    for q, found in {
        "in:inbox": [inbox],
        "label:taken-in": [labelled],
        'label:"Taken in"': [labelled],
        "in:anywhere": [trash, spam, labelled, inbox],
        "in:spam": [spam],
        "in:trash": [trash],
        "is:unread": [inbox],
        "is:read": [labelled],
        "is:starred": [labelled],
        "-in:inbox": [labelled],
        "-in:trash": [labelled, inbox],
        "label:nothing": [],
        "-label:taken-in in:inbox": [inbox],
    }.items():
        assert intake.ids(q) == found, q
    assert intake.ids(labelIds=[made["id"], "STARRED"]) == [labelled]
    assert intake.ids(labelIds=["INBOX", "STARRED"]) == []
    assert intake.ids(labelIds=["SPAM"]) == [spam]
    assert intake.ids(includeSpamTrash=True) == [trash, spam, labelled, inbox]


def test_people_subjects_names_and_attachments(intake: Client) -> None:
    plain = intake.insert(letter(From="Ann <ann@acme.example>", Subject="The Export"))
    loaded = intake.insert(
        letter("x", ("Report 1.csv", b"x"), From="bob@other.example", Message_ID="<m1@x.example>")
    )
    for q, found in {
        "from:ann@acme.example": [plain],
        "from:ACME.example": [plain],
        "from:ann subject:export": [plain],
        'subject:"the export"': [plain],
        "has:attachment": [loaded],
        "-has:attachment": [plain],
        "filename:csv": [loaded],
        "rfc822msgid:<m1@x.example>": [loaded],
        "rfc822msgid:m1@x.example": [loaded],
        "rfc822msgid:m1": [],
        f"to:{INTAKE}": [loaded, plain],
    }.items():
        assert intake.ids(q) == found, q


def test_what_is_not_understood_is_refused_and_not_ignored(intake: Client) -> None:
    for q in ("larger:5M", "hello", "a OR b", "{from:a from:b}", "has:drive", "is:chat"):
        assert refusal(intake.messages.list(userId="me", q=q)) == (501, "notImplemented"), q
    for q in ("after:soon", "after:2026/13/01", "newer_than:long"):
        assert refusal(intake.messages.list(userId="me", q=q)) == (400, "invalidArgument"), q
