"""Reading back: into files, into a stream, and to check."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from archive import FilledWorld
from custody.domain.vault import ObjectName
from custody.errors import (
    CorruptError,
    MissingKeysetError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from custody.ports import Sealer
from custody.steps.restore import (
    Outcome,
    Result,
    each_history,
    largest_first,
    read_histories,
    read_version,
    restorable,
    restore_files,
    unwrap_all,
)
from samples import LIFE, a_fence, a_life
from worlds.vault import MemoryVault
from worlds.writes import Writes

SECOND = a_life(epoch=2)


@pytest.fixture
def world() -> FilledWorld:
    return FilledWorld()


def restore(world: FilledWorld, into: Path) -> list[Outcome]:
    return list(restore_files(world.vault, world.sealers(), world.targets(), into))


def test_files_come_back_byte_for_byte(world: FilledWorld, tmp_path: Path) -> None:
    world.keep(b"one")
    world.keep(b"two", file="file-two", name="companies.csv")
    outcomes = restore(world, tmp_path / "back")
    assert [(one.result, one.size_bytes) for one in outcomes] == [(Result.RESTORED, 3)] * 2
    assert (tmp_path / "back/deals.csv").read_bytes() == b"one"
    assert (tmp_path / "back/companies.csv").read_bytes() == b"two"


def test_a_file_that_is_there_already_is_left_alone(world: FilledWorld, tmp_path: Path) -> None:
    world.keep(b"one")
    restore(world, tmp_path)
    before = (tmp_path / "deals.csv").stat()
    assert [one.result for one in restore(world, tmp_path)] == [Result.UNCHANGED]
    after = (tmp_path / "deals.csv").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_drafts_that_a_killed_run_left_are_cleared(world: FilledWorld, tmp_path: Path) -> None:
    world.keep(b"one")
    (tmp_path / ".custody-0123456789abcdef").write_bytes(b"on")
    (tmp_path / ".custody-of-somebody-else").write_bytes(b"mine")
    restore(world, tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        ".custody-of-somebody-else",
        "deals.csv",
    ]


def test_the_largest_files_are_begun_first(world: FilledWorld) -> None:
    for number, size in enumerate((1, 3, 2)):
        world.keep(b"x" * size, file=f"file-{number}", name=f"{size}.csv")
    assert [one.version.size_bytes for one in largest_first(world.targets())] == [3, 2, 1]


def test_histories_are_read_one_by_one_and_all_of_them(world: FilledWorld) -> None:
    for number in range(20):
        world.keep(b"one", file=f"file-{number:02}", name=f"{number}.csv")
    found = list(each_history(world.index, world.sealers()))
    assert sorted(one.file_id for one in found) == [f"file-{number:02}" for number in range(20)]
    assert read_histories(world.index, world.sealers()) == sorted(
        found, key=lambda one: one.file_id
    )


def test_a_file_with_other_content_is_replaced(world: FilledWorld, tmp_path: Path) -> None:
    world.keep(b"one")
    (tmp_path / "deals.csv").write_bytes(b"two")
    assert [one.result for one in restore(world, tmp_path)] == [Result.RESTORED]
    assert (tmp_path / "deals.csv").read_bytes() == b"one"


def test_a_damaged_version_leaves_no_file(world: FilledWorld, tmp_path: Path) -> None:
    """T26: the name is given after the check of the last byte."""
    world.vault.damage(world.keep(b"one").name)
    world.keep(b"two", file="file-two", name="companies.csv")
    results = {one.path: one.result for one in restore(world, tmp_path)}
    assert results == {"deals.csv": Result.MISMATCH, "companies.csv": Result.RESTORED}
    assert [path.name for path in tmp_path.iterdir()] == ["companies.csv"]


def test_what_stands_there_outlives_a_damaged_version(world: FilledWorld, tmp_path: Path) -> None:
    world.vault.damage(world.keep(b"one").name)
    (tmp_path / "deals.csv").write_bytes(b"mine")
    restore(world, tmp_path)
    assert (tmp_path / "deals.csv").read_bytes() == b"mine"


def test_a_file_that_cannot_be_written_does_not_stop_the_others(
    world: FilledWorld, tmp_path: Path
) -> None:
    world.keep(b"one")
    world.keep(b"two", file="file-two", name="companies.csv")
    (tmp_path / "deals.csv").mkdir()
    results = {one.path: one.result for one in restore(world, tmp_path)}
    assert results == {"deals.csv": Result.FAILED, "companies.csv": Result.RESTORED}


def test_nothing_is_written_through_a_link_that_leads_out(
    world: FilledWorld, tmp_path: Path
) -> None:
    world.keep(b"one")
    [target] = world.targets()
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "Exports").symlink_to(outside)
    moved = replace(target, path=PurePosixPath("Exports/deals.csv"))
    [outcome] = restore_files(world.vault, world.sealers(), [moved], inside)
    assert outcome.result is Result.FAILED
    assert list(outside.iterdir()) == []


def test_a_content_other_than_the_indexed_one_is_a_mismatch(
    world: FilledWorld, tmp_path: Path
) -> None:
    world.keep(b"one")
    [target] = world.targets()
    expected = replace(target, version=replace(target.version, sha256="0" * 64))
    [outcome] = restore_files(world.vault, world.sealers(), [expected], tmp_path)
    assert outcome.result is Result.MISMATCH
    assert list(tmp_path.iterdir()) == []


class SilentVault(MemoryVault):
    """A vault whose service does not answer."""

    def content(self, name: ObjectName, *, sealer: Sealer) -> Iterator[bytes]:
        raise UnavailableError("storage did not give it")


def test_what_cannot_be_read_now_is_no_mismatch(world: FilledWorld, tmp_path: Path) -> None:
    world.keep(b"one")
    silent = SilentVault(Writes(), world.now)
    [restored] = restore_files(silent, world.sealers(), world.targets(), tmp_path)
    assert restored.result is Result.FAILED


def test_one_version_is_read_by_its_name(world: FilledWorld) -> None:
    kept = world.keep(b"one")
    assert b"".join(read_version(world.archive, kept.name)) == b"one"


def test_a_damaged_version_is_never_read_to_its_end(world: FilledWorld) -> None:
    kept = world.keep(b"one")
    world.vault.damage(kept.name)
    with pytest.raises(CorruptError):
        b"".join(read_version(world.archive, kept.name))


@pytest.mark.parametrize(
    "name", ["nonsense", "c-other/hubspot/1/f/r", "c-abcdefghijkl/hubspot/1/f/r"]
)
def test_a_name_of_no_version_is_not_found(world: FilledWorld, name: str) -> None:
    with pytest.raises(NotFoundError):
        b"".join(read_version(world.archive, name))


def test_nothing_comes_back_from_behind_the_fence(world: FilledWorld, tmp_path: Path) -> None:
    """T25: restore passes the same gate as ingest."""
    kept = world.keep(b"one")
    targets = world.targets()
    world.fences.close(LIFE, a_fence())
    with pytest.raises(RefusedError):
        read_version(world.archive, kept.name)
    assert world.sealers() == {}
    assert targets
    assert world.targets() == []


def test_all_epochs_with_a_keyset_are_read(world: FilledWorld) -> None:
    world.open(SECOND)
    assert set(unwrap_all(world.archive, world.registry.holdings())) == {LIFE, SECOND}


def test_an_erased_epoch_is_passed_over(world: FilledWorld) -> None:
    world.open(SECOND)
    world.keys.destroy(LIFE)
    assert set(unwrap_all(world.archive, world.registry.holdings())) == {SECOND}


def test_a_closed_holding_needs_no_keyset(world: FilledWorld) -> None:
    world.keys.destroy(LIFE)
    world.fences.close(LIFE, a_fence())
    assert unwrap_all(world.archive, world.registry.holdings()) == {}


def test_the_keyset_of_an_open_epoch_must_be_there(world: FilledWorld) -> None:
    world.keys.lose(LIFE)
    with pytest.raises(MissingKeysetError):
        unwrap_all(world.archive, world.registry.holdings())


def test_a_fenced_epoch_can_be_listed_while_its_keyset_stands(world: FilledWorld) -> None:
    world.fences.close(LIFE, a_fence())
    readable = unwrap_all(world.archive, world.registry.holdings())
    assert set(readable) == {LIFE}
    assert restorable(world.archive, readable) == {}
