"""Restoring without a ledger: the stored objects tell all that is needed."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from archive import FilledWorld
from custody.domain.restore import State, place, state_of
from custody.domain.vault import FileId, HoldingEpoch, ObjectName, Version
from custody.errors import CorruptError, MissingKeysetError, RefusedError, UnavailableError
from custody.ports import Sealer
from custody.steps.recovery import Recovered, open_epochs, rebuild_histories
from custody.steps.restore import Result, read_histories, restore_files
from samples import LIFE, a_life
from worlds.vault import MemoryVault
from worlds.writes import Writes

OTHER = a_life(source="stripe")
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> FilledWorld:
    return FilledWorld()


def rebuilt(world: FilledWorld, *lives: HoldingEpoch) -> tuple[Recovered, State]:
    found = open_epochs(world.keys, lives or (LIFE,))
    return found, state_of(rebuild_histories(world.vault, found))


def names_of(state: State) -> list[str]:
    return sorted(one.file_name for one in state.there)


def test_histories_are_those_of_the_index(world: FilledWorld) -> None:
    """But for what the ledger alone knows."""
    for revision, file in (("r1", "a"), ("r2", "a"), ("r1", "a-b"), ("r1", "b/c d")):
        world.keep(f"{revision} of {file}".encode(), revision=revision, file=file)
    found = open_epochs(world.keys, [LIFE])
    histories = sorted(rebuild_histories(world.vault, found), key=lambda one: one.file_id)
    assert histories == read_histories(world.index, world.sealers())
    assert found.bad == []


def test_files_come_back_byte_for_byte_without_index_or_registry(
    world: FilledWorld, tmp_path: Path
) -> None:
    world.open(OTHER)
    world.keep(b"one", indexed=False)
    world.keep(b"two", life=OTHER, indexed=False)
    found, state = rebuilt(world, LIFE, OTHER)
    targets = place(state.there, by_source=True)
    outcomes = restore_files(world.vault, found.sealers, targets, tmp_path)
    assert [one.result for one in outcomes] == [Result.RESTORED] * 2
    assert (tmp_path / "hubspot/deals.csv").read_bytes() == b"one"
    assert (tmp_path / "stripe/deals.csv").read_bytes() == b"two"


def test_a_past_state_is_known_by_the_records(world: FilledWorld) -> None:
    first = world.keep(b"one")
    world.advance(HOUR)
    world.keep(b"two", revision="r2")
    found = open_epochs(world.keys, [LIFE])
    state = state_of(rebuild_histories(world.vault, found), first.captured_at)
    assert [one.version.name for one in state.there] == [first.name]


class SomeKeys:
    """Keysets of which some cannot be had."""

    def __init__(self, world: FilledWorld, errors: dict[HoldingEpoch, Exception]) -> None:
        self._world = world
        self._errors = errors

    def unwrap(self, life: HoldingEpoch) -> Sealer:
        if life in self._errors:
            raise self._errors[life]
        return self._world.keys.unwrap(life)


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (MissingKeysetError("no recovery copy"), Result.FAILED),
        (CorruptError("not for this key"), Result.MISMATCH),
        (UnavailableError("later"), Result.FAILED),
    ],
    ids=str,
)
def test_an_epoch_that_cannot_be_opened_is_told_and_the_others_go_on(
    world: FilledWorld, error: Exception, result: Result
) -> None:
    world.open(OTHER)
    world.keep(b"one")
    world.keep(b"two", life=OTHER)
    found = open_epochs(SomeKeys(world, {OTHER: error}), [LIFE, OTHER])
    assert [(one.result, one.reason) for one in found.bad] == [(result, str(error))]
    assert names_of(state_of(rebuild_histories(world.vault, found))) == ["deals.csv"]


def test_an_erased_epoch_is_no_error_and_gives_nothing(world: FilledWorld) -> None:
    """T25: the mark beside the keysets is the fence, where there is no ledger."""
    world.keep(b"one")
    found = open_epochs(SomeKeys(world, {LIFE: RefusedError("destroyed")}), [LIFE])
    assert (found.erased, found.bad, found.sealers) == ([LIFE], [], {})
    assert list(rebuild_histories(world.vault, found)) == []


def lay_damaged(world: FilledWorld, name: ObjectName) -> None:
    """A record that is not what was sealed."""
    data, _ = world.vault.stored(name)
    world.vault.lay(name, data.replace(b"deals.csv", b"DEALS.CSV"))


def test_a_damaged_record_is_told_and_the_others_count(world: FilledWorld) -> None:
    world.keep(b"one")
    newest = world.keep(b"two", revision="r2")
    world.keep(b"three", file="file-two", name="companies.csv")
    lay_damaged(world, newest.name)
    found, state = rebuilt(world)
    assert [(one.version, one.result) for one in found.bad] == [(newest.name, Result.MISMATCH)]
    assert names_of(state) == ["companies.csv", "deals.csv"]


def test_a_name_that_custody_never_gives_is_told_and_passed_over(world: FilledWorld) -> None:
    kept = world.keep(b"one")
    data, _ = world.vault.stored(kept.name)
    strange = ObjectName(f"{kept.name}/and/more")
    world.vault.lay(strange, data)
    found, state = rebuilt(world)
    assert [one.version for one in found.bad] == [strange]
    assert names_of(state) == ["deals.csv"]


class SilentVault(MemoryVault):
    """A store that lists and does not give."""

    def version(self, name: ObjectName, *, sealer: Sealer) -> Version:
        raise UnavailableError("later")


def test_a_record_that_cannot_be_read_now_is_no_mismatch(world: FilledWorld) -> None:
    kept = world.keep(b"one")
    silent = SilentVault(Writes(), world.now)
    silent.lay(kept.name, world.vault.stored(kept.name)[0])
    found = open_epochs(world.keys, [LIFE])
    assert [one.versions for one in rebuild_histories(silent, found)] == [()]
    assert [one.result for one in found.bad] == [Result.FAILED]


def test_many_files_are_read_in_turn(world: FilledWorld) -> None:
    files: Iterable[FileId] = [FileId(f"file-{number:03}") for number in range(60)]
    for file in files:
        world.keep(b"one", file=file, name=f"{file}.csv", indexed=False)
    _, state = rebuilt(world)
    assert names_of(state) == [f"{file}.csv" for file in files]
