"""The audit trail: what was done, in chains that show every change."""

import click

from custody.cli.output import format_option, hint, rfc3339, show_one
from custody.cli.world import connect
from custody.domain.audit import Broken
from custody.errors import CorruptError
from custody.steps.audit import verify_trail


@click.group(help=__doc__)
def audit() -> None:
    pass


@audit.command()
@format_option()
def verify(form: str) -> None:
    """Check every entry, and every checkpoint that was signed over them."""
    world = connect()
    found = verify_trail(world.audit, world.signer.keys())
    row = {
        "entries": found.entries,
        "ok": found.broken is None,
        "signed_at": rfc3339(found.signed_at) if found.signed_at else None,
        "broken": _row(found.broken) if found.broken else None,
    }
    show_one(row, form)
    if found.broken:
        raise CorruptError(_words(found.broken))
    if not found.signed_at:
        hint("no checkpoint was signed yet: entries that were cut off at the end are not missed")


def _row(broken: Broken) -> dict[str, str | int | None]:
    return {"stream": broken.stream, "number": broken.number, "reason": broken.reason}


def _words(broken: Broken) -> str:
    entry = f"entry {broken.number} of {broken.stream}"
    place = entry if broken.stream else f"checkpoint {broken.number}"
    return f"{place}: {broken.reason}"
