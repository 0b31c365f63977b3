"""The HTTP side: Pub/Sub's REST interface, and what the local cloud adds to it."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from google.protobuf import json_format

from localcloud.discovery import Matched
from localcloud.pubsub import routes
from localcloud.pubsub.door import Door
from localcloud.pubsub.methods import Method, fault_id
from localcloud.pubsub.proto import Proto
from localcloud.pubsub.refusal import invalid
from localcloud.pubsub.subscriber import LONGEST_PULL_SECONDS, Caller

if TYPE_CHECKING:
    from localcloud.pubsub.server import PubSubServer


class RestExchange(Door):
    """One HTTP connection."""

    @property
    def service(self) -> "PubSubServer":
        return cast("PubSubServer", super().service)

    @property
    def grpc_socket(self) -> Path:
        return self.service.grpc_socket

    def method_id(self) -> str:
        if self.url_path.startswith(("/_", "/$")):
            return self.url_path
        matched = routes.find(self.command, self.url_path)
        return fault_id(routes.rpc(matched.id))

    def serve(self) -> None:
        match self.command, self.url_path:
            case "GET", "/_state":
                self.send_json(200, self.service.backlog.counts())
            case "GET", "/_jwks":
                self.send_json(200, self.service.identity.jwks())
            case "GET", "/$discovery/rest":
                self.send_json(200, routes.API.document(self.service.url))
            case _:
                self._call(routes.find(self.command, self.url_path))

    def _call(self, matched: Matched) -> None:
        params = routes.API.params(matched, self.query)
        body = self.json_body()
        if "request" in matched.method:
            routes.API.check(matched.method["request"]["$ref"], body)
        method = self.service.methods[routes.rpc(matched.id)]
        response = method.answer(_request(matched, method, params, body), self._caller())
        answer = json_format.MessageToDict(response)
        schema = matched.method["response"]["$ref"]
        routes.API.check(schema, answer)
        if fields := params.get("fields"):
            answer = routes.API.select(schema, answer, routes.API.mask(fields))
        self.send_json(200, answer)

    def _caller(self) -> Caller:
        return Caller(
            patience_seconds=LONGEST_PULL_SECONDS,
            is_there=self._client_is_there,
            when_gone=lambda _: None,
        )

    def _client_is_there(self) -> bool:
        """A client that hung up has sent the end of its stream, and only that."""
        try:
            return len(self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)) > 0
        except BlockingIOError:
            return True


def _request(
    matched: Matched, method: Method, params: dict[str, Any], body: dict[str, Any]
) -> Proto:
    """The same request over gRPC: names from the path, pages from the query, the rest as it is."""
    own = {name: params[name] for name in matched.method["parameters"] if name in params}
    document = {**body, **own}
    if matched.method["httpMethod"] == "PATCH":
        # The name in the path is that of the topic or subscription inside the body.
        resource = "topic" if "topics" in matched.id else "subscription"
        document = {**body, resource: {**(body.get(resource) or {}), **own}}
    try:
        return json_format.ParseDict(document, method.request())
    except json_format.ParseError as error:
        raise invalid(str(error)) from error
