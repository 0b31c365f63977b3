"""The copy in Drive: a Store that deletes what is ours, a Witness that looks by other ways."""

from collections import Counter
from datetime import timedelta

import pytest

from custody.domain.drive import DriveFile, Unreadable
from custody.domain.drive_fates import file_of
from custody.domain.erasure import Copy, ErasureId, Fate, Found, Target, Thing
from custody.domain.quarantine import quarantined
from custody.domain.vault import FileHistory, FileId, Holding, HoldingEpoch, HoldingState
from custody.errors import RefusedError
from samples import NOW, a_life
from worlds.drive_copy import OWNER, Bench, MemoryHands
from worlds.drive_copy_local import local_bench
from worlds.localcloud import LocalWorld
from worlds.memory import MemoryWorld
from worlds.world import World

LIFE, OTHER = a_life(), a_life(source="stripe")
GUEST = "agency@elsewhere.example"


@pytest.fixture
def bench(world: World) -> Bench:
    if isinstance(world, LocalWorld):
        return local_bench(world, world.google.root)
    assert isinstance(world, MemoryWorld)
    return Bench(
        store=world.stores[Copy.DRIVE],
        witness=world.witnesses[Copy.DRIVE],
        hands=MemoryHands(world.google),
    )


# A holding under erasure, and what people did with it before.


def a_target(world: World, folder: FileId | None, *, adopted: bool = False) -> Target:
    """An epoch that is fenced: its keyset is of no use any more, its index stands."""
    world.keys.create(LIFE)
    save(world, LIFE, folder or FileId("none"), HoldingState.CLOSED)
    return Target(erasure=ErasureId("e-one"), life=LIFE, folder_id=folder, adopted=adopted)


def save(world: World, life: HoldingEpoch, folder: FileId, state: HoldingState) -> None:
    world.registry.save_holding(Holding(life=life, state=state, folder_id=folder))


def our_folder(world: World) -> FileId:
    return world.google.create_folder("hubspot 1", world.google.root)


def know(world: World, *files: FileId) -> None:
    """These were captured in the epoch, or at least seen."""
    sealer = world.keys.unwrap(LIFE)
    for file_id in files:
        history = FileHistory(life=LIFE, file_id=file_id)
        world.index.write(history, stamp=0, sealer=sealer)


def set_aside(world: World, kind: str, reference: str, *, epoch: int = 1) -> None:
    entry = quarantined(
        kind,
        "a reason",
        reference,
        seen_at=NOW,
        customer=LIFE.customer,
        source=LIFE.source,
        epoch=epoch,
    )
    world.quarantine.put(entry)


def is_there(world: World, file_id: FileId) -> bool:
    return isinstance(world.drive.describe([file_id])[file_id], DriveFile)


def fates(things: list[Thing]) -> dict[Fate, int]:
    return dict(Counter(one.fate for one in things))


# What is ours.


def test_every_known_file_is_deleted_wherever_it_lies_now_in_our_drive(
    world: World, bench: Bench
) -> None:
    """T12: captured plaintext that a colleague moved elsewhere is found by its id."""
    folder = our_folder(world)
    elsewhere = world.google.create_folder("a colleague's", world.google.root)
    target = a_target(world, folder)
    files = [world.google.create_file(f"{n}.csv", folder, b"x") for n in range(5)]
    know(world, *files)
    world.google.move(files[0], elsewhere)
    world.google.move(files[1], world.google.root)
    world.google.trash(files[2])
    assert fates(bench.sweep(target)) == {Fate.DELETE: 6}  # five files and the folder
    assert [one for one in (*files, folder) if is_there(world, one)] == []
    assert is_there(world, elsewhere)


def test_what_the_folder_shows_goes_leaves_first_and_the_folder_itself_last(
    world: World, bench: Bench
) -> None:
    """T12: whoever deletes a folder first deletes what nobody looked at."""
    folder = our_folder(world)
    target = a_target(world, folder)
    above: dict[FileId, FileId] = {}
    deepest = folder
    for level in range(4):
        for n in range(2):
            above[world.google.create_file(f"{n}", deepest, b"x")] = deepest
        inner = world.google.create_folder(f"level {level}", deepest)
        above[inner], deepest = deepest, inner
    met = [file_of(one.name) for one in bench.sweep(target)]
    assert set(met) == {*above, folder}
    assert len(met) == len(set(met))
    assert all(met.index(one) < met.index(above[one]) for one in above)
    assert met[-1] == folder


