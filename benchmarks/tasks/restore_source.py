"""Restores a whole source to a folder: LIFE TARGET. The start of Python does not count."""

import sys
import time
from pathlib import Path

from benchmarks.tasks.capture import life_of
from benchmarks.tasks.telling import tell
from custody.adapters import keys, sealing, vault
from custody.cloud import connect
from custody.domain.restore import state_of, targets_of
from custody.steps.restore import Result, each_history, restore_files

LOADED = (keys, sealing, vault)
"""Imported before the clock runs, as in an instance that is up."""


def main(life: str, target: str) -> None:
    """The index is read first, as the command does it."""
    world, epoch = connect(), life_of(life)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    sealers = {epoch: world.keys.unwrap(epoch)}
    state = state_of(each_history(world.index, sealers))
    targets = targets_of(state, None, lost=False, by_source=False)
    outcomes = [one.result for one in restore_files(world.vault, sealers, targets, Path(target))]
    tell(
        seconds=time.perf_counter() - begun,
        cpu_seconds=time.process_time() - begun_cpu,
        restored=outcomes.count(Result.RESTORED),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
