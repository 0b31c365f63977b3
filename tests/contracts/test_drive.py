"""The port Drive: what each world shows of files, revisions, exports and folders."""

import hashlib
from io import BytesIO
from zipfile import ZipFile, is_zipfile

import pytest

from custody.domain.drive import EXPORTS, FOLDER, DriveFile, Unreadable
from custody.domain.vault import FileId
from custody.errors import NotFoundError, RefusedError
from worlds.world import World

DOCUMENT = "application/vnd.google-apps.document"


def describe(world: World, file_id: FileId) -> DriveFile:
    shown = world.drive.describe([file_id])[file_id]
    assert isinstance(shown, DriveFile)
    return shown


def content(world: World, file: DriveFile, place: int) -> bytes:
    return b"".join(world.drive.content(file, file.revisions[place].revision))


def test_a_file_is_shown_with_its_name_place_and_type(world: World) -> None:
    folder = world.google.create_folder("exports", world.google.root)
    file_id = world.google.create_file("deals.csv", folder, b"one")
    file = describe(world, file_id)
    assert (file.file_id, file.name, file.parent) == (file_id, "deals.csv", folder)
    assert file.content_type == "text/csv"
    assert file.can_download
    assert file.can_read_revisions
    assert (file.trashed, file.is_folder, file.is_native) == (False, False, False)


def test_revisions_come_oldest_first_and_end_with_the_head(world: World) -> None:
    file_id = world.google.create_file("deals.csv", world.google.root, b"one")
    made = [world.google.edit(file_id, data) for data in (b"two, longer", b"three")]
    file = describe(world, file_id)
    assert [one.revision for one in file.revisions][1:] == made
    assert file.head == made[-1]
    assert [one.size_bytes for one in file.revisions] == [3, 11, 5]
    assert [one.md5 for one in file.revisions] == [
        hashlib.md5(data).hexdigest() for data in (b"one", b"two, longer", b"three")
    ]
    assert (file.size_bytes, file.md5) == (5, file.revisions[-1].md5)


def test_every_revision_gives_its_own_content(world: World) -> None:
    data = [b"one", bytes(range(256)) * 5000, b""]
    file_id = world.google.create_file("deals.csv", world.google.root, data[0])
    for later in data[1:]:
        world.google.edit(file_id, later)
    file = describe(world, file_id)
    assert [content(world, file, place) for place in range(3)] == data


def test_a_content_stays_its_own_while_the_file_is_edited(world: World) -> None:
    file_id = world.google.create_file("deals.csv", world.google.root, b"one" * 1000)
    file = describe(world, file_id)
    reading = world.drive.content(file, file.revisions[0].revision)
    first = next(reading)
    world.google.edit(file_id, b"two")
    assert first + b"".join(reading) == b"one" * 1000


def test_a_purged_revision_is_neither_listed_nor_readable(world: World) -> None:
    """T10: Drive's revisions are no backup."""
    file_id = world.google.create_file("deals.csv", world.google.root, b"one")
    before = describe(world, file_id)
    world.google.edit(file_id, b"two")
    assert before.head
    world.google.purge(file_id, before.head)
    assert [one.size_bytes for one in describe(world, file_id).revisions] == [3]
    with pytest.raises(NotFoundError):
        content(world, before, 0)


def test_drives_version_grows_with_every_change(world: World) -> None:
    file_id = world.google.create_file("deals.csv", world.google.root, b"one")
    versions = [describe(world, file_id).version]
    world.google.edit(file_id, b"two")
    versions.append(describe(world, file_id).version)
    world.google.rename(file_id, "offers.csv")
    versions.append(describe(world, file_id).version)
    assert versions == sorted(set(versions))
    assert describe(world, file_id).name == "offers.csv"


def test_what_is_absent_or_deleted_is_unreadable(world: World) -> None:
    """T6: Drive does not say which it is."""
    there = world.google.create_file("deals.csv", world.google.root, b"one")
    gone = world.google.create_file("old.csv", world.google.root, b"one")
    world.google.delete(gone)
    never = FileId("never-there")
    shown = world.drive.describe([there, gone, never])
    assert isinstance(shown[there], DriveFile)
    assert isinstance(shown[gone], Unreadable)
    assert isinstance(shown[never], Unreadable)


def test_what_is_no_longer_shared_with_us_is_unreadable(world: World) -> None:
    """T6: loss of access looks like deletion."""
    folder = world.google.create_folder("shared with us")
    file_id = world.google.create_file("deals.csv", folder, b"one")
    file = describe(world, file_id)
    world.google.hide(folder)
    assert isinstance(world.drive.describe([file_id])[file_id], Unreadable)
    with pytest.raises(NotFoundError):
        content(world, file, 0)


