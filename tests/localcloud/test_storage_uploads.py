"""Resumable uploads as requests: what is kept, what is asked for, and what survives."""

import io
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.exceptions import GoogleAPIError, PreconditionFailed

from localcloud.clock import Clock
from localcloud.storage import StorageServer

QUANTUM = 256 * 1024
CONTENT = bytes(range(256)) * 4096  # four quanta


class Session:
    """One resumable upload, a request a line."""

    def __init__(self, http: requests.Session, url: str) -> None:
        self._http = http
        self.url = url

    def put(self, content: bytes, content_range: str | None = None) -> requests.Response:
        headers = {} if content_range is None else {"Content-Range": content_range}
        return self._http.put(self.url, data=content, headers=headers)

    def status(self, total: str = "*") -> requests.Response:
        return self.put(b"", f"bytes */{total}")

    def cancel(self) -> requests.Response:
        return self._http.delete(self.url)


def start(
    http: requests.Session, server: StorageServer, bucket: Any, name: str = "name", **params: Any
) -> Session:
    url = f"{server.url}/upload/storage/v1/b/{bucket.name}/o"
    metadata = params.pop("metadata", {"contentType": "text/csv"})
    answer = http.post(
        url, params={"uploadType": "resumable", "name": name, **params}, json=metadata
    )
    assert answer.status_code == 200, answer.text
    return Session(http, answer.headers["Location"])


@pytest.fixture
def session(bucket: Any, storage_server: StorageServer, http: requests.Session) -> Session:
    return start(http, storage_server, bucket)


def test_one_request_can_bring_everything(session: Session, bucket: Any) -> None:
    answer = session.put(CONTENT)
    assert answer.status_code == 200
    assert answer.json()["size"] == str(len(CONTENT))
    found = bucket.get_blob("name")
    assert found.download_as_bytes(retry=None) == CONTENT
    assert found.content_type == "text/csv"


def test_chunks_add_up(session: Session, bucket: Any) -> None:
    total = len(CONTENT)
    for first in range(0, total, QUANTUM):
        last = first + QUANTUM - 1
        answer = session.put(CONTENT[first : last + 1], f"bytes {first}-{last}/{total}")
        if last + 1 < total:
            assert answer.status_code == 308
            assert answer.headers["Range"] == f"bytes=0-{last}"
    assert answer.status_code == 200
    assert bucket.blob("name").download_as_bytes(retry=None) == CONTENT


def test_the_size_may_be_told_with_the_last_chunk(session: Session, bucket: Any) -> None:
    assert session.put(CONTENT[:QUANTUM], f"bytes 0-{QUANTUM - 1}/*").status_code == 308
    end = f"bytes {QUANTUM}-{QUANTUM + 9}/{QUANTUM + 10}"
    assert session.put(CONTENT[QUANTUM : QUANTUM + 10], end).status_code == 200
    assert bucket.get_blob("name").size == QUANTUM + 10


def test_the_status_tells_how_far_an_upload_is(session: Session) -> None:
    answer = session.status()
    assert (answer.status_code, answer.headers.get("Range")) == (308, None)
    session.put(CONTENT[:QUANTUM], f"bytes 0-{QUANTUM - 1}/*")
    answer = session.status(str(len(CONTENT)))
    assert (answer.status_code, answer.headers["Range"]) == (308, f"bytes=0-{QUANTUM - 1}")


def test_an_upload_can_end_with_an_empty_request(session: Session, bucket: Any) -> None:
    session.put(CONTENT, f"bytes 0-{len(CONTENT) - 1}/*")
    assert session.status(str(len(CONTENT))).status_code == 200
    assert bucket.get_blob("name").size == len(CONTENT)


def test_an_empty_upload_makes_an_empty_object(session: Session, bucket: Any) -> None:
    assert session.status("0").status_code == 200
    assert bucket.get_blob("name").size == 0


def test_what_was_sent_before_is_not_taken_twice(session: Session, bucket: Any) -> None:
    session.put(CONTENT[: 2 * QUANTUM], f"bytes 0-{2 * QUANTUM - 1}/*")
    rest = f"bytes {QUANTUM}-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert session.put(CONTENT[QUANTUM:], rest).status_code == 200
    assert bucket.blob("name").download_as_bytes(retry=None) == CONTENT


