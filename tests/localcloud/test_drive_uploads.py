"""The three ways of sending content, and Range on the way back."""

import io
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import psutil
import pytest
from googleapiclient.http import MediaIoBaseDownload, MediaIoBaseUpload

from worlds.drive_local import ALICE, DAY, Client, Drive, local_drive

PIECE = 256 * 1024
START = "/upload/drive/v3/files?uploadType=resumable&fields=id,size,name"


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    with local_drive(tmp_path) as drive:
        yield drive


@pytest.fixture
def alice(drive: Drive) -> Client:
    return drive.user(ALICE)


def begin(drive: Drive, body: bytes = b'{"name": "big"}', **headers: str) -> str:
    """Opens a session; returns the path of its URI."""
    headers = {"Authorization": f"Bearer {ALICE}", "X_Upload_Content_Type": "text/csv", **headers}
    _, answered, _ = drive.call("POST", START, body, Content_Type="application/json", **headers)
    return answered["Location"].removeprefix(drive.url)


def put(drive: Drive, uri: str, data: bytes, content_range: str) -> tuple[int, str | None, bytes]:
    """Sends a piece: status, Range and body."""
    try:
        status, headers, body = drive.call("PUT", uri, data, Content_Range=content_range)
    except HTTPError as error:
        with error:
            status, headers, body = error.code, dict(error.headers), error.read()
    return status, headers.get("Range"), body


def test_the_client_uploads_in_pieces(alice: Client) -> None:
    data = secrets.token_bytes(3 * PIECE + 17)
    media = MediaIoBaseUpload(io.BytesIO(data), "text/csv", chunksize=PIECE, resumable=True)
    request = alice.files.create(body={"name": "big"}, media_body=media, fields="id,size")
    answer, pieces = None, 0
    while answer is None:
        _, answer = request.next_chunk()
        pieces += 1
    assert (pieces, answer["size"]) == (4, str(len(data)))
    assert alice.read(answer["id"]) == data


def test_the_client_uploads_an_empty_file_in_pieces(alice: Client) -> None:
    media = MediaIoBaseUpload(io.BytesIO(b""), "text/csv", resumable=True)
    made = alice.files.create(body={"name": "empty"}, media_body=media, fields="size").execute()
    assert made["size"] == "0"


def test_a_simple_upload_has_content_and_no_name(drive: Drive, alice: Client) -> None:
    path = "/upload/drive/v3/files?uploadType=media&fields=id,name,mimeType"
    headers = {"Authorization": f"Bearer {ALICE}", "Content_Type": "text/csv"}
    _, _, body = drive.call("POST", path, b"data", **headers)
    made = json.loads(body)
    assert (made["name"], made["mimeType"]) == ("Untitled", "text/csv")
    assert alice.read(made["id"]) == b"data"


def test_a_session_tells_how_much_has_arrived(drive: Drive) -> None:
    uri = begin(drive)
    assert put(drive, uri, b"", f"bytes */{2 * PIECE}") == (308, None, b"")
    assert put(drive, uri, b"a" * PIECE, f"bytes 0-{PIECE - 1}/{2 * PIECE}")[:2] == (
        308,
        f"bytes=0-{PIECE - 1}",
    )
    assert put(drive, uri, b"", f"bytes */{2 * PIECE}")[1] == f"bytes=0-{PIECE - 1}"
    end = f"bytes {PIECE}-{2 * PIECE - 1}/{2 * PIECE}"
    status, _, body = put(drive, uri, b"b" * PIECE, end)
    assert (status, json.loads(body)["size"]) == (200, str(2 * PIECE))
    # The client may not have seen the answer: asking again gives it once more.
    assert put(drive, uri, b"", f"bytes */{2 * PIECE}")[2] == body


def test_pieces_are_kept_in_multiples_of_256_kib(drive: Drive) -> None:
    uri = begin(drive)
    odd = b"x" * (PIECE + 1000)
    assert put(drive, uri, odd, f"bytes 0-{len(odd) - 1}/*")[1] == f"bytes=0-{PIECE - 1}"
    assert put(drive, uri, b"y" * 10, f"bytes {3 * PIECE}-{3 * PIECE + 9}/*")[0] == 400


