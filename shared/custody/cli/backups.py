"""Versions: list, read back, restore, verify."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from custody.cli.follow import follow, settle
from custody.cli.naming import Time, choose, holdings_of
from custody.cli.output import dry_run_option, format_option, hint, rfc3339, show_rows
from custody.cli.restoring import follow_restore, show_plan, tell_left_out
from custody.cli.world import Desk, connect
from custody.domain.erasure import Copy
from custody.domain.restore import chronological, state_of, targets_of
from custody.domain.vault import (
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    Missed,
    ObjectName,
    Version,
)
from custody.errors import NotFoundError, RetryableError
from custody.steps.put_back import put_back
from custody.steps.restore import (
    Result,
    each_history,
    read_histories,
    read_version,
    restorable,
    restore_files,
    unwrap_all,
)
from custody.steps.verify import Verify, verify_versions

Whereabouts = dict[Copy, set[ObjectName]]
"""Which versions each place holds."""
BOTH = "both"
COLUMNS = ("captured_at", "source", "name", "size_bytes", "kind", "captured", "version", "reason")


@click.group(help=__doc__)
def backups() -> None:
    pass


@backups.command("ls")
@click.argument("holding", metavar="C[/S]")
@format_option()
def list_versions(holding: str, form: str) -> None:
    """List versions, oldest first, and what could not be captured."""
    world = connect()
    sealers = unwrap_all(world.archive, holdings_of(world, holding))
    histories = read_histories(world.index, sealers)
    show_rows(version_rows(histories, where_stored(world, sealers)), form, COLUMNS)


@backups.command()
@click.argument("version", metavar="VERSION")
def cat(version: str) -> None:
    """Write the content of a version to standard output.

    The check comes with the last byte: only exit code 0 says that all of it is right.
    """
    world, out = connect(), sys.stdout.buffer
    content = read_version(world.archive, version)
    if world.marks.marked(ObjectName(version)):
        raise NotFoundError(f"retention let {version} go: 'custody backups ls' lists what is kept")
    for chunk in content:
        out.write(chunk)
    out.flush()


@backups.command()
@click.argument("holding", metavar="C[/S]")
@click.option("--file", "file", metavar="F", help="This file alone, by id or name; lost or not.")
@click.option("--at", "at", type=Time(), metavar="TIME", help="The state as it was then.")
@click.option("--lost", is_flag=True, help="Files too that Drive did not show any more by then.")
@click.option(
    "--from",
    "copy",
    type=click.Choice([Copy.VAULT.value, Copy.OFFSITE.value]),
    default=Copy.VAULT.value,
    show_default=True,
    help="Where to read the contents.",
)
@click.option("--to", "into", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--to-drive", "folder", metavar="FOLDER", help="The id of a folder in our drive.")
@dry_run_option
@format_option(lines=True)
def restore(
    holding: str,
    file: str | None,
    at: datetime | None,
    copy: str,
    into: Path | None,
    folder: str | None,
    *,
    lost: bool,
    dry_run: bool,
    form: str,
) -> None:
    """Bring back the newest state of every file; of a whole customer, a folder for each source.

    What is there already, byte for byte, stays: the same command goes on where a run ended.
    """
    if (into is None) == (folder is None):
        raise click.UsageError("say where to: --to DIR or --to-drive FOLDER, one of them")
    world = connect()
    archive = world.offsite_archive if copy == Copy.OFFSITE else world.archive
    holdings, whole = choose(world, holding)
    tell_erased(world, holdings)
    sealers = restorable(archive, unwrap_all(archive, holdings))
    state = state_of(each_history(archive.index, sealers), at)
    targets = targets_of(state, file, lost=lost, by_source=whole)
    if file is not None and not targets:
        raise NotFoundError(f"no version of {file!r} was captured by then: see 'backups ls'")
    left_out = len(state.lost) if file is None and not lost else 0
    tell_left_out(left_out)
    if dry_run:
        show_plan(targets, left_out, form)
        return
    if into is not None:
        outcomes = restore_files(archive.vault, sealers, targets, into)
    else:
        outcomes = put_back(world.put_back(archive), sealers, targets, FileId(folder or ""))
    follow_restore(outcomes, len(targets), left_out, form)


@backups.command()
@click.argument("holding", metavar="C[/S]")
@click.option(
    "--from",
    "place",
    type=click.Choice([Copy.VAULT.value, Copy.OFFSITE.value, BOTH]),
    default=BOTH,
    help="Where to read; both unless you say so.",
)
@click.option("--repair", is_flag=True, help="Have what is damaged replaced by its whole twin.")
@format_option(lines=True)
def verify(holding: str, place: str, *, repair: bool, form: str) -> None:
    """Read back every version, from the vault and from off-site, and check it."""
    world = connect()
    holdings = holdings_of(world, holding)
    sealers = restorable(world.archive, unwrap_all(world.archive, holdings))
    histories = read_histories(world.index, sealers)
    places = {Copy.VAULT: world.vault, Copy.OFFSITE: world.offsite}
    run = Verify(
        places=places if place == BOTH else {Copy(place): places[Copy(place)]},
        marks=world.marks,
        clock=world.now,
        mend=world.mend if repair else None,
    )
    count, outcomes = verify_versions(run, sealers, histories)
    tally = follow(outcomes, form, label="verifying", total=count)
    bad, failed = tally.counts[Result.MISMATCH], tally.counts[Result.FAILED]
    summary = {
        "checked": count - failed,
        "ok": tally.counts[Result.VERIFIED],
        "bad": bad,
        "failed": failed,
    }
    settle(summary, tally, form)


def tell_erased(world: Desk, holdings: Iterable[Holding]) -> None:
    """Nothing comes back from behind a fence (T25), which is no error of a whole customer."""
    for holding in holdings:
        if world.fences.closed(holding.life):
            hint(f"{holding.life} is erased or being erased: nothing of it comes back")


def where_stored(world: Desk, lives: Iterable[HoldingEpoch]) -> Whereabouts:
    """What each place holds. One that does not answer is told, and holds nothing for now."""
    found: Whereabouts = {}
    epochs = list(lives)
    for copy, versions in ((Copy.VAULT, world.vault), (Copy.OFFSITE, world.offsite)):
        try:
            found[copy] = {name for life in epochs for name in versions.names(life)}
        except RetryableError as error:
            hint(f"warning: what lies in {copy.value} cannot be listed now: {error}")
    return found


def version_rows(histories: Iterable[FileHistory], where: Whereabouts) -> list[dict[str, Any]]:
    """Versions and gaps as people and scripts see them."""
    return [
        _version_row(item, where) if isinstance(item, Version) else _gap_row(history, item)
        for history, item in chronological(histories)
    ]


def _version_row(version: Version, where: Whereabouts) -> dict[str, Any]:
    return {
        "customer": version.life.customer,
        "source": version.life.source,
        "epoch": version.life.epoch,
        "file_id": version.file_id,
        "name": version.file_name,
        "version": version.name,
        "revision": version.revision,
        "captured_at": rfc3339(version.captured_at),
        "size_bytes": version.size_bytes,
        "stored_bytes": version.stored_bytes,
        "sha256": version.sha256,
        "kind": version.kind.value,
        "base": version.base,
        "content_type": version.content_type,
        "copies": [copy.value for copy, known in where.items() if version.name in known],
        "captured": True,
        "reason": None,
    }


def _gap_row(history: FileHistory, gap: Missed) -> dict[str, Any]:
    """A content that we know of and do not have."""
    return {
        "customer": history.life.customer,
        "source": history.life.source,
        "epoch": history.life.epoch,
        "file_id": history.file_id,
        "name": history.file_name,
        "version": None,
        "revision": gap.revision,
        "captured_at": None,
        "size_bytes": None,
        "stored_bytes": None,
        "sha256": None,
        "kind": None,
        "base": None,
        "content_type": None,
        "copies": [],
        "captured": False,
        "reason": gap.reason,
    }
