"""`python -m benchmarks [NAME...] [--quick]`: measures, and writes docs/benchmarks.md.

The quick form measures less of everything: it shows that the bench works, and its figures go to
build/bench/quick, not to the documentation.
"""

import argparse
import importlib
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import report, rivals
from benchmarks.machine import machine, own_versions
from benchmarks.process import REPOSITORY
from benchmarks.result import Report, load, save

NAMES = (
    "history",
    "restore",
    "large",
    "small",
    "memory",
    "latency",
    "coldstart",
    "drain",
    "erase",
)
BUILD = REPOSITORY / "build" / "bench"
DOCUMENT = REPOSITORY / "docs" / "benchmarks.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; or all")
    parser.add_argument("--quick", action="store_true", help="about three minutes, for a look")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    folder = BUILD / "quick" if options.quick else BUILD
    for name in options.names or NAMES:
        measured = _measure(name, quick=options.quick)
        save(measured, folder)
        print(report.rows(measured), flush=True)
    _publish(folder, quick=options.quick)


def _measure(name: str, *, quick: bool) -> Report:
    module = importlib.import_module(f"benchmarks.{name}")
    begun = datetime.now(UTC)
    print(f"== {name}", flush=True)
    host = machine()
    results = module.measure(quick=quick)
    seconds = (datetime.now(UTC) - begun).total_seconds()
    print(f"   {seconds:.0f} s", flush=True)
    return Report(
        name=name,
        method=module.METHOD,
        taken_at=begun.isoformat(timespec="seconds"),
        machine=host,
        versions=own_versions() | rivals.versions(),
        results=tuple(results),
    )


def _publish(folder: Path, *, quick: bool) -> None:
    """From all that was measured so far, whenever that was: each says when."""
    paths = [folder / f"{name}.json" for name in NAMES]
    reports = [load(path) for path in paths if path.exists()]
    document = folder / "benchmarks.md" if quick else DOCUMENT
    document.write_text(report.document(reports, NAMES, quick=quick))
    print(f"written: {document}")


if __name__ == "__main__":
    main()
