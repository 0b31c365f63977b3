"""The XML API's multipart uploads: what was begun is listed until it is aborted."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests

from localcloud.storage import StorageServer


class Uploads:
    """The XML API of one bucket."""

    def __init__(self, http: requests.Session, root: str) -> None:
        self.http = http
        self.root = root

    def begin(self, name: str) -> str:
        answer = self.http.post(f"{self.root}/{name}?uploads")
        assert answer.status_code == 200, answer.text
        return str(ET.fromstring(answer.content).findtext("{*}UploadId"))

    def page(self, **params: str) -> ET.Element:
        answer = self.http.get(self.root, params={"uploads": "", **params})
        assert answer.status_code == 200, answer.text
        return ET.fromstring(answer.content)

    def names(self, **params: str) -> list[str | None]:
        return [one.findtext("{*}Key") for one in self.page(**params).findall("{*}Upload")]

    def abort(self, name: str, upload_id: str) -> int:
        return self.http.delete(f"{self.root}/{name}", params={"uploadId": upload_id}).status_code


@pytest.fixture
def uploads(bucket: Any, storage_server: StorageServer, http: requests.Session) -> Uploads:
    return Uploads(http, f"{storage_server.url}/{bucket.name}")


def test_what_was_begun_is_listed_until_it_is_aborted(uploads: Uploads) -> None:
    """T21."""
    assert uploads.names() == []
    first, second = uploads.begin("a/b"), uploads.begin("a/b")
    assert uploads.names() == ["a/b", "a/b"]
    assert uploads.abort("a/b", first) == 204
    (left,) = uploads.page().findall("{*}Upload")
    assert left.findtext("{*}UploadId") == second
    assert uploads.abort("a/b", first) == 404
    assert uploads.abort("another", second) == 404


def test_a_listing_has_a_prefix_and_pages(uploads: Uploads) -> None:
    for name in ("b", "a/2", "a/1", "a/2"):
        uploads.begin(name)
    first = uploads.page(**{"prefix": "a/", "max-uploads": "2"})
    assert first.findtext("{*}IsTruncated") == "true"
    key, upload_id = first.findtext("{*}NextKeyMarker"), first.findtext("{*}NextUploadIdMarker")
    assert (key, len(first.findall("{*}Upload"))) == ("a/2", 2)
    markers = {"key-marker": str(key), "upload-id-marker": str(upload_id)}
    assert uploads.names(prefix="a/", **markers) == ["a/2"]
    assert uploads.names(**{"key-marker": "a/2"}) == ["b"]


def test_another_bucket_of_the_name_has_none_of_them(
    uploads: Uploads, bucket: Any, client: Any
) -> None:
    uploads.begin("a")
    bucket.delete(retry=None)
    client.create_bucket(bucket.name)
    assert uploads.names() == []


@pytest.mark.parametrize(
    ("verb", "query"),
    [
        ("PUT", "partNumber=1&uploadId=x"),
        ("POST", "uploadId=x"),
        ("GET", "uploadId=x"),
    ],
)
def test_parts_and_completion_are_refused_by_name(uploads: Uploads, verb: str, query: str) -> None:
    answer = uploads.http.request(verb, f"{uploads.root}/a?{query}")
    assert answer.status_code == 501
    assert "multipart upload" in answer.text
