"""The errors of Gmail, in the shape and with the words of its answers.

Gmail guide "Resolve errors"; the older error document with `errors`, and beside it `status`, the
name of the same error in google.rpc.Code.
"""

from typing import Any

from localcloud.errors import ApiError

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


class ScopeError(ApiError):
    """The token does not reach this far."""

    def __init__(self, method: str) -> None:
        super().__init__(403, "insufficientPermissions", "Insufficient Permission")
        self.method = method

    def body(self) -> dict[str, Any]:
        body = super().body()
        body["error"]["message"] = "Request had insufficient authentication scopes."
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": {"service": "gmail.googleapis.com", "method": self.method},
        }
        body["error"]["details"] = [info]
        return body


def document(error: ApiError) -> dict[str, Any]:
    """The error document, which names the status too."""
    body = error.body()
    if error.code in _STATUS:
        body["error"]["status"] = _STATUS[error.code]
    return body


def not_found() -> ApiError:
    return ApiError(404, "notFound", "Requested entity was not found.")


def invalid(message: str) -> ApiError:
    return ApiError(400, "invalidArgument", message)


def required(name: str) -> ApiError:
    return ApiError(400, "required", f"Required parameter: {name}", name)


def forbidden(message: str) -> ApiError:
    return ApiError(403, "forbidden", message)


def not_here(what: str) -> ApiError:
    """Nothing is silently ignored: what this server does not do, it names."""
    return ApiError(501, "notImplemented", f"{what} is not part of the local cloud.")
