"""The books of an erasure: what was asked, where it stands, what was found, what was signed."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import cycle, islice
from typing import Any

import pytest

from contracts.racing import race
from custody.domain.erasure import (
    Copy,
    CopyState,
    Decision,
    Erasure,
    ErasureId,
    Fate,
    Part,
    PlanId,
    Reason,
    Scope,
    Track,
    entry_of,
)
from custody.domain.holds import Hold
from custody.domain.plan import Held, Outlook, Plan
from custody.domain.receipt import Receipt
from custody.domain.sweep import Glance, Page
from custody.domain.vault import FileHistory, FileId, HoldingEpoch, Source
from custody.errors import ConflictError, NotFoundError
from custody.ports import Seen
from samples import LIFE, NOW, a_history, a_life, a_track, a_version
from worlds.world import World

ONE, TEN = ErasureId("e-1"), ErasureId("e-10")
LATER = NOW + timedelta(days=1, microseconds=1)
SHA = "0" * 64


# What was asked.


def an_erasure(erasure: ErasureId = ONE, **known: Any) -> Erasure:
    values: dict[str, Any] = {
        "erasure": erasure,
        "request_id": "7c0f1d2e-4b5a-4c6d-8e9f-0a1b2c3d4e5f",
        "customer": LIFE.customer,
        "scope": Scope.SOURCES,
        "reason": Reason.REQUEST,
        "requested_at": NOW,
        "deadline": NOW + timedelta(days=30),
        "parts": (Part(life=LIFE),),
    }
    return Erasure(**values | known)


def a_full_erasure() -> Erasure:
    """One that has everything an erasure can have."""
    earlier, present = Part(life=LIFE), Part(life=a_life(epoch=2), folder_id=FileId("folder-one"))
    theirs = Part(life=a_life(source="stripe"), folder_id=FileId("folder-two"), adopted=True)
    return an_erasure(
        scope=Scope.ALL,
        reason=Reason.TERMINATION,
        requested_at=LATER,
        parts=(earlier, present, theirs, Part(life=entry_of(LIFE.customer))),
        plan=PlanId("p-one"),
        requested_by="person-one",
        needs_approval=True,
    )


@pytest.mark.parametrize("erasure", [an_erasure(), a_full_erasure()])
def test_an_erasure_is_found_as_it_was_added(world: World, erasure: Erasure) -> None:
    assert world.books.erasures.add(erasure) == erasure
    assert world.books.erasures.find(erasure.erasure) == erasure


def test_an_erasure_that_nobody_asked_for_is_not_found(world: World) -> None:
    world.books.erasures.add(an_erasure(TEN))
    with pytest.raises(NotFoundError):
        world.books.erasures.find(ONE)


def test_an_erasure_is_written_down_once_and_the_first_one_stands(world: World) -> None:
    first = an_erasure()
    for delivery in (first, replace(first, requested_at=LATER), first):
        assert world.books.erasures.add(delivery) == first
    assert world.books.erasures.find(ONE) == first


def test_of_sixteen_deliveries_of_one_request_all_are_told_the_same(world: World) -> None:
    """T18: each of them looked before any had written."""
    asked = [an_erasure(requested_at=NOW + timedelta(seconds=n)) for n in range(16)]
    told = race([partial(world.books.erasures.add, one) for one in asked])
    assert told == [world.books.erasures.find(ONE)] * 16
    assert list(world.books.erasures.ids()) == [ONE]


def test_erasures_are_named_in_the_order_of_their_ids(world: World) -> None:
    assert list(world.books.erasures.ids()) == []
    for erasure in (TEN, ErasureId("e-2"), ONE):
        world.books.erasures.add(an_erasure(erasure))
    world.books.erasures.decide(ErasureId("e-3"), Decision.CANCEL)
    assert list(world.books.erasures.ids()) == [ONE, TEN, "e-2"]


@pytest.mark.parametrize("first", Decision)
def test_whichever_decision_is_first_stands(world: World, first: Decision) -> None:
    erasures = world.books.erasures
    assert erasures.decision(ONE) is None
    for decision in (first, *Decision):
        assert erasures.decide(ONE, decision) is first
    assert erasures.decision(ONE) is first
    assert erasures.decision(TEN) is None


def test_of_sixteen_that_decide_at_once_all_are_told_the_same(world: World) -> None:
    """Nobody goes on with what somebody else was told is cancelled."""
    wanted = islice(cycle(Decision), 16)
    told = race([partial(world.books.erasures.decide, ONE, one) for one in wanted])
    assert told == [world.books.erasures.decision(ONE)] * 16


def test_an_erasure_is_approved_once(world: World) -> None:
    erasures = world.books.erasures
    assert erasures.approved_by(ONE) is None
    for person in ("person-one", "person-two", "person-one"):
        erasures.approve(ONE, person)
    assert erasures.approved_by(ONE) == "person-one"
    assert erasures.approved_by(TEN) is None


# Where each copy stands.


def a_full_track() -> Track:
    """One that has everything a track can have."""
    return a_track(
        Copy.DRIVE,
        CopyState.BLOCKED,
        by=TEN,
        since=LATER,
        due_at=LATER,
        swept_at=NOW,
        before=7,
        inventory=SHA,
        deleted=1,
        relinquished=2,
        kept=3,
        waiting=4,
        missing=5,
        stragglers=6,
        reason="an owner forbids it",
        until=LATER,
        deleted_at=NOW,
        checked_at=LATER,
        t1=LATER,
        t2=LATER,
        notes=("soft delete is off", "größe"),
    )


def seen(world: World, track: Track) -> Seen[Track]:
    life = track.life
    return world.books.tracks.read(track.erasure, life.source, life.epoch, track.copy)


@pytest.mark.parametrize("track", [a_track(), a_full_track()])
def test_a_track_is_read_as_it_was_written(world: World, track: Track) -> None:
    written = world.books.tracks.write(track, stamp=0)
    assert written.value == track
    assert written.stamp > 0
    assert seen(world, track) == written


def test_a_track_that_was_never_begun_is_not_found(world: World) -> None:
    world.books.tracks.write(a_track(), stamp=0)
    for other in (
        a_track(erasure=TEN),
        a_track(Copy.DRIVE),
        a_track(life=a_life(source="hub")),
        a_track(life=a_life(epoch=11)),
    ):
        with pytest.raises(NotFoundError):
            seen(world, other)


def test_a_track_moves_from_where_it_was_read_and_from_nowhere_else(world: World) -> None:
    """A copy that another delivery moved meanwhile must be read and decided about again."""
    tracks = world.books.tracks
    first = tracks.write(a_track(), stamp=0)
    second = tracks.write(a_track(deleted=1), stamp=first.stamp)
    assert second.stamp != first.stamp
    for old in (0, first.stamp):
        with pytest.raises(ConflictError):
            tracks.write(a_track(deleted=2), stamp=old)
    assert seen(world, a_track()) == second


def test_the_same_write_again_is_told_as_written(world: World) -> None:
    """T27: whoever lost the answer must not take its own write for somebody else's."""
    tracks = world.books.tracks
    first = tracks.write(a_track(), stamp=0)
    assert tracks.write(a_track(), stamp=0) == first
    second = tracks.write(a_track(deleted=1), stamp=first.stamp)
    assert tracks.write(a_track(deleted=1), stamp=first.stamp) == second
    assert tracks.write(a_track(deleted=2), stamp=second.stamp).value.deleted == 2


