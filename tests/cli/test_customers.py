"""`custody customers`: registering, listing, changing, giving everything back."""

import hashlib
import json
import re
from pathlib import Path

from localcloud.environment import IDENTITY
from localcloud.faults import Rule
from worlds.drive_local import ALICE

from .conftest import Shell


def test_a_customer_is_registered_with_a_folder_and_an_epoch_a_source(shell: Shell) -> None:
    added = shell.add("Acorn & Söhne", "hubspot", "stripe")
    assert re.fullmatch(r"c-[a-z2-7]{12}", added["customer"])
    assert (added["slug"], added["name"], added["intake"]) == (
        "acorn-söhne",
        "Acorn & Söhne",
        "drive",
    )
    assert [(one["source"], one["epoch"], one["state"]) for one in added["sources"]] == [
        ("hubspot", 1, "open"),
        ("stripe", 1, "open"),
    ]
    for source in added["sources"]:
        folder = shell.drive.get(source["folder_id"])
        assert folder["parents"] == [shell.environment["CUSTODY_DRIVE_ID"]]


def test_repeated_options_may_follow_the_name_in_one_go(shell: Shell) -> None:
    added = shell.json("customers", "add", "Acorn", "--source", "stripe", "hubspot")
    assert [one["source"] for one in added["sources"]] == ["hubspot", "stripe"]
    other = shell.json("customers", "add", "--source", "zendesk", "Birch")
    assert (other["name"], other["sources"][0]["source"]) == ("Birch", "zendesk")


def test_how_a_customer_shares_can_be_said_and_changed(shell: Shell) -> None:
    senders = ("--mail-from", "a@acorn.example", "b@acorn.example")
    words = ("--source", "hubspot", "--intake", "both", *senders)
    added = shell.json("customers", "add", "Acorn", *words)
    assert (added["intake"], added["mail_from"]) == ("both", ["a@acorn.example", "b@acorn.example"])
    changed = shell.json("customers", "set", "acorn", "--intake", "email")
    assert changed | {"intake": "both"} == added
    assert shell.json("customers", "show", "acorn") == changed


def test_an_existing_name_is_refused_and_nothing_is_written(shell: Shell) -> None:
    added = shell.add("Acorn")
    for name in ("Acorn", "ACORN", " acorn! "):
        code, error = shell.fails("customers", "add", name, "--source", "stripe")
        assert (code, error["code"]) == (6, "REFUSED")
    assert shell.json("customers", "ls") == [added]


def test_a_wrong_source_leaves_no_half_made_customer(shell: Shell) -> None:
    code, _ = shell.fails("customers", "add", "Acorn", "--source", "hubspot", "--source", "Not One")
    assert code == 6
    assert shell.json("customers", "ls") == []
    assert shell.json("holdings", "ls") == []


def test_a_source_can_be_added_later_but_not_twice(shell: Shell) -> None:
    shell.add("Acorn")
    more = shell.json("customers", "add-source", "Acorn", "stripe", "zendesk")
    assert [one["source"] for one in more["sources"]] == ["hubspot", "stripe", "zendesk"]
    code, _ = shell.fails("customers", "add-source", "Acorn", "intercom", "stripe")
    assert code == 6
    assert shell.json("customers", "show", "acorn") == more


def test_what_a_failure_left_open_can_be_gone_on_with(shell: Shell) -> None:
    faults = shell.servers.drive.faults
    faults.add(Rule(method="drive.files.create", skip=1, status=403, reason="teamDriveFileLimit"))
    done = shell.run("customers", "add", "Acorn", "--source", "hubspot", "--source", "stripe")
    faults.clear()
    assert done.exit_code == 6
    told = done.stderr.splitlines()[0]
    assert told == "hint: go on with: custody customers add-source acorn stripe"
    more = shell.json(*told.removeprefix("hint: go on with: custody ").split())
    assert [one["source"] for one in more["sources"]] == ["hubspot", "stripe"]


def test_nothing_to_set_is_a_usage_error(shell: Shell) -> None:
    shell.add()
    assert shell.fails("customers", "set", "acorn")[0] == 2


