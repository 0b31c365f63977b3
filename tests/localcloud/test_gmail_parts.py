"""The tree of parts as Gmail builds it, and what it makes of broken mail."""

import base64
import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.gmail import parts
from localcloud.gmail.contract import contract
from worlds.drive_local import refusal
from worlds.gmail_local import INTAKE, Client, Gmail, leaves, letter, local_gmail


@pytest.fixture
def gmail(tmp_path: Path) -> Iterator[Gmail]:
    with local_gmail(tmp_path) as gmail:
        yield gmail


@pytest.fixture
def intake(gmail: Gmail) -> Client:
    return gmail.user(INTAKE)


def data_of(part: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64decode(part["body"]["data"])


def test_text_comes_with_the_message_and_attachments_apart(intake: Client) -> None:
    message_id = intake.insert(letter("Hello", ("x.csv", b"\x00data")))
    payload = intake.get(message_id)["payload"]
    assert (payload["partId"], payload["mimeType"]) == ("", "multipart/mixed")
    assert payload["body"] == {"size": 0}
    text, attachment = payload["parts"]
    assert (text["partId"], text["mimeType"], text["filename"]) == ("0", "text/plain", "")
    assert data_of(text) == b"Hello\n"
    assert text["body"]["size"] == 6
    assert (attachment["partId"], attachment["filename"]) == ("1", "x.csv")
    assert "data" not in attachment["body"]
    assert attachment["body"]["size"] == 5
    assert intake.attachment(message_id, attachment["body"]["attachmentId"]) == b"\x00data"
    assert {"name": "Subject", "value": "A letter"} in payload["headers"]


def test_an_attachment_has_another_id_each_time_and_none_for_ever(
    gmail: Gmail, intake: Client
) -> None:
    """T16: ids of attachments are ephemeral; part ids are not."""
    message_id = intake.insert(letter("Hello", ("x.csv", b"data")))
    other = intake.insert(letter("Hello", ("y.csv", b"data")))
    first, second = (intake.get(message_id)["payload"]["parts"][1] for _ in range(2))
    ids = [part["body"]["attachmentId"] for part in (first, second)]
    assert ids[0] != ids[1]
    assert first["partId"] == second["partId"]
    assert {intake.attachment(message_id, one) for one in ids} == {b"data"}
    stale = (400, "invalidArgument")
    assert refusal(lambda: intake.attachment(other, ids[0])) == stale
    assert refusal(lambda: intake.attachment(message_id, "ANGjdJ-invented")) == stale
    gmail.advance(2 * 3600)
    assert refusal(lambda: intake.attachment(message_id, ids[0])) == stale


def test_parts_are_numbered_by_their_place_also_in_an_attached_message(intake: Client) -> None:
    outer = letter("See below")
    outer.add_alternative("<p>See below</p>", "html")
    outer.add_attachment(letter("Inner", ("inner.csv", b"inner")), filename="mail.eml")
    message_id = intake.insert(outer)
    payload = intake.get(message_id)["payload"]
    alternative, attached = payload["parts"]
    assert [part["partId"] for part in alternative["parts"]] == ["0.0", "0.1"]
    assert (attached["mimeType"], attached["filename"]) == ("message/rfc822", "mail.eml")
    whole = intake.attachment(message_id, attached["body"]["attachmentId"])
    assert b"Subject: A letter" in whole
    (inner,) = attached["parts"]
    assert (inner["partId"], inner["mimeType"]) == ("1.0", "multipart/mixed")
    assert [part["partId"] for part in inner["parts"]] == ["1.0.0", "1.0.1"]
    inside = inner["parts"][1]
    assert intake.attachment(message_id, inside["body"]["attachmentId"]) == b"inner"


def test_names_and_headers_are_decoded(intake: Client) -> None:
    """RFC 2231, RFC 2047, and folded lines."""
    message = letter("Hello", ("données 数据.csv", b"x"), Subject="Größe " * 20)
    payload = intake.get(intake.insert(message))["payload"]
    assert payload["parts"][1]["filename"] == "données 数据.csv"
    subject = next(one["value"] for one in payload["headers"] if one["name"] == "Subject")
    assert subject.strip() == ("Größe " * 20).strip()
    raw = (
        b'From: a@b.example\nContent-Type: text/csv; name="=?utf-8?q?n=C3=A4me=2Ecsv?="\n'
        b"Long: one\n two\n\nx"
    )
    payload = intake.get(intake.insert(raw))["payload"]
    assert payload["filename"] == "näme.csv"
    assert {"name": "Long", "value": "one two"} in payload["headers"]


def test_what_is_no_text_or_large_is_fetched_apart_though_it_has_no_name(intake: Client) -> None:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content("x" * 1000 + "\n")
    message.add_related(b"picture", "image", "png", cid="<one>")
    message.add_attachment("y" * 300_000, "html", disposition="inline")
    message_id = intake.insert(message)
    small, picture, large = leaves(intake.get(message_id)["payload"])
    assert len(data_of(small)) == 1001
    assert picture["filename"] == large["filename"] == ""
    assert intake.attachment(message_id, picture["body"]["attachmentId"]) == b"picture"
    assert large["body"]["size"] == 300_001


def test_a_message_of_one_part_is_its_own_payload(intake: Client) -> None:
    payload = intake.get(intake.insert(letter("Hello")))["payload"]
    assert "parts" not in payload
    assert data_of(payload) == b"Hello\n"


def test_metadata_is_headers_alone(intake: Client) -> None:
    message_id = intake.insert(letter("Hello", ("x.csv", b"data")))
    payload = intake.get(message_id, format="metadata")["payload"]
    assert set(payload) == {"mimeType", "headers"}
    assert {one["name"] for one in payload["headers"]} >= {"From", "To", "Subject"}
    chosen = intake.get(message_id, format="metadata", metadataHeaders=["subject", "To"])
    assert [one["name"] for one in chosen["payload"]["headers"]] == ["To", "Subject"]


BROKEN = {
    "nothing": b"",
    "no head": b"\n\njust text",
    "no boundary": b"Content-Type: multipart/mixed\n\n--x\n\ntext\n--x--\n",
    "boundary never comes": b'Content-Type: multipart/mixed; boundary="x"\n\ntext',
    "torn": b'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/csv\n\na,b',
    "bad base64": b"Content-Transfer-Encoding: base64\n\n!!!!not base64",
    "unknown encoding": b"Content-Transfer-Encoding: rot13\n\nuryyb",
    "unknown charset": b"Content-Type: text/plain; charset=klingon\n\nhello",
    "bad encoded word": b"Subject: =?utf-8?b?!?= =?klingon?q?x?=\n\nhello",
    "bad name": b"Content-Disposition: attachment; filename*=klingon''%FF%00\n\nhello",
    "bytes in headers": b"Subject: \xff\xfe\x00\nFrom: \xc3\xa4@b.example\n\n\xff",
    "no lines": b"\xff" * 2000,
    "attached nothing": b"Content-Type: message/rfc822\n\n",
    "odd type": b"Content-Type: ;;;\n\nhello",
    "NUL": b"Subject: a\x00b\n\n\x00",
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_broken_mail_is_a_message_all_the_same(gmail: Gmail, intake: Client, raw: bytes) -> None:
    message_id = str(gmail.server.seed(INTAKE, raw, ["INBOX"])["id"])
    assert intake.raw(message_id) == raw
    for part in leaves(intake.get(message_id)["payload"]):
        if "attachmentId" in part["body"]:
            data = intake.attachment(message_id, part["body"]["attachmentId"])
            assert len(data) == part["body"]["size"]
    assert intake.ids() == [message_id]


def test_mail_may_have_thousands_of_parts_and_be_nested_without_end(intake: Client) -> None:
    wide = letter("Hello", *((f"{number}.csv", b"x") for number in range(2000)))
    payload = intake.get(intake.insert(wide))["payload"]
    assert [part["partId"] for part in payload["parts"][-2:]] == ["1999", "2000"]
    for depth in (90, 200, 3000):
        deep = b"".join(
            b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (level, level)
            for level in range(depth)
        )
        message_id = intake.insert(b"From: a@b.example\n" + deep + b"\ntext")
        (leaf,) = leaves(intake.get(message_id)["payload"])
        assert leaf["mimeType"] == "text/plain"


LINES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=x",
        b'Content-Type: multipart/alternative; boundary="y"',
        b"Content-Type: message/rfc822",
        b"Content-Type: message/delivery-status",
        b"Content-Type: text/plain; charset=utf-16",
        b"Content-Type: text/csv; name*0*=utf-8''a%C3; name*1*=%A4.csv",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Transfer-Encoding: uuencode",
        b'Content-Disposition: attachment; filename="=?utf-8?b?4pyT?="',
        b"Subject: =?utf-8?q?=C3?= =?x?y?z?=",
        b"From: <<a@b>, c",
        b"--x",
        b"--x--",
        b"--y",
        b"",
        b" folded",
        b"YWJj",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES | st.binary(max_size=20), max_size=40))
def test_any_bytes_are_a_message_that_fits_googles_definition(lines: list[bytes]) -> None:
    message = parts.parse(b"\n".join(lines))
    payload = parts.payload(message, lambda part_id: f"id-{part_id}")
    contract().check("MessagePart", payload)
    json.dumps(payload, ensure_ascii=False).encode()
    inside = dict(parts.walk(message))
    for part in leaves(payload):
        assert len(parts.content(inside[part["partId"]])) == part["body"]["size"]
