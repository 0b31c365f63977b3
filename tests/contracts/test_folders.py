"""The port Folders: what an operator writes is what Drive then shows."""

from io import BytesIO

import pytest

from custody.domain.drive import DriveFile
from custody.domain.vault import FileId
from custody.errors import NotFoundError
from worlds.world import World


def upload(world: World, folder: FileId, name: str, data: bytes) -> DriveFile:
    return world.folders.upload(folder, name, BytesIO(data), len(data))


def contents(world: World, file_id: FileId) -> list[bytes]:
    file = world.drive.describe([file_id])[file_id]
    assert isinstance(file, DriveFile)
    return [b"".join(world.drive.content(file, one.revision)) for one in file.revisions]


def test_a_folder_stands_at_the_root_of_the_shared_drive(world: World) -> None:
    folder = world.folders.create("acorn hubspot 1")
    (child,) = world.drive.children(world.google.root)
    assert (child.file_id, child.name) == (folder, "acorn hubspot 1")
    assert child.is_folder


def test_two_folders_may_have_one_name(world: World) -> None:
    """T8."""
    assert world.folders.create("same") != world.folders.create("same")


@pytest.mark.parametrize("name", ["deals.csv", "it's \\ odd.csv", "größe.csv"])
def test_a_name_that_the_folder_holds_becomes_a_new_revision(world: World, name: str) -> None:
    folder = world.folders.create("exports")
    first = upload(world, folder, name, b"one")
    second = upload(world, folder, name, b"two")
    assert (first.file_id, first.name) == (second.file_id, name)
    assert contents(world, first.file_id) == [b"one", b"two"]


def test_the_same_name_in_another_folder_or_in_the_trash_is_another_file(world: World) -> None:
    folder, other = world.folders.create("exports"), world.folders.create("others")
    files = [upload(world, where, "deals.csv", b"one").file_id for where in (folder, other)]
    world.google.trash(files[0])
    files.append(upload(world, folder, "deals.csv", b"two").file_id)
    assert len(set(files)) == 3


@pytest.mark.parametrize("size", [0, 5 << 20])
def test_an_upload_of_any_size_arrives_whole(world: World, size: int) -> None:
    data = b"0123456789abcdef" * (size // 16)
    file = upload(world, world.folders.create("exports"), "large.csv", data)
    assert file.size_bytes == size
    assert b"".join(world.drive.content(file, file.head or file.revisions[0].revision)) == data


MARK = {"custody": "restored"}


def test_a_folder_may_stand_in_another_one(world: World) -> None:
    above = world.folders.create("exports")
    folder = world.folders.create("2026", above, mark=MARK)
    (child,) = world.drive.children(above)
    assert (child.file_id, child.name, child.is_folder) == (folder, "2026", True)


def test_what_carries_a_mark_replaces_its_like_alone(world: World) -> None:
    """What somebody else put there under the same name stays as it is."""
    folder = world.folders.create("exports")
    theirs = upload(world, folder, "deals.csv", b"theirs")
    first, second = (
        world.folders.upload(folder, "deals.csv", BytesIO(data), len(data), mark=MARK)
        for data in (b"one", b"two")
    )
    assert first.file_id == second.file_id != theirs.file_id
    assert contents(world, first.file_id) == [b"one", b"two"]
    assert contents(world, theirs.file_id) == [b"theirs"]


def test_the_mark_stands_beside_each_file_and_folder(world: World) -> None:
    folder = world.folders.create("exports", mark=MARK)
    marked = world.folders.upload(folder, "deals.csv", BytesIO(b"one"), 3, mark=MARK)
    plain = upload(world, folder, "other.csv", b"one")
    found = {one: world.google.marks(one) for one in (folder, marked.file_id, plain.file_id)}
    assert found == {folder: MARK, marked.file_id: MARK, plain.file_id: {}}


def test_an_upload_into_a_folder_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        upload(world, FileId("never-there"), "deals.csv", b"one")
