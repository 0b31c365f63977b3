"""S3, Amazon's or any other: its client, and every failure in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleWithWebIdentityCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
)

from custody.errors import (
    ConflictError,
    CorruptError,
    CustodyError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    TornReadError,
    UnavailableError,
)

CALL_SECONDS = 30
"""How long one call waits for an answer; botocore makes three attempts."""
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=10,
    read_timeout=CALL_SECONDS,
    s3={"addressing_style": "path"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the off-site buckets are, and as whom to come there."""

    region: str
    role: str = ""
    """The ARN of a role that trusts this function's Google identity; no key is stored anywhere."""
    endpoint: str = ""
    sts_endpoint: str = ""


def s3_client(site: Site) -> Any:
    """Amazon's client. Against another endpoint and without a role it needs no credentials."""
    if site.role:
        return _session_of(site).client("s3", **_place(site))
    if site.endpoint:
        nobody = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return boto3.session.Session(**nobody).client("s3", **_place(site))
    return boto3.session.Session().client("s3", **_place(site))


def _place(site: Site) -> dict[str, Any]:
    return {
        "region_name": site.region,
        "endpoint_url": site.endpoint or None,
        "config": _CONFIG,
    }


def _session_of(site: Site) -> boto3.session.Session:
    """Credentials that last an hour and are fetched anew by themselves.

    The function's own Google identity is shown to AWS (STS, "AssumeRoleWithWebIdentity").
    """
    from custody.adapters.identity import id_token

    plain = botocore.session.Session()
    fetcher = AssumeRoleWithWebIdentityCredentialFetcher(
        client_creator=lambda service, **asked: plain.create_client(
            service, region_name=site.region, endpoint_url=site.sts_endpoint or None, **asked
        ),
        web_identity_token_loader=lambda: id_token(site.role),
        role_arn=site.role,
        extra_args={"RoleSessionName": "custody"},
    )
    session = botocore.session.Session()
    session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001 (the documented way)
        method="assume-role-with-web-identity", refresh_using=fetcher.fetch_credentials
    )
    return boto3.session.Session(botocore_session=session)


@contextmanager
def our_errors(name: str) -> Iterator[None]:
    """What a failure means for whoever may come again; `name` is an object's or a bucket's."""
    try:
        yield
    except ClientError as error:
        raise _meaning(error, name) from error
    except NoCredentialsError as error:
        raise UnavailableError(
            "no AWS credentials to be had: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret"
        ) from error
    except (BotoCoreError, HTTPClientError) as error:
        raise UnavailableError(f"S3 did not take or give {name}: is it reachable?") from error


@contextmanager
def erasing_errors(bucket: str) -> Iterator[None]:
    """As above, but to an erasure a missing right is for a person: no redelivery brings it."""
    with our_errors(bucket):
        try:
            yield
        except ClientError as error:
            if code_of(error) != NO_RIGHT:
                raise
            raise RefusedError(
                f"this identity has no right to do this in {bucket}: grant it"
            ) from error


NO_RIGHT = "AccessDenied"
_ELSEWHERE = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_BUSY = frozenset({"SlowDown", "TooManyRequests", "Throttling", "ThrottlingException"})
_CONFLICT = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_TORN = frozenset({"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"})


def code_of(error: ClientError) -> str:
    """S3's own word for what went wrong ("Error responses"); a HEAD has only its status."""
    return str(error.response["Error"].get("Code", ""))


def _meaning(error: ClientError, name: str) -> CustodyError:
    """What a refusal means for the caller (Amazon S3 API reference, "Error responses")."""
    code = code_of(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 503))
    if code in ("NoSuchKey", "NoSuchUpload", "NoSuchVersion") or (status == 404 and code == "404"):
        return NotFoundError(f"no object {name} off-site: it was never copied, or is erased")
    if code in _CONFLICT or status == 412:
        return ConflictError(f"somebody wrote {name} first: read it and decide again")
    if code in _TORN:
        return TornReadError(f"{name} arrived off-site with another checksum than was sent")
    if code in _BUSY or status == 429:
        return RateLimitedError(f"S3 asked to slow down at {name}")
    if status == 416:
        return CorruptError(f"{name} is shorter than its record promises: restore another copy")
    if code in _ELSEWHERE or status == 301:
        return UnavailableError(
            "the off-site bucket lies in another region: set CUSTODY_OFFSITE_REGION to its own"
        )
    if code == "RequestTimeTooSkewed":
        return UnavailableError("this machine's clock is off by more than 15 minutes: set it right")
    # Retried, not acknowledged: a grant or a bucket that is missing now may be there in a while.
    return UnavailableError(f"S3 answered {status} {code} for {name}: run 'custody doctor'")
