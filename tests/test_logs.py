"""One structured line an outcome, in the fields that Cloud Logging reads."""

import json
from collections.abc import Iterator

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from custody import logs

TRACE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    logs.configure("a-project")
    yield
    structlog.reset_defaults()


def test_a_line_has_a_severity_a_message_and_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    with bound_contextvars(trace=logs.trace_of(f"{TRACE}/7;o=1")):
        structlog.get_logger().warning("source_lost", file_id="f")
    assert json.loads(capsys.readouterr().out) == {
        "event": "source_lost",
        "file_id": "f",
        "severity": "WARNING",
        "message": "source lost",
        "logging.googleapis.com/trace": f"projects/a-project/traces/{TRACE}",
    }


@pytest.mark.parametrize("header", ["", "/", "a customer/7", TRACE.upper(), TRACE + "0/1"])
def test_what_is_no_trace_reaches_no_log(header: str, capsys: pytest.CaptureFixture[str]) -> None:
    with bound_contextvars(trace=logs.trace_of(header)):
        structlog.get_logger().info("version_stored")
    assert set(json.loads(capsys.readouterr().out)) == {"event", "severity", "message"}
