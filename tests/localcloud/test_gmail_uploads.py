"""Messages that come as they are: whole, beside a description, and piece by piece."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from googleapiclient.http import MediaIoBaseUpload

from worlds.drive_local import refusal
from worlds.gmail_local import INTAKE, Client, Gmail, letter, local_gmail

PLACE = "/upload/gmail/v1/users/me/messages"
LARGE = bytes(letter("Hello", ("x.bin", bytes(600_000))))


@pytest.fixture
def gmail(tmp_path: Path) -> Iterator[Gmail]:
    with local_gmail(tmp_path) as gmail:
        yield gmail


@pytest.fixture
def intake(gmail: Gmail) -> Client:
    return gmail.user(INTAKE)


def upload(client: Client, raw: bytes, *labels: str, **more: Any) -> Any:
    media = MediaIoBaseUpload(io.BytesIO(raw), "message/rfc822", **more)
    body = {"labelIds": list(labels)} if labels else None
    return client.messages.insert(userId="me", body=body, media_body=media)


def put(uri: str, data: bytes, content_range: str | None) -> tuple[int, dict[str, str], bytes]:
    """A piece of an upload; 308 is an answer like others."""
    headers = {"Content-Range": content_range} if content_range else {}
    try:
        with urlopen(Request(uri, data=data, method="PUT", headers=headers)) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def opened(gmail: Gmail, **headers: str) -> str:
    uri = f"{gmail.url}{PLACE}?uploadType=resumable"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with urlopen(Request(uri, data=b"", method="POST", headers=named)) as answer:
        return str(answer.headers["Location"])


@pytest.mark.parametrize("more", [{}, {"resumable": True, "chunksize": 262_144}])
@pytest.mark.parametrize("labels", [[], ["STARRED", "UNREAD"]])
def test_an_upload_brings_the_message_byte_for_byte(
    intake: Client, labels: list[str], more: dict[str, Any]
) -> None:
    """T29: uploads stay here too."""
    made = upload(intake, LARGE, *labels, **more).execute()
    assert made.get("labelIds", []) == labels
    assert intake.raw(made["id"]) == LARGE


def test_a_broken_upload_goes_on_where_it_broke(gmail: Gmail, intake: Client) -> None:
    uri, total, half = opened(gmail), len(LARGE), 262_144
    assert put(uri, b"", f"bytes */{total}")[0] == 308
    status, headers, _ = put(uri, LARGE[:half], f"bytes 0-{half - 1}/{total}")
    assert (status, headers["Range"]) == (308, f"bytes=0-{half - 1}")
    gmail.fault("gmail.users.messages.insert", status=503)
    assert put(uri, LARGE[half:], f"bytes {half}-{total - 1}/{total}")[0] == 503
    assert put(uri, b"", f"bytes */{total}")[1]["Range"] == f"bytes=0-{half - 1}"
    again = put(uri, LARGE[half - 10 :], f"bytes {half - 10}-{total - 1}/{total}")
    assert again[0] == 200
    (message_id,) = intake.ids()
    assert intake.raw(message_id) == LARGE
    assert put(uri, b"", f"bytes */{total}")[2] == again[2]
    assert intake.ids() == [message_id]


def test_pieces_that_do_not_fit_are_refused(gmail: Gmail) -> None:
    uri = opened(gmail)
    assert put(uri, b"x", "bytes 5-5/10")[0] == 400
    assert put(uri, b"x", "all of it")[0] == 400
    assert put(f"{gmail.url}{PLACE}?upload_id=unknown", b"x", None)[0] == 404


def test_a_message_may_not_be_larger_than_google_says(gmail: Gmail) -> None:
    with pytest.raises(HTTPError) as refused:
        opened(gmail, X_Upload_Content_Length=str(157_286_401))
    assert refused.value.code == 413
    refused.value.close()


def test_the_scope_is_asked_for_at_the_beginning(gmail: Gmail) -> None:
    reader = gmail.user(f"{INTAKE}:gmail.readonly")
    for more in ({}, {"resumable": True}):
        assert refusal(upload(reader, LARGE, **more)) == (403, "insufficientPermissions")
