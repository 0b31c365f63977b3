"""Chase: what stands still is rung for, and what is done is not even read."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from custody.domain.erasure import (
    Copy,
    CopyState,
    Decision,
    Erasure,
    ErasureId,
    Reason,
    Scope,
    State,
)
from custody.domain.events import DeletionRequested, ErasureStep, Event
from custody.domain.request_erasure import erasure_id
from custody.domain.sweep import FIRST_LOOK
from custody.domain.vault import Holding, HoldingEpoch
from custody.errors import CorruptError
from custody.steps.chase import Chase, chase
from custody.steps.plan_erasure import approve, cancel
from custody.steps.request_erasure import request_erasure
from pipeline.driver import Pipeline
from samples import LIFE, NOW, a_life, a_track, an_erasure
from worlds.erasures import MemoryErasures
from worlds.memory import MemoryWorld
from worlds.writes import Crash, Writes

ONE, TWO = ErasureId("e-one"), ErasureId("e-two")
GONE = CopyState.DELETED_BY_US
DAY = timedelta(days=1)
DUE, LATER = NOW, NOW + DAY
DEADLINE = NOW + 30 * DAY

REQUEST = DeletionRequested(
    request_id="7c0f1d2e-4b5a-4c6d-8e9f-0a1b2c3d4e5f",
    customer=a_life("c-acorn").customer,
    scope=Scope.SOURCES,
    sources=(LIFE.source,),
    reason=Reason.REQUEST,
    submitted_at=NOW,
)


def asked(erasure: ErasureId = ONE, *lives: HoldingEpoch, **known: Any) -> Erasure:
    values: dict[str, Any] = {
        "erasure": erasure,
        "request_id": REQUEST.request_id,
        "scope": Scope.SOURCES,
        "deadline": DEADLINE,
    }
    return an_erasure(*lives, **values | known)


def begin(world: MemoryWorld, erasure: ErasureId = ONE, **due: tuple[CopyState, datetime]) -> None:
    """An erasure of one epoch: state and due day of each copy, else settled and not due."""
    world.erasures.add(asked(erasure))
    world.erasures.decide(erasure, Decision.PROCEED)
    for copy in Copy:
        state, due_at = due.get(copy.value, (GONE, LATER))
        track = a_track(copy, state, erasure=erasure, by=erasure, due_at=due_at)
        world.tracks.write(track, stamp=0)


def run(world: MemoryWorld, now: datetime = NOW) -> list[Event]:
    """What is rung for, as it is counted."""
    before = len(world.published)
    count = chase(Chase(books=world.books, now=now))
    rung = world.published[before:]
    assert len(rung) == count
    return rung


def step(copy: Copy, erasure: ErasureId = ONE) -> ErasureStep:
    """Wherever the sweep of the copy stands: a look at all erasures reads no pages."""
    return ErasureStep(erasure=erasure, source=LIFE.source, epoch=LIFE.epoch, copy=copy, page=None)


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld()


def test_where_nobody_asked_nothing_is_rung(world: MemoryWorld) -> None:
    assert run(world) == []


# Requests that were lost.


def lose(pipeline: Pipeline, write: int) -> Erasure:
    """A delivery of the request that died after this write, and was never delivered again."""
    pipeline.world.crash_after(write, takes_effect=True)
    with pytest.raises(Crash):
        request_erasure(pipeline.a_request(), REQUEST)
    return pipeline.world.erasures.find(erasure_id(REQUEST.request_id))


TAKEN_ON, DECIDED, FENCED, LAST_TRACK = 2, 3, 5, 10
"""Which write of a request for one epoch does so."""


@pytest.mark.parametrize("write", range(TAKEN_ON, LAST_TRACK))
def test_a_request_whose_message_was_lost_half_way_is_asked_again(
    pipeline: Pipeline, acorn: Holding, write: int
) -> None:
    """T19: wherever it broke off, what was taken on goes on, message or none."""
    world, erasure = pipeline.world, lose(pipeline, write)
    assert (world.erasures.decision(erasure.erasure) is None) == (write < DECIDED)
    assert world.fences.closed(acorn.life) == (write >= FENCED)
    assert run(world, world.now()) == [replace(REQUEST, submitted_at=erasure.requested_at)]
    pipeline.deliver()
    assert pipeline.state(erasure.erasure) is State.FENCED
    assert [one.copy for one in pipeline.queue if isinstance(one, ErasureStep)] == [Copy.KEYS]


def test_a_request_that_broke_off_before_it_rang_is_rung_for_when_it_is_due(
    pipeline: Pipeline, acorn: Holding
) -> None:
    world, erasure = pipeline.world, lose(pipeline, LAST_TRACK)
    assert pipeline.state(erasure.erasure) is State.FENCED
    assert run(world, world.now()) == []
    (rung,) = run(world, world.now() + FIRST_LOOK)
    assert isinstance(rung, ErasureStep)
    assert (rung.erasure, rung.copy) == (erasure.erasure, Copy.KEYS)


def test_what_waits_for_approval_is_not_rung_for(world: MemoryWorld) -> None:
    world.erasures.add(asked(needs_approval=True))
    assert run(world, NOW + 400 * DAY) == []


def test_what_was_approved_is_asked_again_when_its_request_is_lost(world: MemoryWorld) -> None:
    """T19: between the approval and the message that follows it, the person's command may die."""
    erasure = world.erasures.add(asked(needs_approval=True))
    approve(world.books, erasure, "person-two")
    (rung,) = run(world)
    assert isinstance(rung, DeletionRequested)
    assert rung.request_id == erasure.request_id


