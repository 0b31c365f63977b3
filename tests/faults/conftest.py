"""One rig a module; what a test arms is disarmed after it."""

from collections.abc import Iterator

import pytest
from google.cloud import storage

from custody.adapters.objects import storage_client
from custody.domain.vault import Holding
from faults.rig import Rig
from faults.running import Running
from faults.shelf import VAULT, Shelf


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
