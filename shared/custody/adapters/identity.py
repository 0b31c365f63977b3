"""Who a function is to Google: short-lived credentials that the platform provides, never a key."""

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

from custody.errors import UnavailableError


def application_credentials(scopes: tuple[str, ...]) -> Credentials:
    """The function's own identity, as the platform provides it."""
    try:
        credentials, _ = google.auth.default(scopes=list(scopes))
    except GoogleAuthError as error:
        raise UnavailableError("no credentials to be had: run 'custody doctor'") from error
    return credentials
