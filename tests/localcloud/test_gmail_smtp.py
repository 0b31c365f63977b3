"""Mail that people really send: over SMTP, into a mailbox of ours."""

import smtplib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worlds.gmail_local import (
    ALICE,
    INTAKE,
    OFFICE,
    Client,
    Gmail,
    header,
    leaves,
    letter,
    local_gmail,
)


@pytest.fixture
def gmail(tmp_path: Path) -> Iterator[Gmail]:
    with local_gmail(tmp_path) as gmail:
        yield gmail


@pytest.fixture
def intake(gmail: Gmail) -> Client:
    return gmail.user(INTAKE)


def arrived(client: Client) -> dict[str, Any]:
    """The one message of a mailbox."""
    (message_id,) = client.ids(includeSpamTrash=True)
    return client.get(message_id)


def verdicts(message: dict[str, Any]) -> list[str]:
    return header(message, "Authentication-Results")


def test_a_letter_arrives_unread_in_the_inbox(gmail: Gmail, intake: Client) -> None:
    gmail.post(letter("Hello", ("x.csv", b"a,b\n")))
    shown = arrived(intake)
    assert {"INBOX", "UNREAD"} <= set(shown["labelIds"])
    assert header(shown, "Delivered-To") == [INTAKE]
    assert header(shown, "Return-Path") == [f"<{ALICE}>"]
    assert f"for <{INTAKE}>" in header(shown, "Received")[0]
    _, attachment = leaves(shown["payload"])
    assert intake.attachment(shown["id"], attachment["body"]["attachmentId"]) == b"a,b\n"
    now = gmail.server.clock.time() * 1000
    assert abs(int(shown["internalDate"]) - now) < 5000


def test_what_was_sent_follows_our_head_byte_for_byte(gmail: Gmail, intake: Client) -> None:
    sent = b"From: " + ALICE.encode() + b"\r\nSubject: dots\r\n\r\n.a dot\r\n..two\r\n\xff\x00\r\n"
    gmail.post(sent)
    (message_id,) = intake.ids()
    assert intake.raw(message_id).endswith(sent)


def test_lines_may_be_long_and_end_in_a_line_feed_alone(gmail: Gmail, intake: Client) -> None:
    """What programs that people wrote in a hurry send."""
    sent = bytes(letter("Hello", ("x.bin", bytes(100_000)))) + b"y" * 5000 + b"\r\n"
    gmail.post(sent)
    shown = arrived(intake)
    assert intake.raw(shown["id"]).endswith(sent)
    assert list(leaves(shown["payload"]))[1]["body"]["size"] == 100_000


def test_the_verdict_is_pass_when_envelope_and_author_agree(gmail: Gmail, intake: Client) -> None:
    gmail.post(letter(From=f"Alice <{ALICE.upper()}>"))
    (verdict,) = verdicts(arrived(intake))
    assert verdict.startswith("mx.google.com;")
    assert "dmarc=pass" in verdict
    assert "header.from=customer.example" in verdict


@pytest.mark.parametrize(
    "author",
    [
        "alice@other.example",
        "alice@sub.customer.example",
        "alice@customer.example.evil.example",
        "alice@other.example, alice@customer.example",
        "nobody",
        '"alice@customer.example" <mallory@evil.example>',
    ],
)
def test_the_verdict_is_fail_for_any_other_author(
    gmail: Gmail, intake: Client, author: str
) -> None:
    """T17: From is forgeable."""
    gmail.post(f"From: {author}\r\nTo: {INTAKE}\r\n\r\nhello\r\n".encode())
    (verdict,) = verdicts(arrived(intake))
    assert "dmarc=fail" in verdict
    assert "dmarc=pass" not in verdict


def test_two_authors_or_none_are_no_author(gmail: Gmail, intake: Client) -> None:
    for head in (f"From: {ALICE}\r\nFrom: {ALICE}\r\n", ""):
        gmail.post(f"{head}Subject: x\r\n\r\nhello\r\n".encode())
    for message_id in intake.ids():
        assert "dmarc=fail" in verdicts(intake.get(message_id))[0]


def test_a_notice_without_a_sender_fails(gmail: Gmail, intake: Client) -> None:
    gmail.post(letter(), sender="")
    assert "dmarc=fail" in verdicts(arrived(intake))[0]


def test_what_the_sender_wrote_stays_below_our_own_verdict(gmail: Gmail, intake: Client) -> None:
    """T17: only the topmost is ours."""
    forged = "mx.google.com; dmarc=pass header.from=customer.example"
    gmail.post(letter(Authentication_Results=forged), sender="mallory@evil.example")
    ours, theirs = verdicts(arrived(intake))
    assert "dmarc=fail" in ours
    assert theirs == forged


def test_verdicts_can_be_ordered(gmail: Gmail, intake: Client) -> None:
    for fault, sender, expected in (
        ("dmarcPass", "mallory@evil.example", "dmarc=pass"),
        ("dmarcFail", ALICE, "dmarc=fail"),
        ("dmarcNone", ALICE, "dmarc=none"),
    ):
        gmail.fault(fault, match=sender, drop=True)
        gmail.post(letter(), sender=sender)
        assert expected in verdicts(intake.get(intake.ids()[0]))[0]


