"""The server as a process: killed without warning, started again, and how much memory it takes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from alone import Alone

QUANTUM = 256 * 1024
MIB = 1 << 20


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Alone]:
    made = Alone("storage", tmp_path)
    yield made
    made.clear()


def new_bucket(http: requests.Session, url: str) -> None:
    body = {"name": "bucket", "softDeletePolicy": {"retentionDurationSeconds": "0"}}
    assert http.post(f"{url}/storage/v1/b", params={"project": "p"}, json=body).ok


def upload(http: requests.Session, url: str, name: str, content: object) -> requests.Response:
    params = {"uploadType": "media", "name": name}
    return http.post(f"{url}/upload/storage/v1/b/bucket/o", params=params, data=content)  # type: ignore[arg-type]


def download(http: requests.Session, url: str, name: str) -> requests.Response:
    return http.get(f"{url}/storage/v1/b/bucket/o/{name}", params={"alt": "media"})


def test_what_was_acknowledged_survives_a_kill(process: Alone, http: requests.Session) -> None:
    url = process.start()
    new_bucket(http, url)
    for number in range(20):
        assert upload(http, url, f"n{number}", str(number)).ok
    assert http.delete(f"{url}/storage/v1/b/bucket/o/n0").status_code == 204
    process.end(signal.SIGKILL)
    url = process.start()
    assert download(http, url, "n0").status_code == 404
    assert [download(http, url, f"n{number}").text for number in range(1, 20)] == [
        str(number) for number in range(1, 20)
    ]


def test_a_resumable_upload_goes_on_after_a_kill(process: Alone, http: requests.Session) -> None:
    content = os.urandom(3 * QUANTUM)
    url = process.start()
    new_bucket(http, url)
    params = {"uploadType": "resumable", "name": "name"}
    session = http.post(f"{url}/upload/storage/v1/b/bucket/o", params=params).headers["Location"]
    first = {"Content-Range": f"bytes 0-{QUANTUM - 1}/*"}
    assert http.put(session, data=content[:QUANTUM], headers=first).status_code == 308
    process.end(signal.SIGKILL)
    session = session.replace(url, process.start())
    status = http.put(session, headers={"Content-Range": "bytes */*"})
    assert status.headers["Range"] == f"bytes=0-{QUANTUM - 1}"
    rest = {"Content-Range": f"bytes {QUANTUM}-{len(content) - 1}/{len(content)}"}
    answer = http.put(session, data=content[QUANTUM:], headers=rest)
    assert answer.status_code == 200
    assert http.get(session.split("/upload/")[0] + "/bucket/name").content == content


def test_the_virtual_time_survives_a_kill(process: Alone, http: requests.Session) -> None:
    url = process.start()
    http.post(f"{url}/_clock", json={"advance": 86_400})
    before = http.get(f"{url}/_clock").json()["now"]
    process.end(signal.SIGKILL)
    assert http.get(f"{process.start()}/_clock").json()["now"] >= before


def test_a_polite_end_is_clean(process: Alone, http: requests.Session) -> None:
    new_bucket(http, process.start())
    assert process.end(signal.SIGTERM) == 0


def test_large_uploads_and_downloads_take_no_memory(process: Alone, http: requests.Session) -> None:
    url = process.start()
    new_bucket(http, url)
    assert upload(http, url, "warm", b"x" * 4 * MIB).ok
    before, peak = process.memory, 0

    def blocks() -> Iterator[bytes]:
        nonlocal peak
        for _ in range(96):
            yield bytes(MIB)
            peak = max(peak, process.memory)

    assert upload(http, url, "large", blocks()).json()["size"] == str(96 * MIB)
    related = b"--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\n\r\n"

    def multipart() -> Iterator[bytes]:
        yield related
        yield from blocks()
        yield b"\r\n--b--\r\n"

    answer = http.post(
        f"{url}/upload/storage/v1/b/bucket/o",
        params={"uploadType": "multipart", "name": "related"},
        data=multipart(),
        headers={"Content-Type": "multipart/related; boundary=b"},
    )
    assert answer.json()["size"] == str(96 * MIB)
    with http.get(f"{url}/bucket/large", stream=True) as downloading:
        for _ in downloading.iter_content(MIB):
            peak = max(peak, process.memory)
    assert peak - before < 20 * MIB
