import base64
import gzip
import hashlib
from typing import Any

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import BadRequest, NotFound

from localcloud.storage import StorageServer


def put(bucket: Any, name: str, content: bytes = b"content", **options: Any) -> Any:
    blob = bucket.blob(name)
    blob.upload_from_string(content, retry=None, **options)
    return blob


def test_an_object_comes_back_as_it_went_in(bucket: Any) -> None:
    blob = bucket.blob("folder/name")
    blob.metadata = {"colour": "blue"}
    blob.cache_control = "no-cache"
    blob.upload_from_string(b"content", content_type="text/csv", retry=None)
    found = bucket.get_blob("folder/name")
    assert found.download_as_bytes(retry=None) == b"content"
    assert (found.size, found.content_type, found.cache_control) == (7, "text/csv", "no-cache")
    assert found.metadata == {"colour": "blue"}
    assert found.metageneration == 1
    assert found.storage_class == "STANDARD"


def test_checksums_are_those_of_the_content(bucket: Any) -> None:
    blob = put(bucket, "name", b"content")
    assert blob.md5_hash == base64.b64encode(hashlib.md5(b"content").digest()).decode()
    crc32c = google_crc32c.value(b"content").to_bytes(4, "big")
    assert blob.crc32c == base64.b64encode(crc32c).decode()


def test_generations_increase_and_metageneration_starts_anew(bucket: Any) -> None:
    first = put(bucket, "name")
    first.metadata = {"a": "b"}
    first.patch(retry=None)
    generations = [first.generation, *(put(bucket, "name").generation for _ in range(5))]
    assert generations == sorted(set(generations))
    assert first.metageneration == 2
    assert bucket.get_blob("name").metageneration == 1


def test_etags_change_with_the_metadata(bucket: Any) -> None:
    blob = put(bucket, "name")
    before = blob.etag
    blob.metadata = {"a": "b"}
    blob.patch(retry=None)
    assert blob.etag != before


@pytest.mark.parametrize(
    "name", ["a", "a/b", "..x/../y", "ü/日本 語", "a?b#c&d=e+f%20", "n" * 1024, "/a//b/", ".a"]
)
def test_odd_names_are_names_like_others(bucket: Any, client: Any, name: str) -> None:
    put(bucket, name, name.encode())
    assert bucket.blob(name).download_as_bytes(retry=None) == name.encode()
    assert [blob.name for blob in client.list_blobs(bucket)] == [name]
    bucket.blob(name).delete(retry=None)
    assert not bucket.blob(name).exists(retry=None)


@pytest.mark.parametrize("name", ["n" * 1025, "é" * 513, "a\nb", "a\rb", ".", ".."])
def test_names_that_google_forbids_are_refused(bucket: Any, name: str) -> None:
    with pytest.raises(BadRequest):
        put(bucket, name)


def test_what_is_not_there_is_not_found(bucket: Any, client: Any) -> None:
    for attempt in (
        lambda: bucket.blob("none").download_as_bytes(retry=None),
        lambda: bucket.blob("none").reload(retry=None),
        lambda: bucket.blob("none").delete(retry=None),
        lambda: bucket.blob("none").patch(retry=None),
        lambda: put(client.bucket("no-such-bucket"), "name"),
        lambda: list(client.list_blobs("no-such-bucket", retry=None)),
    ):
        with pytest.raises(NotFound):
            attempt()


@pytest.mark.parametrize(
    ("header", "expected", "content_range"),
    [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", b"0123456789", "bytes 0-9/10"),
        ("bytes=5-500", b"56789", "bytes 5-9/10"),
    ],
)
def test_a_range_is_sent_alone(
    bucket: Any,
    storage_server: StorageServer,
    http: requests.Session,
    header: str,
    expected: bytes,
    content_range: str,
) -> None:
    blob = put(bucket, "name", b"0123456789")
    answer = http.get(blob.media_link, headers={"Range": header})
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["Content-Range"] == content_range


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_behind_the_end_is_416(bucket: Any, http: requests.Session, header: str) -> None:
    blob = put(bucket, "name", b"0123456789")
    answer = http.get(blob.media_link, headers={"Range": header})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */10"


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=a-b", "lines=1-2"])
def test_a_range_that_is_none_is_ignored(bucket: Any, http: requests.Session, header: str) -> None:
    blob = put(bucket, "name", b"0123456789")
    answer = http.get(blob.media_link, headers={"Range": header})
    assert (answer.status_code, answer.content) == (200, b"0123456789")