def test_what_arrives_twice_counts_once(drive: Drive, alice: Client) -> None:
    uri, data = begin(drive), secrets.token_bytes(2 * PIECE)
    put(drive, uri, data[:PIECE], f"bytes 0-{PIECE - 1}/{2 * PIECE}")
    _, _, body = put(drive, uri, data, f"bytes 0-{2 * PIECE - 1}/{2 * PIECE}")
    assert alice.read(json.loads(body)["id"]) == data


def test_a_session_survives_a_restart_and_a_week(tmp_path: Path) -> None:
    data = secrets.token_bytes(PIECE + 5)
    with local_drive(tmp_path) as drive:
        uri = begin(drive)
        put(drive, uri, data[:PIECE], f"bytes 0-{PIECE - 1}/{len(data)}")
        forgotten = begin(drive)
    with local_drive(tmp_path) as drive:
        drive.advance(6 * DAY)
        end = f"bytes {PIECE}-{len(data) - 1}/{len(data)}"
        _, _, body = put(drive, uri, data[PIECE:], end)
        assert drive.user(ALICE).read(json.loads(body)["id"]) == data
        drive.advance(2 * DAY)
        assert put(drive, forgotten, b"", "bytes */5")[0] == 404


def test_a_refused_upload_is_refused_at_its_beginning(drive: Drive) -> None:
    with pytest.raises(HTTPError) as refused:
        begin(drive, b'{"name": "x", "parents": ["nowhere"]}')
    assert refused.value.code == 404
    refused.value.close()


def test_ranges_are_cut_from_the_content(drive: Drive, alice: Client) -> None:
    file_id = alice.create("a", b"0123456789")
    path = f"/drive/v3/files/{file_id}?alt=media"
    for asked, status, data, shown in (
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=0-9", 200, b"0123456789", None),
    ):
        answer = drive.call("GET", path, Authorization=f"Bearer {ALICE}", Range=asked)
        assert (answer[0], answer[2], answer[1].get("Content-Range")) == (status, data, shown)
    with pytest.raises(HTTPError) as refused:
        drive.call("GET", path, Authorization=f"Bearer {ALICE}", Range="bytes=10-")
    assert refused.value.code == 416
    assert refused.value.headers["Content-Range"] == "bytes */10"
    refused.value.close()


def test_the_client_downloads_in_pieces(alice: Client) -> None:
    data = secrets.token_bytes(1000)
    file_id = alice.create("a", data)
    buffer = io.BytesIO()
    download = MediaIoBaseDownload(buffer, alice.files.get_media(fileId=file_id), chunksize=300)
    done = False
    while not done:
        _, done = download.next_chunk()
    assert buffer.getvalue() == data


def test_an_upload_is_never_held_in_memory(drive: Drive, alice: Client, tmp_path: Path) -> None:
    size = 64 << 20
    source = tmp_path / "large"
    with source.open("wb") as file:
        file.truncate(size)
    process = psutil.Process()
    before = process.memory_info().rss
    with source.open("rb") as file:
        media = MediaIoBaseUpload(file, "text/csv", chunksize=8 << 20, resumable=True)
        request = alice.files.create(body={"name": "large"}, media_body=media, fields="id")
        answer = None
        while answer is None:
            _, answer = request.next_chunk()
            assert process.memory_info().rss - before < size // 2
    assert alice.get(answer["id"])["size"] == str(size)


def test_newer_content_comes_in_pieces_too(alice: Client) -> None:
    file_id = alice.create("a", b"first", parents=None)
    data = secrets.token_bytes(2 * PIECE)
    media = MediaIoBaseUpload(io.BytesIO(data), "text/csv", chunksize=PIECE, resumable=True)
    request = alice.files.update(fileId=file_id, media_body=media, fields="id,headRevisionId")
    answer = None
    while answer is None:
        _, answer = request.next_chunk()
    assert answer["id"] == file_id
    assert alice.read(file_id) == data
    assert len(alice.revisions.list(fileId=file_id).execute()["revisions"]) == 2
