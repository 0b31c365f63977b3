"""The refusals that several methods share, with Google's codes, reasons and sentences."""

from localcloud.errors import ApiError


def no_bucket() -> ApiError:
    return ApiError(404, "notFound", "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> ApiError:
    return ApiError(404, "notFound", f"No such object: {bucket}/{name}")


def invalid(message: str) -> ApiError:
    return ApiError(400, "invalid", message)


def not_written(method: str) -> ApiError:
    """Nothing is silently ignored: what this server does not do, it names."""
    return ApiError(501, "notImplemented", f"{method} is not part of the local cloud")