@pytest.mark.parametrize("begun", [False, True])
def test_of_sixteen_that_move_a_track_from_one_place_one_wins(world: World, begun: bool) -> None:
    stamp = world.books.tracks.write(a_track(), stamp=0).stamp if begun else 0
    moves = [
        partial(world.books.tracks.write, a_track(deleted=n), stamp=stamp) for n in range(1, 17)
    ]
    told = race(moves)
    won = [one for one in told if isinstance(one, Seen)]
    assert [type(one) for one in told if not isinstance(one, Seen)] == [ConflictError] * 15
    assert [seen(world, a_track())] == won


def test_the_tracks_of_an_erasure_are_its_own_and_no_others(world: World) -> None:
    lives = [LIFE, a_life(epoch=10), a_life(source="stripe")]
    for erasure in (ONE, TEN):
        assert list(world.books.tracks.of(erasure)) == []
    theirs = {
        erasure: {a_track(copy, life=life, erasure=erasure) for copy in Copy for life in lives}
        for erasure in (ONE, TEN)
    }
    for track in theirs[ONE] | theirs[TEN]:
        world.books.tracks.write(track, stamp=0)
    for erasure in (ONE, TEN):
        found = world.books.tracks.of(erasure)
        assert len(found) == len(theirs[erasure])
        assert set(found) == theirs[erasure]