def test_an_empty_object_is_an_object(bucket: Any, http: requests.Session) -> None:
    blob = put(bucket, "empty", b"")
    assert blob.size == 0
    assert blob.download_as_bytes(retry=None) == b""
    assert http.get(blob.media_link, headers={"Range": "bytes=0-"}).status_code == 416


def test_a_download_tells_generation_and_hashes(bucket: Any, http: requests.Session) -> None:
    blob = put(bucket, "name")
    headers = http.get(blob.media_link).headers
    assert headers["X-Goog-Generation"] == str(blob.generation)
    assert headers["X-Goog-Metageneration"] == "1"
    assert headers["X-Goog-Hash"] == f"crc32c={blob.crc32c},md5={blob.md5_hash}"
    assert headers["X-Goog-Stored-Content-Length"] == "7"
    assert headers["X-Goog-Stored-Content-Encoding"] == "identity"
    assert headers["ETag"] == blob.etag


def test_objects_can_be_read_at_their_public_address(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    put(bucket, "a folder/name")
    url = f"{storage_server.url}/{bucket.name}/a%20folder/name"
    assert http.get(url).content == b"content"
    head = http.head(url)
    assert (head.content, head.headers["Content-Length"]) == (b"", "7")
    assert http.get(f"{storage_server.url}/{bucket.name}/none").status_code == 404


def test_gzip_is_unpacked_for_clients_that_do_not_take_it(
    bucket: Any, http: requests.Session
) -> None:
    blob = bucket.blob("packed")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(b"text " * 1000), retry=None)
    plain = http.get(blob.media_link, headers={"Accept-Encoding": "identity"})
    assert plain.content == b"text " * 1000
    assert "Content-Encoding" not in plain.headers
    packed = http.get(blob.media_link, headers={"Accept-Encoding": "gzip"}, stream=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read()) == b"text " * 1000


