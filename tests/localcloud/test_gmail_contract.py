"""Google's own definition of the API, which the server serves, keeps to and checks by."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from google.auth.credentials import AnonymousCredentials
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from custody.adapters.google_api import GoogleApi
from localcloud.gmail.contract import contract
from localcloud.gmail.methods import METHODS
from worlds.drive_local import refusal
from worlds.gmail_local import INTAKE, OFFICE, Client, Gmail, letter, local_gmail


@pytest.fixture
def gmail(tmp_path: Path) -> Iterator[Gmail]:
    with local_gmail(tmp_path) as gmail:
        yield gmail


@pytest.fixture
def intake(gmail: Gmail) -> Client:
    return gmail.user(INTAKE)


def test_the_client_is_built_from_the_servers_own_document(gmail: Gmail) -> None:
    """T29: only a replaced rootUrl keeps uploads and batches here."""
    for place in ("/discovery/v1/apis/{api}/{apiVersion}/rest", "/$discovery/rest?version=v1"):
        service = build(
            "gmail",
            "v1",
            credentials=Credentials(token=OFFICE),
            discoveryServiceUrl=gmail.url + place,
            static_discovery=False,
            cache_discovery=False,
        )
        assert service.users().getProfile(userId="me").execute()["emailAddress"] == OFFICE
        service.close()


def test_our_own_factory_reaches_it_and_a_client_without_a_token_is_the_intake(
    gmail: Gmail,
) -> None:
    api = GoogleApi("gmail", "v1", root=gmail.url, credentials=AnonymousCredentials())
    profile = api.service().users().getProfile(userId="me").execute()
    assert profile["emailAddress"] == INTAKE


def test_every_method_is_googles_and_those_left_out_say_their_name(gmail: Gmail) -> None:
    assert set(METHODS) <= set(contract().methods)
    with pytest.raises(HTTPError) as refused:
        gmail.call("GET", "/gmail/v1/users/me/threads")
    error = json.loads(refused.value.read())["error"]
    assert (error["code"], error["status"]) == (501, "UNIMPLEMENTED")
    assert "gmail.users.threads.list" in error["message"]
    refused.value.close()


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("GET", "/gmail/v1/nothing", None, 404),
        ("GET", "/gmail/v1/users/me/messages?colour=blue", None, 400),
        ("GET", "/gmail/v1/users/me/messages?maxResults=many", None, 400),
        ("GET", "/gmail/v1/users/me/messages?alt=media", None, 400),
        ("GET", "/gmail/v1/users/me/messages?fields=colour", None, 400),
        ("GET", "/gmail/v1/users/me/messages/1?format=pretty", None, 400),
        ("GET", "/gmail/v1/users/me/history?startHistoryId=1000&historyTypes=other", None, 400),
        ("POST", "/gmail/v1/users/me/messages", b'{"colour": "blue"}', 400),
        ("POST", "/gmail/v1/users/me/messages", b'{"raw": 7}', 400),
        ("POST", "/gmail/v1/users/me/messages", b'{"raw": "a"}', 400),
        ("POST", "/gmail/v1/users/me/messages", b"not json", 400),
        ("POST", "/gmail/v1/users/me/watch", b'{"topicName": 1}', 400),
        ("POST", "/gmail/v1/users/me/watch", b'{"labelFilterBehavior": "perhaps"}', 400),
        ("POST", "/upload/gmail/v1/users/me/messages?uploadType=multipart", b"--x", 400),
        ("PUT", "/upload/gmail/v1/users/me/messages?upload_id=unknown", b"x", 404),
        ("GET", "/_nothing", None, 404),
    ],
)
def test_what_google_would_refuse_is_refused(
    gmail: Gmail, verb: str, path: str, body: bytes | None, status: int
) -> None:
    with pytest.raises(HTTPError) as refused:
        gmail.call(verb, path, body)
    assert refused.value.code == status
    error = json.loads(refused.value.read())["error"]
    assert (error["code"], len(error["errors"])) == (status, 1)
    assert error["status"]
    refused.value.close()


def test_a_partial_answer_is_the_part_that_was_asked_for(intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    shown = intake.get(message_id, fields="id,payload/headers/name")
    assert set(shown) == {"id", "payload"}
    assert set(shown["payload"]["headers"][0]) == {"name"}


def test_a_message_can_be_put_in_by_the_door_for_tests(gmail: Gmail, intake: Client) -> None:
    """Byte for byte, and without a head of ours."""
    raw = bytes(letter())
    _, made = gmail.call("POST", f"/_messages/{INTAKE}", raw)
    assert intake.raw(made["id"]) == raw
    assert made["labelIds"] == ["INBOX", "UNREAD"]
    _, made = gmail.call("POST", f"/_messages/{INTAKE}?labelIds=SPAM", raw)
    assert made["labelIds"] == ["SPAM"]
    _, told = gmail.call("GET", "/_smtp")
    assert told == {"smtp": gmail.server.smtp_address}


# What a token reaches.


MODIFY = f"{INTAKE}:gmail.modify"


def scopes_needed(client: Client, message_id: str) -> dict[str, Any]:
    messages, body = client.messages, {"ids": [message_id], "addLabelIds": ["STARRED"]}
    return {
        "profile": client.users.getProfile(userId="me"),
        "list": messages.list(userId="me"),
        "search": messages.list(userId="me", q="in:inbox"),
        "full": messages.get(userId="me", id=message_id),
        "metadata": messages.get(userId="me", id=message_id, format="metadata"),
        "modify": messages.batchModify(userId="me", body=body),
        "trash": messages.trash(userId="me", id=message_id),
        "stop": client.users.stop(userId="me"),
        "batchDelete": messages.batchDelete(userId="me", body={"ids": [message_id]}),
        "delete": messages.delete(userId="me", id=message_id),
    }


@pytest.mark.parametrize(
    ("scopes", "refused"),
    [
        ("gmail.modify", {"delete", "batchDelete"}),
        ("gmail.readonly", {"delete", "batchDelete", "modify", "trash"}),
        (
            "gmail.metadata",
            {"delete", "batchDelete", "modify", "trash", "search", "full"},
        ),
        (
            "gmail.send",
            {
                "batchDelete",
                "delete",
                "full",
                "list",
                "metadata",
                "modify",
                "profile",
                "search",
                "stop",
                "trash",
            },
        ),
    ],
)
def test_a_token_reaches_what_its_scopes_say(
    gmail: Gmail, intake: Client, scopes: str, refused: set[str]
) -> None:
    """T16: permanent deletion needs https://mail.google.com/."""
    message_id = intake.insert(letter(), "INBOX")
    requests = scopes_needed(gmail.user(f"{INTAKE}:{scopes}"), message_id)
    for name, request in requests.items():
        if name in refused:
            assert refusal(request)[0] == 403, name
        else:
            request.execute()
    assert intake.get(message_id)


