"""One structured line an outcome, as Cloud Logging reads it. Opaque ids alone, never a name.

Field names: Cloud Logging, "Structured logging" (severity, message, logging.googleapis.com/trace).
"""

import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SEVERITIES = {"warning": "WARNING", "error": "ERROR", "critical": "CRITICAL", "debug": "DEBUG"}
TRACE = "logging.googleapis.com/trace"


def configure(project: str) -> None:
    """JSON lines to standard output, where the platform collects them."""

    def for_cloud_logging(
        _logger: object, method: str, entry: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        entry["severity"] = _SEVERITIES.get(method, "INFO")
        entry.setdefault("message", str(entry["event"]).replace("_", " "))
        if trace := entry.pop("trace", None):
            entry[TRACE] = f"projects/{project}/traces/{trace}"
        return entry

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            for_cloud_logging,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )


def trace_of(header: str) -> str | None:
    """The trace that a request belongs to (`X-Cloud-Trace-Context: TRACE/SPAN;o=1`)."""
    trace = header.partition("/")[0]
    is_trace = len(trace) == 32 and all(one in "0123456789abcdef" for one in trace)
    return trace if is_trace else None