def test_a_folder_that_the_customer_shared_is_adopted(shell: Shell, tmp_path: Path) -> None:
    alice = shell.drive_of(ALICE)
    folder = alice.folder("Our exports")
    alice.share(folder, IDENTITY, "reader")
    words = ("--source", "hubspot", "--folder", f"hubspot={folder}")
    added = shell.json("customers", "add", "Acorn", *words)
    assert added["sources"][0]["folder_id"] == folder
    file_id = alice.create("deals.csv", parents=[folder])
    [version] = shell.json("files", "capture", file_id)
    assert version["name"] == "deals.csv"


def test_only_a_free_folder_that_we_see_is_adopted(shell: Shell) -> None:
    used = shell.add("Birch")["sources"][0]["folder_id"]
    file_id = shell.drive.create("deals.csv", parents=[used])
    hidden = shell.drive_of(ALICE).folder("Private")
    for folder, expected in ((used, 6), (file_id, 6), (hidden, 4), ("nonsense", 4)):
        words = ("--source", "hubspot", "--folder", f"hubspot={folder}")
        assert shell.fails("customers", "add", "Acorn", *words)[0] == expected
    words = ("--source", "hubspot", "--folder", f"stripe={used}")
    assert shell.fails("customers", "add", "Acorn", *words)[0] == 2
    assert [one["slug"] for one in shell.json("customers", "ls")] == ["birch"]


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(shell: Shell) -> None:
    planned = shell.json("customers", "add", "Acorn", "--source", "hubspot", "--dry-run")
    assert planned["dry_run"] is True
    assert (planned["customer"], planned["slug"]) == (None, "acorn")
    assert planned["sources"] == [
        {"source": "hubspot", "epoch": 1, "state": "open", "folder_id": None}
    ]
    assert shell.json("customers", "ls") == []
    added = shell.add("Acorn")
    shell.json("customers", "add-source", "acorn", "stripe", "--dry-run")
    shell.json("customers", "set", "acorn", "--intake", "both", "--dry-run")
    assert shell.json("customers", "ls") == [added]
    code, _ = shell.fails("customers", "add", "Acorn", "--source", "stripe", "--dry-run")
    assert code == 6


def test_a_customer_is_found_by_name_slug_and_id(shell: Shell) -> None:
    added = shell.add("Acorn Ltd")
    for given in ("Acorn Ltd", "acorn-ltd", added["customer"]):
        assert shell.json("customers", "show", given) == added
    code, error = shell.fails("customers", "show", "nobody")
    assert (code, error["code"]) == (4, "NOT_FOUND")


def test_everything_is_given_back_with_a_manifest(shell: Shell, tmp_path: Path) -> None:
    shell.add("Acorn", "hubspot", "stripe")
    put(shell, tmp_path / "deals.csv", b"first\n")
    put(shell, tmp_path / "deals.csv", b"second\n")
    put(shell, tmp_path / "charges.csv", b"third\n", "acorn/stripe")
    summary = shell.json("customers", "export", "acorn", "--to", tmp_path / "out")
    assert (summary["files"], summary["bytes"], summary["mismatches"]) == (2, 13, 0)
    assert (tmp_path / "out/hubspot/deals.csv").read_bytes() == b"second\n"
    entries = json.loads((tmp_path / "out/manifest.json").read_text())
    assert {entry["path"] for entry in entries} == {"hubspot/deals.csv", "stripe/charges.csv"}
    for entry in entries:
        content = (tmp_path / "out" / entry["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def test_all_versions_are_given_back_when_asked_for(shell: Shell, tmp_path: Path) -> None:
    shell.add("Acorn")
    put(shell, tmp_path / "deals.csv", b"first\n")
    put(shell, tmp_path / "deals.csv", b"second\n")
    planned = shell.json(
        "customers", "export", "acorn", "--all-versions", "--to", tmp_path / "out", "--dry-run"
    )
    assert (planned["files"], (tmp_path / "out").exists()) == (2, False)
    shell.json("customers", "export", "acorn", "--all-versions", "--to", tmp_path / "out")
    contents = {path.read_bytes() for path in (tmp_path / "out/hubspot").iterdir()}
    assert contents == {b"first\n", b"second\n"}


def put(shell: Shell, path: Path, content: bytes, holding: str = "acorn/hubspot") -> None:
    path.write_bytes(content)
    shell.capture(path, holding)
