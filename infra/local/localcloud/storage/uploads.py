"""objects.insert with the media in one request: what arrives is checked before it counts."""

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.errors import ApiError
from localcloud.related import open_related
from localcloud.storage.call import Call
from localcloud.storage.content import Content
from localcloud.storage.contract import checked_body
from localcloud.storage.model import Bucket, Generation
from localcloud.storage.refusals import invalid
from localcloud.storage.resources import object_resource
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.tables import Tables
from localcloud.storage.writing import Draft, create
from localcloud.wire import parse_json

Fields = Mapping[str, Any]


def insert_simple(store: Store, call: Call, blocks: Iterator[bytes]) -> dict[str, Any]:
    """uploadType=media: the body is the content, and the query says the rest."""
    return _insert(store, call, {"contentType": call.headers.get("content-type")}, blocks)


def insert_multipart(store: Store, call: Call, blocks: Iterator[bytes]) -> dict[str, Any]:
    """uploadType=multipart: the metadata comes in front of the content."""
    related = open_related(call.headers.get("content-type", ""), blocks)
    metadata = checked_body("Object", parse_json(related.metadata))
    metadata.setdefault("contentType", related.media_type)
    return _insert(store, call, metadata, related.media)


def _insert(store: Store, call: Call, metadata: Fields, blocks: Iterator[bytes]) -> dict[str, Any]:
    require_name(call.params, metadata)
    with store.reading() as tables:
        the_bucket(tables, call.params["bucket"])
    content = store.contents.store(blocks)
    try:
        require_intact(content, metadata, call.headers)
        with store.transaction() as tables:
            bucket, generation = finish(store, tables, call.params, metadata, content)
    except ApiError:
        store.contents.remove(content.id)
        raise
    return object_resource(store, bucket, generation, call.params)


def finish(
    store: Store, tables: Tables, params: Fields, metadata: Fields, content: Content
) -> tuple[Bucket, Generation]:
    """Makes the object of a content that has arrived whole."""
    said = {name: value for name, value in metadata.items() if value is not None}
    fields = {"contentType": "application/octet-stream", **said}
    if params.get("contentEncoding"):
        fields["contentEncoding"] = params["contentEncoding"]
    bucket = the_bucket(tables, params["bucket"])
    draft = Draft(name=require_name(params, metadata), fields=fields, content=content)
    return bucket, create(store, tables, bucket, draft, params)


def require_name(params: Fields, metadata: Fields) -> str:
    """The query's name wins over the metadata's."""
    name = params.get("name") or metadata.get("name")
    if not name:
        raise ApiError(400, "required", "Required", "name")
    return str(name)


def require_intact(content: Content, metadata: Fields, headers: Mapping[str, str]) -> None:
    """400 where a checksum that the client announced is not that of what arrived."""
    announced = {**metadata, **_announced(headers)}
    for name, words, actual in (
        ("crc32c", "CRC32C", content.crc32c),
        ("md5Hash", "MD5 hash", content.md5),
    ):
        if announced.get(name) and announced[name] != actual:
            provided = f'Provided {words} "{announced[name]}"'
            raise invalid(f'{provided} doesn\'t match calculated {words} "{actual}".')


def _announced(headers: Mapping[str, str]) -> dict[str, str]:
    """Checksums in X-Goog-Hash (`crc32c=...,md5=...`) and Content-MD5."""
    pairs = [part.strip().partition("=") for part in headers.get("x-goog-hash", "").split(",")]
    hashes = {name: value for name, _, value in pairs}
    known = {
        "crc32c": hashes.get("crc32c"),
        "md5Hash": hashes.get("md5") or headers.get("content-md5"),
    }
    return {name: value for name, value in known.items() if value}
