import threading
import time
from pathlib import Path

import pytest

from localcloud.clock import Clock, timestamp


def test_time_moves_by_what_it_is_advanced() -> None:
    clock = Clock()
    before = clock.time()
    clock.advance(3600)
    assert 3600 <= clock.time() - before < 3610
    assert abs(clock.now().timestamp() - clock.time()) < 1


def test_time_never_moves_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(-1)


def test_a_restart_keeps_the_virtual_time(tmp_path: Path) -> None:
    Clock(tmp_path / "clock").advance(86_400)
    assert Clock(tmp_path / "clock").time() - time.time() > 86_000


def test_an_advance_wakes_who_waits_for_a_later_time() -> None:
    clock, woken, condition = Clock(), threading.Event(), threading.Condition()
    until = clock.time() + 1000

    def wait() -> None:
        with condition:
            while clock.time() < until:
                clock.wait(condition, until)
        woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not woken.wait(0.05)
    clock.advance(1001)
    assert woken.wait(5)
    thread.join()


def test_a_wait_ends_when_its_time_has_come() -> None:
    clock, condition = Clock(), threading.Condition()
    with condition:
        clock.wait(condition, clock.time() + 0.01)
        clock.wait(condition, clock.time() - 10)


def test_listeners_have_run_when_an_advance_returns() -> None:
    clock, seen = Clock(), list[float]()

    def listen() -> None:
        seen.append(clock.time())

    clock.on_advance(listen)
    clock.advance(10)
    clock.forget(listen)
    clock.advance(10)
    assert len(seen) == 1


def test_timestamps_have_milliseconds_and_a_z() -> None:
    assert timestamp(Clock().now()).endswith("Z")
    assert len(timestamp(Clock().now())) == len("2026-11-23T12:00:00.123Z")
