"""Restore from S3 with the recovery key alone, for the day without Google.

Nothing here asks Google or reads a setting: the off-site buckets, usual AWS credentials and the
recovery key are enough.
"""

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from custody.cli.naming import Time
from custody.cli.output import dry_run_option, format_option, hint, show_one, show_rows
from custody.cli.restoring import follow_restore, show_plan
from custody.domain.restore import State, Target, state_of, targets_of, targets_of_all
from custody.domain.vault import HoldingEpoch
from custody.errors import AlreadyExistsError, NotFoundError

if TYPE_CHECKING:
    from custody.adapters.offsite import OffsiteBucket

F = TypeVar("F", bound=Callable[..., Any])
COLUMNS = ("customer", "source", "epoch", "state", "versions")


@click.group(help=__doc__)
def recovery() -> None:
    pass


def _buckets_options(function: F) -> F:
    """Where the off-site copies lie."""
    for name, meaning in (
        ("--region", "The AWS region of both, such as eu-central-1."),
        ("--keys-bucket", "The S3 bucket of their keysets."),
        ("--bucket", "The S3 bucket of the versions."),
    ):
        function = click.option(name, required=True, help=meaning)(function)
    return function


@recovery.command("make-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@dry_run_option
@format_option()
def make_key(file: Path, *, dry_run: bool, form: str) -> None:
    """Make the recovery key: FILE gets the private half, to be kept offline and in two places.

    What is printed is the public half, the value of CUSTODY_RECOVERY_KEY. FILE is never replaced.
    """
    from custody.adapters.recovery import RecoveryKey

    if dry_run:
        if file.exists():
            raise AlreadyExistsError(f"there is a key file {file} already: use it")
        show_one({"file": str(file), "public": None, "dry_run": True}, form)
        return
    public = RecoveryKey.create(file).public
    if form == "json":
        show_one({"file": str(file), "public": public}, form)
    else:
        click.echo(public)
    hint(f"{file} is the only thing that opens the off-site copies without Google: keep it offline")


@recovery.command("ls")
@click.argument("holding", metavar="[C[/S]]", required=False)
@_buckets_options
@format_option()
def list_epochs(holding: str | None, bucket: str, keys_bucket: str, region: str, form: str) -> None:
    """List the epochs that lie off-site, and whether the recovery key opens them. C is an id."""
    from custody.adapters.recovery import key_states
    from custody.domain import names

    versions, keys = _places(bucket, keys_bucket, region)
    rows = [
        {
            "customer": life.customer,
            "source": life.source,
            "epoch": life.epoch,
            "state": state.value,
            "versions": sum(1 for _ in versions.names(names.life_prefix(life))),
        }
        for life, state in key_states(keys).items()
        if _is_asked_for(life, holding)
    ]
    show_rows(rows, form, COLUMNS)


@recovery.command()
@click.argument("holding", metavar="[C[/S]]", required=False)
@click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The recovery key.",
)
@_buckets_options
@click.option("--at", "at", type=Time(), metavar="TIME", help="The state as it was then.")
@click.option(
    "--to", "into", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR"
)
@dry_run_option
@format_option(lines=True)
def restore(
    holding: str | None,
    key_file: Path,
    bucket: str,
    keys_bucket: str,
    region: str,
    at: datetime | None,
    into: Path,
    *,
    dry_run: bool,
    form: str,
) -> None:
    """Write the newest state of every file below DIR, with files that Drive had lost.

    C is an id; without one every customer comes back, in a folder of its own.
    """
    from custody.adapters.recovery import BucketRecoveryKeys, RecoveryKey, key_states
    from custody.adapters.versions import BucketVersions
    from custody.steps.recovery import open_epochs, rebuild_histories
    from custody.steps.restore import restore_files

    objects, keys = _places(bucket, keys_bucket, region)
    lives = [life for life in key_states(keys) if _is_asked_for(life, holding)]
    if not lives:
        raise NotFoundError(f"no keyset of that lies in {keys_bucket}: see 'custody recovery ls'")
    versions = BucketVersions(objects)
    found = open_epochs(BucketRecoveryKeys(keys, RecoveryKey(key_file)), lives)
    for life in found.erased:
        hint(f"{life} is erased: nothing of it comes back")
    targets = _targets(state_of(rebuild_histories(versions, found), at), holding)
    if dry_run:
        show_plan(targets, 0, form, bad=found.bad)
        return
    outcomes = chain(found.bad, restore_files(versions, found.sealers, targets, into))
    follow_restore(outcomes, len(found.bad) + len(targets), 0, form)


def _places(bucket: str, keys_bucket: str, region: str) -> "tuple[OffsiteBucket, OffsiteBucket]":
    """By the usual AWS credentials, and AWS_ENDPOINT_URL_S3 where it is set."""
    from custody.adapters.offsite import OffsiteBucket
    from custody.adapters.s3 import Site, s3_client

    client = s3_client(Site(region=region))
    return OffsiteBucket(client, bucket), OffsiteBucket(client, keys_bucket)


def _is_asked_for(life: HoldingEpoch, holding: str | None) -> bool:
    return holding in (None, life.customer, f"{life.customer}/{life.source}")


def _targets(state: State, holding: str | None) -> list[Target]:
    if holding is None:
        return targets_of_all(state)
    return targets_of(state, None, lost=True, by_source="/" not in holding)
