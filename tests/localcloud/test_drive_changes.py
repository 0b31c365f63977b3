"""The change logs: a cursor each for users and shared drives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from worlds.drive_local import ALICE, ALL, BOB, CAROL, Client, Drive, local_drive, refusal


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    with local_drive(tmp_path) as drive:
        yield drive


@pytest.fixture
def alice(drive: Drive) -> Client:
    return drive.user(ALICE)


@pytest.fixture
def bob(drive: Drive) -> Client:
    return drive.user(BOB)


def test_a_change_shows_the_file_as_it_is_now(alice: Client) -> None:
    token = alice.token()
    file_id = alice.create("old name")
    alice.update(file_id, name="new name")
    (change,) = alice.changes_since(token)
    assert change["kind"] == "drive#change"
    assert (change["fileId"], change["removed"], change["changeType"]) == (file_id, False, "file")
    assert change["file"]["name"] == "new name"
    assert alice.changes_since(alice.token()) == []


def test_a_later_change_of_a_file_replaces_the_earlier(alice: Client) -> None:
    token = alice.token()
    first, second = alice.create("first"), alice.create("second")
    alice.write(first, b"newer")
    assert [change["fileId"] for change in alice.changes_since(token)] == [second, first]


def test_pages_lead_to_a_new_start(alice: Client) -> None:
    """T4: follow nextPageToken to newStartPageToken; tokens never expire."""
    token = alice.token()
    made = [alice.create(f"file {number}") for number in range(5)]
    seen = []
    page = alice.changes.list(pageToken=token, pageSize=2).execute()
    while "nextPageToken" in page:
        assert "newStartPageToken" not in page
        seen += [change["fileId"] for change in page["changes"]]
        page = alice.changes.list(pageToken=page["nextPageToken"], pageSize=2).execute()
    seen += [change["fileId"] for change in page["changes"]]
    assert seen == made
    assert page["newStartPageToken"] == alice.token()


def test_a_token_is_good_for_ever_and_a_bad_one_is_refused(drive: Drive, alice: Client) -> None:
    """T4: an error never justifies a new start token."""
    token = alice.token()
    file_id = alice.create("a")
    drive.advance(400 * 86_400)
    assert [change["fileId"] for change in alice.changes_since(token)] == [file_id]
    for bad in ("bogus", "-1", "0", "999999", ""):
        assert refusal(alice.changes.list(pageToken=bad))[0] == 400


def test_deletion_leaves_a_tombstone_without_a_body(alice: Client, bob: Client) -> None:
    """T6"""
    file_id = alice.create("a")
    alice.share(file_id, BOB)
    tokens = alice.token(), bob.token()
    alice.delete(file_id)
    for client, token in zip((alice, bob), tokens, strict=True):
        (change,) = client.changes_since(token)
        assert (change["fileId"], change["removed"]) == (file_id, True)
        assert "file" not in change
        assert client.changes_since(token, includeRemoved=False) == []


def test_losing_access_looks_the_same_as_deletion(alice: Client, bob: Client) -> None:
    """T6: removed is not deleted."""
    file_id = alice.create("a")
    permission = alice.share(file_id, BOB)
    (gained,) = bob.changes_since("1")
    assert (gained["fileId"], gained["removed"]) == (file_id, False)
    token = bob.token()
    alice.unshare(file_id, permission)
    (change,) = bob.changes_since(token)
    assert (change["fileId"], change["removed"]) == (file_id, True)
    assert "file" not in change
    assert alice.get(file_id)["name"] == "a"


def test_trash_is_a_change_and_no_removal(alice: Client) -> None:
    file_id = alice.create("a")
    token = alice.token()
    alice.update(file_id, trashed=True)
    (change,) = alice.changes_since(token, fields="*")
    assert not change["removed"]
    assert change["file"]["trashed"]


def test_a_change_of_a_folder_does_not_name_its_descendants(alice: Client, bob: Client) -> None:
    """Drive guide "Track changes": there is no separate entry for each item inside."""
    source, target = alice.folder("source"), alice.folder("target")
    folder = alice.folder("folder", source)
    alice.create("inside", parents=[folder])
    for change in (
        lambda: alice.move(folder, source, target),
        lambda: alice.update(folder, trashed=True),
        lambda: alice.update(folder, trashed=False),
        lambda: alice.share(folder, BOB),
    ):
        tokens = alice.token(), bob.token()
        change()
        assert [each["fileId"] for each in alice.changes_since(tokens[0])] == [folder]
    assert [each["fileId"] for each in bob.changes_since(tokens[1])] == [folder]


def test_deleting_a_folder_names_everything_that_went(alice: Client) -> None:
    folder = alice.folder("folder")
    inside = alice.create("inside", parents=[folder])
    token = alice.token()
    alice.delete(folder)
    gone = alice.changes_since(token)
    assert {change["fileId"] for change in gone} == {folder, inside}
    assert all(change["removed"] for change in gone)


def test_a_shared_drive_has_its_own_log(alice: Client, bob: Client) -> None:
    """T5: a cursor per drive; a member's own log says nothing of the items in it."""
    shared = alice.shared_drive()
    alice.share(shared, BOB)
    in_drive = {"driveId": shared, **ALL}
    own, drives = bob.token(), bob.token(driveId=shared)
    file_id = alice.create("a", parents=[shared])
    (change,) = bob.changes_since(drives, **in_drive)
    assert change["fileId"] == file_id
    assert change["file"]["driveId"] == shared
    assert bob.changes_since(own, **ALL) == []
    token = bob.token(driveId=shared)
    alice.delete(file_id)
    (removal,) = bob.changes_since(token, **in_drive)
    assert (removal["fileId"], removal["removed"]) == (file_id, True)


