"""Print the settings of the running local cloud."""

import json
import shlex
import socket
from pathlib import Path
from urllib.parse import urlsplit

import click

from custody.cli.output import format_option
from custody.cli.up import RUNNING
from custody.errors import NotFoundError


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder that 'custody up --data' was given.",
)
@format_option()
def env(data: Path | None, form: str) -> None:
    """Print the settings of the running local cloud.

    eval "$(custody env)" takes them over into a shell.
    """
    try:
        ready = data / "ready.json" if data else Path(RUNNING.read_text())
        settings = json.loads(ready.read_text())["env"]
        _knock(settings["STORAGE_EMULATOR_HOST"])
    except (FileNotFoundError, ConnectionError) as error:
        raise NotFoundError("no local cloud is running: start one with 'custody up'") from error
    if form == "json":
        click.echo(json.dumps(settings, indent=2))
        return
    for name, value in settings.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _knock(url: str) -> None:
    """One that was killed leaves its ready file behind, but nobody answers."""
    address = urlsplit(url)
    socket.create_connection((address.hostname, address.port), timeout=1).close()
