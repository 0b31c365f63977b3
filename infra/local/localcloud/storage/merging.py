"""How a request changes a resource: PATCH merges (RFC 7396), PUT replaces."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any


def patched(
    fields: Mapping[str, Any], body: Mapping[str, Any], writable: AbstractSet[str]
) -> dict[str, Any]:
    """The fields after a PATCH. What clients may not write is ignored, as Google does."""
    return merged(fields, {name: body[name] for name in body if name in writable})


def replaced(
    fields: Mapping[str, Any], body: Mapping[str, Any], writable: AbstractSet[str]
) -> dict[str, Any]:
    """The fields after a PUT: what clients may write and the body lacks is gone."""
    kept = {name: value for name, value in fields.items() if name not in writable}
    return patched(kept, body, writable)


def merged(fields: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396: null removes, objects merge, everything else replaces."""
    result = dict(fields)
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            old = result.get(name)
            result[name] = merged(old if isinstance(old, dict) else {}, value)
        else:
            result[name] = value
    return result
