"""Who may see, change, delete and share what, in My Drives."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from localcloud.clock import timestamp
from localcloud.drive.ids import permission_id
from worlds.drive_local import ALICE, BOB, CAROL, DAY, Client, Drive, local_drive, refusal

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


def test_a_private_file_does_not_exist_for_others(alice: Client, bob: Client) -> None:
    file_id = alice.create("private")
    for request in (
        bob.files.get(fileId=file_id),
        bob.files.get_media(fileId=file_id),
        bob.files.delete(fileId=file_id),
        bob.permissions.list(fileId=file_id),
    ):
        assert refusal(request) == MISSING


def test_readers_read_and_writers_write(alice: Client, bob: Client) -> None:
    file_id = alice.create("a", b"first")
    alice.share(file_id, BOB, "reader")
    assert bob.read(file_id) == b"first"
    rename = bob.files.update(fileId=file_id, body={"name": "b"})
    assert refusal(rename) == FORBIDDEN
    assert refusal(lambda: bob.write(file_id, b"second")) == FORBIDDEN
    alice.share(file_id, BOB, "writer")
    bob.write(file_id, b"second")
    assert alice.read(file_id) == b"second"
    assert alice.get(file_id)["lastModifyingUser"]["emailAddress"] == BOB


def test_history_is_for_those_who_may_edit(alice: Client, bob: Client) -> None:
    """Drive guide "Manage file revisions": readers and commenters have no access to revisions."""
    file_id = alice.create("a")
    head = alice.get(file_id)["headRevisionId"]
    alice.share(file_id, BOB, "commenter")
    assert not bob.get(file_id)["capabilities"]["canReadRevisions"]
    assert refusal(bob.revisions.list(fileId=file_id)) == FORBIDDEN
    assert refusal(bob.revisions.get_media(fileId=file_id, revisionId=head)) == FORBIDDEN
    alice.share(file_id, BOB, "writer")
    assert len(bob.revisions.list(fileId=file_id).execute()["revisions"]) == 1


def test_a_folder_shares_what_is_in_it(alice: Client, bob: Client) -> None:
    outer = alice.folder("outer")
    inner = alice.folder("inner", outer)
    file_id = alice.create("deep", b"data", parents=[inner])
    permission = alice.share(outer, BOB)
    assert bob.read(file_id) == b"data"
    assert bob.names(f"'{inner}' in parents") == ["deep"]
    assert bob.get(file_id)["parents"] == [inner]
    later = alice.create("later", parents=[inner])
    assert bob.get(later)["name"] == "later"
    alice.unshare(outer, permission)
    assert refusal(bob.files.get(fileId=file_id)) == MISSING
    assert bob.names() == []


def test_a_parent_that_one_cannot_see_is_not_shown(alice: Client, bob: Client) -> None:
    folder = alice.folder("private folder")
    file_id = alice.create("shared", parents=[folder])
    alice.share(file_id, BOB)
    assert "parents" not in bob.get(file_id)
    assert alice.get(file_id)["parents"] == [folder]


def test_what_others_put_into_a_shared_folder_is_theirs_and_seen(
    alice: Client, bob: Client
) -> None:
    folder = alice.folder("inbox")
    assert refusal(lambda: bob.create("early", parents=[folder])) == MISSING
    alice.share(folder, BOB, "reader")
    assert refusal(lambda: bob.create("early", parents=[folder])) == (
        403,
        "insufficientParentPermissions",
    )
    alice.share(folder, BOB, "writer")
    file_id = bob.create("export.csv", b"data", parents=[folder])
    file = alice.get(file_id)
    assert (file["owners"][0]["emailAddress"], file["ownedByMe"]) == (BOB, False)
    assert alice.read(file_id) == b"data"
    assert file["capabilities"]["canEdit"]
    assert not file["capabilities"]["canDelete"]


def test_only_the_owner_deletes_and_trashes(alice: Client, bob: Client) -> None:
    """T12: in a My Drive, deletion is the owner's alone."""
    file_id = alice.create("a")
    alice.share(file_id, BOB, "writer")
    capabilities = bob.get(file_id)["capabilities"]
    assert not capabilities["canDelete"]
    assert not capabilities["canTrash"]
    assert refusal(bob.files.delete(fileId=file_id)) == FORBIDDEN
    assert refusal(bob.files.update(fileId=file_id, body={"trashed": True})) == FORBIDDEN
    alice.delete(file_id)
    assert refusal(alice.files.get(fileId=file_id)) == MISSING
    assert refusal(bob.files.get(fileId=file_id)) == MISSING


