"""The one error that the servers answer, in the shape of Google's JSON APIs."""

from typing import Any


class ApiError(Exception):
    """A refused call: HTTP status, Google's reason, a sentence, and what it is about."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        location: str | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.location = location
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The error document."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location:
            detail |= {"locationType": "parameter", "location": self.location}
        return {"error": {"code": self.code, "message": self.message, "errors": [detail]}}
