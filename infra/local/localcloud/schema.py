"""The types of a discovery document: checks values against schemas and cuts them to masks."""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from localcloud.errors import ApiError
from localcloud.fieldmask import Mask

Json: TypeAlias = Any  # whatever JSON can say
Schema: TypeAlias = Mapping[str, Any]

_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_TEXTS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "byte": re.compile(r"[A-Za-z0-9+/_-]*={0,2}"),
}
_TEXTS["google-datetime"] = _TEXTS["date-time"]


class Schemas:
    """The named schemas of one document."""

    def __init__(self, named: Mapping[str, Schema]) -> None:
        self._named = named

    def check(self, schema: Schema, value: Json, *, at: str) -> None:
        """400 when `value` does not fit; null fits everywhere, for it clears a field."""
        schema = self._resolve(schema)
        kind = schema.get("type")
        if value is None or kind == "any":
            return
        if kind == "object":
            self._check_object(schema, value, at)
        elif kind == "array":
            if not isinstance(value, list):
                raise _misfit(at, "an array")
            for number, item in enumerate(value):
                self.check(schema["items"], item, at=f"{at}[{number}]")
        else:
            _check_scalar(schema, value, at)

    def _check_object(self, schema: Schema, value: Json, at: str) -> None:
        if not isinstance(value, dict):
            raise _misfit(at, "an object")
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, item in value.items():
            inner = properties.get(name, others)
            if inner is None:
                raise ApiError(400, "badRequest", f"Unknown name \"{name}\" at '{at}'")
            self.check(inner, item, at=f"{at}.{name}")

    def select(self, schema: Schema, value: Json, mask: Mask) -> Json:
        """The part of `value` that the mask asks for."""
        schema = self._resolve(schema)
        if isinstance(value, list):
            return [self.select(schema["items"], item, mask) for item in value]
        if not mask or not isinstance(value, dict):
            return value
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        chosen: dict[str, Any] = {}
        for name, inside in mask.items():
            if name == "*":
                names = list(value)
            elif name in properties or others or schema.get("type") == "any":
                names = [name] if name in value else []
            else:
                raise ApiError(400, "invalidParameter", f"Invalid field selection {name}", "fields")
            for each in names:
                inner = properties.get(each, others or {"type": "any"})
                chosen[each] = self.select(inner, value[each], inside)
        return chosen

    def _resolve(self, schema: Schema) -> Schema:
        return self._named[schema["$ref"]] if "$ref" in schema else schema


def query_value(name: str, spec: Schema, text: str) -> Json:
    """A parameter's text as the type that its specification names."""
    kind = spec.get("type")
    value: Json = text
    if kind == "boolean":
        # Google's Python client writes True where others write true.
        value = {"true": True, "false": False}.get(text.lower())
    elif kind == "integer":
        value = int(text) if re.fullmatch(r"-?\d+", text) else None
    elif kind == "number":
        value = float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None
    if value is None:
        raise _invalid(name, text, name)
    try:
        _check_scalar(spec, value, name)
    except ApiError as error:
        raise _invalid(name, text, name) from error
    return value


def _check_scalar(schema: Schema, value: Json, at: str) -> None:
    kind, form = schema.get("type"), schema.get("format", "")
    if kind == "boolean":
        fits = isinstance(value, bool)
    elif kind == "number":
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif kind == "integer" or form in _RANGES:
        fits = _is_integer(schema, value)
    else:
        fits = isinstance(value, str) and (
            form not in _TEXTS or bool(_TEXTS[form].fullmatch(value))
        )
    if not fits or not _is_allowed(schema, value):
        raise _invalid(at, value)


def _is_integer(schema: Schema, value: Json) -> bool:
    """64-bit integers travel as strings, and both spellings are taken."""
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        return False
    low, high = _RANGES.get(schema.get("format", ""), _RANGES["int64"])
    low, high = int(schema.get("minimum", low)), int(schema.get("maximum", high))
    return low <= int(value) <= high


def _is_allowed(schema: Schema, value: Json) -> bool:
    if "enum" in schema and value not in schema["enum"]:
        return False
    return "pattern" not in schema or bool(re.search(schema["pattern"], str(value)))


def _misfit(at: str, expected: str) -> ApiError:
    return ApiError(400, "invalid", f"Invalid value at '{at}': {expected} is expected")


def _invalid(at: str, value: Json, location: str | None = None) -> ApiError:
    reason = "invalidParameter" if location else "invalid"
    return ApiError(400, reason, f"Invalid value '{value}' for {at}", location)
