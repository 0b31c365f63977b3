"""Google's definition of Drive v3, and the little that it leaves to be written down."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from localcloud.discovery import Api, Matched
from localcloud.drive.refusals import invalid
from localcloud.errors import ApiError
from localcloud.fieldmask import Mask

# Query parameters that clients send although the document lacks them.
CLIENT_PARAMETERS = frozenset({"$.xgafv", "upload_id", "userIp"})

# What a method answers when `fields` is not given (guide "Return specific fields").
_FILE = "kind,id,name,mimeType,teamDriveId,driveId"
_DEFAULT_FIELDS = {
    "Channel": "*",
    "ChangeList": "kind,nextPageToken,newStartPageToken,"
    "changes(kind,type,changeType,time,removed,fileId,teamDriveId,driveId,"
    f"file({_FILE}),drive(kind,id,name))",
    "Drive": "kind,id,name",
    "DriveList": "kind,nextPageToken,drives(kind,id,name)",
    "File": _FILE,
    "FileList": f"kind,incompleteSearch,nextPageToken,files({_FILE})",
    "Permission": "kind,id,type,role",
    "PermissionList": "kind,nextPageToken,permissions(kind,id,type,role)",
    "Revision": "kind,id,mimeType,modifiedTime",
    "RevisionList": "kind,nextPageToken,revisions(kind,id,mimeType,modifiedTime)",
}


@cache
def contract() -> Api:
    """Read once."""
    return Api("drive", "v3")


def params_of(matched: Matched, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """The checked parameters; a page size above the maximum is taken as the maximum."""
    spec = matched.method.get("parameters", {}).get("pageSize", {})
    query = dict(query)
    size = query.get("pageSize", [""])[-1]
    if size.isdigit() and "maximum" in spec:
        query["pageSize"] = [str(min(int(size), int(spec["maximum"])))]
    params = contract().params(matched, query, also=CLIENT_PARAMETERS)
    if params.get("alt", "json") not in ("json", "media"):
        raise invalid("alt")
    return params


def mask_of(matched: Matched, params: Mapping[str, Any]) -> Mask:
    """What of the answer is wanted; 400 for fields that it cannot have."""
    schema = matched.method.get("response", {}).get("$ref")
    if schema is None:
        return {}
    fields = params.get("fields") or _DEFAULT_FIELDS.get(schema, "*")
    mask = contract().mask(fields)
    _check_mask({"$ref": schema}, mask)
    return mask


def shown(matched: Matched, answer: dict[str, Any], mask: Mask) -> dict[str, Any]:
    """The wanted part of an answer, which must fit Google's definition."""
    schema = matched.method["response"]["$ref"]
    contract().check(schema, answer)
    selected: dict[str, Any] = contract().select(schema, answer, mask)
    return selected


@cache
def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = contract().document("")["schemas"]
    return schemas


def _check_mask(schema: Mapping[str, Any], mask: Mask) -> None:
    """Every name of a mask must be one of the schema's, also where the answer is empty."""
    while "$ref" in schema or schema.get("type") == "array":
        schema = _schemas()[schema["$ref"]] if "$ref" in schema else schema["items"]
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, inside in mask.items():
        inner = properties.get(name, others)
        if name != "*" and inner is None and schema.get("type") != "any":
            raise ApiError(400, "invalidParameter", f"Invalid field selection {name}", "fields")
        if inside and inner is not None:
            _check_mask(inner, inside)