def a_glance(track: Track) -> Glance:
    return Glance(
        erasure=track.erasure,
        source=track.life.source,
        epoch=track.life.epoch,
        copy=track.copy,
        state=track.state,
        due_at=track.due_at,
    )


def test_a_glance_shows_where_every_copy_of_every_erasure_stands(world: World) -> None:
    assert list(world.books.tracks.glance()) == []
    tracks = [
        a_track(erasure=ONE),
        a_track(Copy.KEYS, CopyState.DELETED_BY_US, erasure=ONE, due_at=LATER),
        a_track(erasure=TEN, life=a_life(source="ä/%2F", epoch=12)),
        a_track(Copy.LEDGER, erasure=TEN, life=entry_of(LIFE.customer)),
    ]
    for track in tracks:
        world.books.tracks.write(track, stamp=0)
    glances = list(world.books.tracks.glance())
    assert len(glances) == len(tracks)
    assert set(glances) == set(map(a_glance, tracks))


def test_a_glance_shows_the_last_word_on_a_copy(world: World) -> None:
    first = world.books.tracks.write(a_track(), stamp=0)
    after = a_track(state=CopyState.BLOCKED, due_at=LATER)
    world.books.tracks.write(after, stamp=first.stamp)
    assert list(world.books.tracks.glance()) == [a_glance(after)]


# What was found.


def a_page(number: int = 0, **known: Any) -> Page:
    return Page(number=number, round=1, began_at=NOW, **known)


def a_full_page() -> Page:
    """One that has everything a page can have."""
    return Page(
        number=3,
        round=2,
        began_at=LATER,
        after="a/b",
        last="größe",
        before=7,
        inventory=SHA,
        deleted=1,
        relinquished=2,
        news=3,
        kept=4,
        waiting=5,
        until=LATER,
    )


@pytest.mark.parametrize("page", [a_page(), a_full_page()])
def test_a_page_is_read_as_it_was_put(world: World, page: Page) -> None:
    assert world.books.pages.read(a_track(), page.number) is None
    assert world.books.pages.put(a_track(), page) == page
    assert world.books.pages.read(a_track(), page.number) == page


def test_what_was_found_first_stands(world: World) -> None:
    """A second look, after part of the page was deleted, must not count anew."""
    first = a_page(before=2, deleted=2)
    for found in (first, a_page(before=1, deleted=1), first):
        assert world.books.pages.put(a_track(), found) == first
    assert world.books.pages.read(a_track(), 0) == first


def test_of_sixteen_that_put_one_page_all_are_told_the_same(world: World) -> None:
    found = [partial(world.books.pages.put, a_track(), a_page(before=n)) for n in range(16)]
    assert race(found) == [world.books.pages.read(a_track(), 0)] * 16


def test_a_page_is_finished_when_somebody_says_so_and_twice_is_once(world: World) -> None:
    pages = world.books.pages
    for number in (0, 1):
        pages.put(a_track(), a_page(number))
    assert not pages.finished(a_track(), 0)
    for _ in range(2):
        pages.finish(a_track(), 0)
    assert pages.finished(a_track(), 0)
    assert not pages.finished(a_track(), 1)
    assert pages.read(a_track(), 0) == a_page()


