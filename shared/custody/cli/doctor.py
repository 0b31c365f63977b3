"""Look at every part and name a remedy for what is wrong."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import click
from google.auth.exceptions import GoogleAuthError

from custody.cli.checks import Check, checks
from custody.cli.failures import UnwellError
from custody.cli.output import format_option, show_rows
from custody.cli.world import Desk, connect
from custody.errors import CustodyError

EXAMINERS = 8
"""Where nobody answers, the checks wait for that side by side."""


@click.command(help=__doc__)
@format_option()
def doctor(form: str) -> None:
    world = connect()
    with ThreadPoolExecutor(EXAMINERS) as pool:
        rows = list(pool.map(partial(_examine, world), checks()))
    show_rows(rows, form, ("check", "ok", "detail", "remedy"))
    unwell = [row["check"] for row in rows if not row["ok"]]
    if unwell:
        raise UnwellError(f"{len(unwell)} of {len(rows)} checks failed: {', '.join(unwell)}")


def _examine(world: Desk, check: Check) -> dict[str, Any]:
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
