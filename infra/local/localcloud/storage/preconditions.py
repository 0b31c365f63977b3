"""Preconditions: which state of an object a request is for (docs "Request preconditions")."""

from collections.abc import Mapping
from typing import Any

from localcloud.errors import ApiError
from localcloud.storage.model import Generation

_UNMET = "At least one of the pre-conditions you specified did not hold."


def require_object(
    params: Mapping[str, Any], current: Generation | None, *, prefix: str = "if"
) -> None:
    """412 where a Match parameter fails, 304 where a NotMatch parameter does.

    An object that is not there has generation 0, and no metageneration to match.
    """
    generation = current.number if current else 0
    metageneration = current.metageneration if current else None
    _require(params, f"{prefix}Generation", generation)
    _require(params, f"{prefix}Metageneration", metageneration)


def require_metageneration(params: Mapping[str, Any], actual: int) -> None:
    """Buckets and managed folders have conditions on their metageneration only."""
    _require(params, "ifMetageneration", actual)


def require_etag(headers: Mapping[str, str], etag: str) -> None:
    """If-Match and If-None-Match, which Cloud Storage heeds when it reads (RFC 9110, 13.1)."""
    wanted, unwanted = _etags(headers.get("if-match")), _etags(headers.get("if-none-match"))
    if wanted and not wanted & {etag, "*"}:
        raise _unmet()
    if unwanted & {etag, "*"}:
        raise _not_modified()


def _require(params: Mapping[str, Any], name: str, actual: int | None) -> None:
    wanted, unwanted = params.get(f"{name}Match"), params.get(f"{name}NotMatch")
    if wanted is not None and int(wanted) != actual:
        raise _unmet()
    if unwanted is not None and (actual is None or int(unwanted) == actual):
        raise _not_modified()


def _etags(header: str | None) -> set[str]:
    return {part.strip().removeprefix("W/").strip('"') for part in (header or "").split(",")} - {""}


def _unmet() -> ApiError:
    return ApiError(412, "conditionNotMet", _UNMET, "If-Match")


def _not_modified() -> ApiError:
    return ApiError(304, "notModified", "Not Modified")
