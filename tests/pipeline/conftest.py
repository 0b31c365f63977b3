"""A world with everything settled. What is logged is collected, for histories log a lot."""

from collections.abc import Iterator

import pytest
import structlog

from custody.domain.vault import Holding
from pipeline.driver import Pipeline


@pytest.fixture(autouse=True)
def quiet() -> Iterator[list[structlog.typing.EventDict]]:
    """What was logged."""
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


@pytest.fixture
def birch(pipeline: Pipeline) -> Holding:
    holding = pipeline.open("c-birch", "stripe")
    pipeline.settle()
    return holding
