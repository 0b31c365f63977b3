"""Many at once: the promises of a port hold against its own callers."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from custody.errors import CustodyError

T = TypeVar("T")


def race(attempts: Sequence[Callable[[], T]]) -> list[T | CustodyError]:
    """Starts all attempts together; what each one got, or was told."""
    start = Barrier(len(attempts))

    def run(attempt: Callable[[], T]) -> T | CustodyError:
        start.wait(10)
        try:
            return attempt()
        except CustodyError as error:
            return error

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(run, attempts))
