"""The channels on which Drive rings."""

from typing import Any

import click

from custody.cli.output import format_option, rfc3339, show_rows
from custody.cli.world import Desk, connect
from custody.domain.drive import CORPORA, Corpus


@click.group(help=__doc__)
def watches() -> None:
    pass


@watches.command("ls")
@format_option()
def list_channels(form: str) -> None:
    """List the channels of each change log, and how long ago its cursor moved."""
    world = connect()
    rows = [row for corpus in CORPORA for row in _rows(world, corpus)]
    show_rows(rows, form, ("corpus", "channel", "expires_at", "cursor_age_seconds"))


def _rows(world: Desk, corpus: Corpus) -> list[dict[str, Any]]:
    channels = sorted(world.channels.all(corpus), key=lambda channel: channel.expires_at)
    age = cursor_age(world, corpus)
    return [
        {
            "corpus": corpus,
            "channel": channel.channel,
            "expires_at": rfc3339(channel.expires_at),
            "cursor_age_seconds": age,
        }
        for channel in channels
    ]


def cursor_age(world: Desk, corpus: Corpus) -> int | None:
    """Seconds since a change log was last followed; None for one that never was."""
    seen = world.cursors.read(corpus)
    return round((world.now() - seen.value.moved_at).total_seconds()) if seen else None
