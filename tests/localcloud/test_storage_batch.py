from typing import Any

import pytest
import requests
from google.api_core.exceptions import NotFound

from localcloud.storage import StorageServer

BOUNDARY = "outer"


def batch(http: requests.Session, url: str, calls: list[tuple[str, str, str]]) -> requests.Response:
    parts = [
        f"--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <call+{number}>\r\n\r\n"
        f"{verb} {target} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
        for number, (verb, target, body) in enumerate(calls)
    ]
    return http.post(
        f"{url}/batch/storage/v1",
        data="".join(parts) + f"--{BOUNDARY}--\r\n",
        headers={"Content-Type": f"multipart/mixed; boundary={BOUNDARY}"},
    )


def test_the_client_deletes_in_batches(bucket: Any, client: Any) -> None:
    for number in range(20):
        bucket.blob(f"n{number}").upload_from_string(b"x", retry=None)
    with client.batch():
        for number in range(20):
            bucket.blob(f"n{number}").delete()
    assert list(client.list_blobs(bucket)) == []


def test_each_call_has_its_own_answer(bucket: Any, client: Any) -> None:
    bucket.blob("here").upload_from_string(b"x", retry=None)
    with client.batch(raise_exception=False) as calls:
        bucket.blob("gone").delete()
        bucket.blob("here").delete(if_generation_match=1)
        bucket.blob("here").delete()
    assert [answer.status_code for answer in calls._responses] == [404, 412, 204]


def test_a_failed_call_is_told(bucket: Any, client: Any) -> None:
    with pytest.raises(NotFound), client.batch():
        bucket.blob("gone").delete()


def test_generations_count_in_a_batch(versioned_bucket: Any, client: Any) -> None:
    for number in range(3):
        versioned_bucket.blob("name").upload_from_string(str(number), retry=None)
    versions = list(client.list_blobs(versioned_bucket, versions=True))
    with client.batch():
        for version in versions[:2]:
            version.delete()
    (left,) = client.list_blobs(versioned_bucket, versions=True)
    assert left.download_as_bytes(retry=None) == b"2"


def test_metadata_can_be_patched_in_a_batch(bucket: Any, client: Any) -> None:
    bucket.blob("name").upload_from_string(b"x", retry=None)
    with client.batch():
        blob = bucket.blob("name")
        blob.metadata = {"a": "ü"}
        blob.patch()
    assert bucket.get_blob("name").metadata == {"a": "ü"}


def test_answers_carry_the_ids_of_their_calls(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    target = f"/storage/v1/b/{bucket.name}"
    answer = batch(http, storage_server.url, [("GET", target, ""), ("PATCH", target, "{")])
    assert answer.status_code == 200
    assert answer.text.index("<response-call+0>") < answer.text.index("HTTP/1.1 200 OK")
    assert answer.text.index("<response-call+1>") < answer.text.index("HTTP/1.1 400")


def test_a_batch_has_at_most_a_hundred_calls(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    call = ("GET", f"/storage/v1/b/{bucket.name}", "")
    assert batch(http, storage_server.url, [call] * 100).text.count("HTTP/1.1 200") == 100
    assert batch(http, storage_server.url, [call] * 101).status_code == 400
    assert batch(http, storage_server.url, []).status_code == 400


def test_a_batch_moves_no_content(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    bucket.blob("name").upload_from_string(b"x", retry=None)
    calls = [
        ("GET", f"/storage/v1/b/{bucket.name}/o/name?alt=media", ""),
        ("POST", f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=a", "x"),
    ]
    answer = batch(http, storage_server.url, calls)
    assert answer.text.count("HTTP/1.1 400") == 2
