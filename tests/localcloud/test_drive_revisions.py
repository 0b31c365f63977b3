"""The contents that a file has had, and how long Drive keeps them (T10)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from worlds.drive_local import (
    ALICE,
    DAY,
    DOCUMENT,
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


def revisions(client: Client, file_id: str) -> list[str]:
    """Their ids, oldest first, over all pages."""
    found, token = [], None
    while True:
        page = client.revisions.list(fileId=file_id, pageSize=2, pageToken=token).execute()
        found += [revision["id"] for revision in page["revisions"]]
        token = page.get("nextPageToken")
        if token is None:
            return found


def test_each_content_is_a_revision_that_can_be_read(alice: Client) -> None:
    file_id = alice.create("a.csv", b"one")
    alice.write(file_id, b"two")
    alice.update(file_id, name="renamed.csv")
    alice.write(file_id, b"three")
    ids = revisions(alice, file_id)
    contents = [
        alice.revisions.get_media(fileId=file_id, revisionId=revision).execute() for revision in ids
    ]
    assert contents == [b"one", b"two", b"three"]
    assert alice.get(file_id)["headRevisionId"] == ids[-1]
    newest = alice.revisions.get(fileId=file_id, revisionId=ids[-1], fields="*").execute()
    assert (newest["size"], newest["originalFilename"]) == ("5", "renamed.csv")
    assert newest["keepForever"] is False
    missing = alice.revisions.get(fileId=file_id, revisionId="0B")
    assert refusal(missing) == (404, "notFound")


def test_the_same_content_again_is_another_revision(alice: Client) -> None:
    file_id = alice.create("a", b"same")
    alice.write(file_id, b"same")
    assert len(set(revisions(alice, file_id))) == 2


def test_old_revisions_go_30_days_after_newer_content(drive: Drive, alice: Client) -> None:
    file_id = alice.create("a", b"one")
    alice.write(file_id, b"two")
    first, second = revisions(alice, file_id)
    drive.advance(29 * DAY)
    alice.write(file_id, b"three")
    drive.advance(2 * DAY)
    left = revisions(alice, file_id)
    assert first not in left
    assert left[0] == second
    drive.advance(60 * DAY)
    assert revisions(alice, file_id) == left[1:]
    gone = alice.revisions.get_media(fileId=file_id, revisionId=first)
    assert refusal(gone) == (404, "notFound")


def test_what_is_kept_forever_stays_and_cannot_be_let_go(drive: Drive, alice: Client) -> None:
    file_id = alice.create("a", b"one")
    (first,) = revisions(alice, file_id)
    keep = {"fileId": file_id, "revisionId": first}
    alice.revisions.update(**keep, body={"keepForever": True}).execute()
    alice.write(file_id, b"two")
    drive.advance(40 * DAY)
    assert revisions(alice, file_id)[0] == first
    assert alice.get(file_id)["quotaBytesUsed"] == "6"
    let_go = alice.revisions.update(**keep, body={"keepForever": False})
    assert refusal(let_go) == (400, "illegalKeepForeverModification")
    alice.revisions.delete(**keep).execute()
    assert first not in revisions(alice, file_id)


def test_beyond_a_hundred_the_oldest_go(alice: Client) -> None:
    file_id = alice.create("a", b"0", parents=None)
    for number in range(1, 104):
        alice.write(file_id, str(number).encode(), keepRevisionForever=number == 2)
    left = revisions(alice, file_id)
    contents = [
        alice.revisions.get_media(fileId=file_id, revisionId=revision).execute()
        for revision in (left[0], left[1], left[-1])
    ]
    assert len(left) == 101
    assert contents == [b"2", b"4", b"103"]


def test_the_last_revision_cannot_be_deleted(alice: Client) -> None:
    file_id = alice.create("a", b"one")
    alice.write(file_id, b"two")
    first, second = revisions(alice, file_id)
    alice.revisions.delete(fileId=file_id, revisionId=second).execute()
    assert alice.read(file_id) == b"one"
    assert alice.get(file_id)["headRevisionId"] == first
    last = alice.revisions.delete(fileId=file_id, revisionId=first)
    assert refusal(last) == (403, "cannotDeleteOnlyRevision")


def test_old_content_can_be_held_back_until_it_is_kept_forever(drive: Drive, alice: Client) -> None:
    """Drive guide "Resolve errors", downloadRestrictedForRevision."""
    file_id = alice.create("a", b"one")
    alice.write(file_id, b"two")
    first, second = revisions(alice, file_id)
    drive.set_file(file_id, flag="restrictRevisions")
    old = alice.revisions.get_media(fileId=file_id, revisionId=first)
    assert refusal(old) == (403, "download_restricted_for_revision")
    head = alice.revisions.get_media(fileId=file_id, revisionId=second)
    assert head.execute() == b"two"
    keep = alice.revisions.update(fileId=file_id, revisionId=first, body={"keepForever": True})
    keep.execute()
    assert old.execute() == b"one"


def test_google_documents_have_revisions_without_content(alice: Client) -> None:
    """T9, T10: they can neither be downloaded nor deleted."""
    file_id = alice.create("doc", b"hello", type="text/plain", mimeType=DOCUMENT)
    (revision,) = alice.revisions.list(fileId=file_id, fields="*").execute()["revisions"]
    assert {"size", "md5Checksum", "keepForever"}.isdisjoint(revision)
    assert revision["exportLinks"]
    named = {"fileId": file_id, "revisionId": revision["id"]}
    assert refusal(alice.revisions.get_media(**named)) == (403, "fileNotDownloadable")
    assert refusal(alice.revisions.delete(**named)) == (403, "revisionDeletionNotSupported")


def test_folders_have_no_revisions(alice: Client) -> None:
    folder = alice.folder("folder")
    assert refusal(alice.revisions.list(fileId=folder)) == (403, "revisionsNotSupported")