def test_deleting_a_folder_orphans_what_others_own(alice: Client, bob: Client) -> None:
    """T12: only descendants owned by the user are deleted; those of others become orphans."""
    folder = alice.folder("shared folder")
    alice.share(folder, BOB, "writer")
    own = alice.create("alice's", parents=[folder])
    theirs = bob.create("bob's", b"kept", parents=[folder])
    bobs_folder = bob.folder("bob's folder", folder)
    inside = alice.create("alice's in bob's folder", parents=[bobs_folder])
    alice.delete(folder)
    for gone in (folder, own, inside):
        assert refusal(alice.files.get(fileId=gone)) == MISSING
    assert "parents" not in bob.get(theirs)
    assert bob.read(theirs) == b"kept"
    assert "parents" not in bob.get(bobs_folder)
    assert refusal(alice.files.get(fileId=theirs)) == MISSING
    assert set(bob.names()) == {"bob's", "bob's folder"}


def test_a_file_in_the_owners_trash_stays_readable_to_others(
    drive: Drive, alice: Client, bob: Client
) -> None:
    """T6: until it is purged, 30 days later."""
    file_id = alice.create("a", b"data")
    alice.share(file_id, BOB)
    alice.update(file_id, trashed=True)
    assert bob.get(file_id)["trashed"]
    assert bob.read(file_id) == b"data"
    drive.advance(29 * DAY)
    assert bob.read(file_id) == b"data"
    drive.advance(2 * DAY)
    assert refusal(bob.files.get(fileId=file_id)) == MISSING
    assert refusal(alice.files.get(fileId=file_id)) == MISSING


def test_limited_folders_hide_their_contents_even_from_those_above(
    drive: Drive, alice: Client, bob: Client
) -> None:
    """T11: a folder with inheritedPermissionsDisabled is seen, its children are not."""
    outer = alice.folder("outer")
    alice.share(outer, BOB, "writer")
    limited = alice.folder("limited", outer)
    inside = alice.create("inside", parents=[limited])
    assert bob.get(inside)["name"] == "inside"
    alice.update(limited, inheritedPermissionsDisabled=True)
    seen = bob.get(limited)
    assert seen["inheritedPermissionsDisabled"]
    assert not seen["capabilities"]["canListChildren"]
    assert bob.names(f"'{limited}' in parents") == []
    assert refusal(bob.files.get(fileId=inside)) == MISSING
    alice.share(limited, BOB)
    assert bob.names(f"'{limited}' in parents") == ["inside"]


def test_expired_permissions_are_none(drive: Drive, alice: Client, bob: Client) -> None:
    file_id = alice.create("a")
    assert (
        refusal(lambda: alice.share(file_id, BOB, expirationTime="2020-01-01T00:00:00Z"))[0] == 403
    )
    moment = timestamp(drive.server.clock.now() + timedelta(hours=1))
    alice.share(file_id, BOB, expirationTime=moment)
    assert bob.get(file_id)["name"] == "a"
    drive.advance(2 * 3600)
    assert refusal(bob.files.get(fileId=file_id)) == MISSING
    assert bob.names() == []


def test_permissions_are_listed_changed_and_removed(alice: Client, bob: Client) -> None:
    file_id = alice.create("a")
    given = alice.share(file_id, BOB)
    assert given == permission_id(BOB)
    listed = alice.permissions.list(fileId=file_id, fields="*").execute()["permissions"]
    assert {(each["emailAddress"], each["role"]) for each in listed} == {
        (ALICE, "owner"),
        (BOB, "reader"),
    }
    assert refusal(bob.permissions.list(fileId=file_id)) == FORBIDDEN
    changed = alice.permissions.update(
        fileId=file_id, permissionId=given, body={"role": "writer"}
    ).execute()
    assert changed["role"] == "writer"
    assert len(bob.permissions.list(fileId=file_id).execute()["permissions"]) == 2
    alice.unshare(file_id, given)
    gone = alice.permissions.get(fileId=file_id, permissionId=given)
    assert refusal(gone) == MISSING
    assert refusal(bob.files.get(fileId=file_id)) == MISSING


def test_inherited_permissions_are_changed_where_they_come_from(alice: Client) -> None:
    """T12: inherited permissions cannot be deleted."""
    folder = alice.folder("folder")
    file_id = alice.create("a", parents=[folder])
    given = alice.share(folder, BOB)
    (shown,) = (
        each
        for each in alice.permissions.list(fileId=file_id, fields="*").execute()["permissions"]
        if each["id"] == given
    )
    assert [detail["inherited"] for detail in shown["permissionDetails"]] == [True]
    removal = alice.permissions.delete(fileId=file_id, permissionId=given)
    assert refusal(removal) == (403, "cannotModifyInheritedPermission")


