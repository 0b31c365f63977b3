"""Metadata and content in one request, as different clients spell it."""

from typing import Any

import pytest
import requests

from localcloud.storage import StorageServer

METADATA = '{"name": "name", "contentType": "text/csv"}'


def send(
    http: requests.Session, server: StorageServer, bucket: Any, body: bytes, boundary: str
) -> requests.Response:
    return http.post(
        f"{server.url}/upload/storage/v1/b/{bucket.name}/o",
        params={"uploadType": "multipart"},
        data=body,
        headers={"Content-Type": f"multipart/related; boundary={boundary}"},
    )


def spelled(content: bytes, newline: str, head: str = "Content-Type: text/plain") -> bytes:
    before = ["--b", "Content-Type: application/json", "", METADATA, "--b"]
    before += [head, "", ""] if head else ["", ""]
    return newline.join(before).encode() + content + f"{newline}--b--{newline}".encode()


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("boundary", ["b", '"b"', "'b'", "b; charset=utf-8"])
@pytest.mark.parametrize("head", ["Content-Type: text/plain", ""])
def test_every_spelling_means_the_same(
    bucket: Any,
    storage_server: StorageServer,
    http: requests.Session,
    newline: str,
    boundary: str,
    head: str,
) -> None:
    content = b"line\r\nline\n--a\r\n-- b\n" * 1000
    answer = send(http, storage_server, bucket, spelled(content, newline, head), boundary)
    assert answer.status_code == 200, answer.text
    found = bucket.get_blob("name")
    assert found.download_as_bytes(retry=None) == content
    assert found.content_type == "text/csv"


def test_the_content_may_be_empty(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    assert send(http, storage_server, bucket, spelled(b"", "\r\n"), "b").json()["size"] == "0"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        spelled(b"content", "\r\n")[:-20],
        spelled(b"content", "\r\n").replace(b"--b--", b"--c--"),
        spelled(b"content", "\r\n").replace(b"{", b"["),
        spelled(b"content", "\r\n").replace(b"contentType", b"colour"),
    ],
)
def test_what_cannot_be_read_stores_nothing(
    bucket: Any, storage_server: StorageServer, http: requests.Session, body: bytes
) -> None:
    assert send(http, storage_server, bucket, body, "b").status_code == 400
    assert not bucket.blob("name").exists(retry=None)
    assert list(storage_server.store.contents._folder.iterdir()) == []


def test_a_boundary_is_needed(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/upload/storage/v1/b/{bucket.name}/o"
    answer = http.post(url, params={"uploadType": "multipart"}, data=b"x")
    assert answer.status_code == 400
