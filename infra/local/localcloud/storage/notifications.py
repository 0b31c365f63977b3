"""Notification configurations: kept and shown. Nothing is published."""

from typing import Any

from localcloud.errors import ApiError
from localcloud.storage.call import Call
from localcloud.storage.refusals import invalid
from localcloud.storage.store import Store, the_bucket

Resource = dict[str, Any]
_KIND = "notificationConfig"


def insert(store: Store, call: Call) -> Resource:
    if not call.body.get("topic"):
        raise invalid("A notification configuration names its topic.")
    with store.transaction() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        number = str(max(map(int, tables.attachments(bucket, _KIND)), default=0) + 1)
        kept = {
            "payload_format": "JSON_API_V1",
            **call.body,
            "kind": "storage#notification",
            "id": number,
            "etag": number,
            "selfLink": f"{store.url}/storage/v1/b/{bucket.name}/notificationConfigs/{number}",
        }
        tables.attach(bucket, _KIND, number, kept)
    return kept


def get(store: Store, call: Call) -> Resource:
    with store.reading() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        return _one(tables.attachments(bucket, _KIND), call.params["notification"])


def list_(store: Store, call: Call) -> Resource:
    with store.reading() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        kept = tables.attachments(bucket, _KIND)
    return {"kind": "storage#notifications", "items": list(kept.values())}


def delete(store: Store, call: Call) -> None:
    with store.transaction() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        _one(tables.attachments(bucket, _KIND), call.params["notification"])
        tables.detach(bucket, _KIND, call.params["notification"])


def _one(kept: dict[str, Resource], number: str) -> Resource:
    if number not in kept:
        raise ApiError(404, "notFound", f"Notification config {number} does not exist.")
    return kept[number]