def test_a_gap_is_refused_and_changes_nothing(session: Session) -> None:
    gap = f"bytes {QUANTUM}-{2 * QUANTUM - 1}/*"
    assert session.put(CONTENT[:QUANTUM], gap).status_code == 503
    assert "Range" not in session.status().headers


def test_of_an_odd_chunk_whole_quanta_are_kept(session: Session, bucket: Any) -> None:
    answer = session.put(CONTENT[: QUANTUM + 100], f"bytes 0-{QUANTUM + 99}/{len(CONTENT)}")
    assert (answer.status_code, answer.headers["Range"]) == (308, f"bytes=0-{QUANTUM - 1}")
    rest = f"bytes {QUANTUM}-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert session.put(CONTENT[QUANTUM:], rest).status_code == 200
    assert bucket.blob("name").download_as_bytes(retry=None) == CONTENT


@pytest.mark.parametrize(
    ("content", "content_range"),
    [
        (b"12345", "bytes 0-9/10"),
        (b"12345", "bytes */10"),
        (b"12345", "bytes 0-4/3"),
        (b"12345", "lines 0-4/5"),
        (b"", "bytes 5-4/10"),
    ],
)
def test_ranges_that_cannot_be_are_refused(
    session: Session, content: bytes, content_range: str
) -> None:
    assert session.put(content, content_range).status_code == 400


def test_a_finished_session_answers_with_its_object(session: Session, bucket: Any) -> None:
    """T27: after a lost response the status says what was stored."""
    generation = session.put(CONTENT).json()["generation"]
    for answer in (session.status(), session.put(CONTENT)):
        assert (answer.status_code, answer.json()["generation"]) == (200, generation)
    assert bucket.get_blob("name").generation == int(generation)


def test_a_cancelled_session_is_gone_with_its_bytes(
    session: Session, storage_server: StorageServer, bucket: Any
) -> None:
    session.put(CONTENT[:QUANTUM], f"bytes 0-{QUANTUM - 1}/*")
    assert session.cancel().status_code == 499
    assert list(storage_server.store.contents._folder.iterdir()) == []
    assert session.status().status_code == 499
    assert session.put(CONTENT).status_code == 499
    assert not bucket.blob("name").exists(retry=None)


def test_a_session_ends_after_seven_days(
    session: Session, storage_server: StorageServer, storage_clock: Clock
) -> None:
    session.put(CONTENT[:QUANTUM], f"bytes 0-{QUANTUM - 1}/*")
    storage_clock.advance(6 * 86_400)
    assert session.status().status_code == 308
    storage_clock.advance(86_401)
    assert list(storage_server.store.contents._folder.iterdir()) == []
    assert session.status().status_code == 404


def test_a_session_that_never_was_is_not_found(
    session: Session, storage_server: StorageServer
) -> None:
    session.url += "x"
    assert session.status().status_code == 404
    assert session.put(b"x").status_code == 404
    assert session.cancel().status_code == 404


