"""The fields of a file that a client sets and the server only keeps."""

from collections.abc import Mapping
from typing import Any

from localcloud.drive.model import words
from localcloud.drive.refusals import bad_request, forbidden

_KEPT = frozenset(
    {
        "appProperties",
        "contentHints",
        "contentRestrictions",
        "copyRequiresWriterPermission",
        "description",
        "downloadRestrictions",
        "folderColorRgb",
        "properties",
        "viewersCanCopyContent",
        "writersCanShare",
    }
)
_HANDLED = frozenset(
    {
        "createdTime",
        "id",
        "inheritedPermissionsDisabled",
        "mimeType",
        "modifiedTime",
        "name",
        "originalFilename",
        "parents",
        "shortcutDetails",
        "starred",
        "trashed",
    }
)
_SET_ONCE = frozenset({"createdTime", "id", "shortcutDetails"})
_IGNORED = frozenset({"kind", "resourceKey"})
_PROPERTIES = ("properties", "appProperties")
_PROPERTY_BYTES = 124  # guide "Add custom file properties"


def check_writable(body: Mapping[str, Any], *, is_new: bool) -> None:
    """Refuses a body with fields that only the server sets, or that are set once."""
    writable = _KEPT | _HANDLED | _IGNORED
    if not body.keys() <= (writable if is_new else writable - _SET_ONCE):
        message = "The resource body includes fields which are not directly writable."
        raise forbidden("fieldNotWritable", message)


def merged(details: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """A file's settings after a body with patch semantics: null clears."""
    result = dict(details)
    for name in sorted(_KEPT & body.keys()):
        result[name] = _merged_properties(result, body, name)
    if "viewersCanCopyContent" in result:
        result["copyRequiresWriterPermission"] = not result.pop("viewersCanCopyContent")
    hint = (result.get("contentHints") or {}).get("indexableText")
    result["searchWords"] = words(result.get("description"), hint)
    return {name: value for name, value in result.items() if value is not None}


def _merged_properties(details: Mapping[str, Any], body: Mapping[str, Any], name: str) -> Any:
    if name not in _PROPERTIES:
        return body[name]
    both = {**details.get(name, {}), **(body[name] or {})}
    for key, value in both.items():
        if value is not None and len((key + value).encode()) > _PROPERTY_BYTES:
            raise bad_request(f"A property must not exceed {_PROPERTY_BYTES} bytes: {key}.")
    return {key: value for key, value in both.items() if value is not None}