def test_the_scope_of_everything_deletes(gmail: Gmail, intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    named = gmail.user(f"{INTAKE}:mail.google.com")
    scopes_needed(named, message_id)["delete"].execute()
    assert intake.ids() == []


def test_a_refusal_for_want_of_scope_says_so_as_google_does(gmail: Gmail, intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    with pytest.raises(HttpError) as refused:
        gmail.user(MODIFY).messages.delete(userId="me", id=message_id).execute()
    error = json.loads(refused.value.content)["error"]
    assert error["errors"][0]["reason"] == "insufficientPermissions"
    assert error["status"] == "PERMISSION_DENIED"
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


# Batches and faults.


def test_a_batch_answers_each_call_for_itself(gmail: Gmail, intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    answers: dict[str, Any] = {}

    def keep(request_id: str, answer: Any, error: HttpError | None) -> None:
        answers[request_id] = error.resp.status if error else answer

    modify = gmail.user(MODIFY)
    batch = modify.api.new_batch_http_request(callback=keep)
    batch.add(modify.messages.get(userId="me", id=message_id), request_id="known")
    batch.add(modify.messages.get(userId="me", id="ff"), request_id="unknown")
    batch.add(modify.messages.delete(userId="me", id=message_id), request_id="deleted")
    batch.execute()
    assert answers["known"]["id"] == message_id
    assert (answers["unknown"], answers["deleted"]) == (404, 403)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "userRateLimitExceeded"), (429, "rateLimitExceeded"), (503, "backendError")],
)
def test_errors_come_by_order_and_tell_their_reason(
    gmail: Gmail, intake: Client, status: int, reason: str
) -> None:
    """T15: a 403 of the rate is told from the others by its reason alone."""
    gmail.fault("gmail.users.messages.list", status=status, reason=reason, times=2)
    for _ in range(2):
        assert refusal(intake.messages.list(userId="me")) == (status, reason)
    assert intake.ids() == []


def test_a_write_can_be_done_and_its_answer_lost(gmail: Gmail, intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    path = f"/gmail/v1/users/me/messages/{message_id}/trash"
    gmail.fault("gmail.users.messages.trash", cut="after")
    with pytest.raises(OSError, match=r".*"):
        gmail.call("POST", path, b"", Authorization=f"Bearer {INTAKE}")
    assert intake.get(message_id)["labelIds"] == ["TRASH"]


def test_a_deletion_can_be_answered_and_not_done(gmail: Gmail, intake: Client) -> None:
    message_id = intake.insert(letter(), "INBOX")
    gmail.fault("withoutEffect", match="messages.delete", drop=True)
    intake.messages.delete(userId="me", id=message_id).execute()
    assert intake.ids() == [message_id]


def test_answers_fit_googles_definition_whatever_is_asked(intake: Client) -> None:
    """Every field that the server knows passes the check that it applies to itself."""
    since = intake.history_id()
    label = {"name": "a", "color": {"textColor": "#000000", "backgroundColor": "#ffffff"}}
    made = intake.labels.create(userId="me", body=label).execute()
    message_id = intake.insert(letter("x", ("a", b"x")), made["id"])
    intake.messages.trash(userId="me", id=message_id).execute()
    for form in ("minimal", "full", "raw", "metadata"):
        assert intake.get(message_id, format=form)["id"] == message_id
    assert intake.labels.get(userId="me", id=made["id"]).execute()["color"] == label["color"]
    assert len(intake.history(since)) == 2
