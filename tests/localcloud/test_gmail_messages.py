"""Messages: put in, taken apart, found again, changed and deleted."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worlds.drive_local import refusal
from worlds.gmail_local import DAY, INTAKE, OFFICE, Client, Gmail, header, letter, local_gmail


@pytest.fixture
def gmail(tmp_path: Path) -> Iterator[Gmail]:
    with local_gmail(tmp_path) as gmail:
        yield gmail


@pytest.fixture
def intake(gmail: Gmail) -> Client:
    return gmail.user(INTAKE)


def test_what_is_put_in_comes_out_byte_for_byte(intake: Client) -> None:
    message = letter("Hello", ("x.csv", b"a,b\n"))
    message_id = intake.insert(message, "INBOX", "UNREAD")
    assert intake.raw(message_id) == bytes(message)
    shown = intake.get(message_id, format="minimal")
    assert shown["labelIds"] == ["INBOX", "UNREAD"]
    assert shown["threadId"] == message_id
    assert shown["sizeEstimate"] == len(bytes(message))
    assert shown["snippet"] == "Hello"
    assert "payload" not in shown


def test_what_is_put_in_has_the_labels_that_were_named_and_no_others(intake: Client) -> None:
    """Reference of messages.insert: like IMAP APPEND."""
    message_id = intake.insert(letter())
    assert "labelIds" not in intake.get(message_id)
    assert intake.ids() == [message_id]
    assert refusal(lambda: intake.insert(letter(), "Label_404")) == (400, "invalidArgument")


def test_an_imported_message_lands_in_the_inbox(intake: Client) -> None:
    raw = base64.urlsafe_b64encode(bytes(letter())).decode()
    made = intake.messages.import_(userId="me", body={"raw": raw}).execute()
    assert made["labelIds"] == ["INBOX", "UNREAD"]


def test_the_date_is_that_of_arrival_or_of_the_header(gmail: Gmail, intake: Client) -> None:
    """Parameter internalDateSource; a header that is no date counts for nothing."""
    now = gmail.server.clock.time() * 1000
    dated = letter(Date="Thu, 01 Jan 2026 12:00:00 +0000")
    by_header = {"internalDateSource": "dateHeader"}
    arrived = int(intake.get(intake.insert(dated))["internalDate"])
    assert abs(arrived - now) < 5000
    assert int(intake.get(intake.insert(dated, **by_header))["internalDate"]) == 1767268800000
    for bad in ("yesterday", "Thu, 99 Foo 2026"):
        undated = intake.insert(letter(Date=bad), **by_header)
        assert abs(int(intake.get(undated)["internalDate"]) - now) < 5000


def test_a_message_that_is_missing_is_asked_for(intake: Client) -> None:
    request = intake.messages.insert(userId="me", body={})
    assert refusal(request) == (400, "invalidArgument")


def test_labels_are_added_and_removed(intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX", "UNREAD")
    body = {"addLabelIds": ["STARRED"], "removeLabelIds": ["UNREAD"]}
    changed = intake.messages.modify(userId="me", id=message_id, body=body).execute()
    assert changed["labelIds"] == ["INBOX", "STARRED"]
    for body in (
        {"addLabelIds": ["nothing"]},
        {"addLabelIds": ["SENT"]},
        {"addLabelIds": ["INBOX"], "removeLabelIds": ["INBOX"]},
    ):
        request = intake.messages.modify(userId="me", id=message_id, body=body)
        assert refusal(request) == (400, "invalidArgument")


def test_many_are_changed_at_once_and_unknown_ones_are_passed_over(intake: Client) -> None:
    ids = [intake.insert(letter(), "INBOX") for _ in range(3)]
    body: dict[str, Any] = {"ids": [*ids[:2], "0123456789abcdef"], "removeLabelIds": ["INBOX"]}
    assert not intake.messages.batchModify(userId="me", body=body).execute()
    assert intake.ids(labelIds=["INBOX"]) == ids[2:]
    for wrong in ([], [f"{n:x}" for n in range(1001)]):
        request = intake.messages.batchModify(userId="me", body={"ids": wrong})
        assert refusal(request) == (400, "invalidArgument")


def test_trash_keeps_a_message_for_thirty_days(gmail: Gmail, intake: Client) -> None:
    """T16: trash is not deletion."""
    kept, trashed = (intake.insert(letter(), "INBOX") for _ in range(2))
    intake.messages.trash(userId="me", id=trashed).execute()
    assert intake.ids() == [kept]
    assert intake.ids(includeSpamTrash=True) == [trashed, kept]
    assert intake.get(trashed)["labelIds"] == ["TRASH"]
    gmail.advance(29 * DAY)
    assert intake.raw(trashed)
    gmail.advance(2 * DAY)
    assert refusal(lambda: intake.get(trashed)) == (404, "notFound")


def test_the_thirty_days_begin_in_the_trash(gmail: Gmail, intake: Client) -> None:
    old = letter(Date="Thu, 01 Jan 2026 12:00:00 +0000")
    message_id = intake.insert(old, "INBOX", internalDateSource="dateHeader")
    gmail.advance(40 * DAY)
    intake.messages.trash(userId="me", id=message_id).execute()
    gmail.advance(DAY)
    assert intake.raw(message_id)


def test_what_is_taken_out_of_the_trash_does_not_go(gmail: Gmail, intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    intake.messages.trash(userId="me", id=message_id).execute()
    intake.messages.untrash(userId="me", id=message_id).execute()
    gmail.advance(31 * DAY)
    assert intake.ids() == [message_id]


def test_a_deleted_message_leaves_no_bytes(gmail: Gmail, intake: Client, tmp_path: Path) -> None:
    """What is deleted for good is in no file of the server any more."""
    marks = [f"canary-{number}-{'x' * 40}" for number in range(3)]
    ids = [intake.insert(letter(mark, Subject=mark), "INBOX") for mark in marks]
    assert holds(tmp_path, marks[0])
    intake.messages.delete(userId="me", id=ids[0]).execute()
    body = {"ids": [*ids[1:], "0123456789abcdef"]}
    assert not intake.messages.batchDelete(userId="me", body=body).execute()
    assert intake.ids(includeSpamTrash=True) == []
    for mark in marks:
        assert not holds(tmp_path, mark)
    request = intake.messages.delete(userId="me", id=ids[0])
    assert refusal(request) == (404, "notFound")


def holds(folder: Path, text: str) -> bool:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return any(text.encode() in path.read_bytes() for path in files)


def test_an_id_of_nothing_is_not_found_and_no_id_is_invalid(intake: Client) -> None:
    assert refusal(lambda: intake.get("0123456789abcdef")) == (404, "notFound")
    assert refusal(lambda: intake.get("no id")) == (400, "invalidArgument")


def test_mailboxes_are_apart(gmail: Gmail, intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    office = gmail.user(OFFICE)
    assert office.ids() == []
    assert refusal(lambda: office.get(message_id)) == (404, "notFound")
    request = office.messages.list(userId=INTAKE)
    assert refusal(request) == (403, "forbidden")
    assert office.messages.list(userId=OFFICE).execute() == {"resultSizeEstimate": 0}


def test_an_answer_is_in_the_thread_of_its_question(intake: Client) -> None:
    first = intake.insert(letter(Message_ID="<one@x.example>", Subject="Export"))
    answer = intake.insert(letter(In_Reply_To="<one@x.example>", Subject="Re: Export"))
    other = intake.insert(letter(In_Reply_To="<one@x.example>", Subject="Something else"))
    assert intake.get(answer)["threadId"] == first
    assert intake.get(other)["threadId"] == other
    profile = intake.users.getProfile(userId="me").execute()
    assert (profile["messagesTotal"], profile["threadsTotal"]) == (3, 2)
    assert profile["emailAddress"] == INTAKE


def test_a_sent_message_is_kept_and_reaches_our_own_mailboxes(gmail: Gmail, intake: Client) -> None:
    """messages.send: To, Cc and Bcc, and nobody learns of the last."""
    office = gmail.user(OFFICE)
    message = letter(From=INTAKE, To="somebody@elsewhere.example", Bcc=OFFICE)
    sent = intake.send(message)
    assert sent["labelIds"] == ["SENT"]
    assert header(intake.get(sent["id"]), "Bcc") == [OFFICE]
    (arrived,) = office.ids()
    shown = office.get(arrived)
    assert shown["labelIds"] == ["CATEGORY_PERSONAL", "INBOX", "UNREAD"]
    assert header(shown, "Bcc") == []
    assert header(shown, "From") == [INTAKE]
    assert header(shown, "Message-ID") == header(intake.get(sent["id"]), "Message-ID")
    assert "dmarc=pass" in header(shown, "Authentication-Results")[0]


def test_a_name_that_decodes_to_an_address_is_no_recipient(gmail: Gmail, intake: Client) -> None:
    hidden = base64.b64encode(f"x, {OFFICE}, y".encode()).decode()
    raw = f"To: =?utf-8?b?{hidden}?= <somebody@elsewhere.example>\r\n\r\nhello".encode()
    body = {"raw": base64.urlsafe_b64encode(raw).decode()}
    intake.messages.send(userId="me", body=body).execute()
    assert gmail.user(OFFICE).ids() == []


def test_what_a_user_sends_is_from_this_user(gmail: Gmail, intake: Client) -> None:
    for author in ("somebody@else.example", f"Our intake <{INTAKE.upper()}>"):
        intake.send(letter(From=author, To=OFFICE, Subject=author))
    office = gmail.user(OFFICE)
    found = [header(office.get(one), "From") for one in reversed(office.ids())]
    assert found == [[INTAKE], [f"Our intake <{INTAKE.upper()}>"]]


def test_a_message_to_nobody_is_not_sent(intake: Client) -> None:
    message = letter()
    del message["To"]
    assert refusal(lambda: intake.send(message)) == (400, "invalidArgument")
    assert intake.ids(includeSpamTrash=True) == []


def test_labels_of_the_user_come_and_go(intake: Client) -> None:
    made = intake.labels.create(userId="me", body={"name": "Taken in"}).execute()
    assert made["type"] == "user"
    message_id = intake.insert(letter(), "INBOX", "UNREAD", made["id"])
    shown = intake.labels.get(userId="me", id=made["id"]).execute()
    assert (shown["messagesTotal"], shown["messagesUnread"], shown["threadsUnread"]) == (1, 1, 1)
    names = [one["name"] for one in intake.labels.list(userId="me").execute()["labels"]]
    assert {"INBOX", "TRASH", "SPAM", "Taken in"} <= set(names)
    intake.labels.delete(userId="me", id=made["id"]).execute()
    assert intake.get(message_id)["labelIds"] == ["INBOX", "UNREAD"]
    assert refusal(intake.labels.get(userId="me", id=made["id"])) == (404, "notFound")


def test_labels_of_gmail_and_their_names_are_not_to_be_had(intake: Client) -> None:
    intake.labels.create(userId="me", body={"name": "once"}).execute()
    for name, refused in (
        ("Once", (409, "aborted")),
        ("inbox", (400, "invalidArgument")),
        ("", (400, "invalidArgument")),
    ):
        assert refusal(intake.labels.create(userId="me", body={"name": name})) == refused
    assert refusal(intake.labels.delete(userId="me", id="INBOX")) == (400, "invalidArgument")
    inbox = intake.labels.get(userId="me", id="INBOX").execute()
    assert (inbox["type"], inbox["messagesTotal"]) == ("system", 0)
