"""`custody recovery`: with the private key and S3 alone, everything at Google gone."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from custody.settings import SETTINGS

from .conftest import Shell
from .offsite import (
    damage_offsite,
    delete_key_object,
    destroy,
    key_objects,
    put_key_object,
    replicate,
    s3,
)

WITHOUT_GOOGLE = Path(__file__).parent / "without_google.py"
GOOGLES = ("VAULT", "KEYS", "LEDGER", "AUDIT")


@dataclass(frozen=True, kw_only=True)
class Ruins:
    """What is left: S3, a key, and what everybody expects to get back."""

    shell: Shell
    key: Path
    contents: dict[str, bytes]
    """By path below the destination: customer, source, name."""
    versions: dict[str, str] = field(default_factory=dict)
    """The newest object of each."""

    @property
    def customer(self) -> str:
        return next(iter(self.contents)).partition("/")[0]

    @property
    def buckets(self) -> tuple[str, ...]:
        settings = self.shell.environment
        return (
            *("--bucket", settings["CUSTODY_OFFSITE_BUCKET"]),
            *("--keys-bucket", settings["CUSTODY_OFFSITE_KEYS_BUCKET"]),
            *("--region", settings["CUSTODY_OFFSITE_REGION"]),
        )

    def run(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        """In a process that knows no setting of custody, and cannot import a Google client."""
        port = urlsplit(self.shell.servers.s3.url).port
        kept = {
            name: value
            for name, value in (os.environ | self.shell.environment).items()
            if name not in SETTINGS or name == "AWS_ENDPOINT_URL_S3"
        }
        command = [sys.executable, str(WITHOUT_GOOGLE), str(port), "recovery", *map(str, words)]
        return subprocess.run(command, env=kept, capture_output=True, text=True, check=False)

    def restore(self, into: Path, *words: str | Path, code: int = 0) -> Any:
        """The summary, once everything at Google is destroyed."""
        given = () if "--key" in words else ("--key", self.key)
        done = self.run("restore", *words, *given, *self.buckets, "--to", into, "--format", "json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout) | {"said": done.stderr}


@pytest.fixture
def ruins(shell: Shell, tmp_path: Path) -> Ruins:
    """Two sources, one of them with a file in two versions; all at Google is destroyed then."""
    key = tmp_path / "recovery.key"
    shell.environment["CUSTODY_RECOVERY_KEY"] = shell.run("recovery", "make-key", key).stdout
    customer = shell.add("Acorn", "hubspot", "stripe")["customer"]
    base = os.urandom(200_000)
    put = [
        ("hubspot", "deals.csv", base),
        ("hubspot", "deals.csv", base + b"one more row\n"),
        ("stripe", "größe.csv", b"a,b\n"),
    ]
    contents, versions = {}, {}
    for source, name, content in put:
        (tmp_path / name).write_bytes(content)
        rows = shell.capture(tmp_path / name, f"acorn/{source}")
        contents[f"{customer}/{source}/{name}"] = content
        versions[f"{customer}/{source}/{name}"] = rows[-1]["version"]
    assert [row["kind"] for row in shell.json("backups", "ls", "acorn/hubspot")][1] == "delta"
    replicate(shell)
    destroy(shell, *GOOGLES)
    return Ruins(shell=shell, key=key, contents=contents, versions=versions)


def files(into: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(into)): path.read_bytes() for path in into.rglob("*") if path.is_file()
    }


def test_a_key_is_made_once_for_its_owner_alone(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "recovery.key"
    assert shell.json("recovery", "make-key", path, "--dry-run")["public"] is None
    assert not path.exists()
    done = shell.run("recovery", "make-key", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [public] = done.stdout.splitlines()
    assert json.loads(public)["key"][0]["keyData"]["keyMaterialType"] == "ASYMMETRIC_PUBLIC"
    assert "offline" in done.stderr
    private = path.read_text()
    for words in ((), ("--dry-run",)):
        assert shell.fails("recovery", "make-key", path, *words)[0] == 6
    assert path.read_text() == private
    other = shell.json("recovery", "make-key", tmp_path / "other.key")
    assert other["public"] != public


def test_everything_comes_back_byte_for_byte_without_google(ruins: Ruins, tmp_path: Path) -> None:
    done = ruins.restore(tmp_path / "back")
    assert (done["restored"], done["mismatches"], done["failed"]) == (2, 0, 0)
    assert files(tmp_path / "back") == ruins.contents
    again = ruins.restore(tmp_path / "back")
    assert (again["restored"], again["unchanged"]) == (0, 2)


def test_one_customer_or_source_comes_back_by_its_ids(ruins: Ruins, tmp_path: Path) -> None:
    content = ruins.contents[f"{ruins.customer}/hubspot/deals.csv"]
    assert ruins.restore(tmp_path / "s", f"{ruins.customer}/hubspot")["restored"] == 1
    assert files(tmp_path / "s") == {"deals.csv": content}
    assert ruins.restore(tmp_path / "c", ruins.customer)["restored"] == 2
    assert (tmp_path / "c/hubspot/deals.csv").read_bytes() == content
    nobody = ruins.run("restore", "c-nobody", "--key", ruins.key, *ruins.buckets, "--to", tmp_path)
    assert nobody.returncode == 4


def test_what_is_there_is_listed_without_the_key(ruins: Ruins, tmp_path: Path) -> None:
    rows = json.loads(ruins.run("ls", *ruins.buckets, "--format", "json").stdout)
    found = [(row["customer"], row["source"], row["state"], row["versions"]) for row in rows]
    assert found == [
        (ruins.customer, "hubspot", "recoverable", 2),
        (ruins.customer, "stripe", "recoverable", 1),
    ]
    words = (f"{ruins.customer}/stripe", *ruins.buckets, "--format", "json")
    assert len(json.loads(ruins.run("ls", *words).stdout)) == 1


def test_a_past_state_and_a_dry_run(ruins: Ruins, tmp_path: Path) -> None:
    planned = ruins.restore(tmp_path / "back", "--dry-run")
    assert (planned["restored"], planned["dry_run"]) == (2, True)
    assert ruins.restore(tmp_path / "back", "--at", "2001-01-01")["restored"] == 0
    assert files(tmp_path) == {"recovery.key": ruins.key.read_bytes()} | {
        name: (tmp_path / name).read_bytes() for name in ("deals.csv", "größe.csv")
    }


def test_a_wrong_key_opens_nothing(ruins: Ruins, tmp_path: Path) -> None:
    ruins.run("make-key", tmp_path / "other.key")
    done = ruins.restore(tmp_path / "back", "--key", tmp_path / "other.key", code=7)
    assert (done["restored"], done["mismatches"]) == (0, 2)
    assert "not for this recovery key" in done["said"]


def test_a_file_that_holds_no_key_is_told(ruins: Ruins, tmp_path: Path) -> None:
    to = ("--to", tmp_path / "back")
    done = ruins.run("restore", "--key", tmp_path / "deals.csv", *ruins.buckets, *to)
    assert done.returncode == 5
    assert "holds no recovery key" in done.stderr


def test_an_epoch_without_a_recovery_copy_is_told_and_the_others_go_on(
    ruins: Ruins, tmp_path: Path
) -> None:
    delete_key_object(ruins.shell, f"{ruins.customer}/stripe/1.recovery")
    done = ruins.restore(tmp_path / "back", code=3)
    assert (done["restored"], done["failed"]) == (1, 1)
    assert f"{ruins.customer}/stripe/1 has no keyset for the recovery key" in done["said"]
    rows = json.loads(ruins.run("ls", *ruins.buckets, "--format", "json").stdout)
    assert [row["state"] for row in rows] == ["recoverable", "no-recovery-copy"]


def test_a_destroyed_epoch_stays_destroyed(ruins: Ruins, tmp_path: Path) -> None:
    """T25: its mark is enough, while its keyset and its objects still lie there."""
    put_key_object(ruins.shell, f"{ruins.customer}/stripe/1.destroyed", b"")
    assert f"{ruins.customer}/stripe/1.recovery" in key_objects(ruins.shell)
    done = ruins.restore(tmp_path / "back")
    assert (done["restored"], done["failed"]) == (1, 0)
    assert f"{ruins.customer}/stripe/1 is erased" in done["said"]
    assert [path.name for path in (tmp_path / "back").rglob("*.csv")] == ["deals.csv"]


def test_a_damaged_object_is_told_and_the_others_go_on(ruins: Ruins, tmp_path: Path) -> None:
    path = f"{ruins.customer}/hubspot/deals.csv"
    damage_offsite(ruins.shell, ruins.versions[path])
    done = ruins.restore(tmp_path / "back", code=7)
    assert (done["restored"], done["mismatches"]) == (1, 1)
    assert path in done["said"]
    assert list(files(tmp_path / "back")) == [f"{ruins.customer}/stripe/größe.csv"]


def test_what_is_not_ours_does_not_stand_in_the_way(ruins: Ruins, tmp_path: Path) -> None:
    put_key_object(ruins.shell, "README.txt", b"somebody's")
    bucket = ruins.shell.environment["CUSTODY_OFFSITE_BUCKET"]
    s3(ruins.shell).put_object(Bucket=bucket, Key="notes/readme", Body=b"somebody's")
    assert ruins.restore(tmp_path / "back")["restored"] == 2


def test_without_aws_credentials_it_says_so(ruins: Ruins) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del ruins.shell.environment[name]
    done = ruins.run("ls", *ruins.buckets)
    assert done.returncode == 5
    assert "AWS_ACCESS_KEY_ID" in done.stderr


def test_a_day_without_google_is_one(ruins: Ruins) -> None:
    """What these tests rest on: a command that needs Google fails where they run."""
    command = [sys.executable, str(WITHOUT_GOOGLE), "1", "customers", "ls"]
    environment = os.environ | ruins.shell.environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "was imported, on a day without Google" in done.stderr


def test_a_bucket_that_is_not_there_is_told(ruins: Ruins, tmp_path: Path) -> None:
    words = list(ruins.buckets)
    words[3] = "no-such-bucket"
    done = ruins.run("restore", "--key", ruins.key, *words, "--to", tmp_path / "back")
    assert done.returncode == 5
    assert "NoSuchBucket" in done.stderr
