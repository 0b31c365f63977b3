"""The command as a whole: help, errors, exit codes, formats, terminals."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from custody.cli import NOUNS, custody
from custody.settings import SETTINGS

from .conftest import Shell

CUSTODY = (sys.executable, "-m", "custody.cli")


def environment_of(shell: Shell) -> dict[str, str]:
    """What a process of its own needs."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return kept | shell.environment


def test_the_help_names_every_noun_and_loads_nothing_heavy() -> None:
    script = (
        "import sys; from custody.cli import custody; "
        "custody(['--help'], standalone_mode=False); "
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    for noun, meaning in NOUNS.items():
        assert noun in done.stdout
        assert meaning.split()[0] in done.stdout
    loaded = done.stderr.splitlines()
    for heavy in ("google.auth", "tink", "rich", "msgspec", "structlog", "requests", "localcloud"):
        assert heavy not in loaded


@pytest.mark.parametrize("noun", NOUNS)
def test_the_table_of_nouns_says_what_each_noun_says_of_itself(noun: str) -> None:
    name = noun.replace("-", "_")
    command: click.Command = getattr(import_module(f"custody.cli.{name}"), name)
    assert command.name == noun
    assert command.get_short_help_str(limit=100) == NOUNS[noun]


def leaves(command: click.Command, *path: str) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner
        found += leaves(inner, *path, name)
    return found


@pytest.mark.parametrize("path", leaves(custody), ids=" ".join)
def test_every_verb_explains_itself(path: tuple[str, ...]) -> None:
    done = CliRunner().invoke(custody, [*path, "--help"])
    assert done.exit_code == 0
    assert done.stdout.startswith("Usage: ")
    if path not in (("up",), ("backups", "cat")):
        assert "--format [table|json" in done.stdout


def test_an_unknown_word_is_a_usage_error(shell: Shell) -> None:
    for words in (("nonsense",), ("customers", "nonsense"), ("customers", "ls", "--nonsense")):
        done = shell.run(*words)
        assert done.exit_code == 2
        assert done.stderr.startswith("error: USAGE: ")
        assert "--help'" in done.stderr
        assert done.stdout == ""


def test_a_missing_setting_is_named_with_its_remedy(shell: Shell) -> None:
    del shell.environment["CUSTODY_LEDGER_BUCKET"]
    code, error = shell.fails("customers", "ls")
    assert code == 2
    assert error["code"] == "SETTING"
    assert "CUSTODY_LEDGER_BUCKET is not set" in error["message"]
    assert 'eval "$(custody env)"' in error["remedy"]


def test_errors_for_people_are_one_line(shell: Shell) -> None:
    done = shell.run("customers", "show", "nobody")
    assert done.exit_code == 4
    [line] = done.stderr.splitlines()
    assert line.startswith("error: NOT_FOUND: no customer 'nobody'")
    assert ";" in line


def test_a_store_that_is_full_or_closed_is_told_as_such(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    (tmp_path / "file").write_bytes(b"")
    code, error = shell.fails("backups", "restore", "acorn", "--to", tmp_path / "file/below")
    assert (code, error["code"]) == (1, "FILE")


def listen_to_ctrl_c() -> None:
    """A shell starts background jobs deaf to it, and whatever they start is deaf too (POSIX sh)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_command_that_is_interrupted_says_so(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        port = silent.getsockname()[1]
        settings = environment_of(shell) | {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}"}
        process = subprocess.Popen(
            [*CUSTODY, "customers", "ls"],
            env=settings,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=listen_to_ctrl_c,  # noqa: PLW1509 - only a signal is set
        )
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.startswith("error: INTERRUPTED: ")


def test_data_and_progress_go_separate_ways(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    path = tmp_path / "deals.csv"
    path.write_bytes(b"a\n")
    done = subprocess.run(
        [*CUSTODY, "files", "put", str(path), "--to", "acorn/hubspot", "--format", "json"],
        env=environment_of(shell),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)[0]["name"] == "deals.csv"
    assert done.stderr == f"uploaded {path}\n"


def test_a_table_in_a_pipe_is_plain_columns(shell: Shell) -> None:
    added = shell.add("Acorn", "hubspot", "stripe")
    header, row = shell.run("customers", "ls").stdout.splitlines()
    assert header.split() == ["customer", "slug", "name", "intake", "sources"]
    assert row.startswith(f"{added['customer']}  acorn  Acorn  drive   ")
    lines = shell.run("customers", "show", "acorn").stdout.splitlines()
    assert "slug       acorn" in lines


def test_names_cannot_steer_the_terminal(shell: Shell) -> None:
    folder = shell.add()["sources"][0]["folder_id"]
    file_id = shell.drive.create("\x1b[31m[bold]red.csv", parents=[folder])
    shell.json("files", "capture", file_id)
    assert "?[31m[bold]red.csv" in shell.run("backups", "ls", "acorn").stdout
    shown = on_terminal(shell, "backups", "ls", "acorn")
    assert "?[31m[bold]red.csv" in shown
    assert "\x1b" not in shown


def test_a_restore_on_a_terminal_shows_how_it_goes(shell: Shell, tmp_path: Path) -> None:
    folder = shell.add()["sources"][0]["folder_id"]
    shell.json("files", "capture", shell.drive.create("deals.csv", parents=[folder]))
    shown = on_terminal(shell, "backups", "restore", "acorn", "--to", str(tmp_path / "back"))
    assert "restoring" in shown
    assert "restored    1" in shown


def on_terminal(shell: Shell, *words: str) -> str:
    """What a person sees, in a terminal of 200 columns."""
    ours, theirs = pty.openpty()
    settings = environment_of(shell) | {"TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        [*CUSTODY, *words], env=settings, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        # A terminal that its last writer left answers with an error (EIO) instead of an end.
        while chunk := read_or_end(ours):
            shown += chunk
    os.close(ours)
    assert process.returncode == 0
    return shown.decode()


def read_or_end(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""
