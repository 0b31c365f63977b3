"""What was seen and not admitted; a person decides."""

from typing import Any

import click

from custody.cli.output import dry_run_option, format_option, rfc3339, show_rows
from custody.cli.world import Desk, connect
from custody.domain.events import FilesTouched
from custody.domain.quarantine import Quarantined, Verdict
from custody.domain.vault import FileId, HoldingEpoch
from custody.errors import NotFoundError, RefusedError

COLUMNS = ("id", "kind", "customer", "source", "seen_at", "expires_at", "reason")


@click.group(help=__doc__)
def quarantine() -> None:
    pass


@quarantine.command("ls")
@format_option()
def list_waiting(form: str) -> None:
    """List what waits for a person."""
    show_rows([_row(entry) for entry in _waiting(connect())], form, COLUMNS)


@quarantine.command()
@click.argument("entry_id", metavar="ID")
@dry_run_option
@format_option()
def admit(entry_id: str, *, dry_run: bool, form: str) -> None:
    """Put a thing back on its way. A malformed message cannot be admitted."""
    world = connect()
    entry = _find(world, entry_id)
    event = _way_back(entry)
    if not dry_run:
        # Publish first: a crash in between rings twice, which is once.
        world.publisher.publish([event])
        world.quarantine.settle(entry.id, Verdict.ADMITTED)
    _show(entry, form, dry_run=dry_run)


@quarantine.command()
@click.argument("entry_id", metavar="ID")
@dry_run_option
@format_option()
def reject(entry_id: str, *, dry_run: bool, form: str) -> None:
    """Dispose of a thing."""
    world = connect()
    entry = _find(world, entry_id)
    if not dry_run:
        world.quarantine.settle(entry.id, Verdict.REJECTED)
    _show(entry, form, dry_run=dry_run)


def _waiting(world: Desk) -> list[Quarantined]:
    now = world.now()
    waiting = [entry for entry in world.quarantine.all() if now < entry.expires_at]
    return sorted(waiting, key=lambda entry: (entry.seen_at, entry.id))


def _find(world: Desk, entry_id: str) -> Quarantined:
    for entry in _waiting(world):
        if entry.id == entry_id:
            return entry
    raise NotFoundError(f"no entry {entry_id!r} waits: 'custody quarantine ls' names them all")


def _way_back(entry: Quarantined) -> FilesTouched:
    """The bell to ring again. RefusedError for what has no way back."""
    if entry.kind != "moved-file" or not (entry.customer and entry.source and entry.epoch):
        raise RefusedError(
            f"{entry.id} is a {entry.kind}, which cannot be admitted: mend its cause and reject it"
        )
    life = HoldingEpoch(customer=entry.customer, source=entry.source, epoch=entry.epoch)
    return FilesTouched(life=life, file_ids=(FileId(entry.reference),))


def _show(entry: Quarantined, form: str, *, dry_run: bool) -> None:
    row = _row(entry)
    show_rows([row | {"dry_run": True} if dry_run else row], form, COLUMNS)


def _row(entry: Quarantined) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "customer": entry.customer,
        "source": entry.source,
        "reason": entry.reason,
        "reference": entry.reference,
        "seen_at": rfc3339(entry.seen_at),
        "expires_at": rfc3339(entry.expires_at),
    }