def test_what_was_cancelled_is_not_rung_for(world: MemoryWorld) -> None:
    erasure = world.erasures.add(asked(needs_approval=True))
    cancel(world.books, erasure, NOW)
    assert run(world, NOW + 400 * DAY) == []


# Copies that stand still.


@pytest.mark.parametrize("state", [*CopyState])
def test_a_copy_is_rung_for_when_it_is_due_in_whatever_state_and_not_before(
    world: MemoryWorld, state: CopyState
) -> None:
    """Settled ones too: what comes to light late is found by nobody else (T25)."""
    begin(world, vault=(state, LATER))
    assert run(world, LATER - timedelta(seconds=1)) == []
    rung = run(world, LATER)
    assert step(Copy.VAULT) in rung
    assert all(isinstance(one, ErasureStep) for one in rung)


def test_a_copy_that_waits_for_another_is_rung_for_by_that_one(world: MemoryWorld) -> None:
    begin(world, vault=(CopyState.BLOCKED, LATER), ledger=(CopyState.FENCED, DUE))
    assert run(world) == []
    assert step(Copy.LEDGER) not in run(world, LATER)


def test_before_the_keys_are_gone_only_the_keys_are_rung_for(world: MemoryWorld) -> None:
    fenced = (CopyState.FENCED, DUE)
    begin(world, keys=fenced, vault=fenced, drive=fenced, ledger=fenced)
    assert run(world) == [step(Copy.KEYS)]


def test_a_copy_that_follows_another_erasure_is_rung_for(world: MemoryWorld) -> None:
    world.erasures.add(asked(TWO))
    world.erasures.decide(TWO, Decision.PROCEED)
    for copy in Copy:
        world.tracks.write(a_track(copy, erasure=TWO, by=ONE, due_at=DUE), stamp=0)
    assert run(world) == [step(copy, erasure=TWO) for copy in sorted(Copy)]


def test_of_two_erasures_each_is_rung_for_by_its_own_days(world: MemoryWorld) -> None:
    begin(world, ONE, drive=(CopyState.FAILED, LATER))
    begin(world, TWO, drive=(CopyState.FAILED, DUE))
    assert run(world) == [step(Copy.DRIVE, erasure=TWO)]


# What is not read.


class Reading(MemoryErasures):
    """Remembers which erasures were read, and cannot read some of them."""

    def __init__(self, *damaged: ErasureId) -> None:
        super().__init__(Writes())
        self.read: list[ErasureId] = []
        self._damaged = damaged

    def find(self, erasure: ErasureId) -> Erasure:
        self.read.append(erasure)
        if erasure in self._damaged:
            raise CorruptError("the ledger's record of an erasure is not what it promises")
        return super().find(erasure)


def test_what_is_settled_and_not_due_is_not_even_read(world: MemoryWorld) -> None:
    """Closed epochs stay on the list for ever: a year of them must cost one listing."""
    world.erasures = reading = Reading()
    begin(world, ONE)
    begin(world, TWO)
    assert run(world) == []
    assert reading.read == []
    assert len(run(world, LATER)) == 2 * len(Copy)
    assert reading.read == [ONE, TWO]


@pytest.mark.parametrize(
    "unsettled", [(CopyState.FENCED, LATER), (CopyState.BLOCKED, LATER), (GONE, DUE)]
)
def test_what_is_not_settled_or_due_is_read(
    world: MemoryWorld, unsettled: tuple[CopyState, datetime]
) -> None:
    world.erasures = reading = Reading()
    begin(world, ONE)
    begin(world, TWO, vault=unsettled)
    run(world)
    assert reading.read == [TWO]


def test_an_erasure_that_cannot_be_read_does_not_keep_the_others_waiting(
    world: MemoryWorld,
) -> None:
    world.erasures = Reading(ONE)
    for erasure in (ONE, TWO):
        begin(world, erasure, vault=(CopyState.FENCED, DUE))
    with suppress(CorruptError):
        run(world)
    assert world.published == [step(Copy.VAULT, erasure=TWO)]


# The deadline.


def overdue(logged: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(one["erasure"], one["state"]) for one in logged if one["event"] == "erasure_overdue"]


def wait_for_approval(world: MemoryWorld) -> None:
    world.erasures.add(asked(needs_approval=True))


def break_off(world: MemoryWorld) -> None:
    world.erasures.add(asked())


def stand(state: CopyState) -> Callable[[MemoryWorld], None]:
    return lambda world: begin(world, vault=(state, LATER))


@pytest.mark.parametrize(
    ("become", "state"),
    [
        (wait_for_approval, "AWAITING_APPROVAL"),
        (break_off, "REQUESTED"),
        (stand(CopyState.FENCED), "ERASING"),
        (stand(CopyState.BLOCKED), "BLOCKED"),
        (stand(CopyState.UNKNOWN), "FAILED"),
    ],
)
def test_what_is_not_certified_by_its_deadline_is_overdue(
    world: MemoryWorld,
    logged: list[dict[str, object]],
    become: Callable[[MemoryWorld], None],
    state: str,
) -> None:
    """Whatever the reason: somebody was promised a day."""
    become(world)
    run(world, DEADLINE)
    assert overdue(logged) == []
    run(world, DEADLINE + timedelta(seconds=1))
    assert overdue(logged) == [(ONE, state)]


def test_what_is_certified_or_cancelled_is_never_overdue(
    world: MemoryWorld, logged: list[dict[str, object]]
) -> None:
    begin(world, ONE)
    cancelled = world.erasures.add(asked(TWO, needs_approval=True))
    cancel(world.books, cancelled, NOW)
    run(world, DEADLINE + 400 * DAY)
    assert overdue(logged) == []
