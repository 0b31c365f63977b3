"""A folder of very many files, in an installation that does nothing else."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from custody.domain.vault import FileId, Holding
from end_to_end.installation import Installation, wait_for


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_folder_of_many_files_is_captured_whole(
    custody: Installation, holding: Holding, count: int
) -> None:
    apis = [custody.as_person() for _ in range(4)]

    def make(number: int) -> FileId:
        body = {"name": f"{number}.csv", "parents": [holding.folder_id]}
        return custody.make(apis[number % 4], body, b"%d" % number)

    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(make, range(count)))
    wait_for_all(custody, holding, count)
    assert {name.split("/")[3] for name in custody.stored(holding.life)} == set(files)
    for number in range(0, count, 100):
        wait_for(partial(captured, custody, holding, files[number]))
        assert custody.contents(holding, files[number]) == [b"%d" % number]


def captured(custody: Installation, holding: Holding, file_id: FileId) -> bool:
    return bool(custody.history(holding, file_id).versions)


def wait_for_all(custody: Installation, holding: Holding, count: int) -> None:
    """As long as it goes on, it may take its time."""
    stored = -1
    while stored < count:
        before, stored = stored, len(custody.stored(holding.life))
        assert stored > before, f"it stopped at {stored}"
        time.sleep(2)
