"""What lies off-site, for tests: copied there, and lost everywhere else."""

from typing import Any

from custody.domain.events import VersionStored
from custody.domain.names import parse_version_name
from custody.steps.replicate import replicate_version
from localcloud.deployment import s3_client

from .conftest import Shell

AN_HOUR = 3600


def replicate(shell: Shell) -> None:
    """What the function does when it hears of each version."""
    world = shell.world
    run = world.replicate(AN_HOUR)
    for holding in world.registry.holdings():
        for name in world.vault.names(holding.life):
            life, file_id, _ = parse_version_name(name)
            replicate_version(run, VersionStored(life=life, file_id=file_id, version=name))


def empty(shell: Shell, kind: str) -> None:
    """A bucket of Cloud Storage loses all that it has."""
    for blob in shell.world.storage.list_blobs(shell.environment[f"CUSTODY_{kind}_BUCKET"]):
        blob.delete()


def destroy(shell: Shell, *kinds: str) -> None:
    """Buckets of Cloud Storage are gone, with all that they had."""
    for kind in kinds:
        shell.world.storage.bucket(shell.environment[f"CUSTODY_{kind}_BUCKET"]).delete(force=True)


def s3(shell: Shell) -> Any:
    return s3_client(shell.servers.s3.url)


def damage_offsite(shell: Shell, version: str) -> None:
    """Flips a bit of an object that lies off-site, as a store that is broken would."""
    client, bucket = s3(shell), shell.environment["CUSTODY_OFFSITE_BUCKET"]
    stored = bytearray(client.get_object(Bucket=bucket, Key=version)["Body"].read())
    stored[10] ^= 1
    client.put_object(Bucket=bucket, Key=version, Body=bytes(stored))


def put_key_object(shell: Shell, name: str, data: bytes) -> None:
    bucket = shell.environment["CUSTODY_OFFSITE_KEYS_BUCKET"]
    s3(shell).put_object(Bucket=bucket, Key=name, Body=data)


def delete_key_object(shell: Shell, name: str) -> None:
    bucket = shell.environment["CUSTODY_OFFSITE_KEYS_BUCKET"]
    s3(shell).delete_object(Bucket=bucket, Key=name)


def key_objects(shell: Shell) -> list[str]:
    bucket = shell.environment["CUSTODY_OFFSITE_KEYS_BUCKET"]
    return [one["Key"] for one in s3(shell).list_objects_v2(Bucket=bucket).get("Contents", ())]
