"""Files in the Drive folders of holdings."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, assert_never

import click

from custody.cli.backups import COLUMNS, version_rows, where_stored
from custody.cli.naming import holding_of
from custody.cli.output import dry_run_option, format_option, hint, show_rows
from custody.cli.world import Desk, connect
from custody.domain.capture import (
    Action,
    NoteFound,
    NoteLost,
    NoteMissed,
    Skip,
    StoreExport,
    StoreRevision,
    plan_capture,
)
from custody.domain.drive import DriveFile, Unreadable
from custody.domain.events import FilesTouched
from custody.domain.vault import FileId, HoldingEpoch
from custody.errors import NotFoundError, RefusedError
from custody.steps.capture import capture_files
from custody.steps.scope import Scope

PATIENCE = timedelta(days=7)
"""No platform stops a command: it may take as long as a large file takes."""


@click.group(help=__doc__)
def files() -> None:
    pass


@files.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PATH...",
)
@click.option("--to", "holding", required=True, metavar="C/S")
@dry_run_option
@format_option()
def put(paths: Sequence[Path], holding: str, *, dry_run: bool, form: str) -> None:
    """Upload files as the customer would; a name that is there becomes a new revision."""
    world = connect()
    found = holding_of(world, holding)
    rows: list[dict[str, Any]] = []
    for path in paths:
        if dry_run:
            planned = {"file_id": None, "name": path.name, "revision": None, "dry_run": True}
            rows.append(planned)
        else:
            rows.append(_put(world, found.folder_id, path))
            hint(f"uploaded {path}")
    show_rows(rows, form, ("file_id", "name", "revision"))


def _put(world: Desk, folder: FileId, path: Path) -> dict[str, Any]:
    with path.open("rb") as content:
        uploaded = world.folders.upload(folder, path.name, content, path.stat().st_size)
    return {"file_id": uploaded.file_id, "name": uploaded.name, "revision": uploaded.head}


@files.command()
@click.argument("file_id", metavar="FILE_ID")
@dry_run_option
@format_option()
def capture(file_id: str, *, dry_run: bool, form: str) -> None:
    """Bring the vault level with one file now, without waiting for an event."""
    world = connect()
    run = world.capture(int(PATIENCE.total_seconds()))
    wanted = FileId(file_id)
    life, shown, is_inside = _find(world, wanted)
    sealer = world.keys.unwrap(life)
    if dry_run:
        history = world.index.read(life, wanted, sealer=sealer).value
        actions = plan_capture(
            shown,
            in_scope=is_inside,
            history=history,
            largest_bytes=run.largest_bytes,
            now=world.now(),
        )
        plan = [{"file_id": file_id, "plan": _words(one), "dry_run": True} for one in actions]
        show_rows(plan, form, ("file_id", "plan"))
        return
    capture_files(run, FilesTouched(life=life, file_ids=(wanted,)))
    history = world.index.read(life, wanted, sealer=sealer).value
    where = where_stored(world, [history.life])
    show_rows(version_rows([history], where), form, COLUMNS)


def _find(world: Desk, file_id: FileId) -> tuple[HoldingEpoch, DriveFile | Unreadable, bool]:
    """The epoch that a file lies in; for one that left, the open one that it was last seen in."""
    holdings = list(world.registry.holdings())
    shown = world.drive.describe([file_id])[file_id]
    if isinstance(shown, DriveFile):
        if shown.is_folder:
            raise RefusedError(f"{file_id} is a folder: name a file in it")
        if place := Scope(world.drive, holdings).place_of(shown):
            return place.life, shown, True
    present = {holding.life for holding in holdings}
    lives = [life for life in world.index.whereabouts(file_id) if life in present]
    if not lives:
        raise NotFoundError(f"{file_id} lies in no holding's folder and never did")
    return lives[-1], shown, False


def _words(action: Action) -> str:
    match action:
        case StoreRevision(revision=revision):
            return f"store revision {revision.revision}"
        case StoreExport(revision=revision):
            return f"export and store {revision} unless nothing changed"
        case NoteMissed(gap=gap):
            return f"record that it cannot be captured: {gap.reason}"
        case NoteLost(reason=reason):
            return f"record that the source lost it: {reason}"
        case NoteFound():
            return "record that it is back"
        case Skip(reason=reason):
            return f"nothing: {reason}"
        case _:
            assert_never(action)
