"""Customers and the sources that they share."""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from custody.cli.follow import follow, settle
from custody.cli.holdings import state_of
from custody.cli.naming import customer_of, holdings_of
from custody.cli.output import Row, dry_run_option, format_option, hint, show_one, show_rows
from custody.cli.synopsis import RepeatedOptions
from custody.cli.world import Desk, connect
from custody.domain.customers import slug_of, source_of
from custody.domain.drive import Unreadable
from custody.domain.restore import all_versions, newest_state, place
from custody.domain.vault import Customer, CustomerId, FileId, Holding, Intake, Source
from custody.errors import CustodyError, NotFoundError, RefusedError
from custody.steps.export import MANIFEST, export_files
from custody.steps.holdings import add_customer, open_holding
from custody.steps.restore import read_histories, restorable, unwrap_all

_INTAKE = click.Choice([intake.value for intake in Intake])
_FOLDERS = click.option(
    "--folder",
    "folders",
    multiple=True,
    metavar="S=FOLDER_ID",
    help="Adopt a folder that the customer owns and shared, instead of making one.",
)


@click.group(help=__doc__)
def customers() -> None:
    pass


@customers.command(cls=RepeatedOptions)
@click.argument("name")
@click.option("--source", "sources", multiple=True, required=True, metavar="S")
@_FOLDERS
@click.option("--intake", type=_INTAKE, default=Intake.DRIVE.value, show_default=True)
@click.option("--mail-from", multiple=True, metavar="ADDRESS", help="Who may send for them.")
@dry_run_option
@format_option()
def add(
    name: str,
    sources: tuple[str, ...],
    folders: tuple[str, ...],
    intake: str,
    mail_from: tuple[str, ...],
    *,
    dry_run: bool,
    form: str,
) -> None:
    """Register a customer and open epoch 1 of each of its sources."""
    world = connect()
    wanted = _wanted(world, sources, folders)
    customer = Customer(
        customer=_fresh_customer_id(),
        slug=slug_of(name),
        name=name,
        intake=Intake(intake),
        mail_from=mail_from,
    )
    _require_new(world, customer)
    if dry_run:
        show_one(_planned(customer, wanted) | {"customer": None}, form)
        return
    added = add_customer(
        world.office,
        name,
        customer=customer.customer,
        intake=customer.intake,
        mail_from=mail_from,
    )
    _open_all(world, added, wanted)
    show_one(_row(world, added, holdings_of(world, added.customer)), form)


@customers.command("add-source", cls=RepeatedOptions)
@click.argument("customer", metavar="C")
@click.argument("sources", nargs=-1, required=True, metavar="S...")
@_FOLDERS
@dry_run_option
@format_option()
def add_source(
    customer: str, sources: tuple[str, ...], folders: tuple[str, ...], *, dry_run: bool, form: str
) -> None:
    """Open epoch 1 of more sources of a customer."""
    world = connect()
    found = customer_of(world, customer)
    wanted = _wanted(world, sources, folders)
    for holding in holdings_of(world, found.customer):
        if holding.life.source in wanted:
            raise RefusedError(
                f"{found.slug} has the source {holding.life.source!r}: once it is closed, "
                f"'custody holdings open' opens its next epoch"
            )
    if dry_run:
        show_one(_planned(found, wanted), form)
        return
    _open_all(world, found, wanted)
    show_one(_row(world, found, holdings_of(world, found.customer)), form)


@customers.command("set", cls=RepeatedOptions)
@click.argument("customer", metavar="C")
@click.option("--intake", type=_INTAKE)
@click.option("--mail-from", multiple=True, metavar="ADDRESS", help="Replaces all that were.")
@dry_run_option
@format_option()
def set_customer(
    customer: str, intake: str | None, mail_from: tuple[str, ...], *, dry_run: bool, form: str
) -> None:
    """Change how a customer shares."""
    if intake is None and not mail_from:
        raise click.UsageError("nothing to set: give --intake or --mail-from")
    world = connect()
    found = customer_of(world, customer)
    changed = replace(
        found,
        intake=Intake(intake) if intake else found.intake,
        mail_from=mail_from or found.mail_from,
    )
    if not dry_run:
        world.registry.save_customer(changed)
    row = _row(world, changed, holdings_of(world, found.customer))
    show_one(row | {"dry_run": True} if dry_run else row, form)


@customers.command("ls")
@format_option()
def list_customers(form: str) -> None:
    """List all customers."""
    world = connect()
    everything = list(world.registry.holdings())
    rows = []
    for customer in sorted(world.registry.customers(), key=lambda one: one.slug):
        theirs = [one for one in everything if one.life.customer == customer.customer]
        rows.append(_row(world, customer, theirs))
    if form == "table":
        rows = [row | {"sources": [one["source"] for one in row["sources"]]} for row in rows]
    show_rows(rows, form, ("customer", "slug", "name", "intake", "sources"))


@customers.command()
@click.argument("customer", metavar="C")
@format_option()
def show(customer: str, form: str) -> None:
    """Show one customer and its sources."""
    world = connect()
    found = customer_of(world, customer)
    show_one(_row(world, found, holdings_of(world, found.customer)), form)


@customers.command()
@click.argument("customer", metavar="C")
@click.option(
    "--to", "into", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR"
)
@click.option("--all-versions", is_flag=True, help="Older versions too, each beside its file.")
@dry_run_option
@format_option()
def export(customer: str, into: Path, *, all_versions: bool, dry_run: bool, form: str) -> None:
    """Give everything back: newest state, and a manifest with hashes."""
    world = connect()
    found = customer_of(world, customer)
    sealers = restorable(world.archive, unwrap_all(world.archive, _holdings(world, found)))
    histories = read_histories(world.index, sealers)
    targets = place(_versions(histories, everything=all_versions), by_source=True)
    size = sum(target.version.size_bytes for target in targets)
    if dry_run:
        show_one({"files": len(targets), "bytes": size, "dry_run": True}, form)
        return
    outcomes = export_files(world.vault, sealers, targets, into)
    tally = follow(outcomes, form, label="exporting", total=size)
    summary = {
        "customer": found.customer,
        "files": tally.whole,
        "bytes": sum(target.version.size_bytes for target in targets),
        "mismatches": tally.mismatches,
        "failed": tally.failed,
        "not_captured": sum(len(history.missed) for history in histories),
        "manifest": str(into / MANIFEST),
    }
    settle(summary, tally, form)
