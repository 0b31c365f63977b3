"""Drains the shared drive's change log from a cursor to its end: TOKEN."""

import sys
import time
from datetime import timedelta

from benchmarks.tasks.telling import tell
from custody.cloud import Cloud, connect
from custody.domain.drain_changes import Cursor
from custody.domain.drive import SHARED_DRIVE
from custody.steps.drain_changes import Drain, drain_changes
from custody.steps.scope import Scope

LONG = timedelta(hours=1)


def follow(world: Cloud, token: str) -> float:
    """Seconds from the stored cursor, set to this token, to the end of the log.

    Without the function's time limit, so that one run is the whole log.
    """
    seen = world.cursors.read(SHARED_DRIVE)
    cursor = Cursor(token=token, moved_at=world.now())
    world.cursors.move(SHARED_DRIVE, cursor, stamp=seen.stamp if seen else 0)
    begun = time.perf_counter()
    drain_changes(
        Drain(
            corpus=SHARED_DRIVE,
            feed=world.feed,
            cursors=world.cursors,
            index=world.index,
            publisher=world.publisher,
            scope=Scope(world.drive, world.registry.holdings()),
            holder=world.fresh_id(),
            clock=world.now,
            deadline=world.now() + LONG,
        )
    )
    return time.perf_counter() - begun


def main(token: str) -> None:
    """The first run finds nothing to drain: it loads what the second one needs."""
    world = connect()
    end = world.feed.start(SHARED_DRIVE)
    follow(world, end)
    seconds = follow(world, token)
    seen = world.cursors.read(SHARED_DRIVE)
    tell(seconds=seconds, at_end=seen is not None and seen.value.token == end)


if __name__ == "__main__":
    main(*sys.argv[1:])
