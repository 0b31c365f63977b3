"""`custody env`: the settings of the running local cloud, for a shell."""

import json
import shlex
import subprocess
from pathlib import Path

from click.testing import CliRunner

from custody.cli import custody

SETTINGS = {"CUSTODY_PROJECT": "local", "CUSTODY_PUSH_SECRET": "it's $HOME `x`"}


def write_ready(folder: Path) -> None:
    (folder / "ready.json").write_text(json.dumps({"drive": "http://x", "env": SETTINGS}))


def test_a_shell_that_evaluates_it_has_the_settings(tmp_path: Path) -> None:
    write_ready(tmp_path)
    done = CliRunner().invoke(custody, ["env", "--data", str(tmp_path)])
    script = f'{done.stdout}\nprintf %s "$CUSTODY_PUSH_SECRET"'
    shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout == SETTINGS["CUSTODY_PUSH_SECRET"]
    names = [shlex.split(line)[1].partition("=")[0] for line in done.stdout.splitlines()]
    assert names == list(SETTINGS)


def test_scripts_get_them_as_an_object(tmp_path: Path) -> None:
    write_ready(tmp_path)
    done = CliRunner().invoke(custody, ["env", "--data", str(tmp_path), "--format", "json"])
    assert json.loads(done.stdout) == SETTINGS


def test_without_a_local_cloud_nothing_is_found(tmp_path: Path) -> None:
    done = CliRunner().invoke(custody, ["env", "--data", str(tmp_path)])
    assert done.exit_code == 4
    assert "custody up" in done.stderr
    assert done.stdout == ""