def test_a_wrong_checksum_stores_nothing(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    contents = storage_server.store.contents
    blob = bucket.blob("name")
    for field in ("crc32c", "md5_hash"):
        blob = bucket.blob("name")
        setattr(blob, field, "AAAAAA==")
        with pytest.raises(BadRequest, match="doesn't match calculated"):
            blob.upload_from_string(b"content", retry=None, checksum=None)
    url = f"{storage_server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=name"
    answer = http.post(url, data=b"content", headers={"X-Goog-Hash": "crc32c=AAAAAA=="})
    assert answer.status_code == 400
    assert not bucket.blob("name").exists(retry=None)
    assert list(contents._folder.iterdir()) == []


def test_a_media_upload_takes_name_and_type_from_the_request(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    url = f"{storage_server.url}/upload/storage/v1/b/{bucket.name}/o"
    params = {"uploadType": "media", "name": "a/b", "contentEncoding": "br"}
    answer = http.post(url, params=params, data=b"x", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200
    found = bucket.get_blob("a/b")
    assert (found.content_type, found.content_encoding) == ("text/csv", "br")
    assert http.post(url, params={"uploadType": "media"}, data=b"x").status_code == 400


def test_a_patch_sets_and_null_removes(bucket: Any) -> None:
    blob = bucket.blob("name")
    blob.metadata = {"keep": "1", "drop": "2"}
    blob.upload_from_string(b"content", retry=None)
    blob.metadata = {"drop": None, "add": "3"}
    blob.content_language = "de"
    blob.patch(retry=None)
    found = bucket.get_blob("name")
    assert found.metadata == {"keep": "1", "add": "3"}
    assert found.content_language == "de"
    assert found.metageneration == 2
    assert found.updated > found.time_created
    found.metadata = None
    found.patch(retry=None)
    assert bucket.get_blob("name").metadata is None


def test_an_update_replaces_what_it_does_not_name(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    blob = bucket.blob("name")
    blob.metadata = {"old": "1"}
    blob.content_language = "de"
    blob.upload_from_string(b"content", retry=None)
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}/o/name"
    answer = http.put(url, json={"contentType": "text/csv"})
    assert answer.status_code == 200
    found = bucket.get_blob("name")
    assert (found.metadata, found.content_language, found.content_type) == (None, None, "text/csv")
    assert found.metageneration == 2


def test_what_clients_cannot_write_stays_as_it_is(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    blob = put(bucket, "name")
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}/o/name"
    answer = http.patch(url, json={"size": "1", "generation": "5", "md5Hash": "x", "name": "y"})
    assert answer.json()["generation"] == str(blob.generation)
    assert (answer.json()["size"], answer.json()["name"]) == ("7", "name")


def test_an_answer_can_be_cut_to_fields(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    put(bucket, "name")
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}/o/name"
    assert http.get(url, params={"fields": "name,size"}).json() == {"name": "name", "size": "7"}
    assert http.get(url, params={"fields": "name,colour"}).status_code == 400


def test_a_composed_object_has_its_parts_and_no_md5(bucket: Any) -> None:
    parts = [put(bucket, f"part-{number}", bytes([number]) * 1000) for number in range(32)]
    whole = bucket.blob("whole")
    whole.compose(parts, retry=None)
    whole.reload()
    assert whole.download_as_bytes(retry=None) == b"".join(
        bytes([number]) * 1000 for number in range(32)
    )
    assert whole.md5_hash is None
    assert whole.component_count == 32
    with pytest.raises(BadRequest):
        whole.compose([*parts, parts[0]], retry=None)


def test_a_composition_may_delete_its_sources(
    bucket: Any, storage_server: StorageServer, http: requests.Session
) -> None:
    put(bucket, "a", b"1")
    put(bucket, "b", b"2")
    url = f"{storage_server.url}/storage/v1/b/{bucket.name}/o/whole/compose"
    body = {"sourceObjects": [{"name": "a"}, {"name": "b"}], "deleteSourceObjects": True}
    assert http.post(url, json=body).status_code == 200
    assert bucket.blob("whole").download_as_bytes(retry=None) == b"12"
    assert not bucket.blob("a").exists(retry=None)


def test_a_copy_takes_the_description_along(bucket: Any, bare_bucket: Any) -> None:
    source = bucket.blob("source")
    source.metadata = {"a": "b"}
    source.upload_from_string(b"content", content_type="text/csv", retry=None)
    copied = bucket.copy_blob(source, bare_bucket, "copied", retry=None)
    token, done, total = bare_bucket.blob("rewritten").rewrite(source, retry=None)
    assert (token, done, total) == (None, 7, 7)
    for name in ("copied", "rewritten"):
        found = bare_bucket.get_blob(name)
        assert (found.content_type, found.metadata) == ("text/csv", {"a": "b"})
        assert found.md5_hash == source.md5_hash
    source.delete(retry=None)
    assert copied.download_as_bytes(retry=None) == b"content"


def test_a_rewrite_with_a_description_takes_that_one_alone(bucket: Any) -> None:
    source = bucket.blob("source")
    source.metadata = {"a": "b"}
    source.upload_from_string(b"content", content_type="text/csv", retry=None)
    target = bucket.blob("target")
    target.storage_class = "NEARLINE"
    target.content_type = "text/plain"
    target.rewrite(source, retry=None)
    found = bucket.get_blob("target")
    assert (found.content_type, found.metadata) == ("text/plain", None)
    assert found.storage_class == "NEARLINE"


def test_own_keys_are_refused_not_ignored(bucket: Any) -> None:
    blob = bucket.blob("name", encryption_key=b"k" * 32)
    with pytest.raises(BadRequest, match="encryption keys"):
        blob.upload_from_string(b"content", retry=None)
    assert not bucket.blob("name").exists(retry=None)
