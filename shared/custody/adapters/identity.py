"""Who a function is to Google: short-lived credentials that the platform provides, never a key."""

from typing import Any

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError

from custody.errors import UnavailableError

USERINFO = "https://openidconnect.googleapis.com/v1/userinfo"
"""OpenID Connect Core, section 5.3, as Google's discovery document names it."""
_ADDRESS = ("openid", "https://www.googleapis.com/auth/userinfo.email")
TIMEOUT_SECONDS = 30


def application_credentials(scopes: tuple[str, ...]) -> Credentials:
    """The function's own identity, as the platform provides it."""
    try:
        credentials, _ = google.auth.default(scopes=list(scopes))
    except GoogleAuthError as error:
        raise UnavailableError("no credentials to be had: run 'custody doctor'") from error
    return credentials


def id_token(audience: str) -> str:
    """A short-lived proof of this function's own identity, for one audience alone."""
    from google.auth.transport.requests import Request
    from google.oauth2.id_token import fetch_id_token

    try:
        return str(fetch_id_token(Request(), audience))
    except GoogleAuthError as error:
        raise UnavailableError("no identity token to be had: run 'custody doctor'") from error


def who_am_i() -> str:
    """The e-mail address of whoever runs this process: a person, or a service account."""
    return address_of(application_credentials(_ADDRESS))


def address_of(credentials: Credentials, *, userinfo: str = USERINFO) -> str:
    """A service account knows its own address, and Google knows a person's."""
    import requests
    from google.auth.transport.requests import AuthorizedSession, Request

    try:
        if not credentials.valid:
            credentials.refresh(Request())  # only then does a machine's account know its name
        if account := getattr(credentials, "service_account_email", None):
            return str(account)
        answer = AuthorizedSession(credentials).get(userinfo, timeout=TIMEOUT_SECONDS)
    except (requests.RequestException, GoogleAuthError) as error:
        raise UnavailableError("Google does not say who runs this command") from error
    return _address_in(answer)


def _address_in(answer: Any) -> str:
    from custody.adapters.answers import our_error

    if not answer.ok:
        raise our_error(answer.status_code, answer.content, "asking who runs this command")
    address = answer.json().get("email")
    if not address:
        raise UnavailableError(
            "Google does not tell your address: log in again with the scope userinfo.email"
        )
    return str(address)
