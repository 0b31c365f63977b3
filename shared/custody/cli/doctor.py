"""Look at every part and name a remedy for what is wrong."""

from typing import Any

import click
from google.auth.exceptions import GoogleAuthError

from custody.cli.checks import Check, checks
from custody.cli.output import format_option, show_rows
from custody.cli.world import Desk, connect
from custody.errors import CustodyError


class UnwellError(CustodyError):
    """Some check failed."""


@click.command(help=__doc__)
@format_option()
def doctor(form: str) -> None:
    world = connect()
    rows = [_examine(check, world) for check in checks()]
    show_rows(rows, form, ("check", "ok", "detail", "remedy"))
    unwell = [row["check"] for row in rows if not row["ok"]]
    if unwell:
        raise UnwellError(f"{len(unwell)} of {len(rows)} checks failed: {', '.join(unwell)}")


def _examine(check: Check, world: Desk) -> dict[str, Any]:
    try:
        detail, ok = check.look(world), True
    except (CustodyError, GoogleAuthError) as error:
        detail, ok = str(error), False
    return {
        "check": check.name,
        "ok": ok,
        "detail": detail,
        "remedy": None if ok else check.remedy,
    }
