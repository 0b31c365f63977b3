"""The port Index: compare-and-swap on what is known of each file."""

from functools import partial

import pytest

from contracts.racing import race
from custody.domain.vault import FileHistory, FileId, Missed, RevisionId, SourceLost
from custody.errors import ConflictError, CorruptError
from custody.ports import Sealer, Seen
from samples import FILE, LIFE, NOW, a_history, a_life, a_version
from worlds.world import World


@pytest.fixture
def sealer(world: World) -> Sealer:
    world.keys.create(LIFE)
    return world.keys.unwrap(LIFE)


def a_full_history() -> FileHistory:
    """One that has everything a history can have."""
    gap = Missed(revision=RevisionId("r9"), reason="forbidden", seen_at=NOW)
    purged = Missed(revision=None, reason="purged", seen_at=NOW)
    return a_history(
        a_version("r1", 3, -1, semantic="s", md5="m"),
        a_version("r2", 5),
        file_name="größe.csv",
        folder_path="crm",
        seen_version=7,
        missed=(gap, purged),
        lost=SourceLost(reason="in Drive's trash", seen_at=NOW),
    )


def test_a_file_that_was_never_seen_has_an_empty_history(world: World, sealer: Sealer) -> None:
    seen = world.index.read(LIFE, FILE, sealer=sealer)
    assert seen == Seen(value=FileHistory(life=LIFE, file_id=FILE), stamp=0)


@pytest.mark.parametrize("history", [a_history(), a_full_history()])
def test_a_history_is_read_as_it_was_written(
    world: World, sealer: Sealer, history: FileHistory
) -> None:
    written = world.index.write(history, stamp=0, sealer=sealer)
    assert written.value == history
    assert written.stamp > 0
    assert world.index.read(LIFE, FILE, sealer=sealer) == written


def test_a_write_replaces_what_was_read_and_nothing_newer(world: World, sealer: Sealer) -> None:
    first = world.index.write(a_history(), stamp=0, sealer=sealer)
    second = world.index.write(a_history(a_version("r1")), stamp=first.stamp, sealer=sealer)
    assert second.stamp != first.stamp
    for old in (0, first.stamp):
        with pytest.raises(ConflictError):
            world.index.write(a_history(), stamp=old, sealer=sealer)
    assert world.index.read(LIFE, FILE, sealer=sealer) == second


@pytest.mark.parametrize("written_before", [False, True])
def test_of_sixteen_that_write_under_one_stamp_one_wins(
    world: World, sealer: Sealer, written_before: bool
) -> None:
    stamp = world.index.write(a_history(), stamp=0, sealer=sealer).stamp if written_before else 0
    attempts = [
        partial(world.index.write, a_history(seen_version=n), stamp=stamp, sealer=sealer)
        for n in range(1, 17)
    ]
    told = race(attempts)
    won = [one for one in told if isinstance(one, Seen)]
    assert [type(one) for one in told if not isinstance(one, Seen)] == [ConflictError] * 15
    assert [world.index.read(LIFE, FILE, sealer=sealer)] == won


def test_another_keyset_reads_nothing(world: World, sealer: Sealer) -> None:
    """File names and folders are the customer's: they are sealed like the contents."""
    world.index.write(a_history(), stamp=0, sealer=sealer)
    world.keys.create(a_life(epoch=2))
    with pytest.raises(CorruptError):
        world.index.read(LIFE, FILE, sealer=world.keys.unwrap(a_life(epoch=2)))


def test_the_files_of_an_epoch_are_all_that_were_written_in_it(
    world: World, sealer: Sealer
) -> None:
    tenth = a_life(epoch=10)
    world.keys.create(tenth)
    odd = [FileId("plain"), FileId("a/b"), FileId("..%2F ü")]
    for file_id in odd:
        history = FileHistory(life=LIFE, file_id=file_id)
        world.index.write(history, stamp=0, sealer=sealer)
    other = FileHistory(life=tenth, file_id=FileId("theirs"))
    world.index.write(other, stamp=0, sealer=world.keys.unwrap(tenth))
    assert set(world.index.files(LIFE)) == set(odd)
    assert set(world.index.files(tenth)) == {"theirs"}


def test_the_ids_of_an_epoch_are_told_some_at_a_time_in_the_order_of_their_names(
    world: World, sealer: Sealer
) -> None:
    tenth = a_life(epoch=10)
    world.keys.create(tenth)
    for file_id in map(FileId, ("b", "a", "c/d", "c", "a-1", "aa")):
        world.index.write(FileHistory(life=LIFE, file_id=file_id), stamp=0, sealer=sealer)
    other = FileHistory(life=tenth, file_id=FileId("b2"))
    world.index.write(other, stamp=0, sealer=world.keys.unwrap(tenth))
    told: list[FileId] = []
    while some := world.index.ids_after(LIFE, told[-1] if told else None, 2):
        assert len(some) <= 2
        told += some
    assert told == ["a", "a-1", "aa", "b", "c", "c/d"]
    assert world.index.ids_after(LIFE, FileId("ab"), 9) == told[3:]
    assert world.index.ids_after(a_life(epoch=3), None, 9) == []


def test_a_file_with_a_history_is_always_known(world: World, sealer: Sealer) -> None:
    """Whoever is not known has none; the other way round, it may be so."""
    written = [FileId(f"file-{number:02}") for number in range(0, 20, 2)]
    for file_id in written:
        world.index.write(FileHistory(life=LIFE, file_id=file_id), stamp=0, sealer=sealer)
    asked = [FileId(f"file-{number:02}") for number in range(19, -1, -1)]
    known = world.index.known(LIFE, asked)
    assert set(written) <= known <= set(asked)
    assert world.index.known(LIFE, [FileId("never")]) == frozenset()


def test_whereabouts_are_remembered_and_earlier_ones_told(world: World) -> None:
    first, second = a_life("c-acorn"), a_life("c-birch", epoch=3)
    assert list(world.index.whereabouts(FILE)) == []
    assert list(world.index.note_whereabouts(FILE, first)) == []
    assert list(world.index.note_whereabouts(FILE, first)) == []
    assert list(world.index.note_whereabouts(FILE, second)) == [first]
    assert list(world.index.note_whereabouts(FILE, first)) == [second]
    assert set(world.index.whereabouts(FILE)) == {first, second}
    assert list(world.index.whereabouts(FileId("another"))) == []


def test_whereabouts_noted_at_once_are_all_remembered(world: World) -> None:
    """Each is remembered, or whoever noted it is told to try again."""
    lives = [a_life(f"c-{number}") for number in range(8)]
    told = race([partial(world.index.note_whereabouts, FILE, life) for life in lives])
    refused = [type(one) for one in told if isinstance(one, Exception)]
    assert set(refused) <= {ConflictError}
    for life, answer in zip(lives, told, strict=True):
        if isinstance(answer, Exception):
            world.index.note_whereabouts(FILE, life)
    assert set(world.index.whereabouts(FILE)) == set(lives)