def test_many_files_are_described_at_once_each_as_itself(world: World) -> None:
    files = [
        world.google.create_file(f"{number}.csv", world.google.root, b"x" * number)
        for number in range(60)
    ]
    shown = world.drive.describe(files)
    assert list(shown) == files
    sizes = [one.size_bytes for one in shown.values() if isinstance(one, DriveFile)]
    assert sizes == list(range(60))


def test_a_trashed_file_is_shown_as_trashed_and_so_is_what_lies_in_a_trashed_folder(
    world: World,
) -> None:
    folder = world.google.create_folder("exports", world.google.root)
    inside = world.google.create_file("deals.csv", folder, b"one")
    alone = world.google.create_file("deals.csv", world.google.root, b"one")
    world.google.trash(folder)
    world.google.trash(alone)
    assert describe(world, inside).trashed
    assert describe(world, alone).trashed


def test_a_folder_is_shown_as_a_folder_without_revisions(world: World) -> None:
    folder = describe(world, world.google.create_folder("exports", world.google.root))
    assert folder.is_folder
    assert folder.content_type == FOLDER
    assert folder.head is None
    assert folder.revisions == ()


def test_a_document_has_no_head_and_exports_its_present_state(world: World) -> None:
    """T9: native files have no content of their own."""
    file_id = world.google.create_document("notes", world.google.root, b"one")
    document = describe(world, file_id)
    assert document.is_native
    assert (document.head, document.md5, document.revisions) == (None, None, ())
    assert b"one" in _text(world.drive.export(document, EXPORTS[DOCUMENT]))


def test_a_document_that_is_gone_cannot_be_exported(world: World) -> None:
    file_id = world.google.create_document("notes", world.google.root, b"one")
    document = describe(world, file_id)
    world.google.delete(file_id)
    with pytest.raises(NotFoundError):
        world.drive.export(document, EXPORTS[DOCUMENT])


def test_a_shortcut_names_its_target_and_is_not_followed(world: World) -> None:
    """T11."""
    target = world.google.create_file("deals.csv", world.google.root, b"one")
    shortcut = describe(world, world.google.create_shortcut("short", world.google.root, target))
    assert shortcut.shortcut_target == target
    assert shortcut.head is None


def test_what_may_not_be_downloaded_says_so_and_is_refused(world: World) -> None:
    """T15: retrying cannot help."""
    folder = world.google.create_folder("shared with us")
    file_id = world.google.create_file("deals.csv", folder, b"one")
    world.google.let_download(file_id, allowed=False)
    file = describe(world, file_id)
    assert not file.can_download
    with pytest.raises(RefusedError):
        content(world, file, 0)


def test_a_folders_children_are_what_lies_directly_in_it(world: World) -> None:
    folder = world.google.create_folder("exports", world.google.root)
    below = world.google.create_folder("deep", folder)
    file_id = world.google.create_file("deals.csv", folder, b"one")
    world.google.create_file("deeper.csv", below, b"two")
    children = {child.file_id: child for child in world.drive.children(folder)}
    assert set(children) == {below, file_id}
    assert children[file_id].head == describe(world, file_id).head
    assert children[below].is_folder


def test_trashed_children_are_listed_and_hidden_or_deleted_ones_are_not(world: World) -> None:
    """T7: Drive lists the trash too; whoever reads a listing must look."""
    folder = world.google.create_folder("exports", world.google.root)
    trashed, deleted = (world.google.create_file("x", folder, b"x") for _ in range(2))
    world.google.trash(trashed)
    world.google.delete(deleted)
    (child,) = world.drive.children(folder)
    assert (child.file_id, child.trashed) == (trashed, True)


def test_an_empty_folder_has_no_children(world: World) -> None:
    folder = world.google.create_folder("exports", world.google.root)
    assert list(world.drive.children(folder)) == []


def test_two_files_of_one_name_are_two_children(world: World) -> None:
    """T8."""
    folder = world.google.create_folder("exports", world.google.root)
    two = {world.google.create_file("deals.csv", folder, b"x") for _ in range(2)}
    assert {child.file_id for child in world.drive.children(folder)} == two


def test_the_folder_of_a_customer_is_read_like_our_own(world: World) -> None:
    folder = world.google.create_folder("shared with us")
    file_id = world.google.create_file("deals.csv", folder, b"one")
    assert [child.file_id for child in world.drive.children(folder)] == [file_id]
    assert content(world, describe(world, file_id), 0) == b"one"


def test_the_children_of_a_folder_that_is_gone_are_an_error_and_not_none(world: World) -> None:
    """T7: an empty listing of what we may not see would read as a deletion."""
    folder = world.google.create_folder("shared with us")
    world.google.create_file("deals.csv", folder, b"one")
    world.google.hide(folder)
    with pytest.raises(NotFoundError):
        list(world.drive.children(folder))


def _text(export: bytes) -> bytes:
    """The words of an export: Office files are archives, and our small Drive gives plain ones."""
    if not is_zipfile(BytesIO(export)):
        return export
    with ZipFile(BytesIO(export)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())
