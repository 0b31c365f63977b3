"""Follows a command that takes long: JSON lines or a bar meanwhile, a summary in the end."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from custody.cli.failures import PartialError
from custody.cli.output import Row, hint, show_line, show_summary
from custody.errors import CorruptError
from custody.steps.restore import Outcome, Result


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many versions came to what, and how many bytes."""

    counts: Counter[Result] = field(default_factory=Counter)
    sizes: Counter[Result] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.result] += 1
        self.sizes[outcome.result] += outcome.size_bytes


def follow(outcomes: Iterable[Outcome], form: str, *, label: str, total: int) -> Tally:
    """Counts what comes, and shows it as it comes."""
    tally = Tally()
    if form == "jsonl":
        show_line("status", doing=label, versions=total)
    with _bar(label, total) as advance:
        for outcome in outcomes:
            tally.add(outcome)
            _show(outcome, form)
            advance()
    return tally


def settle(summary: Row, tally: Tally, form: str) -> None:
    """The summary; then the error that decides the exit code, when not all is well."""
    show_summary(summary, form)
    mismatches, failed = tally.counts[Result.MISMATCH], tally.counts[Result.FAILED]
    if mismatches:
        raise CorruptError(f"{mismatches} of {tally.counts.total()} versions are not as promised")
    if failed:
        raise PartialError(f"{failed} of {tally.counts.total()} versions could not be handled now")


def _show(outcome: Outcome, form: str) -> None:
    if form == "jsonl":
        fields = {
            "result": outcome.result.value,
            "version": outcome.version,
            "path": outcome.path,
            "size_bytes": outcome.size_bytes,
            "reason": outcome.reason,
        }
        show_line("error" if outcome.reason else "item", **fields)
    elif outcome.reason:
        hint(f"{outcome.result.value}: {outcome.path or outcome.version}: {outcome.reason}")


@contextmanager
def _bar(label: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda: progress.advance(task)
