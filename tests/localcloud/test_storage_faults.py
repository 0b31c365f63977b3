"""Faults on request: what a client meets, and what was done all the same."""

import time
from typing import Any

import pytest
import requests
from google.api_core.exceptions import PreconditionFailed, ServiceUnavailable

from localcloud.clock import Clock
from localcloud.faults import Rule
from localcloud.storage import StorageServer


def put(bucket: Any, content: bytes = b"0123456789", **options: Any) -> Any:
    blob = bucket.blob("name")
    blob.upload_from_string(content, retry=None, **options)
    return blob


def test_an_error_is_answered_without_the_work(bucket: Any, storage_server: StorageServer) -> None:
    storage_server.faults.add(Rule(method="storage.objects.insert", status=503))
    with pytest.raises(ServiceUnavailable):
        put(bucket)
    assert not bucket.blob("name").exists(retry=None)
    put(bucket)


def test_an_error_has_reason_message_and_headers(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    rule = {
        "method": "storage.buckets.get",
        "status": 429,
        "reason": "rateLimitExceeded",
        "message": "slow down",
        "headers": {"Retry-After": "7"},
    }
    http.post(f"{storage_server.url}/_faults", json=rule)
    answer = http.get(f"{storage_server.url}/storage/v1/b/{bucket.name}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"


def test_a_cut_before_does_nothing(bucket: Any, storage_server: StorageServer) -> None:
    storage_server.faults.add(Rule(method="storage.objects.insert", cut="before"))
    with pytest.raises(requests.ConnectionError):
        put(bucket)
    assert not bucket.blob("name").exists(retry=None)


def test_a_cut_after_has_done_the_work(bucket: Any, storage_server: StorageServer) -> None:
    """T27: the answer is lost, and a retry meets its own object."""
    storage_server.faults.add(Rule(method="storage.objects.insert", cut="after"))
    with pytest.raises(requests.ConnectionError):
        put(bucket, if_generation_match=0)
    assert bucket.blob("name").download_as_bytes(retry=None) == b"0123456789"
    with pytest.raises(PreconditionFailed):
        put(bucket, if_generation_match=0)


def test_a_cut_body_ends_early(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    blob = put(bucket)
    storage_server.faults.add(Rule(method="storage.objects.get", match="alt=media", cut="body"))
    with (
        pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)),
        requests.get(blob.media_link, timeout=10) as answer,
    ):
        assert answer.content == b""
    assert http.get(blob.media_link).content == b"0123456789"


def test_a_corrupt_download_differs_in_one_bit(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    blob = put(bucket)
    storage_server.faults.add(Rule(method="storage.objects.get", corrupt=True))
    assert http.get(blob.media_link).content == b"012344" + b"6789"
    assert http.get(blob.media_link).content == b"0123456789"


def test_a_delay_comes_before_the_answer(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    storage_server.faults.add(Rule(method="storage.buckets.get", delay_seconds=0.2))
    before = time.monotonic()
    assert http.get(f"{storage_server.url}/storage/v1/b/{bucket.name}").ok
    assert time.monotonic() - before >= 0.2


def test_a_call_in_a_batch_can_fail_alone(
    bucket: Any, client: Any, storage_server: StorageServer
) -> None:
    put(bucket)
    rule = Rule(method="storage.objects.delete", skip=1, status=503)
    storage_server.faults.add(rule)
    with client.batch(raise_exception=False) as calls:
        bucket.blob("name").delete()
        bucket.blob("name").delete()
        bucket.blob("name").delete()
    assert [answer.status_code for answer in calls._responses] == [204, 503, 404]


def test_rules_are_listed_with_their_hits_and_cleared(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/_faults"
    assert http.post(url, json={"method": "*", "cut": "sideways"}).status_code == 400
    http.post(url, json={"method": "storage.buckets.get", "status": 500, "times": None})
    for _ in range(3):
        http.get(f"{storage_server.url}/storage/v1/b/{bucket.name}")
    assert [rule["hits"] for rule in http.get(url).json()] == [3]
    assert http.delete(url).ok
    assert http.get(url).json() == []


def test_the_clock_can_be_read_and_advanced(
    storage_server: StorageServer, storage_clock: Clock, http: requests.Session
) -> None:
    url = f"{storage_server.url}/_clock"
    before = storage_clock.time()
    answer = http.post(url, json={"advance": 3600})
    assert answer.json().keys() == {"now"}
    assert storage_clock.time() - before >= 3600
    assert http.get(url).json()["now"] >= answer.json()["now"]
    assert http.post(url, json={"advance": -1}).status_code == 400
