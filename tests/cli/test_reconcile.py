"""`custody reconcile run`: what no event brought."""

import json

from .conftest import Shell


def test_files_that_no_event_brought_are_rung_for(shell: Shell) -> None:
    folder = shell.add()["sources"][0]["folder_id"]
    shell.messages.pull("reconcile")
    file_id = shell.drive.create("deals.csv", parents=[folder])
    assert shell.json("reconcile", "run", "--dry-run") == {"files": 1, "dry_run": True}
    assert shell.messages.pull("capture") == []
    assert shell.json("reconcile", "run") == {"files": 1}
    [(data, _)] = shell.messages.pull("capture")
    assert json.loads(data)["file_ids"] == [file_id]


def test_where_both_sides_agree_nothing_rings(shell: Shell) -> None:
    folder = shell.add()["sources"][0]["folder_id"]
    shell.json("files", "capture", shell.drive.create("deals.csv", parents=[folder]))
    assert shell.json("reconcile", "run") == {"files": 0}
