"""What is held of one source of one customer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from custody.cli.naming import holding_of
from custody.cli.output import dry_run_option, format_option, show_rows
from custody.cli.world import Desk, connect
from custody.domain.vault import CustomerId, FileId, Holding, HoldingState
from custody.errors import RefusedError
from custody.steps.holdings import open_holding

COLUMNS = ("slug", "source", "epoch", "state", "folder_id", "hold")


@click.group(help=__doc__)
def holdings() -> None:
    pass


@holdings.command("ls")
@format_option()
def list_holdings(form: str) -> None:
    """List all holdings."""
    world = connect()
    slugs = {one.customer: one.slug for one in world.registry.customers()}
    found = sorted(world.registry.holdings(), key=lambda holding: holding.life)
    show_rows([_row(world, holding, slugs) for holding in found], form, COLUMNS)


@holdings.command("open")
@click.argument("holding", metavar="C/S")
@dry_run_option
@format_option()
def open_next(holding: str, *, dry_run: bool, form: str) -> None:
    """Begin the next epoch of a closed holding: a new folder and a new keyset."""
    world = connect()
    standing = holding_of(world, holding)
    customer = world.registry.customer(standing.life.customer)
    slugs = {customer.customer: customer.slug}
    if dry_run:
        show_rows([_row(world, _next(world, standing), slugs) | {"dry_run": True}], form, COLUMNS)
        return
    opened = open_holding(world.office, customer, standing.life.source)
    show_rows([_row(world, opened, slugs)], form, COLUMNS)


def state_of(world: Desk, holding: Holding) -> str:
    """The fence closes an epoch whatever the registry says."""
    is_open = holding.state is HoldingState.OPEN and not world.fences.closed(holding.life)
    return (HoldingState.OPEN if is_open else HoldingState.CLOSED).value


def _next(world: Desk, standing: Holding) -> Holding:
    if state_of(world, standing) == HoldingState.OPEN.value:
        raise RefusedError(f"epoch {standing.life.epoch} of this holding is open already")
    life = replace(standing.life, epoch=standing.life.epoch + 1)
    return Holding(life=life, state=HoldingState.OPEN, folder_id=FileId(""))


def _row(world: Desk, holding: Holding, slugs: Mapping[CustomerId, str]) -> dict[str, Any]:
    life = holding.life
    return {
        "customer": life.customer,
        "slug": slugs.get(life.customer),
        "source": life.source,
        "epoch": life.epoch,
        "state": state_of(world, holding),
        "folder_id": holding.folder_id or None,
        "hold": holding.hold,
    }
