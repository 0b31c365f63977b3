"""Settings of all tests: the same examples in every run, whatever the machine's speed."""

import warnings

import pytest
from hypothesis import settings

settings.register_profile("custody", derandomize=True, deadline=None, database=None)
settings.load_profile("custody")


def pytest_configure(config: pytest.Config) -> None:
    # Google's clients keep connections open, and have nothing that closes them for all threads.
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")
    warnings.filterwarnings("ignore", "unclosed <socket", ResourceWarning)  # at the very end
