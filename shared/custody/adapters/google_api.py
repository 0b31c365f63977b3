"""Google's generic API client on its bundled discovery documents, the root being a setting.

T29: `client_options.api_endpoint` does not move uploads and batches, so the document's own root is
replaced. httplib2 is not thread-safe, so each thread gets a service of its own.
"""

import json
import threading
from typing import Any

import google.auth
import google_auth_httplib2
import httplib2
from google.auth.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from custody.errors import (
    CustodyError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)

TIMEOUT_SECONDS = 60
RATE_REASONS = frozenset(
    {"userRateLimitExceeded", "rateLimitExceeded", "sharingRateLimitExceeded", "RESOURCE_EXHAUSTED"}
)
"""T15: the reasons of a 403 that mean "slow down". All others mean "never"."""


class GoogleApi:
    """One API: its root, its credentials, a service for each thread."""

    def __init__(self, name: str, version: str, *, root: str, credentials: Credentials) -> None:
        document = json.loads(get_static_doc(name, version))
        if root:
            document["rootUrl"] = root if root.endswith("/") else root + "/"
            document["baseUrl"] = document["rootUrl"] + document["servicePath"]
            document.pop("mtlsRootUrl", None)
        self.root = str(document["rootUrl"])
        self._document = document
        self._credentials = credentials
        self._local = threading.local()

    def service(self) -> Any:
        """This thread's client."""
        if not hasattr(self._local, "service"):
            http = google_auth_httplib2.AuthorizedHttp(
                self._credentials, http=httplib2.Http(timeout=TIMEOUT_SECONDS)
            )
            self._local.service = build_from_document(self._document, http=http)
        return self._local.service


def application_credentials(scopes: tuple[str, ...]) -> Credentials:
    """The function's own identity, as the platform provides it."""
    credentials, _ = google.auth.default(scopes=list(scopes))
    return credentials


def reason_of(error: HttpError) -> str:
    """Google's machine-readable reason, in the older and the newer error form."""
    try:
        body = json.loads(error.content)["error"]
        return str(body["errors"][0]["reason"] if body.get("errors") else body["status"])
    except (ValueError, KeyError, TypeError, IndexError):
        return "unknown"


def our_error(error: HttpError, what: str) -> CustodyError:
    """What an answer means for the caller: by status and, for a 403, by reason alone (T15)."""
    status, reason = int(error.resp.status), reason_of(error)
    if status == 429 or (status == 403 and reason in RATE_REASONS):
        return RateLimitedError(f"{what}: asked to slow down ({reason})")
    if status >= 500:
        return UnavailableError(f"{what}: answered {status}")
    if status == 404:
        return NotFoundError(f"{what}: absent, or not shared with us ({reason})")
    return RefusedError(f"{what}: refused with {status} ({reason})")
