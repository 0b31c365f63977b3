"""Two deliveries at once, call by call, in every order that there is."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from custody.domain.events import FilesTouched
from custody.steps.capture import capture_files
from pipeline.driver import Pipeline

CALLS = frozenset({"describe", "known", "read", "export", "store", "write"})
"""Where a delivery may be held up: where it reads what another may change, and where it writes."""
TIMEOUT = 10.0


def all_orders(first: int, second: int) -> list[tuple[int, ...]]:
    """Every order of so many calls of delivery 0 and so many of delivery 1."""
    calls = range(first + second)
    return [tuple(int(call not in own) for call in calls) for own in combinations(calls, first)]


PERSON = 2
"""In an order: now somebody does something in Drive."""


def capture_both(
    pipeline: Pipeline,
    touched: FilesTouched,
    order: Sequence[int],
    act: Callable[[], object] = lambda: None,
) -> None:
    """Delivers an event twice at once; whose call comes next is said by `order`, while it lasts."""
    turns = _Turns(order, act)

    def deliver(me: int) -> None:
        run = pipeline.a_capture()
        paused: dict[str, Any] = {
            name: _Paused(getattr(run, name), turns, me) for name in ("drive", "index", "vault")
        }
        try:
            capture_files(replace(run, **paused), touched)
        finally:
            turns.leave(me)

    threads = [threading.Thread(target=deliver, args=[me], daemon=True) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
        assert not thread.is_alive(), "a delivery never had its turn"


class _Turns:
    """Lets one delivery go on at a time: each call waits until the order names its delivery."""

    def __init__(self, order: Sequence[int], act: Callable[[], object]) -> None:
        self._order = list(order)
        self._act = act
        self._changed = threading.Condition()
        self._present = {0, 1}
        self._waiting: set[int] = set()

    def wait(self, me: int) -> None:
        with self._changed:
            self._waiting.add(me)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._is_turn_of(me), TIMEOUT)
            self._waiting.remove(me)
            if self._order:
                self._order.pop(0)

    def leave(self, me: int) -> None:
        with self._changed:
            self._present.remove(me)
            self._order = [other for other in self._order if other != me]
            self._changed.notify_all()

    def _is_turn_of(self, me: int) -> bool:
        """Only when the other one waits too, or is done: nobody runs between two calls."""
        if self._waiting != self._present:
            return False
        while self._order[:1] == [PERSON]:
            self._order.pop(0)
            self._act()
        return me == (self._order[0] if self._order else min(self._waiting))


class _Paused:
    """A port whose telling calls wait for their turn."""

    def __init__(self, port: object, turns: _Turns, me: int) -> None:
        self._port = port
        self._turns = turns
        self._me = me

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method: Callable[..., Any] = getattr(self._port, name)
        if name not in CALLS:
            return method

        def call(*given: Any, **named: Any) -> Any:
            self._turns.wait(self._me)
            return method(*given, **named)

        return call
