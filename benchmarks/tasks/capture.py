"""Captures files as the function does, message after message: LIFE THREADS FILE_ID..."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.tasks.telling import tell
from custody.cloud import connect
from custody.domain.events import FilesTouched, in_events
from custody.domain.topology import timeout_of
from custody.domain.vault import CustomerId, FileId, HoldingEpoch, Source
from custody.steps.capture import capture_files


def life_of(text: str) -> HoldingEpoch:
    """What `str` made of a life."""
    customer, source, epoch = text.split("/")
    return HoldingEpoch(customer=CustomerId(customer), source=Source(source), epoch=int(epoch))


def main(life: str, threads: str, *file_ids: str) -> None:
    """One world for the process, a run of its own for each message: as in a warm function."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    world = connect()

    def deliver(touched: FilesTouched) -> None:
        capture_files(world.capture(timeout_of("capture")), touched)

    events = in_events(life_of(life), [FileId(file_id) for file_id in file_ids])
    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(deliver, events))
    tell(seconds=time.perf_counter() - begun, cpu_seconds=time.process_time() - begun_cpu)


if __name__ == "__main__":
    main(*sys.argv[1:])
