"""The errors of Drive, as its guide "Resolve errors" lists them."""

from localcloud.errors import ApiError


def file_not_found(file_id: str) -> ApiError:
    """Also the answer to whoever may not know that the file exists."""
    return ApiError(404, "notFound", f"File not found: {file_id}.", "fileId")


def drive_not_found(drive_id: str) -> ApiError:
    return ApiError(404, "notFound", f"Shared drive not found: {drive_id}", "driveId")


def not_allowed(file_id: str) -> ApiError:
    """The file may be seen, but this may not be done to it."""
    message = f"The user does not have sufficient permissions for file {file_id}."
    return ApiError(403, "insufficientFilePermissions", message)


def forbidden(reason: str, message: str, location: str | None = None) -> ApiError:
    return ApiError(403, reason, message, location)


def bad_request(message: str, location: str | None = None) -> ApiError:
    return ApiError(400, "badRequest", message, location)


def invalid(location: str) -> ApiError:
    """A parameter whose value means nothing here."""
    return ApiError(400, "invalid", "Invalid Value", location)


def required(name: str) -> ApiError:
    return ApiError(400, "required", f"Required parameter: {name}", name)


def not_downloadable() -> ApiError:
    message = (
        "Only files with binary content can be downloaded. Use Export with Docs Editors files."
    )
    return ApiError(403, "fileNotDownloadable", message, "alt")
