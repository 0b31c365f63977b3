"""How a generation comes to be, and how one ends. Every method that writes goes through here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from localcloud.storage.bucket_settings import STORAGE_CLASSES
from localcloud.storage.content import Content
from localcloud.storage.model import Bucket, Generation, State
from localcloud.storage.preconditions import require_object
from localcloud.storage.protection import refuse_if_held, refuse_if_retained, require_valid
from localcloud.storage.refusals import invalid
from localcloud.storage.store import Store
from localcloud.storage.tables import Tables

# What describes the content, and goes along with a copy of it.
DESCRIPTION = frozenset(
    {
        "cacheControl",
        "contentDisposition",
        "contentEncoding",
        "contentLanguage",
        "contentType",
        "contexts",
        "customTime",
        "metadata",
    }
)
WRITABLE = DESCRIPTION | {"acl", "eventBasedHold", "retention", "temporaryHold"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A generation that is asked for."""

    name: str
    fields: Mapping[str, Any]  # what the client says about it
    content: Content
    components: int | None = None  # of a composed object


def require_valid_name(name: str) -> None:
    """docs "About objects", naming requirements."""
    size = len(name.encode("utf-8", "surrogatepass"))
    forbidden = name in {".", ".."} or name.startswith(".well-known/acme-challenge/")
    if not 1 <= size <= 1024 or forbidden or re.search(r"[\r\n]", name):
        raise invalid("Invalid object name.")


def refuse_access_list(
    bucket: Bucket, fields: Mapping[str, Any], params: Mapping[str, Any]
) -> None:
    """Uniform access leaves no room for access lists of single objects."""
    asked = params.get("predefinedAcl") or params.get("destinationPredefinedAcl")
    if bucket.has_uniform_access and (asked or fields.get("acl")):
        raise invalid(
            "Cannot insert legacy ACL for an object when uniform bucket-level access is enabled."
        )


def create(
    store: Store, tables: Tables, bucket: Bucket, draft: Draft, params: Mapping[str, Any]
) -> Generation:
    """Makes the new live generation, if the live one is as the request expects and may go."""
    require_valid_name(draft.name)
    refuse_access_list(bucket, draft.fields, params)
    current = tables.live(bucket, draft.name)
    require_object(params, current)
    fields = _new_fields(store, bucket, draft)
    if current:
        displace(store, tables, bucket, current)
    generation = Generation(
        bucket_id=bucket.id,
        name=draft.name,
        number=tables.next_number(int(store.clock.time() * 1e6)),
        state=State.LIVE,
        fields=fields,
        content=draft.content.id,
        retained_from=store.clock.time(),
    )
    tables.put(generation)
    return generation


def _new_fields(store: Store, bucket: Bucket, draft: Draft) -> dict[str, Any]:
    now = store.timestamp()
    fields = {
        name: value
        for name, value in draft.fields.items()
        if name in WRITABLE and value is not None and value != {}
    }
    if bucket.fields.get("defaultEventBasedHold"):
        fields.setdefault("eventBasedHold", True)
    require_valid(bucket, fields, store.now())
    checksums = {"crc32c": draft.content.crc32c}
    if draft.content.md5:
        checksums["md5Hash"] = draft.content.md5
    if draft.components:
        fields["componentCount"] = draft.components
    times = ("timeCreated", "updated", "timeStorageClassUpdated", "timeFinalized")
    return {
        **fields,
        **checksums,
        **dict.fromkeys(times, now),
        "size": str(draft.content.size),
        "storageClass": _storage_class(bucket, draft.fields),
        "metageneration": "1",
    }


def _storage_class(bucket: Bucket, fields: Mapping[str, Any]) -> str:
    asked = fields.get("storageClass") or bucket.fields["storageClass"]
    if asked not in STORAGE_CLASSES:
        raise invalid(f"Invalid storage class: {asked}")
    return str(asked)


def displace(store: Store, tables: Tables, bucket: Bucket, current: Generation) -> None:
    """The live generation makes room: archived where the bucket keeps versions, else it ends.

    Retention does not keep a version from being archived (docs "Bucket Lock"); holds do.
    """
    refuse_if_held(bucket, current)
    if bucket.keeps_versions:
        fields = {**current.fields, "timeDeleted": store.timestamp()}
        tables.put(replace(current, state=State.NONCURRENT, fields=fields))
    else:
        end(store, tables, bucket, current)


def end(store: Store, tables: Tables, bucket: Bucket, generation: Generation) -> None:
    """Soft-deleted for as long as the policy of this moment says, or gone with its bytes."""
    refuse_if_held(bucket, generation)
    refuse_if_retained(bucket, generation, store.now())
    seconds = bucket.soft_delete_seconds
    if not seconds:
        tables.drop(generation)
        return
    now = store.clock.time()
    deleted, ends = store.timestamp_of(now), store.timestamp_of(now + seconds)
    fields = {
        "timeDeleted": deleted,
        **generation.fields,
        "softDeleteTime": deleted,
        "hardDeleteTime": ends,
    }
    tables.put(replace(generation, state=State.SOFT, fields=fields, hard_delete_at=now + seconds))
