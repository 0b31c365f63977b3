"""`custody backups`: listing, reading back, restoring, verifying."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from custody.domain.vault import HoldingEpoch, Source
from samples import a_fence

from .conftest import Shell

KEYS = (
    "customer source epoch file_id name version revision captured_at size_bytes stored_bytes "
    "sha256 kind base content_type copies captured reason"
)
FIRST, SECOND = b"a,b\n1,2\n", b"a,b\n1,2\n3,4\n"


@pytest.fixture
def kept(shell: Shell, tmp_path: Path) -> list[dict[str, Any]]:
    """One file of one holding in two versions."""
    shell.add()
    path = tmp_path / "deals.csv"
    for content in (FIRST, SECOND):
        path.write_bytes(content)
        [put] = shell.json("files", "put", path, "--to", "acorn/hubspot")
    versions: list[dict[str, Any]] = shell.json("files", "capture", put["file_id"])
    return versions


def damage(shell: Shell, version: str) -> None:
    """Flips a bit of a stored object, as a store that is broken would."""
    blob = shell.world.storage.bucket(shell.environment["CUSTODY_VAULT_BUCKET"]).blob(version)
    stored = bytearray(blob.download_as_bytes())
    stored[10] ^= 1
    blob.upload_from_string(bytes(stored))


def test_versions_are_listed_oldest_first(shell: Shell, kept: list[dict[str, Any]]) -> None:
    rows = shell.json("backups", "ls", "Acorn")
    assert rows == kept == shell.json("backups", "ls", "acorn/hubspot")
    assert [" ".join(row) for row in rows] == [KEYS, KEYS]
    first, second = rows
    assert first["captured_at"] < second["captured_at"]
    assert (first["kind"], first["base"], first["copies"]) == ("full", None, ["vault"])
    assert first["sha256"] == hashlib.sha256(FIRST).hexdigest()
    assert (second["size_bytes"], second["content_type"]) == (len(SECOND), "text/csv")
    assert (second["captured"], second["reason"]) == (True, None)


def test_nothing_is_listed_where_nothing_was_captured(shell: Shell) -> None:
    shell.add()
    assert shell.json("backups", "ls", "acorn") == []
    assert shell.json("backups", "verify", "acorn") == {
        "checked": 0,
        "ok": 0,
        "bad": 0,
        "failed": 0,
    }


def test_a_version_is_written_to_standard_output(shell: Shell, kept: list[dict[str, Any]]) -> None:
    for row, content in zip(kept, (FIRST, SECOND), strict=True):
        assert shell.run("backups", "cat", row["version"]).stdout_bytes == content


def test_a_damaged_version_is_told_from_a_whole_one(
    shell: Shell, kept: list[dict[str, Any]]
) -> None:
    damage(shell, kept[0]["version"])
    done = shell.run("backups", "cat", kept[0]["version"])
    assert done.exit_code == 7
    assert "error: CORRUPT: " in done.stderr


@pytest.mark.parametrize("version", ["nonsense", "c-x/hubspot/1/f/r"])
def test_an_unknown_version_is_not_found(shell: Shell, version: str) -> None:
    assert shell.run("backups", "cat", version).exit_code == 4


def test_the_newest_state_is_restored(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    done = shell.json("backups", "restore", "acorn/hubspot", "--to", tmp_path / "one")
    assert done == {
        "restored": 1,
        "unchanged": 0,
        "bytes": len(SECOND),
        "mismatches": 0,
        "failed": 0,
        "left_out": 0,
    }
    assert (tmp_path / "one/deals.csv").read_bytes() == SECOND
    again = shell.json("backups", "restore", "acorn/hubspot", "--to", tmp_path / "one")
    assert (again["restored"], again["unchanged"]) == (0, 1)


def test_of_a_whole_customer_each_source_has_a_folder(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    shell.json("backups", "restore", "acorn", "--to", tmp_path / "all")
    assert (tmp_path / "all/hubspot/deals.csv").read_bytes() == SECOND


def test_a_past_state_is_restored_by_the_time_that_is_listed(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    words = ("backups", "restore", "acorn/hubspot", "--to", tmp_path / "then", "--at")
    assert shell.json(*words, kept[0]["captured_at"])["restored"] == 1
    assert (tmp_path / "then/deals.csv").read_bytes() == FIRST
    assert shell.json(*words, "2001-01-01")["restored"] == 0
    assert shell.fails(*words, "yesterday")[0] == 2


def test_one_file_is_restored_by_id_or_name(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "contacts.csv").write_bytes(b"x\n")
    shell.capture(tmp_path / "contacts.csv")
    for number, file in enumerate((kept[0]["file_id"], "deals.csv")):
        into = tmp_path / str(number)
        words = ("backups", "restore", "acorn/hubspot", "--file", file, "--to", into)
        assert shell.json(*words)["restored"] == 1
        assert [path.name for path in into.iterdir()] == ["deals.csv"]
    words = ("backups", "restore", "acorn/hubspot", "--file", "no.csv", "--to", tmp_path)
    assert shell.fails(*words)[0] == 4


def test_files_with_one_name_and_folders_come_back_apart(shell: Shell, tmp_path: Path) -> None:
    """T8: names are not keys."""
    shell.add()
    folder = shell.json("holdings", "ls")[0]["folder_id"]
    inner = shell.drive.folder("Exports", folder)
    contents = {b"one\n", b"two\n", b"three\n"}
    for content, parent in zip(sorted(contents), (folder, folder, inner), strict=True):
        file_id = shell.drive.create("../deals.csv", content, parents=[parent])
        shell.json("files", "capture", file_id)
    shell.json("backups", "restore", "acorn/hubspot", "--to", tmp_path / "back")
    found = [path for path in (tmp_path / "back").rglob("*") if path.is_file()]
    assert {path.read_bytes() for path in found} == contents
    assert (tmp_path / "back/Exports/.._deals.csv").exists()


def test_a_dry_run_restores_nothing(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    words = ("backups", "restore", "acorn", "--to", tmp_path / "back", "--dry-run")
    planned = shell.json(*words)
    assert (planned["restored"], planned["bytes"], planned["dry_run"]) == (1, len(SECOND), True)
    assert not (tmp_path / "back").exists()


def test_a_mismatch_is_told_and_leaves_no_file(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    """T26: the name is given after the check."""
    damage(shell, kept[0]["version"])
    damage(shell, kept[1]["version"])
    words = ("backups", "restore", "acorn/hubspot", "--to", tmp_path / "back", "--format", "json")
    done = shell.run(*words)
    assert done.exit_code == 7
    assert json.loads(done.stdout)["mismatches"] == 1
    assert "deals.csv" in done.stderr
    assert list((tmp_path / "back").iterdir()) == []


def test_verifying_counts_what_is_whole_and_what_is_not(
    shell: Shell, kept: list[dict[str, Any]]
) -> None:
    assert shell.json("backups", "verify", "acorn")["ok"] == 2
    damage(shell, kept[1]["version"])
    done = shell.run("backups", "verify", "acorn/hubspot", "--format", "json")
    assert done.exit_code == 7
    assert json.loads(done.stdout) == {"checked": 2, "ok": 1, "bad": 1, "failed": 0}


def test_long_verbs_tell_what_happens_line_by_line(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    damage(shell, kept[1]["version"])
    done = shell.run("backups", "verify", "acorn", "--format", "jsonl")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [lines[0]["type"], lines[0]["versions"]] == ["status", 2]
    told = {line["version"]: line for line in lines[1:-1]}
    assert [told[row["version"]]["type"] for row in kept] == ["item", "error"]
    assert told[kept[1]["version"]]["reason"]
    assert lines[-1] == {"type": "summary", "checked": 2, "ok": 1, "bad": 1, "failed": 0}


def test_a_restore_without_trouble_ends_its_lines_with_a_summary(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    words = ("backups", "restore", "acorn", "--to", tmp_path, "--format", "jsonl")
    lines = [json.loads(line) for line in shell.run(*words).stdout.splitlines()]
    assert [line["type"] for line in lines] == ["status", "item", "summary"]
    assert lines[1]["path"] == "hubspot/deals.csv"
    planned = shell.run(*words, "--dry-run").stdout.splitlines()
    assert [json.loads(line)["type"] for line in planned] == ["summary"]


def test_what_cannot_be_written_is_a_partial_success(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "back/deals.csv").mkdir(parents=True)
    code, error = shell.fails("backups", "restore", "acorn/hubspot", "--to", tmp_path / "back")
    assert (code, error["code"]) == (3, "PARTIAL")


def test_an_erased_epoch_gives_nothing_back(
    shell: Shell, kept: list[dict[str, Any]], tmp_path: Path
) -> None:
    """T25: listing, restoring and reading pass the fence."""
    life = HoldingEpoch(customer=kept[0]["customer"], source=Source("hubspot"), epoch=1)
    shell.world.fences.close(life, a_fence())
    assert len(shell.json("backups", "ls", "acorn")) == 2
    assert shell.run("backups", "cat", kept[0]["version"]).exit_code == 6
    assert shell.json("backups", "restore", "acorn", "--to", tmp_path / "b")["restored"] == 0
    assert shell.json("backups", "verify", "acorn")["checked"] == 0
    [keyset] = shell.world.storage.list_blobs(shell.environment["CUSTODY_KEYS_BUCKET"])
    keyset.delete()
    assert shell.json("backups", "ls", "acorn") == []


def test_a_lost_keyset_of_an_open_epoch_is_no_empty_list(
    shell: Shell, kept: list[dict[str, Any]]
) -> None:
    [keyset] = shell.world.storage.list_blobs(shell.environment["CUSTODY_KEYS_BUCKET"])
    keyset.delete()
    code, error = shell.fails("backups", "ls", "acorn")
    assert (code, error["code"]) == (5, "MISSING_KEYSET")
