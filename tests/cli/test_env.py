"""`custody env`: the settings of the running local cloud, for a shell."""

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from custody.cli import custody

SECRET = "it's $HOME `x`"


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A local cloud that says where it is and listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = {"STORAGE_EMULATOR_HOST": host, "CUSTODY_PUSH_SECRET": SECRET}
        (tmp_path / "ready.json").write_text(json.dumps({"storage": host, "env": settings}))
        yield settings


def test_a_shell_that_evaluates_it_has_the_settings(
    settings: dict[str, str], tmp_path: Path
) -> None:
    done = CliRunner().invoke(custody, ["env", "--data", str(tmp_path)])
    script = f'{done.stdout}\nprintf %s "$CUSTODY_PUSH_SECRET"'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout == SECRET
    names = [shlex.split(line)[1].partition("=")[0] for line in done.stdout.splitlines()]
    assert names == list(settings)


def test_scripts_get_them_as_an_object(settings: dict[str, str], tmp_path: Path) -> None:
    done = CliRunner().invoke(custody, ["env", "--data", str(tmp_path), "--format", "json"])
    assert json.loads(done.stdout) == settings


def test_without_a_local_cloud_nothing_is_found(tmp_path: Path) -> None:
    done = CliRunner().invoke(custody, ["env", "--data", str(tmp_path)])
    assert done.exit_code == 4
    assert "custody up" in done.stderr
    assert done.stdout == ""


def test_the_one_that_was_started_last_is_meant(settings: dict[str, str], tmp_path: Path) -> None:
    running = tmp_path / "custody" / "running"
    running.parent.mkdir()
    running.write_text(str(tmp_path / "ready.json"))
    done = subprocess.run(
        [sys.executable, "-m", "custody.cli", "env", "--format", "json"],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == settings


def test_one_that_was_killed_is_not_running(tmp_path: Path) -> None:
    settings = {"STORAGE_EMULATOR_HOST": "http://127.0.0.1:9"}
    (tmp_path / "ready.json").write_text(json.dumps({"env": settings}))
    assert CliRunner().invoke(custody, ["env", "--data", str(tmp_path)]).exit_code == 4