def test_a_share_is_mailed_unless_the_call_says_no(drive: Drive, alice: Client) -> None:
    file_id = alice.create("a")
    alice.share(file_id, BOB)
    body = {"type": "user", "role": "reader", "emailAddress": CAROL}
    for asked in ({"emailMessage": "hello"}, {"sendNotificationEmail": False}):
        alice.permissions.create(fileId=file_id, body=body, **asked).execute()
    anyone = {"type": "anyone", "role": "reader"}
    alice.permissions.create(fileId=file_id, body=anyone).execute()
    alice.delete(file_id)
    first, second = json.loads(drive.call("GET", "/_mail")[2])
    assert (first["to"], first["file_id"], first["message"]) == (BOB, file_id, None)
    assert (second["to"], second["message"]) == (CAROL, "hello")
    assert first["at"] <= second["at"]


def test_what_was_mailed_is_remembered_after_a_restart(tmp_path: Path) -> None:
    for expected in (1, 2):
        with local_drive(tmp_path) as drive:
            alice = drive.user(ALICE)
            alice.share(alice.create("a"), BOB)
            assert len(json.loads(drive.call("GET", "/_mail")[2])) == expected


def test_a_deletion_can_be_told_to_have_no_effect(drive: Drive, alice: Client, bob: Client) -> None:
    """T12: permissions.delete has been seen to answer 204 and to do nothing."""
    file_id = alice.create("a")
    given = alice.share(file_id, BOB)
    drive.fault("withoutEffect", match="permissions.delete", drop=True)
    bob.unshare(file_id, given)
    assert bob.get(file_id)["name"] == "a"
    bob.unshare(file_id, given)
    assert refusal(bob.files.get(fileId=file_id)) == MISSING


def test_everyone_may_leave_but_the_owner(alice: Client, bob: Client) -> None:
    file_id = alice.create("a")
    given = alice.share(file_id, BOB)
    bob.unshare(file_id, given)
    assert refusal(bob.files.get(fileId=file_id)) == MISSING
    own = alice.permissions.delete(fileId=file_id, permissionId=permission_id(ALICE))
    assert refusal(own) == (403, "cannotRemoveOwner")


def test_writers_share_unless_the_owner_forbids_it(
    drive: Drive, alice: Client, bob: Client
) -> None:
    file_id = alice.create("a")
    alice.share(file_id, BOB, "writer")
    bob.share(file_id, CAROL)
    assert drive.user(CAROL).get(file_id)["sharingUser"]["emailAddress"] == BOB
    alice.update(file_id, writersCanShare=False)
    assert not bob.get(file_id)["capabilities"]["canShare"]
    assert "permissions" not in bob.get(file_id)
    assert refusal(lambda: bob.share(file_id, "dan@x.example")) == FORBIDDEN


def test_ownership_is_handed_over_on_purpose(alice: Client, bob: Client) -> None:
    file_id = alice.create("a")
    body = {"type": "user", "role": "owner", "emailAddress": BOB}
    silently = alice.permissions.create(fileId=file_id, body=body)
    assert refusal(silently) == (403, "forbidden")
    alice.permissions.create(fileId=file_id, body=body, transferOwnership=True).execute()
    assert bob.get(file_id)["ownedByMe"]
    assert not alice.get(file_id)["ownedByMe"]
    assert refusal(alice.files.delete(fileId=file_id)) == FORBIDDEN
    bob.delete(file_id)


@pytest.mark.parametrize("role", ["organizer", "fileOrganizer"])
def test_roles_of_shared_drives_stay_there(alice: Client, role: str) -> None:
    file_id = alice.create("a")
    status, reason = refusal(lambda: alice.share(file_id, BOB, role))
    assert status == 403
    assert reason.endswith("NotSupported")


def test_a_permission_needs_a_type_a_role_and_a_grantee(alice: Client) -> None:
    file_id = alice.create("a")
    for body in (
        {"role": "reader", "emailAddress": BOB},
        {"type": "user", "emailAddress": BOB},
        {"type": "user", "role": "reader"},
        {"type": "domain", "role": "reader"},
    ):
        request = alice.permissions.create(fileId=file_id, body=body)
        assert refusal(request) == (400, "required")
    odd = alice.permissions.create(fileId=file_id, body={"type": "robot", "role": "reader"})
    assert refusal(odd)[0] == 400
