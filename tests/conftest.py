"""Settings of all tests: the same examples in every run, whatever the machine's speed."""

import os
import warnings

import pytest
from hypothesis import settings

settings.register_profile("custody", derandomize=True, deadline=None, database=None)
settings.load_profile("custody")


def pytest_configure(config: pytest.Config) -> None:
    # Google's clients keep connections open, and have nothing that closes them for all threads.
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")
    warnings.filterwarnings("ignore", "unclosed <socket", ResourceWarning)  # at the very end
    config.addinivalue_line("markers", "slow: takes minutes; CUSTODY_SLOW_TESTS=1 runs it")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("CUSTODY_SLOW_TESTS"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: set CUSTODY_SLOW_TESTS=1 to run it"))
