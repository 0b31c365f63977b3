"""What is deleted leaves no bytes, and what a crash interrupts is whole (T13)."""

import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from worlds.drive_local import ALICE, BOB, DAY, Client, Drive, local_drive

SECRET = b"canary-7f3c-in-the-content"
NAME = "canary-91bd-in-the-name.csv"


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    with local_drive(tmp_path) as drive:
        yield drive


@pytest.fixture
def alice(drive: Drive) -> Client:
    return drive.user(ALICE)


def traces(folder: Path, *marks: bytes) -> list[str]:
    """The files under a folder in which any of the marks can be read."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.name for path in files if any(mark in path.read_bytes() for mark in marks)]


def test_a_deleted_file_leaves_no_bytes(drive: Drive, alice: Client, tmp_path: Path) -> None:
    file_id = alice.create(NAME, SECRET, description="canary-description")
    alice.write(file_id, SECRET + b"2")
    alice.update(file_id, name="now " + NAME, properties={"canary-key": "1"})
    marks = (SECRET, NAME.encode(), b"canary-description", b"canary-key")
    assert traces(tmp_path, *marks)
    alice.delete(file_id)
    assert traces(tmp_path, *marks) == []


def test_a_deleted_folder_leaves_nothing_of_its_contents(alice: Client, tmp_path: Path) -> None:
    folder = alice.folder("folder")
    for number in range(3):
        alice.create(f"{number} {NAME}", SECRET, parents=[folder])
    alice.delete(folder)
    assert traces(tmp_path, SECRET, NAME.encode()) == []


def test_an_emptied_or_aged_trash_leaves_no_bytes(
    drive: Drive, alice: Client, tmp_path: Path
) -> None:
    for end in (lambda: alice.files.emptyTrash().execute(), lambda: drive.advance(31 * DAY)):
        alice.update(alice.create(NAME, SECRET), trashed=True)
        assert traces(tmp_path, SECRET)
        end()
        assert traces(tmp_path, SECRET, NAME.encode()) == []


def test_a_purged_or_deleted_revision_leaves_no_bytes(
    drive: Drive, alice: Client, tmp_path: Path
) -> None:
    file_id = alice.create("a", SECRET)
    alice.write(file_id, b"harmless")
    assert traces(tmp_path, SECRET)
    drive.advance(31 * DAY)
    assert traces(tmp_path, SECRET) == []
    alice.write(file_id, SECRET)
    head = alice.get(file_id)["headRevisionId"]
    alice.revisions.delete(fileId=file_id, revisionId=head).execute()
    assert traces(tmp_path, SECRET) == []


def test_a_refused_upload_leaves_no_bytes(drive: Drive, alice: Client, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="404"):
        alice.create("a", SECRET, parents=["nowhere"])
    assert traces(tmp_path, SECRET) == []


def test_an_administrator_could_restore_for_25_days_and_has_only_ids(
    drive: Drive, alice: Client
) -> None:
    """T13"""
    file_id = alice.create("a")
    alice.delete(file_id)
    _, _, body = drive.call("GET", "/_deleted")
    assert body.count(file_id.encode()) == 1
    drive.advance(26 * DAY)
    assert drive.call("GET", "/_deleted")[2] == b"[]"


@contextmanager
def process(data: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The server as a program of its own."""
    ready = data.with_name("ready")
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "localcloud.drive", "--data", str(data)]
    running = subprocess.Popen([*command, "--ready-file", str(ready)])
    try:
        while not ready.exists():
            assert running.poll() is None
            time.sleep(0.01)
        yield running, ready.read_text().strip()
    finally:
        running.kill()
        running.wait()


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    data = tmp_path / "drive"
    with process(data) as (running, url):
        alice = Client(url, ALICE)
        token = alice.token()
        kept = alice.create("kept.csv", b"kept", properties={"k": "v"})
        alice.write(kept, b"newer")
        alice.share(kept, BOB)
        gone = alice.create("gone.csv", SECRET)
        alice.delete(gone)
        running.send_signal(signal.SIGKILL)
        running.wait()
        alice.api.close()
    assert traces(data, SECRET) == []
    with process(data) as (_, url):
        alice, bob = Client(url, ALICE), Client(url, BOB)
        assert bob.read(kept) == b"newer"
        assert alice.get(kept)["properties"] == {"k": "v"}
        assert len(alice.revisions.list(fileId=kept).execute()["revisions"]) == 2
        assert {change["fileId"] for change in alice.changes_since(token)} == {kept, gone}
        for client in (alice, bob):
            client.api.close()


def test_content_that_a_crash_left_behind_is_swept_at_the_start(tmp_path: Path) -> None:
    with local_drive(tmp_path) as drive:
        kept = drive.user(ALICE).create("kept", b"kept")
        stray = drive.server.store.content.receive(io.BytesIO(SECRET))
        assert traces(tmp_path, SECRET) == [stray.content]
    with local_drive(tmp_path) as drive:
        assert traces(tmp_path, SECRET) == []
        assert drive.user(ALICE).read(kept) == b"kept"
