"""Files as Google's client makes, reads and changes them."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worlds.drive_local import (
    ALICE,
    BOB,
    DOCUMENT,
    FOLDER,
    SHORTCUT,
    Client,
    Drive,
    local_drive,
    refusal,
)


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    with local_drive(tmp_path) as drive:
        yield drive


@pytest.fixture
def alice(drive: Drive) -> Client:
    return drive.user(ALICE)


def test_a_file_comes_with_its_checksums_times_and_place(alice: Client) -> None:
    data = b"id,amount\n1,20\n"
    file = alice.get(alice.create("export.v2.csv", data))
    assert file["md5Checksum"] == hashlib.md5(data).hexdigest()
    assert file["sha1Checksum"] == hashlib.sha1(data).hexdigest()
    assert file["sha256Checksum"] == hashlib.sha256(data).hexdigest()
    assert (file["size"], file["version"], file["mimeType"]) == ("15", "1", "text/csv")
    assert (file["fullFileExtension"], file["fileExtension"]) == ("v2.csv", "csv")
    assert file["createdTime"] == file["modifiedTime"]
    assert file["parents"] == [alice.get("root", "id")["id"]]
    assert file["owners"][0]["emailAddress"] == ALICE
    assert (file["ownedByMe"], file["shared"], file["trashed"]) == (True, False, False)


def test_without_fields_each_method_answers_its_short_set(alice: Client) -> None:
    file_id = alice.create("a.csv")
    short = {"kind", "id", "name", "mimeType"}
    assert set(alice.files.get(fileId=file_id).execute()) == short
    assert set(alice.files.update(fileId=file_id, body={}).execute()) == short
    page = alice.files.list().execute()
    assert set(page) == {"kind", "incompleteSearch", "files"}
    assert [set(file) for file in page["files"]] == [short]
    revisions = alice.revisions.list(fileId=file_id).execute()["revisions"]
    assert set(revisions[0]) == {"kind", "id", "mimeType", "modifiedTime"}
    permissions = alice.permissions.list(fileId=file_id).execute()["permissions"]
    assert set(permissions[0]) == {"kind", "id", "type", "role"}


def test_about_needs_fields_and_knows_the_formats(alice: Client) -> None:
    assert refusal(alice.about.get()) == (400, "required")
    about = alice.about.get(fields="user,exportFormats,importFormats,storageQuota").execute()
    assert about["user"]["emailAddress"] == ALICE
    assert "text/csv" in about["exportFormats"]["application/vnd.google-apps.spreadsheet"]
    assert about["importFormats"]["text/plain"] == [DOCUMENT]


@pytest.mark.parametrize(
    "fields", ["bogus", "files(bogus)", "files(id", "files(id,capabilities/x)"]
)
def test_a_field_that_does_not_exist_is_refused_even_on_an_empty_list(
    alice: Client, fields: str
) -> None:
    assert refusal(alice.files.list(fields=fields)) == (400, "invalidParameter")


def test_the_same_name_twice_in_a_folder_is_two_files(alice: Client) -> None:
    """T8: names are no keys."""
    folder = alice.folder("Exports")
    first = alice.create("same.csv", b"1", parents=[folder])
    second = alice.create("same.csv", b"2", parents=[folder])
    assert first != second
    assert alice.names(f"'{folder}' in parents and name = 'same.csv'") == ["same.csv", "same.csv"]
    assert (alice.read(first), alice.read(second)) == (b"1", b"2")


def test_ids_that_were_generated_can_be_used_once(alice: Client) -> None:
    (file_id,) = alice.files.generateIds(count=1).execute()["ids"]
    assert alice.create("a", id=file_id) == file_id
    again = alice.files.create(body={"name": "b", "id": file_id})
    assert refusal(again) == (409, "fileIdInUse")
    alice.delete(file_id)
    assert refusal(again) == (409, "fileIdInUse")
    invented = alice.files.create(body={"name": "c", "id": "1" + "A" * 32})
    assert refusal(invented) == (400, "invalid")


def test_a_change_bumps_the_version_and_a_rename_the_time(drive: Drive, alice: Client) -> None:
    before = alice.get(alice.create("old.csv"))
    drive.advance(60)
    starred = alice.update(before["id"], starred=True)
    renamed = alice.update(before["id"], name="new.csv")
    versions = [int(file["version"]) for file in (before, starred, renamed)]
    assert versions == sorted(set(versions))
    assert starred["starred"]
    assert starred["modifiedTime"] == before["modifiedTime"] < renamed["modifiedTime"]
    assert renamed["headRevisionId"] == before["headRevisionId"]


def test_times_can_be_set(alice: Client) -> None:
    moment = "2020-02-29T12:00:00.500Z"
    file_id = alice.create("a", createdTime=moment, modifiedTime="2021-01-01T01:00:00+01:00")
    file = alice.get(file_id)
    assert file["createdTime"] == moment
    assert file["modifiedTime"] == "2021-01-01T00:00:00.000Z"
    assert alice.update(file_id, modifiedTime=moment)["modifiedTime"] == moment


def test_properties_are_merged_and_null_clears_one(alice: Client) -> None:
    file_id = alice.create("a", properties={"kept": "1", "gone": "2"}, appProperties={"p": "q"})
    file = alice.update(file_id, properties={"gone": None, "new": "3"})
    assert file["properties"] == {"kept": "1", "new": "3"}
    assert file["appProperties"] == {"p": "q"}
    assert alice.names("properties has { key='new' and value='3' }") == ["a"]
    assert alice.names("appProperties has { key='p' and value='other' }") == []
    too_long = alice.files.update(fileId=file_id, body={"properties": {"k": "v" * 124}})
    assert refusal(too_long) == (400, "badRequest")


@pytest.mark.parametrize("body", [{"size": "3"}, {"createdTime": "2020-01-01T00:00:00Z"}])
def test_fields_that_only_the_server_sets_are_refused(alice: Client, body: dict[str, Any]) -> None:
    file_id = alice.create("a")
    request = alice.files.update(fileId=file_id, body=body)
    assert refusal(request) == (403, "fieldNotWritable")


def test_parents_change_by_their_parameters_alone(alice: Client) -> None:
    """A file has one parent."""
    first, second = alice.folder("first"), alice.folder("second")
    file_id = alice.create("a", parents=[first])
    by_body = alice.files.update(fileId=file_id, body={"parents": [second]})
    assert refusal(by_body) == (403, "fieldNotWritable")
    a_second_one = alice.files.update(fileId=file_id, addParents=second)
    assert refusal(a_second_one) == (403, "cannotAddParent")
    alice.move(file_id, first, second)
    assert alice.get(file_id)["parents"] == [second]
    two = alice.files.create(body={"name": "b", "parents": [first, second]})
    assert refusal(two) == (403, "cannotAddParent")


def test_a_folder_cannot_be_moved_into_itself(alice: Client) -> None:
    outer = alice.folder("outer")
    inner = alice.folder("inner", outer)
    root = alice.get("root", "id")["id"]
    request = alice.files.update(fileId=outer, addParents=inner, removeParents=root)
    assert refusal(request) == (400, "badRequest")


def test_a_file_is_no_folder(alice: Client) -> None:
    file_id = alice.create("a")
    inside = alice.files.create(body={"name": "b", "parents": [file_id]})
    assert refusal(inside) == (403, "parentNotAFolder")
    assert refusal(lambda: alice.create("f", b"bytes", mimeType=FOLDER)) == (400, "badRequest")


def test_a_hundred_levels_of_folders_are_the_most(alice: Client) -> None:
    folder = None
    for level in range(100):
        folder = alice.folder(f"level {level}", folder)
    assert refusal(lambda: alice.folder("too deep", folder)) == (
        403,
        "myDriveHierarchyDepthLimitExceeded",
    )
    assert alice.create("a file is fine", parents=[folder])


def test_a_copy_has_its_own_content_and_none_of_the_permissions(alice: Client) -> None:
    folder = alice.folder("Exports")
    source = alice.create("a.csv", b"data", parents=[folder], properties={"k": "v"})
    alice.share(source, BOB)
    copied = alice.files.copy(fileId=source, body={}, fields="*").execute()
    assert (copied["name"], copied["parents"]) == ("Copy of a.csv", [folder])
    assert copied["properties"] == {"k": "v"}
    assert not copied["shared"]
    alice.delete(source)
    assert alice.read(copied["id"]) == b"data"
    assert refusal(alice.files.copy(fileId=folder, body={})) == (403, "cannotCopyFile")


def test_a_shortcut_shows_its_target_and_leaves_it_when_deleted(alice: Client) -> None:
    """T11: deleting a shortcut leaves the target."""
    target = alice.create("target.csv", b"data")
    body = {"name": "s", "mimeType": SHORTCUT, "shortcutDetails": {"targetId": target}}
    shortcut = alice.files.create(body=body, fields="*").execute()
    assert shortcut["shortcutDetails"] == {"targetId": target, "targetMimeType": "text/csv"}
    assert "size" not in shortcut
    assert "md5Checksum" not in shortcut
    assert refusal(alice.files.get_media(fileId=shortcut["id"])) == (403, "fileNotDownloadable")
    assert alice.names(f"shortcutDetails.targetId = '{target}'") == ["s"]
    alice.delete(shortcut["id"])
    assert alice.read(target) == b"data"


def test_a_shortcut_needs_a_target_that_the_caller_sees(drive: Drive, alice: Client) -> None:
    hidden = alice.create("secret")
    body = {"name": "s", "mimeType": SHORTCUT, "shortcutDetails": {"targetId": hidden}}
    assert refusal(drive.user(BOB).files.create(body=body)) == (404, "notFound")


def test_a_type_is_told_or_comes_with_the_content_or_from_the_name(alice: Client) -> None:
    told = alice.create("a.bin", mimeType="application/x-parquet")
    carried = alice.create("b.bin", type="text/tab-separated-values")
    guessed = alice.create("c.json", type="application/octet-stream")
    unknown = alice.create("d", type="application/octet-stream")
    types = [alice.get(file_id)["mimeType"] for file_id in (told, carried, guessed, unknown)]
    assert types == [
        "application/x-parquet",
        "text/tab-separated-values",
        "application/json",
        "application/octet-stream",
    ]


def test_a_file_without_content_is_empty_bytes(alice: Client) -> None:
    file = alice.files.create(body={"name": "empty.csv"}, fields="*").execute()
    assert (file["size"], file["md5Checksum"]) == ("0", hashlib.md5(b"").hexdigest())
    assert file["headRevisionId"]


def test_malware_is_given_to_its_owner_alone_and_only_on_demand(
    drive: Drive, alice: Client
) -> None:
    """T15: acknowledgeAbuse works for the owner alone."""
    file_id = alice.create("malware.csv", b"bad")
    alice.share(file_id, BOB, "writer")
    drive.set_file(file_id, flag="abuse")
    bob = drive.user(BOB)
    abusive = (403, "cannotDownloadAbusiveFile")
    assert refusal(alice.files.get_media(fileId=file_id)) == abusive
    assert refusal(bob.files.get_media(fileId=file_id, acknowledgeAbuse=True)) == abusive
    assert alice.read(file_id, acknowledgeAbuse=True) == b"bad"
    head = alice.get(file_id)["headRevisionId"]
    assert refusal(alice.revisions.get_media(fileId=file_id, revisionId=head)) == abusive


@pytest.mark.parametrize(
    "setting",
    [
        {"copyRequiresWriterPermission": True},
        {"viewersCanCopyContent": False},
        {"downloadRestrictions": {"itemDownloadRestriction": {"restrictedForReaders": True}}},
    ],
)
def test_readers_can_be_kept_from_downloading(
    drive: Drive, alice: Client, setting: dict[str, Any]
) -> None:
    """T15: a download-restricted file cannot be captured."""
    file_id = alice.create("a.csv")
    alice.share(file_id, BOB)
    alice.update(file_id, **setting)
    bob = drive.user(BOB)
    assert not bob.get(file_id)["capabilities"]["canDownload"]
    assert refusal(bob.files.get_media(fileId=file_id)) == (403, "cannotDownloadFile")
    assert refusal(bob.files.copy(fileId=file_id, body={})) == (403, "cannotCopyFile")
    assert alice.read(file_id)


def test_an_unknown_file_is_not_found_everywhere(alice: Client) -> None:
    missing = "1" + "x" * 32
    for request in (
        alice.files.get(fileId=missing),
        alice.files.update(fileId=missing, body={}),
        alice.files.delete(fileId=missing),
        alice.files.copy(fileId=missing, body={}),
        alice.files.export(fileId=missing, mimeType="text/csv"),
        alice.revisions.list(fileId=missing),
        alice.permissions.list(fileId=missing),
    ):
        assert refusal(request) == (404, "notFound")


def test_whoever_names_nobody_is_the_default_identity(drive: Drive) -> None:
    path = "/drive/v3/about?fields=user(emailAddress)"
    for headers in ({}, {"Authorization": "Bearer ya29.opaque"}):
        _, _, body = drive.call("GET", path, **headers)
        assert json.loads(body)["user"]["emailAddress"] == "custody@datasmash.example"


def test_a_locked_file_keeps_its_content_and_name(alice: Client) -> None:
    file_id = alice.create("a", b"data")
    locked = alice.update(file_id, contentRestrictions=[{"readOnly": True, "reason": "final"}])
    assert not locked["capabilities"]["canModifyContent"]
    refused = (403, "insufficientFilePermissions")
    assert refusal(lambda: alice.write(file_id, b"newer")) == refused
    assert refusal(lambda: alice.update(file_id, name="b")) == refused
    alice.update(file_id, contentRestrictions=[{"readOnly": False}])
    alice.write(file_id, b"newer")
    assert alice.read(file_id) == b"newer"
