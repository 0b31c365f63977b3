"""One installation a module; tests that kill it start it again."""

import os
import warnings
from collections.abc import Iterator

import pytest

from custody.domain.vault import Holding
from end_to_end.installation import Installation


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


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installed = Installation(tmp_path_factory.mktemp("installation"))
    installed.start()
    yield installed
    installed.kill()


@pytest.fixture
def custody(installation: Installation) -> Iterator[Installation]:
    yield installation
    installation.calm_down()


@pytest.fixture
def holding(custody: Installation) -> Holding:
    """A holding of a new customer."""
    opened = custody.open()
    custody.settle()
    return opened
