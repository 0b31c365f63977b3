"""One structured line an outcome, as Cloud Logging reads it. Opaque ids alone, never a name.

Field names: Cloud Logging, "Structured logging" (severity, message, logging.googleapis.com/trace).
"""

import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SEVERITIES = {"warning": "WARNING", "error": "ERROR", "critical": "CRITICAL", "debug": "DEBUG"}


def _for_cloud_logging(
    _logger: object, method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    entry["severity"] = _SEVERITIES.get(method, "INFO")
    entry.setdefault("message", str(entry["event"]).replace("_", " "))
    return entry


def configure() -> None:
    """JSON lines to standard output, where the platform collects them."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _for_cloud_logging,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )


def trace_of(header: str, project: str) -> str:
    """The trace that a request belongs to (`X-Cloud-Trace-Context: TRACE/SPAN;o=1`)."""
    return f"projects/{project}/traces/{header.partition('/')[0]}"
