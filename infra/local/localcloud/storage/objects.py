"""The methods of objects that do not move bytes: get, delete, patch, update, restore."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, TypeAlias

from localcloud.errors import ApiError
from localcloud.storage.call import Call, Media
from localcloud.storage.content import Content
from localcloud.storage.merging import patched, replaced
from localcloud.storage.model import Bucket, Fields, Generation, State
from localcloud.storage.preconditions import require_etag, require_object
from localcloud.storage.protection import require_allowed, require_valid
from localcloud.storage.refusals import invalid, no_object
from localcloud.storage.resources import object_resource
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.tables import Tables
from localcloud.storage.writing import (
    DESCRIPTION,
    WRITABLE,
    Draft,
    create,
    displace,
    end,
    refuse_access_list,
)

Resource: TypeAlias = dict[str, Any]
Merge: TypeAlias = Callable[[Fields, Fields, AbstractSet[str]], dict[str, Any]]


def find(
    tables: Tables, bucket: Bucket, name: str, generation: str | None, *, soft: bool = False
) -> Generation:
    """The live generation, or the one that is asked for; 404 for what is not shown."""
    if generation is None:
        found = tables.live(bucket, name)
    else:
        found = tables.generation(bucket, name, int(generation))
    if found is None or (found.state is State.SOFT) is not soft:
        raise no_object(bucket.name, name)
    return found


def get(store: Store, call: Call) -> Resource | Media:
    if call.params.get("alt") == "media":
        return open_media(store, call)
    with store.reading() as tables:
        bucket, generation = _look_up(tables, call)
    return object_resource(store, bucket, generation, call.params)


def open_media(store: Store, call: Call) -> Media:
    """Looks again when the file goes between the look-up and its opening."""
    if call.params.get("softDeleted"):
        raise invalid("The content of a soft-deleted object cannot be read.")
    for _ in range(5):
        with store.reading() as tables:
            bucket, generation = _look_up(tables, call)
        try:
            file = store.contents.open(generation.content)
        except FileNotFoundError:
            continue
        return Media(bucket=bucket, generation=generation, file=file)
    raise ApiError(503, "backendError", "The object changes too fast to be read.")


def _look_up(tables: Tables, call: Call) -> tuple[Bucket, Generation]:
    params = call.params
    soft = bool(params.get("softDeleted"))
    if soft and "generation" not in params:
        raise invalid("A soft-deleted object is named by its generation, too.")
    bucket = the_bucket(tables, params["bucket"])
    generation = find(tables, bucket, params["object"], params.get("generation"), soft=soft)
    require_object(params, generation)
    require_etag(call.headers, generation.etag)
    return bucket, generation


def delete(store: Store, call: Call) -> None:
    """With a generation: that one ends. Without: the live one makes room for nothing."""
    params = call.params
    with store.transaction() as tables:
        bucket = the_bucket(tables, params["bucket"])
        generation = find(tables, bucket, params["object"], params.get("generation"))
        require_object(params, generation)
        if "generation" in params:
            end(store, tables, bucket, generation)
        else:
            displace(store, tables, bucket, generation)


def patch(store: Store, call: Call) -> Resource:
    return _change(store, call, patched)


def update(store: Store, call: Call) -> Resource:
    return _change(store, call, replaced)


def _change(store: Store, call: Call, merge: Merge) -> Resource:
    params = call.params
    with store.transaction() as tables:
        bucket = the_bucket(tables, params["bucket"])
        before = find(tables, bucket, params["object"], params.get("generation"))
        require_object(params, before)
        refuse_access_list(bucket, call.body, params)
        fields = _settled(store, bucket, before, merge(before.fields, call.body, WRITABLE), params)
        after = replace(before, fields=fields, retained_from=_retained_from(store, before, fields))
        tables.put(after)
    return object_resource(store, bucket, after, params)


def _settled(
    store: Store,
    bucket: Bucket,
    before: Generation,
    fields: dict[str, Any],
    params: Mapping[str, Any],
) -> dict[str, Any]:
    """Checks what a change of metadata may not do, and counts it."""
    if not fields.get("retention"):
        fields.pop("retention", None)
    if not fields.get("metadata"):
        fields.pop("metadata", None)
    override = bool(params.get("overrideUnlockedRetention"))
    require_allowed(before, fields, override=override)
    if fields.get("retention") != before.fields.get("retention") or "eventBasedHold" in fields:
        require_valid(bucket, fields, store.now())
    counted = {"metageneration": str(before.metageneration + 1), "updated": store.timestamp()}
    return fields | counted


def _retained_from(store: Store, before: Generation, fields: Mapping[str, Any]) -> float:
    """Releasing an event-based hold starts the bucket's retention period anew."""
    released = before.fields.get("eventBasedHold") and not fields.get("eventBasedHold")
    return store.clock.time() if released else before.retained_from


def restore(store: Store, call: Call) -> Resource:
    """A new live generation with the old metadata; the soft-deleted one stays what it is."""
    params = call.params
    with store.transaction() as tables:
        bucket = the_bucket(tables, params["bucket"])
        old = find(tables, bucket, params["object"], params["generation"], soft=True)
        kept = DESCRIPTION | {"storageClass"}
        fields = {name: value for name, value in old.fields.items() if name in kept}
        draft = Draft(
            name=old.name,
            fields=fields,
            content=content_of(old),
            components=old.fields.get("componentCount"),
        )
        new = create(store, tables, bucket, draft, params)
    return object_resource(store, bucket, new, params)


def content_of(generation: Generation) -> Content:
    """The bytes of a generation, to be shared with another."""
    return Content(
        id=generation.content,
        size=generation.size,
        crc32c=generation.fields["crc32c"],
        md5=generation.fields.get("md5Hash"),
    )
