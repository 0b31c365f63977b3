"""Google's own definition of the API, which the server serves, keeps to and checks by."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from localcloud.drive.contract import contract
from localcloud.drive.methods import METHODS
from worlds.drive_local import ALICE, BOB, SHEET, Client, Drive, local_drive, refusal


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    with local_drive(tmp_path) as drive:
        yield drive


@pytest.fixture
def alice(drive: Drive) -> Client:
    return drive.user(ALICE)


def test_the_client_is_built_from_the_servers_own_document(drive: Drive) -> None:
    """T29: only a replaced rootUrl keeps uploads and batches here."""
    for place in ("/discovery/v1/apis/{api}/{apiVersion}/rest", "/$discovery/rest?version=v3"):
        service = build(
            "drive",
            "v3",
            credentials=Credentials(token=ALICE),
            discoveryServiceUrl=drive.url + place,
            static_discovery=False,
            cache_discovery=False,
        )
        about = service.about().get(fields="user").execute()
        assert about["user"]["emailAddress"] == ALICE
        service.close()


def test_every_method_is_googles_and_those_left_out_say_their_name(drive: Drive) -> None:
    assert set(METHODS) <= set(contract().methods)
    path = "/drive/v3/files/x/comments?fields=*"
    with pytest.raises(HTTPError) as refused:
        drive.call("GET", path, Authorization=f"Bearer {ALICE}")
    assert refused.value.code == 501
    assert "drive.comments.list" in refused.value.read().decode()
    refused.value.close()


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("GET", "/drive/v3/nothing", None, 404),
        ("GET", "/drive/v3/files?colour=blue", None, 400),
        ("GET", "/drive/v3/files?pageSize=many", None, 400),
        ("GET", "/drive/v3/files?supportsAllDrives=perhaps", None, 400),
        ("GET", "/drive/v3/changes", None, 400),
        ("GET", "/drive/v3/files/x/export", None, 400),
        ("GET", "/drive/v3/files?spaces=outer", None, 400),
        ("GET", "/drive/v3/files?corpora=everything", None, 400),
        ("GET", "/drive/v3/files/generateIds?count=1001", None, 400),
        ("POST", "/drive/v3/files", b'{"colour": "blue"}', 400),
        ("POST", "/drive/v3/files", b'{"name": 7}', 400),
        ("POST", "/drive/v3/files", b'{"createdTime": "yesterday"}', 400),
        ("POST", "/drive/v3/files", b"not json", 400),
        ("POST", "/upload/drive/v3/files?uploadType=multipart", b"--x", 400),
    ],
)
def test_what_google_would_refuse_is_refused(
    drive: Drive, verb: str, path: str, body: bytes | None, status: int
) -> None:
    with pytest.raises(HTTPError) as refused:
        drive.call(verb, path, body, Content_Type="application/json")
    assert refused.value.code == status
    error = json.loads(refused.value.read())["error"]
    assert (error["code"], len(error["errors"])) == (status, 1)
    refused.value.close()


def test_a_batch_answers_each_call_for_itself(drive: Drive, alice: Client) -> None:
    file_id = alice.create("a")
    answers: dict[str, Any] = {}

    def keep(request_id: str, answer: Any, error: HttpError | None) -> None:
        answers[request_id] = error.resp.status if error else answer

    batch: BatchHttpRequest = alice.api.new_batch_http_request(callback=keep)
    batch.add(alice.files.get(fileId=file_id), request_id="known")
    batch.add(alice.files.get(fileId="unknown"), request_id="unknown")
    batch.add(alice.files.create(body={"name": "made"}), request_id="made")
    batch.add(alice.files.delete(fileId=file_id), request_id="deleted")
    batch.execute()
    assert answers["known"]["id"] == file_id
    assert answers["unknown"] == 404
    assert answers["made"]["name"] == "made"
    assert alice.names() == ["made"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "userRateLimitExceeded"), (429, "rateLimitExceeded"), (503, "backendError")],
)
def test_errors_come_by_order_and_tell_their_reason(
    drive: Drive, alice: Client, status: int, reason: str
) -> None:
    """T15: a 403 of the rate is told from the others by its reason alone."""
    drive.fault("drive.files.list", status=status, reason=reason, times=2)
    for _ in range(2):
        assert refusal(alice.files.list()) == (status, reason)
    assert alice.names() == []


def test_a_write_can_be_done_and_its_answer_lost(drive: Drive, alice: Client) -> None:
    drive.fault("drive.files.create", cut="after")
    with pytest.raises(OSError, match=r".*"):
        drive.call("POST", "/drive/v3/files", b'{"name": "made"}', Authorization=f"Bearer {ALICE}")
    assert alice.names() == ["made"]


def test_content_can_arrive_damaged(drive: Drive, alice: Client) -> None:
    file_id = alice.create("a", b"0123456789")
    drive.fault("drive.files.get", match="alt=media", corrupt=True)
    damaged = alice.read(file_id)
    assert len(damaged) == 10
    assert damaged != b"0123456789"
    assert alice.read(file_id) == b"0123456789"


def test_pieces_of_an_upload_meet_the_faults_of_their_method(drive: Drive, alice: Client) -> None:
    drive.fault("drive.files.create", match="upload_id", status=503)
    headers = {"Authorization": f"Bearer {ALICE}", "Content_Type": "application/json"}
    start = "/upload/drive/v3/files?uploadType=resumable"
    _, answered, _ = drive.call("POST", start, b'{"name": "a"}', **headers)
    uri = answered["Location"].removeprefix(drive.url)
    with pytest.raises(HTTPError) as refused:
        drive.call("PUT", uri, b"data", Content_Range="bytes 0-3/4")
    assert refused.value.code == 503
    refused.value.close()
    assert drive.call("PUT", uri, b"data", Content_Range="bytes 0-3/4")[0] == 200
    assert alice.names() == ["a"]


def test_answers_fit_googles_definition_whatever_is_asked(alice: Client) -> None:
    """Every field that the server knows passes the check that it applies to itself."""
    shared = alice.shared_drive()
    for parent in (None, shared):
        more = {"parents": [parent]} if parent else {}
        folder = alice.folder("folder", **more)
        for file_id in (
            folder,
            alice.create("a.csv", b"x", parents=[folder]),
            alice.create("sheet", b"x,y", mimeType=SHEET, parents=[folder]),
        ):
            alice.share(file_id, BOB, "writer")
            alice.update(file_id, trashed=True)
            assert alice.get(file_id)["kind"] == "drive#file"
    alice.drives.get(driveId=shared, fields="*").execute()
    alice.changes.list(pageToken="1", fields="*").execute()


def test_a_folder_of_thousands_is_listed_by_pages_at_once(drive: Drive, alice: Client) -> None:
    folder = alice.folder("large")
    source = alice.create("source", b"x")
    copies = 300
    for _ in range(copies // 100):
        batch = alice.api.new_batch_http_request()
        for number in range(100):
            body = {"name": f"copy {number}", "parents": [folder]}
            batch.add(alice.files.copy(fileId=source, body=body))
        batch.execute()
    started = time.monotonic()
    assert len(alice.names(f"'{folder}' in parents", pageSize=100)) == copies
    assert time.monotonic() - started < 3
