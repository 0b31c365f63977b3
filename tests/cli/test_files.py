"""`custody files`: uploading as a customer would, and capturing without an event."""

from pathlib import Path

from custody.domain.vault import Source
from worlds.drive_local import DOCUMENT, Client

from .conftest import Shell


def folder_of(shell: Shell) -> str:
    return str(shell.json("holdings", "ls")[0]["folder_id"])


def native(drive: Client, kind: str, folder: str) -> str:
    body = {"name": "Notes", "mimeType": kind, "parents": [folder]}
    return str(drive.files.create(body=body, supportsAllDrives=True).execute()["id"])


def test_files_are_uploaded_into_the_holdings_folder(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    one, two = tmp_path / "deals.csv", tmp_path / "contacts.csv"
    one.write_bytes(b"a,b\n")
    two.write_bytes(b"")
    rows = shell.json("files", "put", one, two, "--to", "acorn/hubspot")
    assert [row["name"] for row in rows] == ["deals.csv", "contacts.csv"]
    for row, path in zip(rows, (one, two), strict=True):
        file = shell.drive.get(row["file_id"])
        assert file["parents"] == [folder_of(shell)]
        assert file["headRevisionId"] == row["revision"]
        assert shell.drive.read(row["file_id"]) == path.read_bytes()


def test_a_name_that_is_there_becomes_a_new_revision(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    path = tmp_path / "deals.csv"
    rows = []
    for content in (b"first\n", b"second\n"):
        path.write_bytes(content)
        rows += shell.json("files", "put", path, "--to", "acorn/hubspot")
    assert rows[0]["file_id"] == rows[1]["file_id"]
    assert rows[0]["revision"] != rows[1]["revision"]


def test_a_dry_run_uploads_nothing(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    path = tmp_path / "deals.csv"
    path.write_bytes(b"a\n")
    [row] = shell.json("files", "put", path, "--to", "acorn/hubspot", "--dry-run")
    assert row == {"file_id": None, "name": "deals.csv", "revision": None, "dry_run": True}
    assert shell.drive.names(f"'{folder_of(shell)}' in parents") == []


def test_a_file_that_is_not_there_is_a_usage_error(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    code, error = shell.fails("files", "put", tmp_path / "no.csv", "--to", "acorn/hubspot")
    assert (code, error["code"]) == (2, "USAGE")


def test_one_file_is_captured_now(shell: Shell, tmp_path: Path) -> None:
    shell.add()
    path = tmp_path / "deals.csv"
    path.write_bytes(b"a,b\n")
    [put] = shell.json("files", "put", path, "--to", "acorn/hubspot")
    [planned] = shell.json("files", "capture", put["file_id"], "--dry-run")
    assert planned["plan"] == f"store revision {put['revision']}"
    assert shell.json("backups", "ls", "acorn") == []
    [version] = shell.json("files", "capture", put["file_id"])
    assert (version["file_id"], version["revision"]) == (put["file_id"], put["revision"])
    assert shell.json("backups", "ls", "acorn") == [version]
    assert shell.json("files", "capture", put["file_id"]) == [version]
    [again] = shell.json("files", "capture", put["file_id"], "--dry-run")
    assert again["plan"] == "nothing: already captured"


def test_what_cannot_be_captured_is_listed_with_its_reason(shell: Shell) -> None:
    shell.add()
    form = native(shell.drive, "application/vnd.google-apps.form", folder_of(shell))
    [planned] = shell.json("files", "capture", form, "--dry-run")
    assert planned["plan"].startswith("record that it cannot be captured: ")
    [row] = shell.json("files", "capture", form)
    assert (row["captured"], row["version"], row["copies"]) == (False, None, [])
    assert "no export" in row["reason"]
    assert shell.json("backups", "ls", "acorn/hubspot") == [row]


def test_a_google_document_is_exported(shell: Shell) -> None:
    shell.add()
    document = native(shell.drive, DOCUMENT, folder_of(shell))
    [planned] = shell.json("files", "capture", document, "--dry-run")
    assert planned["plan"].startswith("export and store native-")
    [row] = shell.json("files", "capture", document)
    assert row["content_type"].endswith("wordprocessingml.document")


def test_a_file_that_left_and_came_back_is_followed(shell: Shell, tmp_path: Path) -> None:
    """T6: what Drive stopped showing is a note, not an order to erase."""
    shell.add()
    path = tmp_path / "deals.csv"
    path.write_bytes(b"a,b\n")
    [version] = shell.capture(path)
    file_id, folder = version["file_id"], folder_of(shell)
    outside = shell.environment["CUSTODY_DRIVE_ID"]
    shell.drive.move(file_id, folder, outside)
    [planned] = shell.json("files", "capture", file_id, "--dry-run")
    assert planned["plan"].startswith("record that the source lost it")
    assert shell.json("files", "capture", file_id) == [version]
    shell.drive.move(file_id, outside, folder)
    [back] = shell.json("files", "capture", file_id, "--dry-run")
    assert back["plan"] == "record that it is back"
    shell.drive.delete(file_id)
    assert shell.json("files", "capture", file_id) == [version]
    [life] = shell.world.index.whereabouts(file_id)
    sealer = shell.world.keys.unwrap(life)
    assert shell.world.index.read(life, file_id, sealer=sealer).value.lost
    assert life.source == Source("hubspot")


def test_only_files_in_a_holding_are_captured(shell: Shell) -> None:
    shell.add()
    outside = shell.drive.create("x.csv", parents=[shell.environment["CUSTODY_DRIVE_ID"]])
    assert shell.fails("files", "capture", outside)[0] == 4
    assert shell.fails("files", "capture", "nonsense")[0] == 4
    assert shell.fails("files", "capture", folder_of(shell))[0] == 6
