"""Google's generic API client on its bundled discovery documents, the root being a setting.

T29: `client_options.api_endpoint` does not move uploads and batches, so the document's own root is
replaced. httplib2 is not thread-safe, so each thread gets a service of its own.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google_auth_httplib2
import httplib2
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from custody.adapters.answers import our_error
from custody.errors import UnavailableError

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession

TIMEOUT_SECONDS = 60


class GoogleApi:
    """One API: its root, its credentials, a service for each thread."""

    def __init__(self, name: str, version: str, *, root: str, credentials: Credentials) -> None:
        document = json.loads(_document(name, version))
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
            http = google_auth_httplib2.AuthorizedHttp(self._credentials, http=_transport())
            self._local.service = _Service(build_from_document(self._document, http=http))
        return self._local.service

    def session(self) -> "AuthorizedSession":
        """This thread's plain session, for streams: constant memory at full speed (T31)."""
        if not hasattr(self._local, "session"):
            from google.auth.transport.requests import AuthorizedSession

            self._local.session = AuthorizedSession(self._credentials)
        session: AuthorizedSession = self._local.session
        return session


def _document(name: str, version: str) -> str:
    """The one that travels with a deployed function, else the client's own."""
    own = Path(__file__).parent / "documents" / f"{name}.{version}.json"
    return own.read_text() if own.exists() else str(get_static_doc(name, version))


class _Service:
    """A client that makes each of its resources once; the client itself does at every call."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self.new_batch_http_request = service.new_batch_http_request

    def __getattr__(self, name: str) -> Callable[[], Any]:
        resource = getattr(self._service, name)()
        setattr(self, name, lambda: resource)
        return lambda: resource


def _transport() -> httplib2.Http:
    """308 is how an upload says "go on" (googleapiclient's build_http does the same)."""
    http = httplib2.Http(timeout=TIMEOUT_SECONDS)
    http.redirect_codes = http.redirect_codes - {308}
    return http


@contextmanager
def our_errors(what: str) -> Iterator[None]:
    """Lets nothing of the client's escape."""
    try:
        yield
    except HttpError as error:
        # Not chained: Google's words may hold a customer's, and a bug's trace is logged.
        raise our_error(int(error.resp.status), error.content, what) from None
    except (OSError, httplib2.HttpLib2Error) as error:  # requests' errors are OSErrors
        raise UnavailableError(f"{what}: the line broke ({type(error).__name__})") from error
    except GoogleAuthError as error:
        raise UnavailableError(f"{what}: no credentials to be had") from error