def test_known_and_unknown_documents_and_what_lies_in_the_trash_go_too(
    world: World, bench: Bench
) -> None:
    folder = our_folder(world)
    target = a_target(world, folder)
    inner = world.google.create_folder("inner", folder)
    inside = world.google.create_file("inside.csv", inner, b"x")
    documents = [world.google.create_document(f"{n}", folder, b"words") for n in range(2)]
    know(world, documents[0])
    world.google.trash(inner)
    assert fates(bench.sweep(target)) == {Fate.DELETE: 5}
    assert [one for one in (inner, inside, *documents, folder) if is_there(world, one)] == []


def test_a_shortcut_goes_and_its_target_stays(world: World, bench: Bench) -> None:
    """T11: nothing is ever followed."""
    folder, elsewhere = our_folder(world), world.google.create_folder("b", world.google.root)
    target = a_target(world, folder)
    pointed_at = [elsewhere, world.google.create_file("theirs.csv", elsewhere, b"x")]
    shortcuts = [world.google.create_shortcut("short", folder, one) for one in pointed_at]
    know(world, shortcuts[0])
    bench.sweep(target)
    assert [one for one in shortcuts if is_there(world, one)] == []
    assert all(is_there(world, one) for one in pointed_at)


def test_a_copy_that_somebody_made_elsewhere_is_not_touched(world: World, bench: Bench) -> None:
    """It has an id of its own, and nobody ever saw it in this holding."""
    folder = our_folder(world)
    target = a_target(world, folder)
    file_id = world.google.create_file("deals.csv", folder, b"x")
    copy = world.google.create_file("copy of deals.csv", world.google.root, b"x")
    know(world, file_id)
    bench.sweep(target)
    assert is_there(world, copy)


def test_what_quarantine_alone_knows_of_goes_once(world: World, bench: Bench) -> None:
    folder = our_folder(world)
    target = a_target(world, folder)
    files = [world.google.create_file(f"{n}", world.google.root, b"x") for n in range(4)]
    know(world, files[0])
    set_aside(world, "file", files[0])
    set_aside(world, "file", files[1])
    set_aside(world, "message", files[2])
    set_aside(world, "moved-file", files[3], epoch=2)
    assert fates(bench.sweep(target)) == {Fate.DELETE: 3}
    assert [is_there(world, one) for one in files] == [False, False, True, True]


def test_a_file_that_people_add_while_it_is_erased_goes_with_a_later_round(
    world: World, bench: Bench
) -> None:
    folder = our_folder(world)
    target = a_target(world, folder)
    found = bench.store.find(target, "")
    late = world.google.create_file("late.csv", folder, b"x")
    assert fates(list(found.things)) == {Fate.DELETE: 1}
    bench.sweep(target)
    assert not is_there(world, late)


def test_a_folder_that_people_filled_meanwhile_is_not_deleted_over_their_heads(
    world: World, bench: Bench
) -> None:
    folder = our_folder(world)
    target = a_target(world, folder)
    (thing,) = bench.store.find(target, "").things
    late = world.google.create_file("late.csv", folder, b"x")
    with pytest.raises(Exception, match="something was put into a folder"):
        bench.store.delete(target, [thing])
    assert is_there(world, late)


def test_deleting_twice_is_deleting_once(world: World, bench: Bench) -> None:
    folder = our_folder(world)
    target = a_target(world, folder)
    know(world, world.google.create_file("deals.csv", folder, b"x"))
    things = bench.store.find(target, "").things
    bench.store.delete(target, things)
    bench.store.delete(target, things)
    assert bench.witness.remaining(target, "", None) == 0


def test_what_people_deleted_before_is_nothing_to_delete(world: World, bench: Bench) -> None:
    folder = our_folder(world)
    target = a_target(world, folder)
    know(world, world.google.create_file("deals.csv", folder, b"x"))
    world.google.delete(folder)
    assert bench.sweep(target) == []


def test_an_epoch_without_a_folder_has_its_known_files_alone(world: World, bench: Bench) -> None:
    target = a_target(world, None)
    file_id = world.google.create_file("deals.csv", world.google.root, b"x")
    know(world, file_id)
    assert fates(bench.sweep(target)) == {Fate.DELETE: 1}


