"""Managed folders: names that IAM policies hang on (docs "Managed folders")."""

from typing import Any

from localcloud.errors import ApiError
from localcloud.storage.call import Call
from localcloud.storage.model import Bucket, etag
from localcloud.storage.pages import page_of
from localcloud.storage.preconditions import require_metageneration
from localcloud.storage.refusals import invalid
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.tables import Tables

Resource = dict[str, Any]
MANAGED_FOLDER = "managedFolder"


def insert(store: Store, call: Call) -> Resource:
    name = call.body.get("name") or ""
    if not name.endswith("/") or name == "/":
        raise invalid("The name of a managed folder ends with a slash.")
    now = store.timestamp()
    folder = {"name": name, "metageneration": "1", "createTime": now, "updateTime": now}
    with store.transaction() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        if name in tables.attachments(bucket, MANAGED_FOLDER):
            raise ApiError(409, "conflict", "The managed folder exists already.")
        tables.attach(bucket, MANAGED_FOLDER, name, {"folder": folder, "policy": {"bindings": []}})
    return _shown(store, bucket, folder)


def get(store: Store, call: Call) -> Resource:
    with store.reading() as tables:
        bucket, kept = _find(tables, call)
    return _shown(store, bucket, kept["folder"])


def list_(store: Store, call: Call) -> Resource:
    prefix = call.params.get("prefix", "")
    with store.reading() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        folders = {
            name: _shown(store, bucket, kept["folder"])
            for name, kept in tables.attachments(bucket, MANAGED_FOLDER).items()
            if name.startswith(prefix)
        }
    page = page_of(folders, call.params.get("pageSize") or 1000, call.params.get("pageToken"))
    return {"kind": "storage#managedFolders", **page}


def delete(store: Store, call: Call) -> None:
    with store.transaction() as tables:
        bucket, kept = _find(tables, call)
        name = kept["folder"]["name"]
        if not call.params.get("allowNonEmpty") and _applies_to_something(tables, bucket, name):
            raise ApiError(409, "conflict", "The managed folder you tried to delete is not empty.")
        tables.detach(bucket, MANAGED_FOLDER, name)


def get_policy(store: Store, call: Call) -> Resource:
    with store.reading() as tables:
        bucket, kept = _find(tables, call)
    return _shown_policy(bucket, kept)


def set_policy(store: Store, call: Call) -> Resource:
    with store.transaction() as tables:
        bucket, kept = _find(tables, call)
        folder = kept["folder"]
        number = int(folder["metageneration"])
        if call.body.get("etag", etag(number)) != etag(number):
            raise ApiError(412, "conditionNotMet", "The policy was changed in the meantime.")
        kept["policy"] = {"bindings": [], **call.body}
        folder |= {"metageneration": str(number + 1), "updateTime": store.timestamp()}
        tables.attach(bucket, MANAGED_FOLDER, folder["name"], kept)
    return _shown_policy(bucket, kept)


def test_permissions(store: Store, call: Call) -> Resource:
    with store.reading() as tables:
        _find(tables, call)
    asked = call.params["permissions"]
    return {"kind": "storage#testIamPermissionsResponse", "permissions": asked}


def _find(tables: Tables, call: Call) -> tuple[Bucket, dict[str, Any]]:
    bucket = the_bucket(tables, call.params["bucket"])
    name = call.params["managedFolder"].rstrip("/") + "/"
    kept = tables.attachments(bucket, MANAGED_FOLDER).get(name)
    if kept is None:
        raise ApiError(404, "notFound", "The specified managed folder does not exist.")
    require_metageneration(call.params, int(kept["folder"]["metageneration"]))
    return bucket, kept


def _applies_to_something(tables: Tables, bucket: Bucket, name: str) -> bool:
    inside = tables.generations(
        "bucket_id = ? and name >= ? and substr(name, 1, ?) = ? and state = 'live' limit 1",
        *(bucket.id, name, len(name), name),
    )
    folders = tables.attachments(bucket, MANAGED_FOLDER)
    return bool(inside) or any(other != name and other.startswith(name) for other in folders)


def _shown(store: Store, bucket: Bucket, folder: Resource) -> Resource:
    return {
        "kind": "storage#managedFolder",
        "id": f"{bucket.name}/{folder['name']}",
        "selfLink": f"{store.url}/storage/v1/b/{bucket.name}/managedFolders/{folder['name']}",
        "bucket": bucket.name,
        **folder,
    }


def _shown_policy(bucket: Bucket, kept: Resource) -> Resource:
    folder = kept["folder"]
    return {
        "version": 1,
        **kept["policy"],
        "kind": "storage#policy",
        "resourceId": f"projects/_/buckets/{bucket.name}/managedFolders/{folder['name']}",
        "etag": etag(int(folder["metageneration"])),
    }
