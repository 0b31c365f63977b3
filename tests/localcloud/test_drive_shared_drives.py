"""Shared drives: members, their roles, and clients that must say that they know them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from worlds.drive_local import ALICE, ALL, BOB, CAROL, Client, Drive, local_drive, refusal

FORBIDDEN = (403, "insufficientFilePermissions")
MISSING = (404, "notFound")


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


@pytest.fixture
def shared(alice: Client) -> str:
    return alice.shared_drive()


def test_a_shared_drive_is_made_once_and_its_maker_manages_it(alice: Client, shared: str) -> None:
    again = alice.drives.create(requestId="Custody", body={"name": "Custody"})
    assert refusal(again) == (409, "teamDriveAlreadyExists")
    made = alice.drives.get(driveId=shared, fields="*").execute()
    assert (made["name"], made["hidden"]) == ("Custody", False)
    assert made["capabilities"]["canManageMembers"]
    top = alice.get(shared)
    assert (top["name"], top["driveId"]) == ("Drive", shared)
    assert "parents" not in top


def test_items_have_a_drive_and_no_owner(alice: Client, shared: str) -> None:
    file = alice.get(alice.create("a.csv", parents=[shared]))
    assert (file["driveId"], file["teamDriveId"], file["parents"]) == (shared, shared, [shared])
    assert {"owners", "ownedByMe", "shared", "permissions"}.isdisjoint(file)
    assert file["hasAugmentedPermissions"] is False


def test_without_supports_all_drives_an_item_is_not_found(alice: Client, shared: str) -> None:
    """T5"""
    file_id = alice.create("a.csv", parents=[shared])
    for request in (
        alice.files.get(fileId=file_id),
        alice.files.get_media(fileId=file_id),
        alice.files.update(fileId=file_id, body={"name": "b"}),
        alice.files.delete(fileId=file_id),
        alice.files.create(body={"name": "b", "parents": [shared]}),
        alice.permissions.list(fileId=file_id),
    ):
        assert refusal(request) == MISSING
    assert alice.read(file_id)


def test_strangers_do_not_learn_that_a_drive_exists(bob: Client, shared: str) -> None:
    assert refusal(bob.drives.get(driveId=shared)) == MISSING
    assert refusal(bob.files.get(fileId=shared, supportsAllDrives=True)) == MISSING
    listing = bob.files.list(corpora="drive", driveId=shared, **ALL)
    assert refusal(listing) == MISSING
    assert refusal(bob.changes.getStartPageToken(driveId=shared)) == MISSING


def test_the_rules_of_corpora(alice: Client, bob: Client, shared: str) -> None:
    """T5, T7: includeItemsFromAllDrives, corpora and driveId belong together."""
    folder = alice.folder("folder", shared)
    alice.create("in the drive", parents=[folder])
    alice.create("in my drive")
    alice.share(shared, BOB)
    in_drive = {"corpora": "drive", "driveId": shared}
    assert set(alice.names(**in_drive, **ALL)) == {"folder", "in the drive"}
    assert alice.names() == ["in my drive"]
    assert set(alice.names(corpora="allDrives", **ALL)) == {
        "folder",
        "in the drive",
        "in my drive",
    }
    # The user corpus holds what one has accessed, or the contents of a folder that is asked for.
    assert bob.names(**ALL) == []
    assert bob.names(f"'{folder}' in parents", **ALL) == ["in the drive"]
    assert bob.names(f"'{folder}' in parents") == []
    for wrong in (
        {"corpora": "drive", **ALL},
        {"driveId": shared, **ALL},
        {"corpora": "allDrives"},
        {**in_drive, "supportsAllDrives": True},
    ):
        assert refusal(alice.files.list(**wrong))[0] == 403


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("reader", set()),
        ("commenter", {"canComment"}),
        ("writer", {"canComment", "canEdit", "canAddChildren", "canReadRevisions"}),
        (
            "fileOrganizer",
            {"canComment", "canEdit", "canAddChildren", "canReadRevisions", "canTrash",
             "canMoveItemWithinDrive", "canShare"},
        ),
        (
            "organizer",
            {"canComment", "canEdit", "canAddChildren", "canReadRevisions", "canTrash",
             "canMoveItemWithinDrive", "canShare", "canDelete", "canMoveItemOutOfDrive"},
        ),
    ],
)  # fmt: skip
def test_what_each_role_may(
    alice: Client, bob: Client, shared: str, role: str, may: set[str]
) -> None:
    """T12: fileOrganizers trash, organizers delete."""
    folder = alice.folder("folder", shared)
    alice.share(shared, BOB, role)
    capabilities = bob.get(folder)["capabilities"]
    named = {
        "canComment",
        "canEdit",
        "canAddChildren",
        "canReadRevisions",
        "canTrash",
        "canMoveItemWithinDrive",
        "canMoveItemOutOfDrive",
        "canShare",
        "canDelete",
    }
    assert {name for name in named if capabilities[name]} == may
    assert capabilities["canListChildren"]


def test_only_organizers_delete_and_the_whole_subtree_goes(
    alice: Client, bob: Client, shared: str
) -> None:
    """T12: in a shared drive, deletion takes an organizer."""
    alice.share(shared, BOB, "fileOrganizer")
    folder = bob.folder("folder", shared)
    file_id = bob.create("bob's", parents=[folder])
    delete = bob.files.delete(fileId=folder, supportsAllDrives=True)
    assert refusal(delete) == FORBIDDEN
    trashed = bob.update(folder, trashed=True)
    assert trashed["trashingUser"]["emailAddress"] == BOB
    assert trashed["trashedTime"]
    alice.delete(folder)
    for gone in (folder, file_id):
        assert refusal(lambda gone=gone: bob.get(gone)) == MISSING


def test_contributors_add_and_edit_but_neither_move_nor_trash(
    alice: Client, bob: Client, shared: str
) -> None:
    alice.share(shared, BOB, "writer")
    folder = alice.folder("folder", shared)
    file_id = bob.create("a", parents=[shared])
    bob.write(file_id, b"newer")
    assert refusal(lambda: bob.move(file_id, shared, folder)) == FORBIDDEN
    assert refusal(lambda: bob.update(file_id, trashed=True)) == FORBIDDEN
    alice.move(file_id, shared, folder)
    assert bob.get(file_id)["parents"] == [folder]


def test_moving_into_a_drive_gives_up_ownership_and_out_of_it_needs_an_organizer(
    alice: Client, bob: Client, shared: str
) -> None:
    alice.share(shared, BOB, "fileOrganizer")
    root = alice.get("root", "id")["id"]
    file_id = alice.create("a")
    alice.move(file_id, root, shared)
    assert alice.get(file_id)["driveId"] == shared
    assert "owners" not in bob.get(file_id)
    bobs_root = bob.get("root", "id")["id"]
    assert refusal(lambda: bob.move(file_id, shared, bobs_root)) == FORBIDDEN
    alice.move(file_id, shared, root)
    assert alice.get(file_id)["ownedByMe"]
    folder = alice.folder("folder")
    assert refusal(lambda: alice.move(folder, root, shared)) == (
        403,
        "teamDrivesFolderMoveInNotSupported",
    )


def test_members_see_everything_and_guests_one_item(
    drive: Drive, alice: Client, bob: Client, shared: str
) -> None:
    alice.create("for members", parents=[shared])
    file_id = alice.create("for a guest", b"data", parents=[shared])
    alice.share(file_id, CAROL)
    carol = drive.user(CAROL)
    assert carol.read(file_id) == b"data"
    assert carol.names(**ALL) == ["for a guest"]
    assert refusal(lambda: carol.get(shared)) == MISSING
    assert alice.get(file_id)["hasAugmentedPermissions"]
    alice.share(shared, BOB)
    assert set(bob.names(corpora="drive", driveId=shared, **ALL)) == {"for members", "for a guest"}


def test_a_guest_sees_who_shared_an_item_and_a_member_nothing_of_the_kind(
    drive: Drive, alice: Client, bob: Client, shared: str
) -> None:
    file_id = alice.create("for a guest", b"data", parents=[shared])
    alice.share(file_id, CAROL)
    alice.share(shared, BOB)
    seen = drive.user(CAROL).get(file_id)
    assert seen["sharingUser"]["emailAddress"] == ALICE
    assert "sharedWithMeTime" in seen
    assert "sharedWithMeTime" not in bob.get(file_id)
    assert "sharedWithMeTime" not in bob.get(shared)


def test_memberships_are_permissions_of_the_drive(alice: Client, bob: Client, shared: str) -> None:
    given = alice.share(shared, BOB, "writer")
    file_id = alice.create("a", parents=[shared])
    listing = bob.permissions.list(fileId=file_id, supportsAllDrives=True, fields="*")
    shown = {each["id"]: each for each in listing.execute()["permissions"]}
    (detail,) = shown[given]["permissionDetails"]
    assert detail == {
        "permissionType": "member",
        "role": "writer",
        "inherited": True,
        "inheritedFrom": shared,
    }
    removal = alice.permissions.delete(fileId=file_id, permissionId=given, supportsAllDrives=True)
    assert refusal(removal) == (403, "cannotModifyInheritedTeamDrivePermission")
    assert refusal(lambda: bob.share(shared, CAROL)) == FORBIDDEN
    alice.unshare(shared, given)
    assert refusal(lambda: bob.get(file_id)) == MISSING
    assert bob.drives.list().execute()["drives"] == []


def test_organizers_stay_on_the_drive_itself(alice: Client, shared: str) -> None:
    file_id = alice.create("a", parents=[shared])
    assert refusal(lambda: alice.share(file_id, BOB, "organizer")) == (
        403,
        "organizerOnNonTeamDriveItemNotSupported",
    )
    owned = alice.permissions.create(
        fileId=file_id,
        body={"type": "user", "role": "owner", "emailAddress": BOB},
        supportsAllDrives=True,
        transferOwnership=True,
    )
    assert refusal(owned) == (403, "ownerOnTeamDriveItemNotSupported")


def test_restrictions_of_a_drive_hold_for_its_items(
    alice: Client, bob: Client, shared: str
) -> None:
    alice.share(shared, BOB)
    file_id = alice.create("a", parents=[shared])
    restrictions = {"copyRequiresWriterPermission": True, "driveMembersOnly": True}
    alice.drives.update(driveId=shared, body={"restrictions": restrictions}).execute()
    assert bob.get(file_id)["copyRequiresWriterPermission"]
    assert not bob.get(file_id)["capabilities"]["canDownload"]
    assert refusal(lambda: bob.read(file_id)) == (403, "cannotDownloadFile")
    assert refusal(lambda: alice.share(file_id, CAROL)) == (403, "teamDriveMembershipRequired")


def test_drives_are_listed_renamed_hidden_and_deleted(
    alice: Client, bob: Client, shared: str
) -> None:
    other = alice.shared_drive("Archive")
    alice.share(shared, BOB, "fileOrganizer")
    listed = alice.drives.list(pageSize=1).execute()
    assert [each["name"] for each in listed["drives"]] == ["Archive"]
    rest = alice.drives.list(pageSize=1, pageToken=listed["nextPageToken"]).execute()
    assert [each["name"] for each in rest["drives"]] == ["Custody"]
    assert [each["name"] for each in bob.drives.list().execute()["drives"]] == ["Custody"]
    assert alice.drives.hide(driveId=other, fields="hidden").execute() == {"hidden": True}
    found = alice.drives.list(q="hidden = false and name contains 'Cust'").execute()
    assert [each["id"] for each in found["drives"]] == [shared]
    assert not alice.drives.unhide(driveId=other, fields="hidden").execute()["hidden"]
    renaming = bob.drives.update(driveId=shared, body={"name": "x"})
    assert refusal(renaming) == FORBIDDEN
    file_id = alice.create("a", parents=[shared])
    assert refusal(alice.drives.delete(driveId=shared))[0] == 403
    alice.update(file_id, trashed=True)
    alice.drives.delete(driveId=shared).execute()
    assert refusal(alice.drives.get(driveId=shared)) == MISSING
    assert refusal(lambda: alice.get(file_id)) == MISSING


def test_the_trash_of_a_drive_is_emptied_alone(alice: Client, shared: str) -> None:
    mine = alice.create("mine")
    theirs = alice.create("the drive's", parents=[shared])
    for file_id in (mine, theirs):
        alice.update(file_id, trashed=True)
    alice.files.emptyTrash(driveId=shared).execute()
    assert refusal(lambda: alice.get(theirs)) == MISSING
    assert alice.get(mine)["trashed"]
    alice.files.emptyTrash().execute()
    assert refusal(lambda: alice.get(mine)) == MISSING
