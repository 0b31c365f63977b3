"""Every contract holds in every world: each test runs in memory and on the local cloud."""

import uuid
from collections.abc import Iterator

import pytest

from worlds.localcloud import LocalServers, LocalWorld
from worlds.memory import MemoryWorld
from worlds.world import World


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    running = LocalServers(tmp_path_factory.mktemp("local-cloud"))
    yield running
    running.stop()


@pytest.fixture(params=["memory", "local cloud"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return MemoryWorld()
    return LocalWorld(request.getfixturevalue("servers"), f"p-{uuid.uuid4().hex[:20]}")
