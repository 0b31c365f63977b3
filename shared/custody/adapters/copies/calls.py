"""Calls to Cloud Storage with the rights of its client, and what a refusal means to an erasure."""

from collections.abc import Iterator
from contextlib import contextmanager
from re import search

import requests
from google.api_core import exceptions as google
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from custody.adapters.objects import CALL_SECONDS
from custody.errors import (
    ConflictError,
    CustodyError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)

RETRY = DEFAULT_RETRY.with_timeout(CALL_SECONDS)


def call(
    client: storage.Client, bucket: str, verb: str, path: str, **params: str
) -> requests.Response:
    """A request that the client has no method for, repeated as it repeats its own."""
    url = client.api_endpoint + path

    def attempt() -> requests.Response:
        session = client._http  # noqa: SLF001 (as Google's own transfer_manager does)
        answer: requests.Response = session.request(verb, url, params=params, timeout=CALL_SECONDS)
        if not answer.ok:
            raise google.from_http_response(answer)
        return answer

    with our_errors(bucket):
        made: requests.Response = RETRY(attempt)()
    return made


@contextmanager
def our_errors(bucket: str) -> Iterator[None]:
    """As in objects.py, but a missing right is for a person: no redelivery brings it."""
    try:
        yield
    except google.GoogleAPICallError as error:
        raise _meaning(error, bucket) from error
    except (google.RetryError, requests.RequestException) as error:
        raise UnavailableError(f"storage did not answer about {bucket}") from error
    except GoogleAuthError as error:
        raise UnavailableError("no credentials to be had: run 'custody doctor'") from error


_RETAINED = frozenset({"retentionPolicyNotMet", "objectUnderActiveHold"})
_BUSY = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})


def _meaning(error: google.GoogleAPICallError, bucket: str) -> CustodyError:
    """What a refusal means for an erasure (Cloud Storage, "HTTP status and error codes")."""
    status, reason = error.code or 503, _reason(error)
    if status == 404 and is_gone(error):
        return NotFoundError(f"no such object in {bucket}")
    if status == 412:
        return ConflictError(f"an object in {bucket} was written meanwhile: look again")
    if status == 403 and (reason in _RETAINED or _tells_of_a_hold(error)):
        return ConflictError(f"an object in {bucket} became retained: look again")
    if status == 429 or (status == 403 and reason in _BUSY):
        return RateLimitedError(f"storage asked to slow down at {bucket}")
    if status == 403:
        return RefusedError(f"this identity has no right to do this in {bucket}: grant it")
    return UnavailableError(f"storage answered {status} for {bucket}: run 'custody doctor'")


def _reason(error: google.GoogleAPICallError) -> str:
    return next((str(one.get("reason")) for one in error.errors if isinstance(one, dict)), "")


def _tells_of_a_hold(error: google.GoogleAPICallError) -> bool:
    """The service says `forbidden` here, not the documented objectUnderActiveHold."""
    return search(r"under active \S+ hold", error.message) is not None


def is_gone(error: google.GoogleAPICallError) -> bool:
    """The object, that is: a bucket that is missing proves nothing."""
    return error.code == 404 and "bucket does not exist" not in error.message
