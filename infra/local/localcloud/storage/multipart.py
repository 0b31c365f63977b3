"""The XML API's multipart uploads (docs "XML API multipart uploads"): begun, listed, aborted.

None of them becomes an object here: parts and completion are refused by name.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree import ElementTree as ET

from localcloud.errors import ApiError
from localcloud.storage.refusals import not_written
from localcloud.storage.store import Store, the_bucket

_KIND = "multipartUpload"
_XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
_MOST_RESULTS = 1000

Query: TypeAlias = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request of the XML API about multipart uploads."""

    bucket: str
    name: str  # of the object; empty for all of the bucket
    query: Query

    def text(self, parameter: str) -> str:
        return self.query.get(parameter, [""])[-1]


def is_about_uploads(query: Query) -> bool:
    return "uploads" in query or "uploadId" in query


def method_id(verb: str, query: Query) -> str:
    """Methods are called like the permission that they need, such as storage.objects.get."""
    return f"storage.multipartUploads.{_route(verb, query)[0]}"


def answer(store: Store, verb: str, asked: Asked) -> bytes | None:
    """An XML document, or None where there is nothing to say."""
    return _route(verb, asked.query)[1](store, asked)


def _route(verb: str, query: Query) -> "tuple[str, Method]":
    route = _ROUTES.get((verb, "uploads" if "uploads" in query else "uploadId"))
    if route is None:
        raise not_written(f"XML API: {verb} of a multipart upload")
    return route


def _create(store: Store, asked: Asked) -> bytes:
    upload_id = uuid.uuid4().hex
    with store.transaction() as tables:
        bucket = the_bucket(tables, asked.bucket)
        fields = {"key": asked.name, "initiated": store.timestamp()}
        tables.attach(bucket, _KIND, upload_id, fields)
    root = ET.Element("InitiateMultipartUploadResult", xmlns=_XMLNS)
    _say(root, Bucket=asked.bucket, Key=asked.name, UploadId=upload_id)
    return _document(root)


def _list(store: Store, asked: Asked) -> bytes:
    """In the order of names, then of ids; a marker without an id passes all of its name."""
    with store.reading() as tables:
        found = tables.attachments(the_bucket(tables, asked.bucket), _KIND)
    size = min(int(asked.text("max-uploads") or _MOST_RESULTS), _MOST_RESULTS)
    waiting = [
        (fields["key"], upload_id, fields["initiated"])
        for upload_id, fields in found.items()
        if fields["key"].startswith(asked.text("prefix")) and _is_behind(asked, fields, upload_id)
    ]
    page = sorted(waiting)[:size]
    root = ET.Element("ListMultipartUploadsResult", xmlns=_XMLNS)
    _say(root, Bucket=asked.bucket, IsTruncated=str(len(waiting) > size).lower())
    if len(waiting) > size:
        _say(root, NextKeyMarker=page[-1][0], NextUploadIdMarker=page[-1][1])
    for key, upload_id, initiated in page:
        upload = ET.SubElement(root, "Upload")
        _say(upload, Key=key, UploadId=upload_id, StorageClass="STANDARD", Initiated=initiated)
    return _document(root)


def _is_behind(asked: Asked, fields: Mapping[str, str], upload_id: str) -> bool:
    key, marker = asked.text("key-marker"), asked.text("upload-id-marker")
    if fields["key"] == key and marker:
        return upload_id > marker
    return fields["key"] > key


def _abort(store: Store, asked: Asked) -> None:
    upload_id = asked.text("uploadId")
    with store.transaction() as tables:
        bucket = the_bucket(tables, asked.bucket)
        found = tables.attachments(bucket, _KIND).get(upload_id)
        if found is None or found["key"] != asked.name:
            raise ApiError(404, "notFound", "The requested upload was not found.")
        tables.detach(bucket, _KIND, upload_id)


Method: TypeAlias = Callable[[Store, Asked], bytes | None]
_ROUTES: dict[tuple[str, str], tuple[str, Method]] = {
    ("POST", "uploads"): ("create", _create),
    ("GET", "uploads"): ("list", _list),
    ("DELETE", "uploadId"): ("abort", _abort),
}


def _say(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = text


def _document(root: ET.Element) -> bytes:
    document: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return document