def test_a_drives_log_needs_a_client_that_knows_drives_and_a_member(
    alice: Client, bob: Client
) -> None:
    """T5: access that was lost is a 404 to alert on."""
    shared = alice.shared_drive()
    permission = alice.share(shared, BOB)
    unaware = bob.changes.getStartPageToken(driveId=shared)
    assert refusal(unaware) == (404, "notFound")
    token = bob.token(driveId=shared)
    assert refusal(bob.changes.list(pageToken=token, driveId=shared))[0] == 403
    alice.unshare(shared, permission)
    lost = bob.changes.list(pageToken=token, driveId=shared, **ALL)
    assert refusal(lost) == (404, "notFound")


def test_members_hear_of_the_drive_itself_in_their_own_log(alice: Client, bob: Client) -> None:
    shared = alice.shared_drive()
    token = bob.token()
    permission = alice.share(shared, BOB)
    (joined,) = bob.changes_since(token, **ALL)
    assert (joined["changeType"], joined["driveId"]) == ("drive", shared)
    assert joined["drive"]["name"] == "Custody"
    assert bob.changes_since(token) == []
    token = bob.token()
    alice.drives.update(driveId=shared, body={"name": "Renamed"}).execute()
    (renamed,) = bob.changes_since(token, **ALL)
    assert renamed["drive"]["name"] == "Renamed"
    token = bob.token()
    alice.unshare(shared, permission)
    (left,) = bob.changes_since(token, **ALL)
    assert (left["changeType"], left["removed"]) == ("drive", True)
    assert "drive" not in left


def test_guests_of_an_item_follow_it_in_their_own_log(drive: Drive, alice: Client) -> None:
    shared = alice.shared_drive()
    file_id = alice.create("a", parents=[shared])
    carol = drive.user(CAROL)
    token = carol.token()
    alice.share(file_id, CAROL)
    alice.write(file_id, b"newer")
    (change,) = carol.changes_since(token, **ALL)
    assert (change["fileId"], change["removed"]) == (file_id, False)
    assert carol.changes_since(token) == []


def test_a_file_that_changes_corpus_leaves_one_log_and_enters_the_other(alice: Client) -> None:
    shared = alice.shared_drive()
    file_id = alice.create("a")
    root = alice.get("root", "id")["id"]
    own, drives = alice.token(), alice.token(driveId=shared)
    alice.move(file_id, root, shared)
    (left,) = alice.changes_since(own, **ALL)
    assert (left["fileId"], left["removed"]) == (file_id, True)
    assert "file" not in left
    (still_there,) = alice.changes_since(own, includeCorpusRemovals=True, **ALL)
    assert still_there["file"]["id"] == file_id
    (entered,) = alice.changes_since(drives, driveId=shared, **ALL)
    assert (entered["fileId"], entered["removed"]) == (file_id, False)


def test_a_log_can_be_restricted_to_my_drive(alice: Client, bob: Client) -> None:
    token = bob.token()
    alice.share(alice.create("alice's"), BOB)
    own = bob.create("bob's")
    assert len(bob.changes_since(token)) == 2
    restricted = bob.changes_since(token, restrictToMyDrive=True)
    assert [change["fileId"] for change in restricted] == [own]
