"""`custody backups restore`: as of an instant, from off-site, into Drive, after a kill -9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from custody.domain.events import FilesTouched
from custody.domain.vault import FileId, HoldingEpoch, Source
from custody.settings import SETTINGS
from custody.steps.capture import capture_files
from samples import a_fence

from .conftest import Shell
from .offsite import damage_offsite, destroy, empty, replicate

RESTORE = ("backups", "restore", "acorn/hubspot")


def capture(shell: Shell, *file_ids: str) -> None:
    for file_id in file_ids:
        shell.json("files", "capture", file_id)


@pytest.fixture
def folder(shell: Shell) -> str:
    """The Drive folder of one holding."""
    shell.add()
    return str(shell.json("holdings", "ls")[0]["folder_id"])


def files(into: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(into)): path.read_bytes() for path in into.rglob("*") if path.is_file()
    }


def found(shell: Shell, query: str) -> list[str]:
    """Names in the shared drive."""
    everywhere = {"includeItemsFromAllDrives": True, "supportsAllDrives": True}
    return sorted(shell.drive.names(query, **everywhere))


def test_a_past_state_has_the_names_and_folders_of_its_time(
    shell: Shell, folder: str, tmp_path: Path
) -> None:
    """A rename and a move without a new content, which no version's record knows of."""
    file_id = shell.drive.create("deals.csv", b"one\n", parents=[folder])
    capture(shell, file_id)
    before = shell.json("backups", "ls", "acorn")[0]["captured_at"]
    inner = shell.drive.folder("Won", folder)
    shell.drive.update(file_id, name="won.csv")
    shell.drive.move(file_id, folder, inner)
    capture(shell, file_id)
    shell.json(*RESTORE, "--to", tmp_path / "now")
    shell.json(*RESTORE, "--to", tmp_path / "then", "--at", before)
    assert files(tmp_path / "now") == {"Won/won.csv": b"one\n"}
    assert files(tmp_path / "then") == {"deals.csv": b"one\n"}


@pytest.fixture
def lost(shell: Shell, folder: str) -> str:
    """Of two files one lies in the trash; when both were there."""
    kept, gone = (
        shell.drive.create(name, name.encode(), parents=[folder]) for name in ("kept", "gone")
    )
    capture(shell, kept, gone)
    both = max(row["captured_at"] for row in shell.json("backups", "ls", "acorn"))
    shell.drive.update(gone, trashed=True)
    capture(shell, gone)
    return str(both)


def test_what_drive_lost_is_left_out_and_told(shell: Shell, lost: str, tmp_path: Path) -> None:
    done = shell.run(*RESTORE, "--to", tmp_path / "now", "--format", "json")
    assert done.exit_code == 0
    assert "1 files were lost" in done.stderr
    assert "--lost" in done.stderr
    assert files(tmp_path / "now") == {"kept": b"kept"}
    assert shell.json(*RESTORE, "--to", tmp_path / "now", "--dry-run")["left_out"] == 1


def test_what_drive_lost_comes_back_when_asked_for(shell: Shell, lost: str, tmp_path: Path) -> None:
    both = {"kept": b"kept", "gone": b"gone"}
    shell.json(*RESTORE, "--to", tmp_path / "lost", "--lost")
    shell.json(*RESTORE, "--to", tmp_path / "then", "--at", lost)
    shell.json(*RESTORE, "--to", tmp_path / "one", "--file", "gone")
    shell.json("customers", "export", "acorn", "--to", tmp_path / "export")
    assert files(tmp_path / "lost") == files(tmp_path / "then") == both
    assert files(tmp_path / "one") == {"gone": b"gone"}
    assert files(tmp_path / "export/hubspot") == both


def test_where_to_must_be_said_once(shell: Shell, folder: str, tmp_path: Path) -> None:
    assert shell.fails(*RESTORE)[0] == 2
    assert shell.fails(*RESTORE, "--to", tmp_path, "--to-drive", folder)[0] == 2


@pytest.fixture
def copied(shell: Shell, folder: str) -> list[dict[str, Any]]:
    """Two files, which lie off-site too; their versions."""
    for name in ("a.csv", "b.csv"):
        capture(shell, shell.drive.create(name, name.encode(), parents=[folder]))
    replicate(shell)
    return list(shell.json("backups", "ls", "acorn"))


BOTH = {"a.csv": b"a.csv", "b.csv": b"b.csv"}


def test_all_comes_back_from_off_site_when_the_vault_is_lost(
    shell: Shell, copied: list[dict[str, Any]], tmp_path: Path
) -> None:
    empty(shell, "VAULT")
    code, error = shell.fails(*RESTORE, "--to", tmp_path / "vault")
    assert (code, error["code"]) == (7, "CORRUPT")
    done = shell.json(*RESTORE, "--from", "offsite", "--to", tmp_path / "offsite")
    assert (done["restored"], done["mismatches"]) == (2, 0)
    assert files(tmp_path / "offsite") == BOTH


@pytest.mark.parametrize("lose", [empty, destroy])
def test_from_off_site_the_keysets_may_be_lost_too(
    shell: Shell, copied: list[dict[str, Any]], tmp_path: Path, lose: Any
) -> None:
    lose(shell, "KEYS")
    assert shell.fails(*RESTORE, "--to", tmp_path / "vault")[0] == 5
    words = (*RESTORE, "--from", "offsite", "--to", tmp_path / "offsite")
    done = shell.run(*words, "--format", "json")
    assert done.exit_code == 0
    assert "keyset copy used" in done.stderr
    assert files(tmp_path / "offsite") == BOTH


