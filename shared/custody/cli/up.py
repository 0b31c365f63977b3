"""`custody up`: the whole of custody on this machine, in the foreground until ctrl-C."""

import json
import os
import signal
import threading
from pathlib import Path

import click

RUNNING = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "custody" / "running"
"""Says where the ready file of the local cloud lies that was started last."""


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".custody"),
    show_default=True,
    help="The folder that holds everything; a later start goes on from it.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Gets the addresses as JSON once all is ready.",
)
def up(data: Path, ready_file: Path | None) -> None:
    """Run custody on a local cloud, in the foreground, until ctrl-C."""
    import localcloud
    from localcloud.local import LocalCloud
    from localcloud.standalone import write_whole

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    functions = Path(localcloud.__file__).resolve().parents[3] / "functions"
    local = LocalCloud(data, functions)
    os.environ.update(environment := local.start_servers(os.environ))
    _release_leases()
    local.start_functions()
    ready = {**local.urls(), "env": environment, "functions": local.function_urls()}
    for path in filter(None, (data / "ready.json", ready_file)):
        write_whole(path, json.dumps(ready, indent=2))
    RUNNING.parent.mkdir(parents=True, exist_ok=True)
    write_whole(RUNNING, str((data / "ready.json").resolve()))
    click.echo('custody is up: eval "$(custody env)" in another shell; ctrl-C ends it', err=True)
    while not ended.wait(1):
        continue  # a signal in the very moment before a wait does not end that wait
    click.echo("custody is stopping", err=True)
    local.stop()


def _release_leases() -> None:
    """A killed run may have left its lease: nobody else drains here, so it is void."""
    from custody.cloud import connect
    from custody.domain.drain_changes import released
    from custody.domain.drive import CORPORA

    cursors = connect().cursors
    for corpus in CORPORA:
        seen = cursors.read(corpus)
        if seen and seen.value.holder:
            cursors.move(corpus, released(seen.value), stamp=seen.stamp)
