"""What is held of one source of one customer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from custody.cli.naming import Time, holding_of
from custody.cli.output import dry_run_option, format_option, rfc3339, show_rows
from custody.cli.rehearsal import rehearsed
from custody.cli.world import Desk, connect
from custody.domain.erasure import CopyState, Track
from custody.domain.holds import Hold
from custody.domain.vault import (
    CustomerId,
    FileId,
    Holding,
    HoldingEpoch,
    HoldingState,
    Source,
)
from custody.errors import RefusedError
from custody.steps.books import Books, step_of
from custody.steps.holdings import open_holding

COLUMNS = ("slug", "source", "epoch", "state", "folder_id", "hold")
HOLDS = "holds"
"""The audit stream that tells who placed and released holds, and never why."""


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
    rows = [
        _row(world, one, slugs, hold_in_force(world, one.life.customer, one.life.source))
        for one in found
    ]
    show_rows(rows, form, COLUMNS)


@holdings.command("open")
@click.argument("holding", metavar="C/S")
@dry_run_option
@format_option()
def open_next(holding: str, *, dry_run: bool, form: str) -> None:
    """Begin the next epoch of a closed holding: a new folder and a new keyset."""
    world = connect()
    standing = holding_of(world, holding)
    if dry_run:
        begun = _next(world, standing)
    else:
        customer = world.registry.customer(standing.life.customer)
        begun = open_holding(world.office, customer, standing.life.source)
    hold = hold_in_force(world, begun.life.customer, begun.life.source)
    _show(world, begun, hold, form, dry_run=dry_run)


@holdings.command("hold")
@click.argument("holding", metavar="C/S")
@click.option("--reason", required=True, metavar="R", help="Why; told to operators alone.")
@click.option("--until", required=True, type=Time(), metavar="D", help="When it ends by itself.")
@dry_run_option
@format_option()
def place_hold(holding: str, reason: str, until: datetime, *, dry_run: bool, form: str) -> None:
    """Forbid to delete anything of a holding before a day; it replaces the hold that stands."""
    world = connect()
    now = world.now()
    if until <= now:
        raise click.UsageError(f"--until {rfc3339(until)} is over: name a day in the future")
    standing = holding_of(world, holding)
    life = standing.life
    hold = Hold(
        customer=life.customer, source=life.source, reason=reason, until=until, placed_at=now
    )
    books = rehearsed(world.books) if dry_run else world.books
    books.audit.note(HOLDS, "hold", _who_and_what(world, life) | {"until": rfc3339(until)}, now)
    books.holds.put(hold)
    _show(world, standing, hold, form, dry_run=dry_run)


@holdings.command()
@click.argument("holding", metavar="C/S")
@dry_run_option
@format_option()
def release(holding: str, *, dry_run: bool, form: str) -> None:
    """Take a hold away, and ring for the erasures that it blocked."""
    world = connect()
    standing = holding_of(world, holding)
    life = standing.life
    books = rehearsed(world.books) if dry_run else world.books
    books.audit.note(HOLDS, "release", _who_and_what(world, life), world.now())
    books.holds.remove(life.customer, life.source)
    # Where no hold stood too: an earlier run may have ended before it rang.
    if blocked := _blocked(books, life):
        books.publisher.publish([step_of(one, books.pages.next_number(one)) for one in blocked])
    _show(world, standing, None, form, dry_run=dry_run)


def state_of(world: Desk, holding: Holding) -> str:
    """The fence closes an epoch whatever the registry says."""
    is_open = holding.state is HoldingState.OPEN and not world.fences.closed(holding.life)
    return (HoldingState.OPEN if is_open else HoldingState.CLOSED).value


def hold_in_force(world: Desk, customer: CustomerId, source: Source) -> Hold | None:
    hold = world.holds.find(customer, source)
    return hold if hold and hold.in_force(world.now()) else None


def hold_row(hold: Hold | None) -> dict[str, str] | None:
    return {"reason": hold.reason, "until": rfc3339(hold.until)} if hold else None


def _next(world: Desk, standing: Holding) -> Holding:
    if state_of(world, standing) == HoldingState.OPEN.value:
        raise RefusedError(f"epoch {standing.life.epoch} of this holding is open already")
    life = replace(standing.life, epoch=standing.life.epoch + 1)
    return Holding(life=life, state=HoldingState.OPEN, folder_id=FileId(""))


def _who_and_what(world: Desk, life: HoldingEpoch) -> dict[str, str | int]:
    return {"customer": life.customer, "source": life.source, "by": world.operator}


def _blocked(books: Books, life: HoldingEpoch) -> list[Track]:
    """The blocked copies of a holding, of every epoch and in every erasure."""
    seen = [
        books.tracks.read(one.erasure, one.source, one.epoch, one.copy)
        for one in books.tracks.glance()
        if one.state is CopyState.BLOCKED and one.source == life.source
    ]
    return [one.value for one in seen if one.value.life.customer == life.customer]


def _show(world: Desk, holding: Holding, hold: Hold | None, form: str, *, dry_run: bool) -> None:
    customer = world.registry.customer(holding.life.customer)
    row = _row(world, holding, {customer.customer: customer.slug}, hold)
    show_rows([row | {"dry_run": True} if dry_run else row], form, COLUMNS)


def _row(
    world: Desk, holding: Holding, slugs: Mapping[CustomerId, str], hold: Hold | None
) -> dict[str, Any]:
    life = holding.life
    return {
        "customer": life.customer,
        "slug": slugs.get(life.customer),
        "source": life.source,
        "epoch": life.epoch,
        "state": state_of(world, holding),
        "folder_id": holding.folder_id or None,
        "hold": hold_row(hold),
    }
