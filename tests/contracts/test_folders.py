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


def test_an_upload_into_a_folder_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        upload(world, FileId("never-there"), "deals.csv", b"one")
