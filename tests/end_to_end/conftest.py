"""One installation a module; tests that kill it start it again."""

from collections.abc import Iterator

import pytest

from custody.domain.vault import Holding
from end_to_end.installation import Installation


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
