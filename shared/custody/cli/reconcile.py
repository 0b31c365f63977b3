"""Compare Drive with the vault."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import click

from custody.cli.output import dry_run_option, format_option, show_one
from custody.cli.world import connect
from custody.domain.events import Event
from custody.ports import Publisher
from custody.steps.reconcile import Reconcile
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
    """List both sides of every open holding and ring for each file that differs."""
    world = connect()
    publisher: Publisher = _Unsent() if dry_run else world.publisher
    found = compare(
        Reconcile(
            drive=world.drive,
            vault=world.vault,
            keys=world.keys,
            registry=world.registry,
            fences=world.fences,
            index=world.index,
            publisher=publisher,
            quarantine=world.quarantine,
            books=replace(world.books, publisher=publisher),
            signer=world.signer,
            clock=world.now,
            deadline=world.now() + PATIENCE,
        )
    )
    counts = {"files": found}
    show_one(counts | {"dry_run": True} if dry_run else counts, form)
