from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest

from localcloud.storage import StorageServer
from localcloud.storage.call import Call
from localcloud.storage.uploads import insert_simple

NAMES = ["a", "a/", "a/1", "a/2", "a/b/3", "b", "b/1", "c", "ü", "日本"]


def fill(bucket: Any, names: list[str]) -> None:
    for name in names:
        bucket.blob(name).upload_from_string(b"x", retry=None)


@pytest.fixture
def full_bucket(bare_bucket: Any) -> Any:
    fill(bare_bucket, NAMES)
    return bare_bucket


def listed(client: Any, bucket: Any, **options: Any) -> tuple[list[str], list[str]]:
    found = client.list_blobs(bucket, retry=None, **options)
    names = [blob.name for blob in found]
    return names, sorted(found.prefixes)


def test_names_come_in_the_order_of_their_bytes(client: Any, full_bucket: Any) -> None:
    assert listed(client, full_bucket)[0] == sorted(NAMES, key=str.encode)


def test_a_prefix_is_not_a_folder(client: Any, full_bucket: Any) -> None:
    assert listed(client, full_bucket, prefix="a")[0] == ["a", "a/", "a/1", "a/2", "a/b/3"]
    assert listed(client, full_bucket, prefix="a/")[0] == ["a/", "a/1", "a/2", "a/b/3"]
    assert listed(client, full_bucket, prefix="none") == ([], [])


def test_a_delimiter_groups(client: Any, full_bucket: Any) -> None:
    assert listed(client, full_bucket, delimiter="/") == (
        ["a", "b", "c", "ü", "日本"],
        ["a/", "b/"],
    )
    assert listed(client, full_bucket, delimiter="/", prefix="a/") == (
        ["a/", "a/1", "a/2"],
        ["a/b/"],
    )


def test_a_name_that_ends_in_the_delimiter_may_stand_for_itself_too(
    client: Any, full_bucket: Any
) -> None:
    names, prefixes = listed(client, full_bucket, delimiter="/", include_trailing_delimiter=True)
    assert names == ["a", "a/", "b", "c", "ü", "日本"]
    assert prefixes == ["a/", "b/"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("delimiter", [None, "/"])
def test_pages_together_are_the_whole(
    full_bucket: Any,
    storage_server: StorageServer,
    http: requests.Session,
    size: int,
    delimiter: str | None,
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{full_bucket.name}/o"
    params = {"maxResults": size} | ({"delimiter": delimiter} if delimiter else {})
    whole = http.get(url, params=params | {"maxResults": 1000}).json()
    items, prefixes, token = [], [], None
    while True:
        page = http.get(url, params=params | ({"pageToken": token} if token else {})).json()
        items += [item["name"] for item in page.get("items", [])]
        prefixes += page.get("prefixes", [])
        assert len(page.get("items", [])) + len(page.get("prefixes", [])) <= size
        token = page.get("nextPageToken")
        if not token:
            break
    assert items == [item["name"] for item in whole["items"]]
    assert prefixes == whole.get("prefixes", [])


def test_versions_are_paged_one_by_one(client: Any, versioned_bucket: Any) -> None:
    fill(versioned_bucket, ["a", "a", "a", "b", "b"])
    found = client.list_blobs(versioned_bucket, versions=True, page_size=2)
    pages = [[(blob.name, blob.generation) for blob in page] for page in found.pages]
    assert [len(page) for page in pages] == [2, 2, 1]
    flat = [line for page in pages for line in page]
    assert flat == sorted(set(flat))


def test_offsets_bound_the_names(client: Any, full_bucket: Any) -> None:
    names, _ = listed(client, full_bucket, start_offset="a/2", end_offset="b/1")
    assert names == ["a/2", "a/b/3", "b"]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("*", ["a", "b", "c", "ü", "日本"]),
        ("a/*", ["a/", "a/1", "a/2"]),
        ("a/**", ["a/", "a/1", "a/2", "a/b/3"]),
        ("**3", ["a/b/3"]),
        ("a/?", ["a/1", "a/2"]),
        ("[ab]", ["a", "b"]),
        ("[!ab]", ["c", "ü"]),
        ("a/[1-2]", ["a/1", "a/2"]),
        ("{a,b}/1", ["a/1", "b/1"]),
        ("none", []),
    ],
)
def test_globs_choose_names(client: Any, full_bucket: Any, glob: str, expected: list[str]) -> None:
    assert listed(client, full_bucket, match_glob=glob)[0] == expected


def test_fields_cut_every_item(client: Any, full_bucket: Any) -> None:
    found = client.list_blobs(full_bucket, fields="items(name),nextPageToken", retry=None)
    assert {tuple(blob._properties) for blob in found} == {("name",)}


def test_a_token_of_somebody_else_is_refused(client: Any, full_bucket: Any) -> None:
    for token in ("nonsense", "AAAA", "e30="):
        with pytest.raises(BadRequest):
            listed(client, full_bucket, page_token=token)


def test_more_than_a_page_of_rows_behind_one_prefix(
    client: Any, bare_bucket: Any, storage_server: StorageServer
) -> None:
    for name in [f"many/{number:04}" for number in range(520)] + ["z"]:
        params = {"bucket": bare_bucket.name, "name": name}
        call = Call(params=params, body={}, headers={})
        insert_simple(storage_server.store, call, iter([b"x"]))
    assert listed(client, bare_bucket, delimiter="/") == (["z"], ["many/"])
    assert len(listed(client, bare_bucket, prefix="many/", page_size=100)[0]) == 520


def test_managed_folders_are_prefixes_on_request(
    client: Any, full_bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/storage/v1/b/{full_bucket.name}/managedFolders"
    for name in ("a/", "bare/", "z/inner/"):
        assert http.post(url, json={"name": name}).ok
    options = {"delimiter": "/", "include_folders_as_prefixes": True}
    for size in (1, 3, 100):
        found = client.list_blobs(full_bucket, retry=None, page_size=size, **options)
        assert [blob.name for blob in found] == ["a", "b", "c", "ü", "日本"]
        assert sorted(found.prefixes) == ["a/", "b/", "bare/", "z/"]
    assert listed(client, full_bucket, delimiter="/")[1] == ["a/", "b/"]
