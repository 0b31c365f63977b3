"""The table of results, as text and as docs/benchmarks.md."""

from collections.abc import Sequence

from benchmarks.result import Report, Result

HEAD = """\
# Benchmarks

Written by `make bench`. Each figure is a median, a ratio pair by pair against the rival that ran
beside it; the spread is its least and greatest. A missed goal stands here with its figure.
{note}
| work | rival | goal | measured | spread | |
|---|---|---|---|---|---|
"""
QUICK = """
**Taken with --quick: small sizes and few rounds. The goals are not for these.**
"""


def document(reports: Sequence[Report], names: Sequence[str], *, quick: bool = False) -> str:
    """The whole page; what was never measured is named."""
    head = HEAD.format(note=QUICK if quick else "")
    parts = [head + "".join(rows(report) for report in reports), "## How it was measured\n"]
    parts += [f"**{report.name}.** {report.method}\n" for report in reports]
    parts.append("## Figures behind the ratios\n")
    parts += ["".join(_details(report)) for report in reports]
    parts.append("## Where\n")
    parts.append("".join(_where(report) for report in reports))
    if absent := [name for name in names if name not in {report.name for report in reports}]:
        parts.append(f"**NOT MEASURED: {', '.join(absent)}.**\n")
    return "\n".join(parts)


def rows(report: Report) -> str:
    return "".join(_row(result) for result in report.results)


def _row(result: Result) -> str:
    cells = (result.work, result.rival, _goal(result), *_figures(result), _loud(result.verdict))
    return "| " + " | ".join(cells) + " |\n"


def _goal(result: Result) -> str:
    bounds = []
    if result.at_least is not None:
        bounds.append(f"≥ {_number(result.at_least)} {result.unit}")
    if result.at_most is not None:
        bounds.append(f"≤ {_number(result.at_most)} {result.unit}")
    return ", ".join(bounds)


def _figures(result: Result) -> tuple[str, str]:
    if not result.samples:
        return "", ""
    measured = f"{_number(result.measured)} {result.unit}"
    least, greatest = result.spread
    spread = f"{_number(least)} - {_number(greatest)}" if len(result.samples) > 1 else "one run"
    return measured, spread


def _number(value: float) -> str:
    """Three significant figures, never as a power of ten."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def _loud(verdict: str) -> str:
    return verdict if verdict in ("met", "") else f"**{verdict}**"


def _details(report: Report) -> list[str]:
    return [f"- {one.work}: {one.detail}.\n" for one in report.results if one.detail]


def _where(report: Report) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return f"- {report.name}: {report.taken_at}, {report.machine}; {versions}\n"
