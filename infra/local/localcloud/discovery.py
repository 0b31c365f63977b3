"""Google's own discovery document as the contract: routes, parameters, bodies, field masks."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from googleapiclient.discovery_cache import get_static_doc

from localcloud.errors import ApiError
from localcloud.fieldmask import Mask, parse_mask
from localcloud.schema import Json, Schema, Schemas, query_value

__all__ = ["Api", "ApiError", "Matched"]

_NAME_IN_PATH = re.compile(r"\{(\+?)(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The method that a request line names, and what its path says."""

    method: Mapping[str, Any]
    upload: str | None  # "simple" or "resumable" when the path is one for media
    path: Mapping[str, str]

    @property
    def id(self) -> str:
        """Such as `storage.objects.get`."""
        return str(self.method["id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    pattern: re.Pattern[str]
    method: Mapping[str, Any]
    upload: str | None


class Api:
    """One API as its bundled discovery document defines it."""

    def __init__(self, name: str, version: str) -> None:
        self._document: dict[str, Any] = json.loads(get_static_doc(name, version))
        self._schemas = Schemas(self._document["schemas"])
        self._routes: dict[str, list[_Route]] = {}
        self.methods: dict[str, Mapping[str, Any]] = {}
        for method in _methods(self._document):
            self.methods[method["id"]] = method
            self._add_routes(method)
        for routes in self._routes.values():
            # A literal segment wins over a templated one: files/generateIds over files/{fileId}.
            routes.sort(key=lambda route: route.pattern.pattern.count("(?P<"))

    def _add_routes(self, method: Mapping[str, Any]) -> None:
        path = "/" + self._document["servicePath"] + method["path"]
        paths: list[tuple[str, str | None]] = [(path, None)]
        if method.get("useMediaDownloadService"):
            paths.append(("/download" + path, None))
        for protocol, upload in method.get("mediaUpload", {}).get("protocols", {}).items():
            paths.append((upload["path"], protocol))
        for template, upload in paths:
            route = _Route(pattern=_pattern(template), method=method, upload=upload)
            self._routes.setdefault(method["httpMethod"], []).append(route)

    def match(self, verb: str, path: str) -> Matched:
        """The method for a request line; 404 when Google has none."""
        for route in self._routes.get(verb, ()):
            if found := route.pattern.fullmatch(path):
                names = {name: unquote(text) for name, text in found.groupdict().items()}
                return Matched(method=route.method, upload=route.upload, path=names)
        raise ApiError(404, "notFound", f"{self._document['id']} has no method {verb} {path}")

    def params(
        self,
        matched: Matched,
        query: Mapping[str, list[str]],
        *,
        also: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        """Path and query parameters with their types and defaults; unknown or ill-typed ones: 400.

        `also` names query parameters that clients send although the document lacks them.
        """
        own: Mapping[str, Schema] = matched.method.get("parameters", {})
        known = {**self._document.get("parameters", {}), **own}
        values: dict[str, Any] = dict(matched.path)
        for name, texts in query.items():
            if name in known:
                values[name] = _query_values(name, known[name], texts)
            elif name not in also:
                raise ApiError(400, "badRequest", f'Unknown name "{name}"', name)
        for name, spec in own.items():
            if "default" in spec and name not in values:
                values[name] = query_value(name, spec, spec["default"])
            if spec.get("required") and name not in values:
                raise ApiError(400, "required", f"Required parameter: {name}", name)
        return values

    def check(self, schema: str, value: Json) -> None:
        """Compares a request or response body with a schema; unknown or ill-typed fields: 400."""
        self._schemas.check({"$ref": schema}, value, at="$")

    def mask(self, fields: str) -> Mask:
        """Parses a `fields` parameter."""
        return parse_mask(fields)

    def select(self, schema: str, value: Json, mask: Mask) -> Json:
        """The part of `value` that a mask asks for; a field that the schema lacks: 400."""
        return self._schemas.select({"$ref": schema}, value, mask)

    def document(self, root_url: str) -> dict[str, Any]:
        """The discovery document for clients of this server, whose root is `root_url`."""
        root = root_url.rstrip("/") + "/"
        own = {**self._document, "rootUrl": root, "baseUrl": root + self._document["servicePath"]}
        own.pop("mtlsRootUrl", None)
        return own


def _methods(resource: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _pattern(template: str) -> re.Pattern[str]:
    """`{name}` is one segment, `{+name}` may hold slashes."""
    pattern, end = "", 0
    for found in _NAME_IN_PATH.finditer(template):
        segment = ".+" if found[1] else "[^/]+"
        pattern += re.escape(template[end : found.start()]) + f"(?P<{found[2]}>{segment})"
        end = found.end()
    return re.compile(pattern + re.escape(template[end:]))


def _query_values(name: str, spec: Schema, texts: list[str]) -> Json:
    if spec.get("repeated"):
        return [query_value(name, spec, text) for text in texts]
    if len(texts) > 1:
        raise ApiError(400, "invalidParameter", f"{name} is given more than once", name)
    return query_value(name, spec, texts[0])
