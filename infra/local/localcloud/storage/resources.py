"""Resources as the API shows them: what is stored, and what follows from it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from localcloud.storage.model import Bucket, Generation, State, etag
from localcloud.storage.protection import retention_expiration
from localcloud.storage.store import Store

# Only the projection "full" shows who may do what.
_ACCESS = ("acl", "owner", "defaultObjectAcl")


def bucket_resource(store: Store, bucket: Bucket, params: Mapping[str, Any]) -> dict[str, Any]:
    """A bucket in the projection that the call asks for; without access lists by default."""
    return {
        "kind": "storage#bucket",
        "id": bucket.name,
        "name": bucket.name,
        "generation": str(bucket.id),
        "selfLink": f"{store.url}/storage/v1/b/{bucket.name}",
        "etag": etag(bucket.metageneration),
        **_shown(bucket.fields, params),
    }


def object_resource(
    store: Store, bucket: Bucket, generation: Generation, params: Mapping[str, Any]
) -> dict[str, Any]:
    """An object in the projection that the call asks for; without access lists by default."""
    path = f"storage/v1/b/{bucket.name}/o/{quote(generation.name, safe='')}"
    number = generation.number
    resource = {
        "kind": "storage#object",
        "id": f"{bucket.name}/{generation.name}/{number}",
        "selfLink": f"{store.url}/{path}",
        "mediaLink": f"{store.url}/download/{path}?generation={number}&alt=media",
        "name": generation.name,
        "bucket": bucket.name,
        "generation": str(number),
        "etag": generation.etag,
        **_shown(generation.fields, params),
    }
    until = retention_expiration(bucket, generation)
    if until and generation.state is not State.SOFT:
        resource["retentionExpirationTime"] = until
    return resource


def _shown(fields: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    if params.get("projection") == "full":
        return dict(fields)
    return {name: value for name, value in fields.items() if name not in _ACCESS}
