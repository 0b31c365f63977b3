"""Versions: list, read back, restore, verify."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from custody.cli.follow import follow, settle
from custody.cli.naming import Time, choose, holdings_of
from custody.cli.output import dry_run_option, format_option, rfc3339, show_rows, show_summary
from custody.cli.world import connect
from custody.domain.restore import chronological, matching, newest_state, place
from custody.domain.vault import FileHistory, Missed, Version
from custody.errors import NotFoundError
from custody.steps.restore import (
    Result,
    read_histories,
    read_version,
    restorable,
    restore_files,
    unwrap_all,
    verify_versions,
)

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
    show_rows(version_rows(read_histories(world.index, sealers)), form, COLUMNS)


@backups.command()
@click.argument("version", metavar="VERSION")
def cat(version: str) -> None:
    """Write the content of a version to standard output.

    The check comes with the last byte: only exit code 0 says that all of it is right.
    """
    out = sys.stdout.buffer
    for chunk in read_version(connect().archive, version):
        out.write(chunk)
    out.flush()


@backups.command()
@click.argument("holding", metavar="C[/S]")
@click.option("--file", "file", metavar="F", help="This file alone, by id or name.")
@click.option("--at", "at", type=Time(), metavar="TIME", help="The state as it was then.")
@click.option(
    "--to", "into", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR"
)
@dry_run_option
@format_option(lines=True)
def restore(
    holding: str, file: str | None, at: datetime | None, into: Path, *, dry_run: bool, form: str
) -> None:
    """Write the newest state of every file below DIR; of a whole customer, a folder a source."""
    world = connect()
    holdings, whole = choose(world, holding)
    sealers = restorable(world.archive, unwrap_all(world.archive, holdings))
    wanted = newest_state(read_histories(world.index, sealers), at)
    targets = place(wanted, by_source=whole)
    if file is not None:
        names = {one.version.name for one in matching(wanted, file)}
        targets = [target for target in targets if target.version.name in names]
        if not targets:
            raise NotFoundError(f"no version of {file!r} was captured by then: see 'backups ls'")
    if dry_run:
        size = sum(target.version.size_bytes for target in targets)
        summary = {"restored": len(targets), "bytes": size, "mismatches": 0, "dry_run": True}
        show_summary(summary, form)
        return
    outcomes = restore_files(world.vault, sealers, targets, into)
    tally = follow(outcomes, form, label="restoring", total=len(targets))
    summary = {
        "restored": tally.counts[Result.RESTORED],
        "unchanged": tally.counts[Result.UNCHANGED],
        "bytes": tally.sizes[Result.RESTORED],
        "mismatches": tally.counts[Result.MISMATCH],
        "failed": tally.counts[Result.FAILED],
    }
    settle(summary, tally, form)


@backups.command()
@click.argument("holding", metavar="C[/S]")
@format_option(lines=True)
def verify(holding: str, form: str) -> None:
    """Read back every version and check it."""
    world = connect()
    holdings = holdings_of(world, holding)
    sealers = restorable(world.archive, unwrap_all(world.archive, holdings))
    histories = read_histories(world.index, sealers)
    count, outcomes = verify_versions(world.vault, sealers, histories)
    tally = follow(outcomes, form, label="verifying", total=count)
    bad, failed = tally.counts[Result.MISMATCH], tally.counts[Result.FAILED]
    summary = {
        "checked": count - failed,
        "ok": tally.counts[Result.VERIFIED],
        "bad": bad,
        "failed": failed,
    }
    settle(summary, tally, form)


def version_rows(histories: Iterable[FileHistory]) -> list[dict[str, Any]]:
    """Versions and gaps as people and scripts see them."""
    return [
        _version_row(item) if isinstance(item, Version) else _gap_row(history, item)
        for history, item in chronological(histories)
    ]


def _version_row(version: Version) -> dict[str, Any]:
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
        "copies": ["vault"],
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