def test_a_sweep_goes_on_at_the_last_page_that_is_not_finished(world: World) -> None:
    pages, track = world.books.pages, a_track()
    assert pages.next_number(track) == 0
    pages.put(track, a_page(0))
    assert pages.next_number(track) == 0
    pages.finish(track, 0)
    assert pages.next_number(track) == 1
    pages.put(track, a_page(1))
    assert pages.next_number(track) == 1


@pytest.mark.parametrize("highest", [9, 99, 99_999, 999_999])
def test_pages_stand_in_the_order_of_their_numbers(world: World, highest: int) -> None:
    pages, track = world.books.pages, a_track()
    for number in (highest + 1, highest):
        pages.put(track, a_page(number))
    pages.finish(track, highest)
    assert pages.next_number(track) == highest + 1
    pages.finish(track, highest + 1)
    assert pages.next_number(track) == highest + 2


def test_the_pages_of_a_copy_are_its_own_and_no_others(world: World) -> None:
    """What begins alike is something else: erasures, sources, epochs and copies."""
    pages, track = world.books.pages, a_track(erasure=ONE, life=a_life(source="hub"))
    others = [
        replace(track, erasure=TEN),
        replace(track, life=a_life(source="hubspot")),
        replace(track, life=a_life(source="hub", epoch=10)),
        replace(track, copy=Copy.KEYS),
    ]
    for number, other in enumerate(others):
        pages.put(other, a_page(number))
        pages.finish(other, number)
    assert pages.next_number(track) == 0
    for number, other in enumerate(others):
        assert pages.read(track, number) is None
        assert not pages.finished(track, number)
        assert pages.next_number(other) == number + 1


# What people were shown, and what was signed.


def a_plan(**known: Any) -> Plan:
    values: dict[str, Any] = {
        "customer": LIFE.customer,
        "scope": Scope.SOURCES,
        "sources": (LIFE.source,),
        "reason": Reason.REQUEST,
        "parts": (Part(life=LIFE, folder_id=FileId("folder-one"), adopted=True),),
        "outlooks": (
            Outlook(
                life=LIFE,
                copy=Copy.DRIVE,
                objects=3,
                size_bytes=12,
                fates=(Fate.DELETE, Fate.RELINQUISH),
                until=LATER,
                t1=LATER,
                t2=None,
                notes=("soft delete is off",),
            ),
        ),
        "holds": (Held(source=LIFE.source, until=LATER),),
        "made_at": NOW,
    }
    return Plan(**values | known)


def test_a_plan_is_found_as_it_was_saved_and_has_its_id(world: World) -> None:
    plan = a_plan()
    world.books.plans.save(plan)
    assert world.books.plans.find(plan.id) == plan
    assert world.books.plans.find(plan.id).id == plan.id


def test_a_plan_that_nobody_made_is_not_found(world: World) -> None:
    world.books.plans.save(a_plan())
    with pytest.raises(NotFoundError):
        world.books.plans.find(PlanId("p-none"))


def test_a_plan_that_comes_out_the_same_is_the_one_that_was_made_first(world: World) -> None:
    again = a_plan(made_at=LATER)
    assert again.id == a_plan().id
    for plan in (a_plan(), again):
        world.books.plans.save(plan)
    assert world.books.plans.find(again.id) == a_plan()


def a_receipt(number: int = 1, erasure: ErasureId = ONE, facts: str = SHA) -> Receipt:
    return Receipt(erasure=erasure, number=number, issued_at=LATER, facts=facts, jws=f"a.b.{facts}")


def test_an_erasure_without_a_receipt_has_no_last_one(world: World) -> None:
    world.books.receipts.add(a_receipt(erasure=TEN))
    assert world.books.receipts.last(ONE) is None


