"""Several things at once, and no more of them in memory than are under way."""

import threading
from collections.abc import Iterator

import pytest

from custody.steps.several import as_they_end

AT_ONCE = 3
WAIT_SECONDS = 10


def test_each_is_done_once() -> None:
    assert sorted(as_they_end(lambda one: one * 2, range(50), AT_ONCE)) == list(range(0, 100, 2))
    assert list(as_they_end(str, [], AT_ONCE)) == []


def test_what_is_not_taken_yet_is_not_begun() -> None:
    asked = []

    def items() -> Iterator[int]:
        for number in range(1000):
            asked.append(number)
            yield number

    results = as_they_end(str, items(), AT_ONCE)
    for _ in range(10):
        next(results)
    assert len(asked) <= 10 + 2 * AT_ONCE + 1


def test_one_that_takes_long_holds_up_no_other() -> None:
    others_done = threading.Event()

    def act(number: int) -> int:
        if number == 0:
            assert others_done.wait(WAIT_SECONDS)
        return number

    results = as_they_end(act, range(20), AT_ONCE)
    found = [next(results) for _ in range(19)]
    others_done.set()
    assert sorted(found) == list(range(1, 20))
    assert list(results) == [0]


def test_several_run_at_the_same_time() -> None:
    together = threading.Barrier(AT_ONCE, timeout=WAIT_SECONDS)
    assert sorted(as_they_end(lambda _: together.wait(), range(AT_ONCE), AT_ONCE)) == [0, 1, 2]


def test_an_error_reaches_whoever_asked_and_begins_nothing_more() -> None:
    begun = []

    def act(number: int) -> None:
        begun.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"^\d$"):
        list(as_they_end(act, range(1000), AT_ONCE))
    assert len(begun) <= 2 * AT_ONCE + 1
