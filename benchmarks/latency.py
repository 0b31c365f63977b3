"""How long after a push a small file's version is durable."""

from statistics import median
from typing import Any

from benchmarks.process import run_task
from benchmarks.result import Result
from benchmarks.site import running_site

METHOD = (
    "A new file of 8 kB each time; receive_push, drain_changes and capture answer one after the "
    "other in one warm process, until capture has acknowledged. Time between them, which is "
    "Pub/Sub's, does not count. The bare client calls are one read from Drive and one create."
)
FILES, QUICK_FILES = 30, 5
GOAL_MS = 50


def measure(*, quick: bool) -> list[Result]:
    with running_site() as site:
        tenant = site.tenant("latency")
        count = str(QUICK_FILES if quick else FILES)
        words = (tenant.holding.folder_id, str(tenant.life), count)
        secret = site.settings["CUSTODY_PUSH_SECRET"]
        rows = run_task("journey", *words, secret, settings=tenant.settings).told["rows"]
    return [
        Result(
            work="push received to version durable, beyond the bare calls",
            rival="bare client calls",
            unit="ms",
            samples=tuple(_beyond(row) for row in rows),
            at_most=GOAL_MS,
            detail="median ms: " + _medians(rows),
        )
    ]


def _beyond(row: dict[str, float]) -> float:
    return sum(taken for name, taken in row.items() if name != "bare") - row["bare"]


def _medians(rows: list[dict[str, Any]]) -> str:
    return ", ".join(f"{name} {median(row[name] for row in rows):.1f}" for name in rows[0])