def test_a_verdict_can_be_missing(gmail: Gmail, intake: Client) -> None:
    """T17: then what the sender wrote is topmost."""
    gmail.fault("withoutVerdict", drop=True)
    gmail.post(letter(Authentication_Results="evil.example; dmarc=pass"))
    assert verdicts(arrived(intake)) == ["evil.example; dmarc=pass"]


def test_mail_can_be_taken_for_spam(gmail: Gmail, intake: Client) -> None:
    gmail.fault("markedAsSpam", drop=True)
    gmail.post(letter())
    assert intake.ids() == []
    assert arrived(intake)["labelIds"] == ["SPAM", "UNREAD"]


def test_sub_addresses_lead_to_their_mailbox(gmail: Gmail, intake: Client) -> None:
    address = "Intake+Acme.HubSpot@datasmash.example"
    gmail.post(letter(To=address), address)
    shown = arrived(intake)
    assert header(shown, "To") == [address]
    assert header(shown, "Delivered-To") == [address]


def test_every_recipient_gets_a_copy(gmail: Gmail, intake: Client) -> None:
    gmail.post(letter(), INTAKE, OFFICE, "intake+two@datasmash.example")
    assert len(intake.ids()) == 2
    assert header(arrived(gmail.user(OFFICE)), "Delivered-To") == [OFFICE]


def test_strangers_have_no_mailbox_here(gmail: Gmail, intake: Client) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        gmail.post(letter(), "stranger@elsewhere.example")
    ((code, _),) = refused.value.recipients.values()
    assert code == 550
    with gmail.smtp() as line:
        left = line.sendmail(ALICE, [INTAKE, "stranger@datasmash.example"], bytes(letter()))
    assert set(left) == {"stranger@datasmash.example"}
    assert len(intake.ids()) == 1


def test_a_letter_has_25_megabytes_at_most(gmail: Gmail, intake: Client) -> None:
    """Announced, and counted where nobody announced it."""
    head = f"From: {ALICE}\r\n\r\n".encode()
    line_of_text = b"x" * 998 + b"\r\n"
    too_large = head + line_of_text * ((25 << 20) // 1000 + 1)
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        gmail.post(too_large)
    assert refused.value.smtp_code == 552
    with gmail.smtp() as line:
        line.ehlo()
        line.mail(ALICE)
        line.rcpt(INTAKE)
        code, _ = line.data(too_large)
    assert code == 552
    assert intake.ids() == []
    gmail.post(too_large[: (25 << 20) - 1000])
    assert arrived(intake)["sizeEstimate"] > 26_000_000


def test_mail_that_arrives_is_history_and_a_push(gmail: Gmail, intake: Client) -> None:
    gmail.make_topic()
    intake.watch(labelIds=["INBOX"])
    gmail.wait_for_pushes(1)
    since = intake.history_id()
    gmail.post(letter())
    (record,) = intake.history(since)
    assert "messagesAdded" in record
    (push,) = gmail.wait_for_pushes(1)
    assert str(push["historyId"]) == record["id"]


def test_a_sender_can_be_told_to_come_again(gmail: Gmail, intake: Client) -> None:
    gmail.fault("smtp.data", status=451, message="4.3.0 Try again later")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        gmail.post(letter())
    assert refused.value.smtp_code == 451
    assert intake.ids() == []
    gmail.post(letter())
    assert len(intake.ids()) == 1


def test_mail_can_arrive_twice_or_get_lost(gmail: Gmail, intake: Client) -> None:
    gmail.fault("smtp.data", drop=True)
    gmail.post(letter())
    assert intake.ids() == []
    gmail.fault("smtp.data", double=True)
    gmail.post(letter(Message_ID="<one@x.example>"))
    assert len(intake.ids("rfc822msgid:one@x.example")) == 2


def test_a_line_that_breaks_after_the_letter_makes_the_sender_repeat_it(
    gmail: Gmail, intake: Client
) -> None:
    gmail.fault("smtp.data", cut="after")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        gmail.post(letter())
    assert len(intake.ids()) == 1
    gmail.fault("smtp.data", cut="before")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        gmail.post(letter())
    assert len(intake.ids()) == 1


def test_nothing_that_a_client_says_becomes_a_header(gmail: Gmail, intake: Client) -> None:
    with gmail.smtp() as line:
        line.send(b"EHLO evil.example\rX-Injected: yes\r\n")
        line.getreply()
        line.mail(ALICE)
        line.rcpt(INTAKE)
        line.data(bytes(letter()))
    assert header(arrived(intake), "X-Injected") == []


def test_a_server_stops_in_the_middle_of_a_conversation(tmp_path: Path) -> None:
    with local_gmail(tmp_path) as gmail:
        line = gmail.smtp()
        line.ehlo()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        line.noop()
    line.close()


def test_many_senders_at_once_lose_nothing_while_others_delete(
    gmail: Gmail, intake: Client
) -> None:
    doomed = [intake.insert(letter(), "STARRED") for _ in range(10)]

    def send(number: int) -> None:
        for _ in range(5):
            gmail.post(letter("x" * 10_000, ("x.csv", b"x"), Subject=f"from {number}"))

    senders = [threading.Thread(target=send, args=[number]) for number in range(4)]
    for sender in senders:
        sender.start()
    for message_id in doomed:
        intake.messages.delete(userId="me", id=message_id).execute()
    for sender in senders:
        sender.join()
    assert len(intake.ids("in:inbox")) == 20
    assert intake.ids("is:starred") == []
