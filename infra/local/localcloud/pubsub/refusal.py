"""Refused calls: one error that gRPC and REST both know how to answer."""

from typing import Any

from grpc import StatusCode

from localcloud.errors import ApiError

# The HTTP status that Google's REST front gives each gRPC status (google/rpc/code.proto).
_HTTP = {
    StatusCode.CANCELLED: 499,
    StatusCode.INVALID_ARGUMENT: 400,
    StatusCode.FAILED_PRECONDITION: 400,
    StatusCode.UNAUTHENTICATED: 401,
    StatusCode.PERMISSION_DENIED: 403,
    StatusCode.NOT_FOUND: 404,
    StatusCode.ALREADY_EXISTS: 409,
    StatusCode.RESOURCE_EXHAUSTED: 429,
    StatusCode.INTERNAL: 500,
    StatusCode.UNIMPLEMENTED: 501,
    StatusCode.UNAVAILABLE: 503,
    StatusCode.DEADLINE_EXCEEDED: 504,
}
_STATUS = {http: status for status, http in _HTTP.items()} | {400: StatusCode.INVALID_ARGUMENT}


class RefusedError(ApiError):
    """A call that is answered with a gRPC status, or with its HTTP counterpart over REST."""

    def __init__(self, status: StatusCode, message: str) -> None:
        super().__init__(_HTTP[status], _reason(status), message)
        self.status = status

    def body(self) -> dict[str, Any]:
        """The error document, which names the status as Pub/Sub does."""
        body = super().body()
        body["error"]["status"] = self.status.name
        return body


def invalid(message: str) -> RefusedError:
    """A request that no state of the world would make right."""
    return RefusedError(StatusCode.INVALID_ARGUMENT, message)


def not_found(name: str) -> RefusedError:
    """Nothing of that name; Pub/Sub tells the last part of it."""
    return RefusedError(StatusCode.NOT_FOUND, f"Resource not found (resource={_short(name)}).")


def already_exists(name: str) -> RefusedError:
    """The name is taken."""
    message = f"Resource already exists in the project (resource={_short(name)})."
    return RefusedError(StatusCode.ALREADY_EXISTS, message)


def precondition(message: str) -> RefusedError:
    """A right request at the wrong time, or of the wrong kind of subscription."""
    return RefusedError(StatusCode.FAILED_PRECONDITION, message)


def unimplemented(what: str) -> RefusedError:
    """Part of Pub/Sub that the local cloud does not have, by the name of the method or field."""
    return RefusedError(StatusCode.UNIMPLEMENTED, f"The local Pub/Sub does not have {what}.")


def status_of(http: int) -> StatusCode:
    """The gRPC status for an HTTP one, as far as there is one."""
    return _STATUS.get(http, StatusCode.UNKNOWN)


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _reason(status: StatusCode) -> str:
    """NOT_FOUND is notFound in the older error documents."""
    name: str = status.name
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)
