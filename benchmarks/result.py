"""What a measurement says: a figure, the goal that it is held against, and how it scattered."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row of the table. Without samples it was not measured, and `detail` says why."""

    work: str
    rival: str
    unit: str
    samples: tuple[float, ...] = ()
    at_most: float | None = None
    at_least: float | None = None
    """Neither bound: a figure for the picture, which no goal is held against."""
    detail: str = ""

    @property
    def measured(self) -> float:
        return statistics.median(self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.samples), max(self.samples)

    @property
    def verdict(self) -> str:
        if not self.samples:
            return "NOT MEASURED"
        if self.at_most is None and self.at_least is None:
            return ""
        low = self.at_least is None or self.measured >= self.at_least
        high = self.at_most is None or self.measured <= self.at_most
        return "met" if low and high else "MISSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One measurement as it ran: when, on what, and what came out."""

    name: str
    method: str
    taken_at: str
    machine: str
    versions: dict[str, str]
    results: tuple[Result, ...]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Pair by pair, as they ran one after the other: drift of the machine cancels out."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))


def save(report: Report, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{report.name}.json").write_text(json.dumps(asdict(report), indent=2) + "\n")


def load(path: Path) -> Report:
    wire = json.loads(path.read_text())
    results = tuple(
        Result(**{**row, "samples": tuple(row["samples"])}) for row in wire.pop("results")
    )
    return Report(results=results, **wire)
