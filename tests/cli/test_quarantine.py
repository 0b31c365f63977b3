"""`custody quarantine`: a person decides what becomes of what was not admitted."""

import json
from datetime import timedelta
from pathlib import Path

from custody.domain.quarantine import quarantined
from custody.domain.vault import CustomerId, FileId, HoldingEpoch, Source

from .conftest import Shell

CUSTOMER = CustomerId("c-abcdefghijkl")


def put_moved_file(shell: Shell) -> str:
    entry = quarantined(
        "moved-file",
        "a file of another holding was moved here",
        "file-one",
        seen_at=shell.world.now(),
        customer=CUSTOMER,
        source=Source("hubspot"),
        epoch=2,
    )
    shell.world.quarantine.put(entry)
    return entry.id


def put_message(shell: Shell, age_days: int = 0) -> str:
    seen_at = shell.world.now() - timedelta(days=age_days)
    entry = quarantined("message", "not a timer", f"message {age_days}", seen_at=seen_at)
    shell.world.quarantine.put(entry)
    return entry.id


def test_nothing_is_listed_where_nothing_waits(shell: Shell) -> None:
    assert shell.json("quarantine", "ls") == []


def test_what_waits_is_listed_until_it_expires(shell: Shell) -> None:
    older, newer = put_message(shell, age_days=29), put_moved_file(shell)
    put_message(shell, age_days=31)
    rows = shell.json("quarantine", "ls")
    assert [row["id"] for row in rows] == [older, newer]
    assert (rows[1]["kind"], rows[1]["customer"], rows[1]["source"]) == (
        "moved-file",
        CUSTOMER,
        "hubspot",
    )
    assert rows[1]["seen_at"] < rows[1]["expires_at"]
    assert "another holding" in rows[1]["reason"]


def test_an_admitted_file_is_on_its_way_again(shell: Shell) -> None:
    entry = put_moved_file(shell)
    [planned] = shell.json("quarantine", "admit", entry, "--dry-run")
    assert planned["dry_run"] is True
    assert len(shell.json("quarantine", "ls")) == 1
    [admitted] = shell.json("quarantine", "admit", entry)
    assert admitted["id"] == entry
    [(data, attributes)] = shell.messages.pull("capture")
    assert attributes["ce-type"] == "app.datasmash.custody.files-touched.v1"
    assert json.loads(data) == {
        "customer": CUSTOMER,
        "source": "hubspot",
        "epoch": 2,
        "file_ids": ["file-one"],
    }
    assert shell.json("quarantine", "ls") == []
    assert shell.fails("quarantine", "admit", entry)[0] == 4


def test_a_malformed_message_cannot_be_admitted(shell: Shell) -> None:
    entry = put_message(shell)
    assert shell.fails("quarantine", "admit", entry)[0] == 6
    assert len(shell.json("quarantine", "ls")) == 1


def test_a_rejected_thing_is_gone(shell: Shell) -> None:
    entry = put_message(shell)
    shell.json("quarantine", "reject", entry, "--dry-run")
    assert len(shell.json("quarantine", "ls")) == 1
    [rejected] = shell.json("quarantine", "reject", entry)
    assert rejected["id"] == entry
    assert shell.json("quarantine", "ls") == []


def test_an_unknown_entry_is_not_found(shell: Shell) -> None:
    assert shell.fails("quarantine", "admit", "q-nothing")[0] == 4
    assert shell.fails("quarantine", "reject", "q-nothing")[0] == 4


def test_a_file_moved_between_holdings_waits_for_a_person(shell: Shell, tmp_path: Path) -> None:
    added = shell.add("Acorn", "hubspot", "stripe")
    hubspot, stripe = (one["folder_id"] for one in added["sources"])
    path = tmp_path / "deals.csv"
    path.write_bytes(b"a\n")
    [version] = shell.capture(path)
    shell.drive.move(version["file_id"], hubspot, stripe)
    [there] = shell.json("files", "capture", version["file_id"])
    assert there["source"] == "stripe"
    [row] = shell.json("quarantine", "ls")
    assert (row["kind"], row["source"], row["reference"]) == (
        "moved-file",
        "stripe",
        version["file_id"],
    )
    life = HoldingEpoch(customer=added["customer"], source=Source("hubspot"), epoch=1)
    assert life in shell.world.index.whereabouts(FileId(version["file_id"]))
