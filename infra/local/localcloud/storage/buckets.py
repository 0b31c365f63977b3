"""The methods of buckets."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localcloud.clock import timestamp
from localcloud.errors import ApiError
from localcloud.storage import bucket_settings
from localcloud.storage.call import Call
from localcloud.storage.merging import merged, patched, replaced
from localcloud.storage.model import Bucket, State
from localcloud.storage.pages import page_of
from localcloud.storage.policies import default_policy
from localcloud.storage.preconditions import require_etag, require_metageneration
from localcloud.storage.refusals import invalid, no_bucket
from localcloud.storage.resources import bucket_resource
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.tables import Tables

Resource = dict[str, Any]


def insert(store: Store, call: Call) -> Resource:
    name = call.body.get("name") or ""
    bucket_settings.require_valid_name(name)
    now = store.now()
    settled = bucket_settings.settle(_new_fields(call, timestamp(now)), None, now)
    with store.transaction() as tables:
        _require_free(tables, name)
        bucket = Bucket(
            id=tables.next_number(int(now.timestamp() * 1e6)),
            name=name,
            state=State.LIVE,
            fields=settled.fields,
            policy=default_policy(call.params["project"]),
            longest_soft_delete=settled.soft_delete_seconds,
        )
        tables.put_bucket(bucket)
    return bucket_resource(store, bucket, call.params)


def _new_fields(call: Call, now: str) -> dict[str, Any]:
    asked = {name: call.body[name] for name in call.body if name in bucket_settings.WRITABLE}
    fields = merged({"storageClass": "STANDARD", "projectNumber": "1"}, asked)
    fields |= bucket_settings.location(call.body.get("location") or "US")
    fields |= {"timeCreated": now, "updated": now, "metageneration": "1"}
    if call.params.get("enableObjectRetention"):
        fields["objectRetention"] = {"mode": "Enabled"}
    return fields


def _require_free(tables: Tables, name: str) -> None:
    if tables.bucket(name):
        raise ApiError(
            409,
            "conflict",
            "Your previous request to create the named bucket succeeded and you already own it.",
        )


def get(store: Store, call: Call) -> Resource:
    with store.reading() as tables:
        if call.params.get("softDeleted"):
            bucket = _soft_bucket(tables, call.params)
        else:
            bucket = the_bucket(tables, call.params["bucket"])
    require_metageneration(call.params, bucket.metageneration)
    resource = bucket_resource(store, bucket, call.params)
    require_etag(call.headers, resource["etag"])
    return resource


def _soft_bucket(tables: Tables, params: Mapping[str, Any]) -> Bucket:
    if "generation" not in params:
        raise invalid("A soft-deleted bucket is named by its generation, too.")
    bucket = tables.soft_bucket(params["bucket"], int(params["generation"]))
    if bucket is None:
        raise no_bucket()
    return bucket


def list_(store: Store, call: Call) -> Resource:
    prefix = call.params.get("prefix", "")
    state = State.SOFT if call.params.get("softDeleted") else State.LIVE
    with store.reading() as tables:
        named = {
            f"{bucket.name}#{bucket.id}": bucket_resource(store, bucket, call.params)
            for bucket in tables.buckets(state)
            if bucket.name.startswith(prefix)
        }
    page = page_of(named, call.params.get("maxResults", 1000), call.params.get("pageToken"))
    return {"kind": "storage#buckets", **page}


def patch(store: Store, call: Call) -> Resource:
    with store.transaction() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        require_metageneration(call.params, bucket.metageneration)
        fields = patched(bucket.fields, call.body, bucket_settings.WRITABLE)
        bucket = _changed(store, tables, bucket, fields)
    return bucket_resource(store, bucket, call.params)


def update(store: Store, call: Call) -> Resource:
    with store.transaction() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        require_metageneration(call.params, bucket.metageneration)
        kept = bucket_settings.ALWAYS_SET - call.body.keys()
        fields = replaced(bucket.fields, call.body, bucket_settings.WRITABLE - kept)
        bucket = _changed(store, tables, bucket, fields)
    return bucket_resource(store, bucket, call.params)


def _changed(store: Store, tables: Tables, bucket: Bucket, fields: dict[str, Any]) -> Bucket:
    now = store.now()
    settled = bucket_settings.settle(fields, bucket.fields, now)
    counted = {"metageneration": str(bucket.metageneration + 1), "updated": timestamp(now)}
    bucket = replace(
        bucket,
        fields=settled.fields | counted,
        longest_soft_delete=max(bucket.longest_soft_delete, settled.soft_delete_seconds),
    )
    tables.put_bucket(bucket)
    return bucket


def delete(store: Store, call: Call) -> None:
    """A bucket that ever had soft delete is kept itself, as long as it ever kept objects."""
    now = store.clock.time()
    with store.transaction() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        require_metageneration(call.params, bucket.metageneration)
        if tables.holds_objects(bucket):
            raise ApiError(409, "conflict", "The bucket you tried to delete is not empty.")
        if bucket.longest_soft_delete:
            tables.put_bucket(_soft_deleted(store, bucket, now))
        else:
            tables.drop_bucket(bucket)


def _soft_deleted(store: Store, bucket: Bucket, now: float) -> Bucket:
    ends_at = now + bucket.longest_soft_delete
    times = {
        "softDeleteTime": store.timestamp_of(now),
        "hardDeleteTime": store.timestamp_of(ends_at),
    }
    return replace(
        bucket, state=State.SOFT, fields={**bucket.fields, **times}, hard_delete_at=ends_at
    )


def restore(store: Store, call: Call) -> Resource:
    """Its objects stay soft-deleted, and can be restored one by one."""
    with store.transaction() as tables:
        bucket = _soft_bucket(tables, call.params)
        _require_free(tables, bucket.name)
        gone = ("softDeleteTime", "hardDeleteTime")
        fields = {name: value for name, value in bucket.fields.items() if name not in gone}
        bucket = replace(bucket, state=State.LIVE, fields=fields, hard_delete_at=None)
        tables.put_bucket(bucket)
    return bucket_resource(store, bucket, call.params)


def lock_retention_policy(store: Store, call: Call) -> Resource:
    """Permanent; the metageneration says which policy is meant."""
    with store.transaction() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
        require_metageneration(call.params, bucket.metageneration)
        policy = bucket.fields.get("retentionPolicy")
        if not policy or policy.get("isLocked"):
            raise ApiError(400, "badRequest", "The bucket has no retention policy to lock.")
        counted = {"metageneration": str(bucket.metageneration + 1), "updated": store.timestamp()}
        locked = {"retentionPolicy": {**policy, "isLocked": True}}
        bucket = replace(bucket, fields={**bucket.fields, **locked, **counted})
        tables.put_bucket(bucket)
    return bucket_resource(store, bucket, call.params)


def get_storage_layout(store: Store, call: Call) -> Resource:
    with store.reading() as tables:
        bucket = the_bucket(tables, call.params["bucket"])
    return {
        "kind": "storage#storageLayout",
        "bucket": bucket.name,
        "location": bucket.fields["location"],
        "locationType": bucket.fields["locationType"],
        "hierarchicalNamespace": {"enabled": False},
    }