def test_pages_are_stretches_in_the_order_of_names_and_sizes_are_told(
    world: World, bench: Bench
) -> None:
    folder = our_folder(world)
    target = a_target(world, folder)
    files = [world.google.create_file(f"{n}", folder, b"x" * n) for n in range(8)]
    know(world, *files[:4])
    met: list[Thing] = []
    after = ""
    while True:
        found = bench.store.find(target, after)
        names = [one.name for one in found.things]
        assert names == sorted(names)
        assert all(after < name and (not found.last or name <= found.last) for name in names)
        met += found.things
        if found.last is None:
            break
        after = found.last
    sizes = {file_of(one.name): one.size_bytes for one in met}
    assert [sizes[one] for one in files] == list(range(8))


def test_the_witness_counts_what_is_there_in_any_stretch(world: World, bench: Bench) -> None:
    """By ways of its own: it is not told what was found."""
    folder = our_folder(world)
    target = a_target(world, folder)
    know(world, *(world.google.create_file(f"{n}", world.google.root, b"x") for n in range(3)))
    set_aside(world, "file", world.google.create_file("odd", world.google.root, b"x"))
    inner = world.google.create_folder("inner", folder)
    for where in (folder, inner, world.google.create_folder("deeper", inner)):
        world.google.create_file("x", where, b"x")
    names = [one.name for one in found_in_all(bench, target)]
    assert bench.witness.remaining(target, "", None) == len(names) == 10
    for at, after in enumerate(names):
        assert bench.witness.remaining(target, "", after) == at + 1
        assert bench.witness.remaining(target, after, None) == len(names) - at - 1
        assert bench.witness.remaining(target, after, names[-1]) == len(names) - at - 1


def found_in_all(bench: Bench, target: Target) -> list[Thing]:
    met: list[Thing] = []
    page = Found(last="")
    while page.last is not None:
        page = bench.store.find(target, page.last)
        met += page.things
    return met


# What is another holding's.


def test_what_lies_in_another_open_holding_now_is_kept_and_untouched(
    world: World, bench: Bench
) -> None:
    """It goes when that one is erased."""
    folder, theirs = our_folder(world), world.google.create_folder("stripe 1", world.google.root)
    target = a_target(world, folder)
    save(world, OTHER, theirs, HoldingState.OPEN)
    inner = world.google.create_folder("inner", theirs)
    files = [world.google.create_file(f"{n}", folder, b"x") for n in range(3)]
    know(world, *files)
    world.google.move(files[0], theirs)
    world.google.move(files[1], inner)
    own = world.google.create_file("theirs.csv", theirs, b"x")
    assert fates(bench.sweep(target)) == {Fate.KEEP: 2, Fate.DELETE: 2}
    assert all(is_there(world, one) for one in (theirs, inner, own, *files[:2]))


def test_what_lies_in_a_holding_that_is_closed_too_is_deleted(world: World, bench: Bench) -> None:
    folder, theirs = our_folder(world), world.google.create_folder("stripe 1", world.google.root)
    target = a_target(world, folder)
    save(world, OTHER, theirs, HoldingState.CLOSED)
    file_id = world.google.create_file("deals.csv", theirs, b"x")
    know(world, file_id)
    bench.sweep(target)
    assert not is_there(world, file_id)


def test_a_folder_with_the_folder_of_another_holding_in_it_is_refused(
    world: World, bench: Bench
) -> None:
    """Whoever deletes a folder deletes all that is in it: a person has to move that out."""
    folder = our_folder(world)
    target = a_target(world, folder)
    inner = world.google.create_folder("inner", folder)
    theirs = world.google.create_folder("stripe 1", inner)
    file_id = world.google.create_file("theirs.csv", theirs, b"x")
    save(world, OTHER, theirs, HoldingState.OPEN)
    with pytest.raises(RefusedError):
        bench.sweep(target)
    assert is_there(world, file_id)


# What others own.


def test_a_customers_own_folder_is_relinquished_and_its_owner_told_once(
    world: World, bench: Bench
) -> None:
    """T12: all access to it ends with one permission; nothing of it is changed."""
    folder = world.google.create_folder("exports")
    target = a_target(world, folder, adopted=True)
    inner = world.google.create_folder("inner", folder)
    files = [world.google.create_file("x.csv", where, b"one") for where in (folder, inner)]
    know(world, *files)
    assert fates(bench.sweep(target)) == {Fate.RELINQUISH: 1}
    assert [one for one in (folder, inner, *files) if is_there(world, one)] == []
    assert [bench.hands.owner_reads(one) for one in files] == [b"one", b"one"]
    (mail,) = bench.hands.mails()
    assert mail[0] == OWNER
    assert "give" in mail[1]


