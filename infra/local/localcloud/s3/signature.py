"""What the signature of a request says of itself: when and for which region it was made.

Nobody checks the signature: any access key is let in.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from localcloud.s3.refusals import S3Error

LARGEST_SKEW = timedelta(minutes=15)
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_AMAZONS_DATE = "%Y%m%dT%H%M%SZ"


def region_of(headers: Mapping[str, str]) -> str | None:
    """The region that a request to S3 was signed for; None for one without a signature."""
    scope = _SCOPE.search(headers.get("authorization", ""))
    return scope["region"] if scope else None


def refuse_skewed(headers: Mapping[str, str], now: datetime) -> None:
    """More than 15 minutes from the server's time is too much ("RequestTimeTooSkewed").

    `now` is the real time, as clients sign with the real time whatever the local clock says.
    """
    written = headers.get("x-amz-date")
    if written is None:
        return
    at = datetime.strptime(written, _AMAZONS_DATE).replace(tzinfo=UTC)
    if abs(at - now) > LARGEST_SKEW:
        raise S3Error(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            RequestTime=written,
            ServerTime=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            MaxAllowedSkewMilliseconds=str(LARGEST_SKEW // timedelta(milliseconds=1)),
        )


def elsewhere(bucket: str, region: str) -> S3Error:
    """Where a client is sent that has the wrong region and so signs for it ("Redirects")."""
    refusal = S3Error(
        301,
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint.",
        Bucket=bucket,
        Endpoint=f"s3.{region}.amazonaws.com",
    )
    refusal.headers["x-amz-bucket-region"] = region
    return refusal
