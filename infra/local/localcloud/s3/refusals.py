"""S3's error documents ("Error responses" in the Amazon S3 API reference)."""

from xml.sax.saxutils import escape

from localcloud.errors import ApiError


class S3Error(ApiError):
    """A refused call with what S3 says about it: code, sentence, and further elements."""

    def __init__(self, status: int, code: str, message: str, **details: str) -> None:
        super().__init__(status, code, message)
        self.details = details


def document(error: ApiError) -> bytes:
    """The error as S3 writes it."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element(error)}'.encode()


def sts_document(error: ApiError) -> bytes:
    """The error as STS writes it."""
    return f"<ErrorResponse>{_element(error)}<RequestId>local</RequestId></ErrorResponse>".encode()


def _element(error: ApiError) -> str:
    details = error.details if isinstance(error, S3Error) else {}
    elements = {"Code": error.reason, "Message": error.message, **details}
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements.items())
    return f"<Error>{inner}</Error>"


def not_written(what: str) -> S3Error:
    return S3Error(501, "NotImplemented", f"{what} is not a part of the local cloud")


def wrong_checksum(name: str) -> S3Error:
    return S3Error(400, "BadDigest", f"The {name} you specified did not match what we received.")


def invalid_argument(message: str) -> S3Error:
    return S3Error(400, "InvalidArgument", message)


def locked() -> S3Error:
    return S3Error(403, "AccessDenied", "Access Denied because object protected by object lock.")


def no_such_upload() -> S3Error:
    return S3Error(
        404,
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may "
        "have been aborted or completed.",
    )
