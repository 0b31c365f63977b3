"""Draining a change log: the hundred-thousandth change must cost what the first ones do."""

from benchmarks.feed import running_feed
from benchmarks.process import FailedError, Run, run_task
from benchmarks.result import Result, ratios
from benchmarks.site import Site, running_site

METHOD = (
    "One run of drain_changes over the whole log, in a process that has drained before. What a run "
    "costs whatever its length makes the short one dearer a change, so only growth counts. The log "
    "comes from a stand-in for changes.list that makes pages up, 1,000 changes each, all of files "
    "in one holding; ledger and Pub/Sub are the local servers."
)
SIZES, QUICK_SIZES = (1_000, 100_000), (1_000, 10_000)
ROUNDS, QUICK_ROUNDS = 5, 3
FLAT = 1.2


def measure(*, quick: bool) -> list[Result]:
    few, many = QUICK_SIZES if quick else SIZES
    with running_site() as site:
        pairs = [
            (_drain(site, few, number), _drain(site, many, number))
            for number in range(QUICK_ROUNDS if quick else ROUNDS)
        ]
    short = [run.told["seconds"] / few * 1e6 for run, _ in pairs]
    long = [run.told["seconds"] / many * 1e6 for _, run in pairs]
    peaks = [run.told["peak_mib"] for run, _ in pairs], [run.told["peak_mib"] for _, run in pairs]
    return [
        Result(
            work=f"time for a change, {many:,} to drain",
            rival=f"{few:,} to drain",
            unit="x",
            samples=ratios(long, short),
            at_most=1.1,
            detail=f"microseconds a change: {_listed(short)} at {few:,}; "
            f"{_listed(long)} at {many:,}",
        ),
        Result(
            work=f"peak memory, {many:,} changes to drain",
            rival=f"{few:,} to drain",
            unit="x",
            samples=ratios(peaks[1], peaks[0]),
            at_most=FLAT,
            detail=f"MiB: {_listed(peaks[0])} at {few:,}; {_listed(peaks[1])} at {many:,}",
        ),
    ]


def _drain(site: Site, length: int, number: int) -> Run:
    tenant = site.tenant(f"drain-{length}-{number}")
    with running_feed(length, tenant.holding.folder_id) as url:
        settings = tenant.settings | {"CUSTODY_DRIVE_ENDPOINT": url}
        run = run_task("drain", "0", settings=settings)
    if not run.told["at_end"]:
        raise FailedError("the drain did not reach the end of the log")
    return run


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.0f}" for value in values)
