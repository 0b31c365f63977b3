"""Cloud KMS by REST: its gRPC client doubles a function's cold start."""

import base64
from typing import Any

import google_crc32c
import requests
from google.auth import exceptions
from google.auth.transport.requests import AuthorizedSession

from custody.errors import (
    BadCallError,
    CustodyError,
    MissingKeysetError,
    RateLimitedError,
    UnavailableError,
)

ENDPOINT = "https://cloudkms.googleapis.com"
SCHEME = "gcp-kms://"
SCOPES = ("https://www.googleapis.com/auth/cloudkms",)
_TIMEOUT_SECONDS = 30


class KmsApi:
    """Asks, and says every refusal in our words. Names are those of resources: `projects/…`."""

    def __init__(self, session: AuthorizedSession, *, endpoint: str = ENDPOINT) -> None:
        self._root = f"{endpoint}/v1/"
        self._session = session

    def get(self, name: str, **params: str) -> dict[str, Any]:
        return self._ask("GET", name, params=params)

    def post(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", name, json=body)

    def _ask(self, method: str, name: str, **request: Any) -> dict[str, Any]:
        try:
            response = self._session.request(
                method, self._root + name, timeout=_TIMEOUT_SECONDS, **request
            )
        except (requests.RequestException, exceptions.GoogleAuthError) as error:
            raise UnavailableError("Cloud KMS does not answer: deliver again") from error
        if response.status_code != requests.codes.ok:
            raise _refusal(response)
        answer: dict[str, Any] = response.json()
        return answer


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def checksum(data: bytes) -> str:
    """CRC32C as KMS writes it (Cloud KMS, "Data integrity guidelines")."""
    return str(google_crc32c.value(data))


def checked(data: bytes, promised: str) -> bytes:
    """What arrived as KMS sent it."""
    if checksum(data) != promised:
        raise UnavailableError("an answer of Cloud KMS was altered on its way: deliver again")
    return data


def checked_field(answer: dict[str, Any], field: str) -> bytes:
    return checked(base64.b64decode(answer[field]), answer[f"{field}Crc32c"])


def _refusal(response: requests.Response) -> CustodyError:
    status = response.status_code
    if status == requests.codes.too_many_requests:
        return RateLimitedError("Cloud KMS asks us to slow down")
    if status >= requests.codes.server_error:
        return UnavailableError(f"Cloud KMS failed with {status}: deliver again")
    if status == requests.codes.bad_request and "FAILED_PRECONDITION" not in response.text:
        return BadCallError("Cloud KMS takes no such call: the key may be of another kind")
    # 403, 404, and FAILED_PRECONDITION for a key version that is disabled or destroyed.
    return MissingKeysetError(f"Cloud KMS does not let us use the key ({status}): check its state")
