"""The methods that make objects of objects: copy, rewrite, compose."""

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.errors import ApiError
from localcloud.storage.call import Call
from localcloud.storage.content import Content
from localcloud.storage.model import Bucket, Generation
from localcloud.storage.objects import content_of, find
from localcloud.storage.preconditions import require_object
from localcloud.storage.refusals import invalid
from localcloud.storage.resources import object_resource
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.tables import Tables
from localcloud.storage.writing import DESCRIPTION, Draft, create, end
from localcloud.wire import BLOCK

Resource = dict[str, Any]
_MOST_SOURCES = 32
# A body with nothing but these says nothing about the copy.
_IDENTITY = {"kind", "id", "name", "bucket"}


def copy(store: Store, call: Call) -> Resource:
    bucket, generation = _copy(store, call)
    return object_resource(store, bucket, generation, call.params)


def rewrite(store: Store, call: Call) -> Resource:
    """Always done in one call: both ends are on this disk."""
    if "rewriteToken" in call.params:
        raise invalid("This rewrite is done; no token was given out.")
    bucket, generation = _copy(store, call)
    return {
        "kind": "storage#rewriteResponse",
        "done": True,
        "objectSize": str(generation.size),
        "totalBytesRewritten": str(generation.size),
        "resource": object_resource(store, bucket, generation, call.params),
    }


def _copy(store: Store, call: Call) -> tuple[Bucket, Generation]:
    params = call.params
    with store.transaction() as tables:
        origin = the_bucket(tables, params["sourceBucket"])
        bucket = the_bucket(tables, params["destinationBucket"])
        generation = params.get("sourceGeneration")
        source = find(tables, origin, params["sourceObject"], generation)
        require_object(params, source, prefix="ifSource")
        draft = Draft(
            name=params["destinationObject"],
            fields=_description(source, call.body),
            content=content_of(source),
            components=source.fields.get("componentCount"),
        )
        return bucket, create(store, tables, bucket, draft, params)


def _description(source: Generation, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The source's, or wholly the request's. Holds, retention and class never come along."""
    if body.keys() - _IDENTITY:
        return body
    return {name: value for name, value in source.fields.items() if name in DESCRIPTION}


def compose(store: Store, call: Call) -> Resource:
    """The sources end to end; they may be deleted in the same transaction."""
    params, asked = call.params, call.body.get("sourceObjects") or []
    if not 1 <= len(asked) <= _MOST_SOURCES:
        raise invalid(f"The number of source components provided is not 1 to {_MOST_SOURCES}.")
    with store.transaction() as tables:
        bucket = the_bucket(tables, params["destinationBucket"])
        sources = [_source(tables, bucket, one) for one in asked]
        content = _joined(store, sources)
        draft = Draft(
            name=params["destinationObject"],
            fields=call.body.get("destination") or {},
            content=content,
            components=sum(source.fields.get("componentCount", 1) for source in sources),
        )
        try:
            generation = create(store, tables, bucket, draft, params)
            if call.body.get("deleteSourceObjects"):
                _end_sources(store, tables, bucket, sources)
        except ApiError:
            store.contents.remove(content.id)
            raise
    return object_resource(store, bucket, generation, params)


def _source(tables: Tables, bucket: Bucket, asked: Mapping[str, Any]) -> Generation:
    source = find(tables, bucket, asked.get("name") or "", asked.get("generation"))
    require_object(asked.get("objectPreconditions") or {}, source)
    return source


def _end_sources(store: Store, tables: Tables, bucket: Bucket, sources: list[Generation]) -> None:
    for source in {source.number: source for source in sources}.values():
        current = tables.generation(bucket, source.name, source.number)
        if current is not None:
            end(store, tables, bucket, current)


def _joined(store: Store, sources: list[Generation]) -> Content:
    """Composed objects have a crc32c and no md5 (docs "Composite objects")."""
    content = store.contents.store(_blocks(store, sources))
    return Content(id=content.id, size=content.size, crc32c=content.crc32c, md5=None)


def _blocks(store: Store, sources: list[Generation]) -> Iterator[bytes]:
    for source in sources:
        with store.contents.open(source.content) as file:
            while block := file.read(BLOCK):
                yield block
