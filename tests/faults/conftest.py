"""One rig a module; what a test arms is disarmed after it."""

import os
import warnings
from collections.abc import Iterator

import pytest
from google.cloud import storage

from custody.adapters.objects import storage_client
from custody.domain.vault import Holding
from faults.rig import Rig
from faults.running import Running
from faults.shelf import VAULT, Shelf


def pytest_configure(config: pytest.Config) -> None:
    # Google's clients keep connections open, and have nothing that closes them for all threads.
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")
    warnings.filterwarnings("ignore", "unclosed <socket", ResourceWarning)  # at the very end
    config.addinivalue_line(
        "markers", "slow: waits for real time-outs; CUSTODY_SLOW_TESTS=1 runs it"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("CUSTODY_SLOW_TESTS"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: set CUSTODY_SLOW_TESTS=1 to run it"))


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


@pytest.fixture(scope="module")
def cloud_in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as process:
        running = Running(tmp_path_factory.mktemp("cloud"), process)
        yield running
        running.stop()


@pytest.fixture
def running(cloud_in_process: Running) -> Iterator[Running]:
    yield cloud_in_process
    cloud_in_process.calm_down()
    cloud_in_process.settle()


@pytest.fixture
def shelf(rig: Rig, holding: Holding) -> Shelf:
    return Shelf(rig, holding)


@pytest.fixture
def bucket(rig: Rig) -> storage.Bucket:
    """The vault's bucket in the hands of somebody else."""
    return storage_client(rig.storage.url).bucket(VAULT)
