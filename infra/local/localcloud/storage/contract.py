"""Google's definition of the API, and the few things that its own clients send beyond it."""

from functools import cache

from localcloud.discovery import Api

# Query parameters that are not in the discovery document of storage v1.
CLIENT_PARAMETERS = frozenset(
    {
        "$.xgafv",  # a system parameter of all Google APIs
        "upload_id",  # names the session of a resumable upload
        "upload_protocol",  # a system parameter of all uploads
    }
)


@cache
def contract() -> Api:
    """Read once."""
    return Api("storage", "v1")