def test_a_damaged_object_off_site_is_a_mismatch(
    shell: Shell, copied: list[dict[str, Any]], tmp_path: Path
) -> None:
    damage_offsite(shell, copied[0]["version"])
    code, error = shell.fails(*RESTORE, "--from", "offsite", "--to", tmp_path)
    assert (code, error["code"]) == (7, "CORRUPT")
    assert files(tmp_path) == {"b.csv": b"b.csv"}


@pytest.mark.parametrize("place", ["vault", "offsite"])
def test_an_erased_epoch_comes_back_from_nowhere(
    shell: Shell, copied: list[dict[str, Any]], tmp_path: Path, place: str
) -> None:
    """T25: not from off-site either, while all its objects and keysets still lie there."""
    life = HoldingEpoch(customer=copied[0]["customer"], source=Source("hubspot"), epoch=1)
    top = shell.world.folders.create("Restored")
    shell.world.fences.close(life, a_fence())
    for where in (("--to", tmp_path / "back"), ("--to-drive", top)):
        done = shell.run(*RESTORE, "--from", place, "--lost", *where, "--format", "json")
        assert '"restored": 0' in done.stdout
        assert "nothing of it comes back" in done.stderr
    assert files(tmp_path) == {}
    assert found(shell, f"'{top}' in parents") == []


def test_a_source_is_put_back_into_drive(
    shell: Shell, folder: str, copied: list[dict[str, Any]]
) -> None:
    inner = shell.drive.folder("Exports", folder)
    capture(shell, shell.drive.create("c.csv", b"c.csv", parents=[inner]))
    top = shell.world.folders.create("Restored")
    done = shell.json(*RESTORE, "--to-drive", top)
    assert (done["restored"], done["bytes"]) == (3, 15)
    again = shell.json(*RESTORE, "--to-drive", top)
    assert (again["restored"], again["unchanged"]) == (0, 3)
    assert found(shell, f"'{top}' in parents") == ["Exports", "a.csv", "b.csv"]
    marked = "appProperties has { key='custody' and value='restored' }"
    assert found(shell, marked) == ["Exports", "a.csv", "b.csv", "c.csv"]


def test_what_lies_off_site_is_put_back_into_drive(
    shell: Shell, copied: list[dict[str, Any]]
) -> None:
    empty(shell, "VAULT")
    top = shell.world.folders.create("Restored")
    words = (*RESTORE, "--from", "offsite", "--to-drive", top)
    assert shell.json(*words, "--dry-run")["restored"] == 2
    assert found(shell, f"'{top}' in parents") == []
    assert shell.json(*words)["restored"] == 2
    assert found(shell, f"'{top}' in parents") == ["a.csv", "b.csv"]


def test_only_a_folder_of_ours_takes_files_back(shell: Shell, copied: list[dict[str, Any]]) -> None:
    theirs = shell.drive_of("customer@client.example").folder("Mine")
    assert shell.fails(*RESTORE, "--to-drive", theirs)[0] in (4, 6)
    assert shell.fails(*RESTORE, "--to-drive", "never-there")[0] == 4


COUNT, SIZE = 40, 1 << 20
DEADLINE_SECONDS = 60


def test_a_restore_that_was_killed_goes_on_where_it_ended(
    shell: Shell, folder: str, tmp_path: Path
) -> None:
    """What was finished stays as it is, and no draft is left."""
    contents = {f"{number:02}.bin": os.urandom(SIZE) for number in range(COUNT)}
    capture_at_once(shell, folder, contents)
    into = tmp_path / "back"
    killed = kill_once_begun(shell, into)
    assert killed
    finished = {name: (into / name).stat().st_ino for name in contents if (into / name).exists()}
    assert 0 < len(finished) < COUNT
    (into / ".custody-0123456789abcdef").write_bytes(b"a draft")
    done = shell.json(*RESTORE, "--to", into)
    assert (done["unchanged"], done["restored"]) == (len(finished), COUNT - len(finished))
    assert files(into) == contents
    assert {name: (into / name).stat().st_ino for name in finished} == finished


def capture_at_once(shell: Shell, folder: str, contents: dict[str, bytes]) -> None:
    """As one message brings it, without a command for each file."""
    file_ids = tuple(
        FileId(shell.drive.create(name, content, parents=[folder]))
        for name, content in contents.items()
    )
    world = shell.world
    [holding] = world.registry.holdings()
    capture_files(world.capture(3600), FilesTouched(life=holding.life, file_ids=file_ids))


def kill_once_begun(shell: Shell, into: Path) -> bool:
    """kill -9, as soon as a few files are there."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    process = subprocess.Popen(
        [sys.executable, "-m", "custody.cli", *RESTORE, "--to", str(into)],
        env=kept | shell.environment,
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + DEADLINE_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if into.exists() and len(list(into.glob("*.bin"))) >= 3:
            process.send_signal(signal.SIGKILL)
            process.wait()
    return process.returncode == -signal.SIGKILL
