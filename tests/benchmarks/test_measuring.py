"""What a measured program costs."""

import sys

import pytest
from benchmarks.process import FailedError, run

MIB = 1 << 20


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_the_peak_of_a_program_is_its_own_and_not_its_parents() -> None:
    ballast = bytearray(300 * MIB)
    ballast[:: 1 << 12] = bytes(len(ballast) >> 12)  # every page is there
    small = run(python("import time; time.sleep(0.1)"))
    large = run(python(f"import time; b = b'x' * {200 * MIB}; time.sleep(0.1)"))
    assert 0 < small.peak_mib < 100
    assert 190 < large.peak_mib - small.peak_mib < 220


def test_cpu_time_is_work_and_not_waiting() -> None:
    waiting = run(python("import time; time.sleep(0.3)"))
    working = run(python("import time\nwhile time.process_time() < 0.5: pass"))
    assert waiting.wall_seconds > 0.3
    assert waiting.cpu_seconds < 0.3 < working.cpu_seconds


def test_the_last_line_of_a_task_holds_its_figures() -> None:
    done = run(python("print('a log line'); print('{\"seconds\": 1.5}')"))
    assert done.told == {"seconds": 1.5}


def test_a_program_that_fails_gives_no_figures() -> None:
    with pytest.raises(FailedError, match="too bad"):
        run(python("print('too bad'); raise SystemExit(3)"))
