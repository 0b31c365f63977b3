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
from custody.cli.output import dry_run_option, format_option, hint, show_one, show_rows
from custody.cli.synopsis import RepeatedOptions
from custody.cli.world import Desk, connect
from custody.domain.customers import slug_of, source_of
from custody.domain.drive import Unreadable
from custody.domain.restore import all_versions, newest_state, place
from custody.domain.vault import Customer, CustomerId, FileId, Holding, Intake, Source
from custody.errors import CustodyError, NotFoundError, RefusedError
from custody.steps.export import MANIFEST, export_files
from custody.steps.holdings import add_customer, open_holding
from custody.steps.restore import Result, read_histories, restorable, unwrap_all

_INTAKE = click.Choice([intake.value for intake in Intake])
_folders_option = click.option(
    "--folder",
    "folders",
    multiple=True,
    metavar="S=FOLDER_ID",
    help="Adopt a folder that the customer owns and shared, instead of making one.",
)
Folders = dict[Source, FileId | None]
"""The folder to adopt for each source; None where one is to be made."""


@click.group(help=__doc__)
def customers() -> None:
    pass


@customers.command(cls=RepeatedOptions)
@click.argument("name")
@click.option("--source", "sources", multiple=True, required=True, metavar="S")
@_folders_option
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
    customer = Customer(
        customer=_fresh_id(),
        slug=slug_of(name),
        name=name,
        intake=Intake(intake),
        mail_from=mail_from,
    )
    wanted = _wanted(world, sources, folders)
    _require_new(world, customer)
    if dry_run:
        show_one(_planned(customer, wanted) | {"customer": None}, form)
        return
    add_customer(
        world.office,
        name,
        customer=customer.customer,
        intake=customer.intake,
        mail_from=mail_from,
    )
    show_one(_row(world, customer, _open_all(world, customer, wanted)), form)


@customers.command("add-source", cls=RepeatedOptions)
@click.argument("customer", metavar="C")
@click.argument("sources", nargs=-1, required=True, metavar="S...")
@_folders_option
@dry_run_option
@format_option()
def add_source(
    customer: str, sources: tuple[str, ...], folders: tuple[str, ...], *, dry_run: bool, form: str
) -> None:
    """Open epoch 1 of more sources of a customer."""
    world = connect()
    found = customer_of(world, customer)
    wanted = _wanted(world, sources, folders)
    standing = holdings_of(world, found.customer)
    _require_free(wanted, standing)
    if dry_run:
        show_one(_planned(found, wanted), form)
        return
    show_one(_row(world, found, standing + _open_all(world, found, wanted)), form)


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
    row = _row(world, changed, holdings_of(world, found.customer))
    if dry_run:
        row |= {"dry_run": True}
    else:
        world.registry.save_customer(changed)
    show_one(row, form)


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
@click.option(
    "--all-versions", "everything", is_flag=True, help="Older versions too, beside their files."
)
@dry_run_option
@format_option()
def export(customer: str, into: Path, *, everything: bool, dry_run: bool, form: str) -> None:
    """Give everything back: the newest state of every file, and a manifest with hashes."""
    world = connect()
    found = customer_of(world, customer)
    readable = unwrap_all(world.archive, holdings_of(world, found.customer))
    sealers = restorable(world.archive, readable)
    histories = read_histories(world.index, sealers)
    wanted = all_versions(histories) if everything else newest_state(histories)
    targets = place(wanted, by_source=True)
    summary: dict[str, Any] = {
        "customer": found.customer,
        "files": len(targets),
        "bytes": sum(target.version.size_bytes for target in targets),
        "not_captured": sum(len(history.missed) for history in histories),
        "manifest": str(into / MANIFEST),
    }
    if dry_run:
        show_one(summary | {"dry_run": True}, form)
        return
    outcomes = export_files(world.vault, sealers, targets, into)
    tally = follow(outcomes, form, label="exporting", total=len(targets))
    whole = (Result.RESTORED, Result.UNCHANGED)
    summary |= {
        "files": sum(tally.counts[result] for result in whole),
        "bytes": sum(tally.sizes[result] for result in whole),
        "mismatches": tally.counts[Result.MISMATCH],
        "failed": tally.counts[Result.FAILED],
    }
    settle(summary, tally, form)


def _fresh_id() -> CustomerId:
    """Chance alone: an id says nothing about who it is."""
    return CustomerId("c-" + base64.b32encode(secrets.token_bytes(8)).decode()[:12].lower())


def _wanted(world: Desk, sources: Iterable[str], folders: Iterable[str]) -> Folders:
    """The sources with the folders to adopt: everything is checked before anything is written."""
    wanted: Folders = dict.fromkeys(map(source_of, sources))
    for pair in folders:
        source, _, folder = pair.partition("=")
        if source not in wanted or not folder:
            raise click.UsageError(
                f"--folder {pair!r} names none of the sources: write S=FOLDER_ID"
            )
        wanted[Source(source)] = FileId(folder)
    adopted = [folder for folder in wanted.values() if folder]
    if adopted:
        _require_adoptable(world, adopted)
    return wanted


def _require_adoptable(world: Desk, adopted: list[FileId]) -> None:
    used = {holding.folder_id for holding in world.registry.holdings()}
    for folder_id, shown in world.drive.describe(adopted).items():
        if isinstance(shown, Unreadable):
            raise NotFoundError(f"folder {folder_id}: {shown.reason}; ask its owner to share it")
        if not shown.is_folder or shown.trashed:
            raise RefusedError(f"{folder_id} is no folder that can be adopted: name another")
        if folder_id in used or adopted.count(folder_id) > 1:
            raise RefusedError(f"folder {folder_id} belongs to one holding only: name another")


def _require_new(world: Desk, customer: Customer) -> None:
    if any(customer.slug == other.slug for other in world.registry.customers()):
        raise RefusedError(
            f"a customer with the slug {customer.slug!r} exists: choose another name, or add a "
            "source to it with 'custody customers add-source'"
        )


def _require_free(wanted: Folders, standing: Iterable[Holding]) -> None:
    for holding in standing:
        if holding.life.source in wanted:
            raise RefusedError(
                f"the customer has the source {holding.life.source!r} already: when it is closed, "
                "'custody holdings open' begins its next epoch"
            )


def _open_all(world: Desk, customer: Customer, wanted: Folders) -> list[Holding]:
    try:
        return [
            open_holding(world.office, customer, source, folder=folder)
            for source, folder in wanted.items()
        ]
    except CustodyError:
        opened = {holding.life.source for holding in holdings_of(world, customer.customer)}
        left = " ".join(source for source in wanted if source not in opened)
        hint(f"hint: go on with: custody customers add-source {customer.slug} {left}")
        raise


def _row(world: Desk, customer: Customer, theirs: Iterable[Holding]) -> dict[str, Any]:
    sources = [
        {
            "source": holding.life.source,
            "epoch": holding.life.epoch,
            "state": state_of(world, holding),
            "folder_id": holding.folder_id,
        }
        for holding in sorted(theirs, key=lambda one: one.life)
    ]
    return _described(customer, sources)


def _planned(customer: Customer, wanted: Folders) -> dict[str, Any]:
    sources = [
        {"source": source, "epoch": 1, "state": "open", "folder_id": folder}
        for source, folder in wanted.items()
    ]
    return _described(customer, sources) | {"dry_run": True}


def _described(customer: Customer, sources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "customer": customer.customer,
        "slug": customer.slug,
        "name": customer.name,
        "intake": customer.intake.value,
        "mail_from": list(customer.mail_from),
        "sources": sources,
    }
