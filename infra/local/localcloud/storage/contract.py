"""Google's definition of the API, and the few things that its own clients send beyond it."""

from functools import cache
from typing import Any

from localcloud.discovery import Api

# Query parameters that are not in the discovery document of storage v1.
CLIENT_PARAMETERS = frozenset(
    {
        "$.xgafv",  # a system parameter of all Google APIs
        "upload_id",  # names the session of a resumable upload
        "upload_protocol",  # a system parameter of all uploads
    }
)

# Fields of request bodies that are not in the schemas: Google's Python client sends a retention
# with the time that the service answered beside it. They are dropped.
CLIENT_FIELDS = {"Object": (("retention", "retentionExpirationTime"),)}


def checked_body(schema: str, body: dict[str, Any]) -> dict[str, Any]:
    """A request body that fits its schema; 400 for any other."""
    for outer, inner in CLIENT_FIELDS.get(schema, ()):
        if isinstance(body.get(outer), dict):
            body[outer].pop(inner, None)
    contract().check(schema, body)
    return body


@cache
def contract() -> Api:
    """Read once."""
    return Api("storage", "v1")
