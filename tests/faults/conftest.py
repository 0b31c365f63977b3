"""One rig a module; what a test arms is disarmed after it."""

import warnings
from collections.abc import Iterator

import pytest

from custody.domain.vault import Holding
from faults.rig import Rig


def pytest_configure(config: pytest.Config) -> None:
    # Google's clients keep connections open, and have nothing that closes them for all threads.
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")
    warnings.filterwarnings("ignore", "unclosed <socket", ResourceWarning)  # at the very end


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(tmp_path_factory.mktemp("rig"))
    yield rig
    rig.stop()


@pytest.fixture
def rig(servers: Rig) -> Iterator[Rig]:
    yield servers
    servers.calm_down()


@pytest.fixture
def holding(rig: Rig) -> Holding:
    """A holding of a new customer."""
    return rig.open()