def test_what_only_its_owner_can_end_is_asked_for_once_and_stays(
    world: World, bench: Bench
) -> None:
    """T12: what is inherited, or a domain's, cannot be given up."""
    folder = world.google.create_folder("exports")
    target = a_target(world, folder, adopted=True)
    files = [world.google.create_file(f"{n}", folder, b"one") for n in range(4)]
    know(world, *files)
    bench.hands.share_by_domain(folder)
    assert fates(bench.sweep(target)) == {Fate.ASK_OWNER: 5}
    assert [bench.hands.owner_reads(one) for one in files] == [b"one"] * 4
    assert all(is_there(world, one) for one in (folder, *files))
    ((to, message),) = bench.hands.mails()
    assert to == OWNER
    assert "please" in message


def test_what_the_owner_ends_is_waited_for_no_more(world: World, bench: Bench) -> None:
    folder = world.google.create_folder("exports")
    target = a_target(world, folder, adopted=True)
    know(world, world.google.create_file("deals.csv", folder, b"one"))
    bench.hands.share_by_domain(folder)
    assert fates(bench.round(target)) == {Fate.ASK_OWNER: 2}
    world.google.delete(folder)
    assert bench.sweep(target) == []


def test_a_customers_folder_that_we_see_no_more_is_no_thing(world: World, bench: Bench) -> None:
    """T6: nothing to give up, nobody to tell, and no evidence of a deletion."""
    folder = world.google.create_folder("exports")
    target = a_target(world, folder, adopted=True)
    know(world, world.google.create_file("deals.csv", folder, b"one"))
    world.google.hide(folder)
    assert bench.sweep(target) == []
    assert bench.hands.mails() == []


def test_a_customers_folder_that_the_next_epoch_has_again_is_kept(
    world: World, bench: Bench
) -> None:
    """A customer that returns with the same folder is not thrown out by the old erasure."""
    folder = world.google.create_folder("exports")
    target = a_target(world, folder, adopted=True)
    files = [world.google.create_file(f"{n}", folder, b"one") for n in range(2)]
    know(world, *files)
    save(world, a_life(epoch=2), folder, HoldingState.OPEN)
    assert fates(bench.sweep(target)) == {Fate.KEEP: 3}
    assert all(is_there(world, one) for one in (folder, *files))
    assert bench.hands.mails() == []


# Who looks, and the end of writing.


def test_whoever_is_no_organizer_may_judge_nothing(world: World, bench: Bench) -> None:
    """T12: a 404 means gone only to an identity that would see the file."""
    target = a_target(world, None)
    file_id = world.google.create_file("deals.csv", world.google.root, b"x")
    know(world, file_id)
    world.google.delete(file_id)
    bench.hands.demote()
    for attempt in (
        lambda: bench.store.close(target),
        lambda: bench.store.find(target, ""),
        lambda: bench.witness.remaining(target, "", None),
    ):
        with pytest.raises(RefusedError, match="organizer"):
            attempt()


def test_closing_ends_what_others_may_write_and_twice_is_once(world: World, bench: Bench) -> None:
    folder = our_folder(world)
    target = a_target(world, folder)
    bench.hands.let_in(folder, GUEST)
    assert bench.hands.guests(folder) == {GUEST}
    for _ in range(2):
        bench.store.close(target)
        assert bench.hands.guests(folder) == set()


def test_closing_leaves_a_customers_folder_as_it_is(world: World, bench: Bench) -> None:
    folder = world.google.create_folder("exports")
    file_id = world.google.create_file("deals.csv", folder, b"one")
    bench.store.close(a_target(world, folder, adopted=True))
    assert isinstance(world.drive.describe([file_id])[file_id], DriveFile)
    assert not isinstance(world.drive.describe([folder])[folder], Unreadable)


def test_the_horizon_is_what_google_grants(world: World, bench: Bench) -> None:
    """T13: an administrator can restore for 25 days; Google erases within 180."""
    horizon = bench.store.horizon(a_target(world, our_folder(world)))
    assert (horizon.ours, horizon.provider) == (timedelta(days=25), timedelta(days=180))
