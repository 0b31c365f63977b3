from typing import Any

import pytest

from localcloud.discovery import Api
from localcloud.errors import ApiError

STORAGE = Api("storage", "v1")
DRIVE = Api("drive", "v3")


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("GET", "/storage/v1/b/x/o/a%2Fb", "storage.objects.get"),
        ("GET", "/download/storage/v1/b/x/o/a", "storage.objects.get"),
        ("POST", "/upload/storage/v1/b/x/o", "storage.objects.insert"),
        ("POST", "/resumable/upload/storage/v1/b/x/o", "storage.objects.insert"),
        ("DELETE", "/storage/v1/b/x/managedFolders/f", "storage.managedFolders.delete"),
    ],
)
def test_request_lines_find_their_method(verb: str, path: str, method: str) -> None:
    assert STORAGE.match(verb, path).id == method


def test_a_literal_path_wins_over_a_name_in_the_path() -> None:
    assert DRIVE.match("GET", "/drive/v3/files/generateIds").id == "drive.files.generateIds"
    assert DRIVE.match("GET", "/drive/v3/files/abc").id == "drive.files.get"


def test_names_in_the_path_are_decoded() -> None:
    matched = STORAGE.match("GET", "/storage/v1/b/x/o/a%2Fb%20c")
    assert matched.path == {"bucket": "x", "object": "a/b c"}


def test_what_google_does_not_have_is_not_found() -> None:
    with pytest.raises(ApiError) as caught:
        STORAGE.match("POST", "/storage/v1/nothing")
    assert caught.value.code == 404


def test_parameters_get_their_types_and_defaults() -> None:
    matched = STORAGE.match("GET", "/storage/v1/b/x/o")
    params = STORAGE.params(matched, {"versions": ["True"], "prefix": ["a"]})
    assert params == {
        "bucket": "x",
        "versions": True,
        "prefix": "a",
        "maxResults": 1000,
    }


@pytest.mark.parametrize(
    "query",
    [
        {"colour": ["red"]},
        {"versions": ["perhaps"]},
        {"maxResults": ["-1"]},
        {"projection": ["some"]},
        {"prefix": ["a", "b"]},
    ],
)
def test_parameters_that_google_would_not_take_are_refused(query: dict[str, list[str]]) -> None:
    matched = STORAGE.match("GET", "/storage/v1/b/x/o")
    with pytest.raises(ApiError) as caught:
        STORAGE.params(matched, query)
    assert caught.value.code == 400


def test_a_missing_required_parameter_is_refused() -> None:
    with pytest.raises(ApiError, match="project"):
        STORAGE.params(STORAGE.match("POST", "/storage/v1/b"), {})


def test_a_parameter_beyond_the_document_needs_to_be_allowed() -> None:
    matched = STORAGE.match("GET", "/storage/v1/b/x")
    assert "new" not in STORAGE.params(matched, {"new": ["1"]}, also=frozenset({"new"}))


@pytest.mark.parametrize(
    "value",
    [
        {"name": "a", "metadata": {"k": "v"}, "temporaryHold": True, "size": "12"},
        {"size": 12, "metadata": {"k": None}, "customTime": "2026-01-01T00:00:00Z"},
        {"acl": [{"entity": "allUsers", "role": "READER"}]},
    ],
)
def test_bodies_that_fit_the_schema_pass(value: dict[str, Any]) -> None:
    STORAGE.check("Object", value)


@pytest.mark.parametrize(
    "value",
    [
        {"colour": "red"},
        {"metadata": {"k": 1}},
        {"metadata": "text"},
        {"temporaryHold": "yes"},
        {"size": "-1"},
        {"customTime": "yesterday"},
        {"acl": {"entity": "allUsers"}},
        {"acl": [{"wrong": 1}]},
    ],
)
def test_bodies_that_do_not_fit_are_refused(value: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        STORAGE.check("Object", value)
    assert caught.value.code == 400


LIST = {
    "kind": "storage#objects",
    "items": [{"name": "a", "size": "1", "owner": {"entity": "me"}}],
    "nextPageToken": "t",
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("items/name", {"items": [{"name": "a"}]}),
        (
            "items(name,owner/entity),nextPageToken",
            {"items": [{"name": "a", "owner": {"entity": "me"}}], "nextPageToken": "t"},
        ),
        ("kind, nextPageToken", {"kind": "storage#objects", "nextPageToken": "t"}),
        ("items(name),items(size)", {"items": [{"name": "a", "size": "1"}]}),
        ("items", {"items": LIST["items"]}),
        ("*", LIST),
        ("prefixes", {}),
    ],
)
def test_a_field_mask_cuts_an_answer(fields: str, expected: dict[str, Any]) -> None:
    assert STORAGE.select("Objects", LIST, STORAGE.mask(fields)) == expected


@pytest.mark.parametrize("fields", ["items(", "items)", "a,,b", "", "items(name", "a//b", "a;b"])
def test_a_field_mask_that_is_none_is_refused(fields: str) -> None:
    with pytest.raises(ApiError) as caught:
        STORAGE.mask(fields)
    assert (caught.value.code, caught.value.location) == (400, "fields")


def test_a_field_mask_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(ApiError, match="colour"):
        STORAGE.select("Objects", LIST, STORAGE.mask("items/colour"))


def test_the_served_document_points_at_the_server() -> None:
    document = STORAGE.document("http://127.0.0.1:1")
    assert document["rootUrl"] == "http://127.0.0.1:1/"
    assert document["baseUrl"] == "http://127.0.0.1:1/storage/v1/"
    assert "mtlsRootUrl" not in document