def test_a_condition_counts_at_the_start_and_at_the_end(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    first = start(http, storage_server, bucket, ifGenerationMatch=0)
    second = start(http, storage_server, bucket, ifGenerationMatch=0)
    assert first.put(b"first").status_code == 200
    assert second.put(b"second").status_code == 412
    assert bucket.blob("name").download_as_bytes(retry=None) == b"first"
    assert len(list(storage_server.store.contents._folder.iterdir())) == 1


def test_a_wrong_checksum_ends_an_upload_without_an_object(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    session = start(http, storage_server, bucket, metadata={"crc32c": "AAAAAA=="})
    assert session.put(b"content").status_code == 400
    assert not bucket.blob("name").exists(retry=None)
    assert list(storage_server.store.contents._folder.iterdir()) == []


def test_a_torn_upload_in_one_request_is_no_object(
    bucket: Any, storage_server: StorageServer
) -> None:
    """The end of the connection is not the end of a body in chunks."""

    def torn() -> Any:
        yield b"x" * 1000
        raise ConnectionAbortedError

    url = f"{storage_server.url}/upload/storage/v1/b/{bucket.name}/o"
    for _ in range(5):
        with pytest.raises(requests.ConnectionError):
            requests.post(
                url, params={"uploadType": "media", "name": "name"}, data=torn(), timeout=9
            )
    deadline = time.monotonic() + 10
    while list(storage_server.store.contents._folder.iterdir()):
        assert time.monotonic() < deadline, "torn uploads stay on disk"
    assert not bucket.blob("name").exists(retry=None)


def test_a_torn_request_keeps_what_arrived(
    session: Session, storage_server: StorageServer, bucket: Any
) -> None:
    def torn() -> Any:
        yield CONTENT[: 2 * QUANTUM]
        raise ConnectionAbortedError

    with pytest.raises(requests.ConnectionError):
        requests.put(session.url, data=torn(), timeout=10)
    status = session.status()  # waits for the torn request to end
    assert status.status_code == 308
    have = int(status.headers.get("Range", "bytes=0--1").removeprefix("bytes=0-")) + 1
    assert have <= 2 * QUANTUM
    rest = f"bytes {have}-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert session.put(CONTENT[have:], rest).status_code == 200
    assert bucket.blob("name").download_as_bytes(retry=None) == CONTENT


def test_the_client_uploads_in_chunks(bucket: Any) -> None:
    blob = bucket.blob("name", chunk_size=QUANTUM)
    blob.upload_from_file(io.BytesIO(CONTENT + b"end"), retry=None)
    assert blob.download_as_bytes(retry=None) == CONTENT + b"end"
    with bucket.blob("written").open("wb", chunk_size=QUANTUM) as file:
        file.write(CONTENT + b"end")
    assert bucket.blob("written").download_as_bytes(retry=None) == CONTENT + b"end"


def test_the_client_is_told_that_it_lost(bucket: Any) -> None:
    bucket.blob("name").upload_from_string(b"1", retry=None)
    late = bucket.blob("name", chunk_size=QUANTUM)
    with pytest.raises(PreconditionFailed):
        late.upload_from_file(io.BytesIO(CONTENT), if_generation_match=0, retry=None)


def test_a_restart_removes_what_was_torn_and_keeps_what_is_open(
    bucket: Any, storage_server: StorageServer, session: Session, tmp_path: Path
) -> None:
    session.put(CONTENT[:QUANTUM], f"bytes 0-{QUANTUM - 1}/*")
    folder = tmp_path / "storage" / "content"
    (folder / "torn").write_bytes(b"half of something")
    restarted = StorageServer(data=tmp_path / "storage", clock=Clock())
    restarted.stop()
    assert len(list(folder.iterdir())) == 1
    assert session.status().headers["Range"] == f"bytes=0-{QUANTUM - 1}"


def test_an_upload_does_not_end_in_another_bucket_of_the_same_name(
    bare_bucket: Any, client: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    client.create_bucket("kept")
    session = start(http, storage_server, client.bucket("kept"))
    client.bucket("kept").delete(retry=None)
    client.create_bucket("kept")
    assert session.put(b"content").status_code == 404
    assert not client.bucket("kept").blob("name").exists(retry=None)


def test_a_key_of_cloud_kms_is_refused_by_name_instead_of_ignored(bucket: Any) -> None:
    blob = bucket.blob("sealed", kms_key_name="projects/p/locations/l/keyRings/r/cryptoKeys/k")
    with pytest.raises(GoogleAPIError, match="kmsKeyName"):
        blob.upload_from_string(b"x", retry=None)


def test_googles_go_client_is_told_by_a_header_to_go_on(
    storage_server: StorageServer, bucket: Any
) -> None:
    """It refuses a 308, and says so."""
    start = f"{storage_server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable&name=x"
    session = requests.post(start, json={}, timeout=10)
    piece = requests.put(
        session.headers["Location"],
        data=bytes(1 << 18),
        headers={"Content-Range": f"bytes 0-{(1 << 18) - 1}/*", "X-GUploader-No-308": "yes"},
        timeout=10,
    )
    assert piece.status_code == 200
    assert piece.headers["X-Http-Status-Code-Override"] == "308"