def test_the_last_receipt_is_the_one_with_the_highest_number(world: World) -> None:
    for number in range(1, 11):
        assert world.books.receipts.add(a_receipt(number)) == a_receipt(number)
        assert world.books.receipts.last(ONE) == a_receipt(number)


def test_a_number_is_given_to_one_receipt(world: World) -> None:
    first = a_receipt()
    for receipt in (first, a_receipt(facts="1" * 64), first):
        assert world.books.receipts.add(receipt) == first
    assert world.books.receipts.last(ONE) == first


def test_of_sixteen_that_issue_one_receipt_all_are_told_the_same(world: World) -> None:
    issued = [a_receipt(facts=f"{n:064}") for n in range(16)]
    told = race([partial(world.books.receipts.add, one) for one in issued])
    assert told == [world.books.receipts.last(ONE)] * 16


# Who may not be erased yet.


def a_hold(source: str = "hubspot", **known: Any) -> Hold:
    values: dict[str, Any] = {
        "customer": LIFE.customer,
        "source": Source(source),
        "reason": "a dispute, größer als gedacht",
        "until": LATER,
        "placed_at": NOW,
    }
    return Hold(**values | known)


def test_a_hold_is_found_as_it_was_put(world: World) -> None:
    holds = world.books.holds
    assert holds.find(LIFE.customer, LIFE.source) is None
    holds.put(a_hold())
    assert holds.find(LIFE.customer, LIFE.source) == a_hold()


def test_a_hold_replaces_the_one_before(world: World) -> None:
    longer = a_hold(until=LATER + timedelta(days=1))
    for hold in (a_hold(), longer, longer):
        world.books.holds.put(hold)
    assert world.books.holds.find(LIFE.customer, LIFE.source) == longer


def test_a_hold_is_of_one_source_of_one_customer(world: World) -> None:
    holds = world.books.holds
    holds.put(a_hold("hub"))
    holds.put(a_hold(customer=a_life("c-other").customer))
    assert holds.find(LIFE.customer, LIFE.source) is None
    holds.put(a_hold())
    holds.remove(LIFE.customer, LIFE.source)
    assert holds.find(LIFE.customer, Source("hub")) == a_hold("hub")


def test_a_hold_that_was_removed_is_gone_and_removing_it_twice_is_once(world: World) -> None:
    world.books.holds.put(a_hold())
    for _ in range(2):
        world.books.holds.remove(LIFE.customer, LIFE.source)
    assert world.books.holds.find(LIFE.customer, LIFE.source) is None


# What the index promises to a sweep.


def write_history(
    world: World, file_id: FileId, versions: int = 0, life: HoldingEpoch = LIFE
) -> None:
    history = FileHistory(life=life, file_id=file_id)
    for number in range(versions):
        version = a_version(f"r{number}", number, life=life, file_id=file_id)
        history = history.with_version(version)
    world.index.write(history, stamp=0, sealer=world.keys.unwrap(life))


def test_the_index_promises_the_versions_of_an_epoch_and_of_no_other(world: World) -> None:
    tenth = a_life(epoch=10)
    for life in (LIFE, tenth):
        world.keys.create(life)
        assert world.index.promised(life) == 0
    for versions in (0, 1, 3):
        write_history(world, FileId(f"file-{versions}"), versions)
    write_history(world, FileId("theirs"), 2, tenth)
    assert world.index.promised(LIFE) == 4
    assert world.index.promised(tenth) == 2


def test_what_the_index_promises_needs_no_keyset(world: World) -> None:
    """The keys are destroyed first, and what they sealed is counted after."""
    world.keys.create(LIFE)
    sealer = world.keys.unwrap(LIFE)
    first = world.index.write(a_history(a_version("r1")), stamp=0, sealer=sealer)
    both = a_history(a_version("r1"), a_version("r2", 2))
    world.index.write(both, stamp=first.stamp, sealer=sealer)
    world.destroy_keyset(LIFE)
    assert world.index.promised(LIFE) == 2
    assert world.index.ids_after(LIFE, None, 9) == [both.file_id]
