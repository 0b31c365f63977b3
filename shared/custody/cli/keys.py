"""Wrapped keysets: their off-site copies, and what is put back when they got lost."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from custody.cli.failures import PartialError
from custody.cli.naming import holdings_of
from custody.cli.output import Row, dry_run_option, format_option, hint, show_one
from custody.cli.world import Desk, connect
from custody.domain.vault import Holding
from custody.errors import RefusedError
from custody.steps.keys import (
    KeyOutcome,
    KeyResult,
    copy_keysets,
    look_at_keysets,
    restore_keysets,
)


@click.group(help=__doc__)
def keys() -> None:
    pass


@keys.command()
@click.argument("holding", metavar="[C[/S]]", required=False)
@dry_run_option
@format_option()
def copy(holding: str | None, *, dry_run: bool, form: str) -> None:
    """Make the off-site copies that are missing, of every epoch that is not erased."""
    world = connect()
    holdings = _holdings(world, holding)
    if dry_run:
        rescue = world.key_rescue()
        outcomes = look_at_keysets(rescue.lacking, world.fences, holdings)
    else:
        outcomes = copy_keysets(world.key_maker, world.fences, holdings)
    _settle(outcomes, "copied", form, dry_run=dry_run)


@keys.command()
@click.argument("holding", metavar="[C[/S]]", required=False)
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The recovery key: wrap anew, where the wrapping key is another one now.",
)
@dry_run_option
@format_option()
def restore(holding: str | None, key_file: Path | None, *, dry_run: bool, form: str) -> None:
    """Put keysets that got lost back from off-site. Those of erased epochs are refused."""
    world = connect()
    holdings = _holdings(world, holding)
    rescue = world.key_rescue(key_file)
    if dry_run:
        outcomes = look_at_keysets(
            lambda life: int(not rescue.stands(life)), world.fences, holdings
        )
    else:
        outcomes = restore_keysets(rescue, world.fences, holdings)
    counts = _settle(outcomes, "restored", form, dry_run=dry_run)
    if counts and counts.keys() == {KeyResult.ERASED}:
        raise RefusedError("every epoch that was asked for is erased: no keyset comes back")


def _holdings(world: Desk, given: str | None) -> list[Holding]:
    if given is not None:
        return holdings_of(world, given)
    return sorted(world.registry.holdings(), key=lambda holding: holding.life)


def _settle(
    outcomes: Iterable[KeyOutcome], verb: str, form: str, *, dry_run: bool
) -> Counter[KeyResult]:
    """The summary; then the error that decides the exit code, when not all is well."""
    counts: Counter[KeyResult] = Counter()
    made = 0
    for outcome in _told(outcomes):
        counts[outcome.result] += 1
        made += outcome.copies
    summary: Row = {
        verb: made,
        "epochs": counts.total(),
        "erased": counts[KeyResult.ERASED],
        "failed": counts[KeyResult.FAILED],
    }
    show_one({**summary, "dry_run": True} if dry_run else summary, form)
    if counts[KeyResult.FAILED]:
        raise PartialError(
            f"the keysets of {counts[KeyResult.FAILED]} epochs could not be {verb} now"
        )
    return counts


def _told(outcomes: Iterable[KeyOutcome]) -> Iterator[KeyOutcome]:
    for outcome in outcomes:
        if outcome.reason:
            hint(f"{outcome.result.value}: {outcome.life}: {outcome.reason}")
        yield outcome
