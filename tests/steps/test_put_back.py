"""Putting back into Drive: whole or not at all, marked, and once only."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import pytest

from archive import FilledWorld
from custody.domain.drive import DriveFile
from custody.domain.restore import MARK, Target
from custody.domain.vault import FileId, ObjectName
from custody.errors import NotFoundError, RefusedError, UnavailableError
from custody.ports import Sealer
from custody.steps.put_back import PutBack, put_back
from custody.steps.restore import Outcome, Result
from custody.steps.scope import DEPTH_LIMIT
from samples import LIFE, a_fence
from worlds.drive_ports import MemoryFolders
from worlds.vault import MemoryVault
from worlds.writes import Writes


@pytest.fixture
def world() -> FilledWorld:
    return FilledWorld()


@pytest.fixture
def top(world: FilledWorld) -> FileId:
    return world.folders.create("Restored")


def a_run(world: FilledWorld) -> PutBack:
    return PutBack(
        versions=world.vault,
        drive=world.drive,
        folders=world.folders,
        fences=world.fences,
        index=world.index,
        root=world.google.root,
    )


def put(
    world: FilledWorld, top: FileId, targets: list[Target] | None = None, run: PutBack | None = None
) -> list[Outcome]:
    sealers = world.sealers()
    wanted = world.targets() if targets is None else targets
    return list(put_back(run or a_run(world), sealers, wanted, top))


def results(outcomes: list[Outcome]) -> Counter[Result]:
    return Counter(one.result for one in outcomes)


def tree(world: FilledWorld, top: FileId, path: str = "") -> dict[str, bytes]:
    """What a person sees below a folder."""
    found: dict[str, bytes] = {}
    for item in world.google.items():
        if item.parent and item.parent.file_id == top and not item.in_trash:
            name = f"{path}{item.name}"
            if item.is_folder:
                found |= tree(world, item.file_id, f"{name}/")
            else:
                found[name] = item.contents[item.kept[-1]]
    return found


def below(targets: list[Target], *paths: str) -> list[Target]:
    return [
        replace(target, path=PurePosixPath(path))
        for target, path in zip(targets, paths, strict=True)
    ]


def test_files_come_back_with_their_folders_and_names(world: FilledWorld, top: FileId) -> None:
    for number in range(3):
        world.keep(b"%d" % number, file=f"file-{number}", name=f"{number}.csv")
    paths = ("hubspot/2026/a.csv", "hubspot/2026/b.csv", "c.csv")
    outcomes = put(world, top, below(world.targets(), *paths))
    assert results(outcomes) == {Result.RESTORED: 3}
    assert tree(world, top) == dict(zip(paths, (b"0", b"1", b"2"), strict=True))


def test_all_that_it_makes_is_marked(world: FilledWorld, top: FileId) -> None:
    world.keep(b"one")
    put(world, top, below(world.targets(), "2026/deals.csv"))
    made = {one.name: one.marks for one in world.google.items() if one.marks}
    assert made == {"2026": MARK, "deals.csv": MARK | {"custody-epoch": str(LIFE)}}


def test_a_second_run_doubles_nothing(world: FilledWorld, top: FileId) -> None:
    world.keep(b"one")
    targets = below(world.targets(), "2026/07/deals.csv")
    put(world, top, targets)
    before = [(one.file_id, one.version) for one in world.google.items()]
    assert results(put(world, top, targets)) == {Result.UNCHANGED: 1}
    assert [(one.file_id, one.version) for one in world.google.items()] == before


def test_what_is_there_is_known_by_the_checksum_alone_where_there_is_one(
    world: FilledWorld, top: FileId
) -> None:
    """Nothing is read from the vault for it."""
    world.keep(b"one")
    put(world, top)
    md5 = next(one.md5 for one in world.drive.children(top))
    [target] = world.targets()
    known = replace(target, version=replace(target.version, md5=md5))
    world.vault.damage(target.version.name)
    assert results(put(world, top, [known])) == {Result.UNCHANGED: 1}
    assert results(put(world, top)) == {Result.MISMATCH: 1}


def test_another_content_under_its_name_becomes_a_revision_of_what_was_restored(
    world: FilledWorld, top: FileId
) -> None:
    world.keep(b"one")
    put(world, top)
    world.keep(b"two", revision="r2")
    assert results(put(world, top)) == {Result.RESTORED: 1}
    [file] = [one for one in world.google.items() if one.parent and one.parent.file_id == top]
    assert list(file.contents.values()) == [b"one", b"two"]


def test_what_somebody_else_put_there_is_left_alone(world: FilledWorld, top: FileId) -> None:
    mine = world.google.create_file("deals.csv", top, b"mine")
    world.keep(b"one")
    assert results(put(world, top)) == {Result.RESTORED: 1}
    assert list(world.google.item(mine).contents.values()) == [b"mine"]
    assert world.google.marks(mine) == {}


def test_the_same_content_of_somebody_else_will_do(world: FilledWorld, top: FileId) -> None:
    world.google.create_file("deals.csv", top, b"one")
    world.keep(b"one")
    assert results(put(world, top)) == {Result.UNCHANGED: 1}


def test_a_folder_that_is_there_is_used(world: FilledWorld, top: FileId) -> None:
    """Of two with one name (T8) it is the same in each run."""
    first, second = (world.google.create_folder("2026", top) for _ in range(2))
    world.keep(b"one")
    put(world, top, below(world.targets(), "2026/deals.csv"))
    found = [
        one.parent.file_id
        for one in world.google.items()
        if one.parent and not one.is_folder and one.name == "deals.csv"
    ]
    assert found == [min(first, second)]


def test_a_damaged_version_is_never_sent(world: FilledWorld, top: FileId) -> None:
    """T26: checked to its last byte before the first one goes out."""
    world.vault.damage(world.keep(b"one").name)
    world.keep(b"two", file="file-two", name="companies.csv")
    assert results(put(world, top)) == {Result.MISMATCH: 1, Result.RESTORED: 1}
    assert tree(world, top) == {"companies.csv": b"two"}


@pytest.mark.parametrize("inside", [True, False])
def test_only_a_folder_of_the_shared_drive_will_do(world: FilledWorld, *, inside: bool) -> None:
    """No erasure looks anywhere else."""
    world.keep(b"one")
    top = world.google.create_folder("deep", world.folders.create("Restored") if inside else None)
    if inside:
        assert results(put(world, top)) == {Result.RESTORED: 1}
    else:
        with pytest.raises(RefusedError, match="not in the shared drive"):
            put(world, top)


def test_the_shared_drive_itself_will_do(world: FilledWorld) -> None:
    world.keep(b"one")
    assert results(put(world, world.google.root)) == {Result.RESTORED: 1}


def test_a_folder_deeper_than_drive_allows_is_refused(world: FilledWorld, top: FileId) -> None:
    """A climb that never ends is none that comes home."""
    world.keep(b"one")
    for _ in range(DEPTH_LIMIT + 1):
        top = world.google.create_folder("deeper", top)
    with pytest.raises(RefusedError, match="not in the shared drive"):
        put(world, top)


def test_native_files_that_stand_there_are_passed_over(world: FilledWorld, top: FileId) -> None:
    world.google.create_document("deals.csv", top, b"one")
    world.keep(b"one")
    assert results(put(world, top)) == {Result.RESTORED: 1}


def test_what_is_no_folder_is_refused(world: FilledWorld, top: FileId) -> None:
    file_id = world.google.create_file("x.csv", top, b"x")
    with pytest.raises(RefusedError, match="no folder"):
        put(world, file_id)
    world.google.trash(top)
    with pytest.raises(RefusedError, match="no folder"):
        put(world, top)
    with pytest.raises(NotFoundError):
        put(world, FileId("never-there"))


class ClosingVault(MemoryVault):
    """An erasure closes the epoch while a version is read."""

    def __init__(self, world: FilledWorld) -> None:
        super().__init__(Writes(), world.now)
        self._world = world

    def content(self, name: ObjectName, *, sealer: Sealer) -> Iterator[bytes]:
        yield from self._world.vault.content(name, sealer=sealer)
        self._world.fences.close(LIFE, a_fence())


def test_nothing_is_sent_of_an_epoch_that_is_closed_meanwhile(
    world: FilledWorld, top: FileId
) -> None:
    """T25."""
    world.keep(b"one")
    [outcome] = put(world, top, run=replace(a_run(world), versions=ClosingVault(world)))
    assert outcome.result is Result.FAILED
    assert "erased" in (outcome.reason or "")
    assert tree(world, top) == {}


class OtherFolders(MemoryFolders):
    """A Drive that refuses an upload, or stores something else."""

    answer: Exception | None = None

    def upload(
        self, folder: FileId, name: str, content: BinaryIO, size: int, **how: Any
    ) -> DriveFile:
        if self.answer:
            raise self.answer
        return replace(super().upload(folder, name, content, size, **how), md5="another")


@pytest.mark.parametrize(
    "answer", [None, NotFoundError("the folder"), UnavailableError("later")], ids=str
)
def test_what_drive_does_not_take_is_no_mismatch(
    world: FilledWorld, top: FileId, answer: Exception | None
) -> None:
    world.keep(b"one")
    folders = OtherFolders(world.google)
    folders.answer = answer
    [outcome] = put(world, top, run=replace(a_run(world), folders=folders))
    assert (outcome.result, bool(outcome.reason)) == (Result.FAILED, True)


def test_a_file_is_known_to_the_epoch_before_drive_gets_a_byte_of_it(
    world: FilledWorld, top: FileId
) -> None:
    """An erasure looks for it by its id, wherever it lies by then."""
    world.keep(b"one")
    known: list[bool] = []

    class Watched(MemoryFolders):
        def upload(
            self, folder: FileId, name: str, content: BinaryIO, size: int, **how: Any
        ) -> Any:
            def announce(file_id: FileId) -> None:
                assert world.google.find(file_id) is None
                how_announced(file_id)
                known.append(LIFE in world.index.whereabouts(file_id))
                known.append(file_id in world.index.files(LIFE))

            how_announced = how["announce"]
            return super().upload(folder, name, content, size, **how | {"announce": announce})

    run = replace(a_run(world), folders=Watched(world.google))
    assert results(put(world, top, run=run)) == {Result.RESTORED: 1}
    assert known == [True, True]
