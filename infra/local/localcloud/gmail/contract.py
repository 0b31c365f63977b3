"""Google's definition of Gmail v1, and the little that it leaves to be written down."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from localcloud.discovery import Api, Matched
from localcloud.gmail.refusals import invalid
from localcloud.schema import Json

# Query parameters that clients send although the document lacks them.
CLIENT_PARAMETERS = frozenset({"upload_id", "userIp"})
_MOST_RESULTS = 500  # messages.list and history.list: "the maximum allowed value"


@cache
def contract() -> Api:
    """Read once."""
    return Api("gmail", "v1")


def params_of(matched: Matched, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """The checked parameters; a page size above the maximum is taken as the maximum."""
    params = contract().params(matched, query, also=CLIENT_PARAMETERS)
    if "maxResults" in params:
        params["maxResults"] = min(params["maxResults"] or 100, _MOST_RESULTS)
    if params.get("alt", "json") != "json":
        raise invalid("Gmail's methods answer JSON alone.")
    return params


def shown(matched: Matched, answer: Json, params: Mapping[str, Any]) -> Json:
    """The part of an answer that `fields` asks for; all of it must fit Google's definition."""
    schema = matched.method["response"]["$ref"]
    contract().check(schema, answer)
    if not (fields := params.get("fields")):
        return answer
    return contract().select(schema, answer, contract().mask(fields))


def largest_upload(matched: Matched) -> int:
    """How many bytes a message may have that comes by this method."""
    return int(matched.method["mediaUpload"]["maxSize"])
