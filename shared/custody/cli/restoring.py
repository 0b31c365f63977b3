"""What restores have in common: what is said before, meanwhile and in the end."""

from collections.abc import Iterable, Sequence

from custody.cli.follow import follow, settle
from custody.cli.output import hint, show_summary
from custody.domain.restore import Target
from custody.steps.restore import Outcome, Result


def tell_left_out(lost: int) -> None:
    if lost:
        hint(f"{lost} files were lost in Drive by then and are left out: --lost brings them too")


def show_plan(
    targets: Sequence[Target], left_out: int, form: str, *, bad: Sequence[Outcome] = ()
) -> None:
    """What a dry run says; `bad` is what it found out by looking."""
    for one in bad:
        hint(f"{one.result.value}: {one.version}: {one.reason}")
    summary = {
        "restored": len(targets),
        "bytes": sum(target.version.size_bytes for target in targets),
        "mismatches": sum(one.result is Result.MISMATCH for one in bad),
        "left_out": left_out,
        "dry_run": True,
    }
    show_summary(summary, form)


def follow_restore(outcomes: Iterable[Outcome], total: int, left_out: int, form: str) -> None:
    tally = follow(outcomes, form, label="restoring", total=total)
    summary = {
        "restored": tally.counts[Result.RESTORED],
        "unchanged": tally.counts[Result.UNCHANGED],
        "bytes": tally.sizes[Result.RESTORED],
        "mismatches": tally.counts[Result.MISMATCH],
        "failed": tally.counts[Result.FAILED],
        "left_out": left_out,
    }
    settle(summary, tally, form)
