"""Compare Drive, the vault and the off-site copies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import click

from custody.cli.output import dry_run_option, format_option, show_one
from custody.cli.world import connect
from custody.domain.events import Event
from custody.ports import Publisher
from custody.steps.reconcile import reconcile as compare

PATIENCE = timedelta(days=7)


@click.group(help=__doc__)
def reconcile() -> None:
    pass


class _Unsent:
    """Takes events and sends none: a run that only counts."""

    def publish(self, events: Sequence[Event]) -> None:
        pass


@reconcile.command()
@dry_run_option
@format_option()
def run(*, dry_run: bool, form: str) -> None:
    """List all sides of every open holding and ring for each file that differs."""
    world = connect()
    publisher: Publisher = _Unsent() if dry_run else world.publisher
    wired = world.reconcile(world.now() + PATIENCE)
    books = replace(wired.books, publisher=publisher)
    found = compare(replace(wired, publisher=publisher, books=books))
    counts = {"files": found}
    show_one(counts | {"dry_run": True} if dry_run else counts, form)
