"""IAM policies: kept and shown, not enforced, for every client here is trusted."""

from dataclasses import replace
from typing import Any

from localcloud.errors import ApiError
from localcloud.storage.call import Call
from localcloud.storage.model import Bucket, etag
from localcloud.storage.store import Store, the_bucket

Policy = dict[str, Any]


def default_policy(project: str) -> Policy:
    """What a new bucket grants to the roles of its project."""
    owners = [f"projectEditor:{project}", f"projectOwner:{project}"]
    return {
        "bindings": [
            {"role": "roles/storage.legacyBucketOwner", "members": owners},
            {"role": "roles/storage.legacyBucketReader", "members": [f"projectViewer:{project}"]},
        ]
    }


def get(store: Store, call: Call) -> Policy:
    with store.reading() as tables:
        return shown(the_bucket(tables, call.params["bucket"]))


def set_(store: Store, call: Call) -> Policy:
    """A policy that was read before another change of the bucket is refused."""
    with store.transaction() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        if call.body.get("etag", etag(bucket.metageneration)) != etag(bucket.metageneration):
            raise ApiError(412, "conditionNotMet", "The policy was changed in the meantime.")
        counted = {"metageneration": str(bucket.metageneration + 1), "updated": store.timestamp()}
        policy = {name: call.body[name] for name in ("bindings", "version") if name in call.body}
        bucket = replace(bucket, policy=policy, fields={**bucket.fields, **counted})
        tables.put_bucket(bucket)
    return shown(bucket)


def test_permissions(store: Store, call: Call) -> Policy:
    with store.reading() as tables:
        the_bucket(tables, call.params["bucket"])
    asked = call.params["permissions"]
    return {"kind": "storage#testIamPermissionsResponse", "permissions": asked}


def shown(bucket: Bucket) -> Policy:
    return {
        "kind": "storage#policy",
        "resourceId": f"projects/_/buckets/{bucket.name}",
        "version": 1,
        "etag": etag(bucket.metageneration),
        "bindings": [],
        **bucket.policy,
    }
