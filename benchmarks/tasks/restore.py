"""Restores one version to a file: LIFE VERSION TARGET. The start of Python does not count."""

import sys
import time
from pathlib import Path

from benchmarks.tasks.capture import life_of
from benchmarks.tasks.telling import tell
from custody.adapters import keys, sealing, vault
from custody.cloud import connect
from custody.domain.vault import ObjectName

LOADED = (keys, sealing, vault)
"""Imported before the clock runs, as in an instance that is up."""


def main(life: str, version: str, target: str) -> None:
    world = connect()
    begun = time.perf_counter()
    sealer = world.keys.unwrap(life_of(life))
    with Path(target).open("wb") as file:
        file.writelines(world.vault.content(ObjectName(version), sealer=sealer))
    tell(seconds=time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
