"""Several things at once, of any number: no more of them are in memory than are under way."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def as_they_end(act: Callable[[T], R], items: Iterable[T], at_once: int) -> Iterator[R]:
    """What becomes of each, in no order. One that takes long holds up no other."""
    waiting: set[Future[R]] = set()
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for item in items:
                waiting.add(pool.submit(act, item))
                if len(waiting) > at_once:
                    yield from _ended(waiting)
            while waiting:
                yield from _ended(waiting)
        finally:  # whoever has enough waits for what is under way alone
            for one in waiting:
                one.cancel()


def _ended(waiting: set[Future[R]]) -> Iterator[R]:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    waiting -= done
    return (one.result() for one in done)
