"""Every precondition on every method: only the state that is asked for is acted upon."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from google.api_core.exceptions import PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from localcloud.storage import StorageServer

Request = Callable[..., requests.Response]


class Api:
    """The JSON API of one bucket, a method a line."""

    def __init__(self, http: requests.Session, url: str, bucket: str) -> None:
        self._http = http
        self._objects = f"{url}/storage/v1/b/{bucket}/o"
        self._uploads = f"{url}/upload/storage/v1/b/{bucket}/o"
        self._bucket = bucket

    def insert(self, **params: Any) -> requests.Response:
        return self._http.post(
            self._uploads, params={"uploadType": "media", "name": "name", **params}, data=b"x"
        )

    def start(self, **params: Any) -> requests.Response:
        return self._http.post(
            self._uploads, params={"uploadType": "resumable", "name": "name", **params}
        )

    def get(self, **params: Any) -> requests.Response:
        return self._http.get(f"{self._objects}/name", params=params)

    def download(self, **params: Any) -> requests.Response:
        return self._http.get(f"{self._objects}/name", params={"alt": "media", **params})

    def patch(self, **params: Any) -> requests.Response:
        return self._http.patch(f"{self._objects}/name", params=params, json={})

    def update(self, **params: Any) -> requests.Response:
        return self._http.put(f"{self._objects}/name", params=params, json={})

    def delete(self, **params: Any) -> requests.Response:
        return self._http.delete(f"{self._objects}/name", params=params)

    def copy(self, **params: Any) -> requests.Response:
        url = f"{self._objects}/source/copyTo/b/{self._bucket}/o/name"
        return self._http.post(url, params=params)

    def rewrite(self, **params: Any) -> requests.Response:
        url = f"{self._objects}/source/rewriteTo/b/{self._bucket}/o/name"
        return self._http.post(url, params=params)

    def compose(self, **params: Any) -> requests.Response:
        body = {"sourceObjects": [{"name": "source"}]}
        return self._http.post(f"{self._objects}/name/compose", params=params, json=body)


@pytest.fixture
def api(bucket: Any, storage_server: StorageServer, http: requests.Session) -> Api:
    bucket.blob("source").upload_from_string(b"source", retry=None)
    return Api(http, storage_server.url, bucket.name)


METHODS = [
    Api.insert,
    Api.start,
    Api.get,
    Api.download,
    Api.patch,
    Api.update,
    Api.delete,
    Api.copy,
    Api.rewrite,
    Api.compose,
]
CREATING = [Api.insert, Api.start, Api.copy, Api.rewrite, Api.compose]
ALL_CONDITIONS = [method for method in METHODS if method is not Api.compose]


def generation_of(api: Api) -> int:
    return int(api.get().json()["generation"])


@pytest.mark.parametrize("method", METHODS)
def test_the_generation_must_match(api: Api, method: Request) -> None:
    api.insert()
    generation = generation_of(api)
    for wrong in (0, generation + 1, 1):
        answer = method(api, ifGenerationMatch=wrong)
        assert answer.status_code == 412
        assert answer.json()["error"]["errors"][0]["reason"] == "conditionNotMet"
    assert generation_of(api) == generation
    assert method(api, ifGenerationMatch=generation).ok


@pytest.mark.parametrize("method", METHODS)
def test_the_metageneration_must_match(api: Api, method: Request) -> None:
    api.insert()
    assert method(api, ifMetagenerationMatch=2).status_code == 412
    assert method(api, ifMetagenerationMatch=1).ok


@pytest.mark.parametrize("method", ALL_CONDITIONS)
def test_a_state_that_is_not_wanted_is_304(api: Api, method: Request) -> None:
    """docs "Request preconditions": a NotMatch parameter that matches answers 304."""
    api.insert()
    generation = generation_of(api)
    assert method(api, ifGenerationNotMatch=generation).status_code == 304
    assert method(api, ifMetagenerationNotMatch=1).status_code == 304
    assert generation_of(api) == generation
    assert method(api, ifGenerationNotMatch=1, ifMetagenerationNotMatch=2).ok


@pytest.mark.parametrize("method", CREATING)
def test_generation_zero_means_that_nothing_is_there(api: Api, method: Request) -> None:
    assert method(api, ifMetagenerationMatch=1).status_code == 412
    assert method(api, ifGenerationMatch=0).ok


@pytest.mark.parametrize("method", [Api.copy, Api.rewrite])
def test_the_source_must_match_too(api: Api, method: Request) -> None:
    assert method(api, ifSourceGenerationMatch=1).status_code == 412
    assert method(api, ifSourceMetagenerationMatch=2).status_code == 412
    assert method(api, ifSourceMetagenerationNotMatch=1).status_code == 304
    assert method(api, ifSourceMetagenerationMatch=1).ok


def test_the_sources_of_a_composition_must_match(
    api: Api, bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}/o/whole/compose"
    generation = bucket.get_blob("source").generation

    def compose(wanted: int) -> int:
        conditions = {"ifGenerationMatch": str(wanted)}
        source = {"name": "source", "objectPreconditions": conditions}
        return http.post(url, json={"sourceObjects": [source]}).status_code

    assert compose(generation + 1) == 412
    assert compose(generation) == 200


def test_a_restore_looks_at_the_live_object(api: Api, bucket: Any) -> None:
    api.insert()
    generation = generation_of(api)
    api.delete()
    api.insert()
    with pytest.raises(PreconditionFailed):
        bucket.restore_blob("name", generation=generation, if_generation_match=0, retry=None)
    live = generation_of(api)
    bucket.restore_blob("name", generation=generation, if_generation_match=live, retry=None)


def test_buckets_have_a_metageneration(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}"
    for verb in ("GET", "PATCH", "PUT", "DELETE"):
        body: dict[str, str] | None = {} if verb in ("PATCH", "PUT") else None
        for name, status in (("ifMetagenerationMatch", 412), ("ifMetagenerationNotMatch", 304)):
            wrong = 99 if status == 412 else http.get(url).json()["metageneration"]
            assert http.request(verb, url, params={name: wrong}, json=body).status_code == status
    assert http.delete(url, params={"ifMetagenerationMatch": 1}).status_code == 204


def test_etags_are_heeded_when_reading(api: Api, bucket: Any, http: requests.Session) -> None:
    api.insert()
    answer = api.get()
    url, etag = answer.url, answer.json()["etag"]
    assert http.get(url, headers={"If-None-Match": f'"{etag}"'}).status_code == 304
    assert http.get(url, headers={"If-Match": etag}).status_code == 200
    assert http.get(url, headers={"If-Match": "other"}).status_code == 412
    assert http.get(url, headers={"If-None-Match": "other"}).status_code == 200


def test_a_condition_on_an_old_version_is_about_that_version(
    versioned_bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    first = versioned_bucket.blob("name")
    first.upload_from_string(b"1", retry=None)
    old = first.generation
    versioned_bucket.blob("name").upload_from_string(b"2", retry=None)
    url = f"{storage_server.url}/storage/v1/b/{versioned_bucket.name}/o/name"
    wrong = http.delete(url, params={"generation": old, "ifGenerationMatch": old + 1})
    assert wrong.status_code == 412
    assert http.delete(url, params={"generation": old, "ifGenerationMatch": old}).ok
    assert http.get(url).ok


def test_of_sixteen_creators_one_wins(bucket: Any, storage_server: StorageServer) -> None:
    def create(number: int) -> bool:
        own = storage.Client(
            project="test",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": storage_server.url},
        )
        try:
            blob = own.bucket(bucket.name).blob("name")
            blob.upload_from_string(str(number), if_generation_match=0, retry=None)
        except PreconditionFailed:
            return False
        finally:
            own.close()
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(create, range(16)))
    assert won.count(True) == 1
    assert bucket.blob("name").download_as_bytes(retry=None) == str(won.index(True)).encode()


def test_counting_by_compare_and_swap_loses_nothing(
    bucket: Any, storage_server: StorageServer
) -> None:
    bucket.blob("count").upload_from_string(b"0", retry=None)
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}/o/count"
    upload = f"{storage_server.url}/upload/storage/v1/b/{bucket.name}/o"

    def increment(own: requests.Session) -> bool:
        answer = own.get(url, params={"alt": "media"})
        params = {
            "uploadType": "media",
            "name": "count",
            "ifGenerationMatch": answer.headers["X-Goog-Generation"],
        }
        return own.post(upload, params=params, data=str(int(answer.content) + 1)).ok

    def work(_: int) -> None:
        with requests.Session() as own:
            done = 0
            while done < 5:
                done += increment(own)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert bucket.blob("count").download_as_bytes(retry=None) == b"30"
