"""A world with one customer, for one step at a time."""

from collections.abc import Iterator

import pytest
import structlog

from custody.domain.vault import Holding
from pipeline.driver import Pipeline


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[structlog.typing.EventDict]]:
    """What the step logs."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def acorn(pipeline: Pipeline) -> Holding:
    """A holding in the shared drive, with everything settled."""
    holding = pipeline.open("c-acorn", "hubspot")
    pipeline.settle()
    return holding
