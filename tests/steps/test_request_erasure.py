"""A deletion request: refused whole, or taken on once, whatever is delivered when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custody.domain.erasure import (
    Copy,
    CopyState,
    Decision,
    Erasure,
    PlanId,
    Reason,
    Scope,
    State,
    entry_of,
)
from custody.domain.events import DeletionRequested, ErasureStep
from custody.domain.holds import Hold
from custody.domain.plan import Plan
from custody.domain.request_erasure import erasure_id
from custody.domain.vault import Holding, HoldingEpoch, Source
from custody.errors import PermanentError, RefusedError
from custody.steps.plan_erasure import Planning, Wish, approve, cancel, plan_erasure
from custody.steps.request_erasure import request_erasure
from pipeline.driver import Pipeline
from samples import NOW, a_customer, a_life
from worlds.writes import Crash

ACORN = a_customer("c-acorn").customer
FIRST = "7c0f1d2e-4b5a-4c6d-8e9f-0a1b2c3d4e5f"
SECOND = "8d102e3f-5c6b-4d7e-9fa0-1b2c3d4e5f60"


def asking(*sources: str, request_id: str = FIRST, **known: Any) -> DeletionRequested:
    """For these sources, or for all of them."""
    values: dict[str, Any] = {
        "request_id": request_id,
        "customer": ACORN,
        "scope": Scope.SOURCES if sources else Scope.ALL,
        "sources": tuple(map(Source, sources)),
        "reason": Reason.REQUEST,
        "submitted_at": NOW,
    }
    return DeletionRequested(**values | known)


def take(
    pipeline: Pipeline, request: DeletionRequested, *, four_eyes_objects: int | None = None
) -> Erasure:
    """One delivery."""
    return request_erasure(pipeline.a_request(four_eyes_objects=four_eyes_objects), request)


def rung(pipeline: Pipeline) -> list[ErasureStep]:
    return [event for event in pipeline.queue if isinstance(event, ErasureStep)]


def lives_of(erasure: Erasure) -> list[HoldingEpoch]:
    return [part.life for part in erasure.parts]


def acts(pipeline: Pipeline, erasure: Erasure) -> list[str]:
    return [entry.act for entry in pipeline.world.audit.entries(erasure.erasure)]


def require_untouched(pipeline: Pipeline) -> None:
    """Nothing was written down, fenced, noted or rung for."""
    world = pipeline.world
    assert list(world.erasures.ids()) == []
    assert not any(world.fences.closed(one.life) for one in world.registry.holdings())
    assert world.audit.heads() == {}
    assert pipeline.queue == []


@pytest.fixture
def stripe(pipeline: Pipeline, acorn: Holding) -> Holding:
    """The customer's other source: with the first one, all that it has. One file each."""
    holding = pipeline.open("c-acorn", "stripe")
    for folder in (acorn.folder_id, holding.folder_id):
        pipeline.world.google.create_file("x.csv", folder, b"x")
    pipeline.settle()
    return holding


# Refused whole.


@pytest.mark.parametrize(
    "other",
    [
        asking(customer="c-nobody"),
        asking("hubspot", customer="c-nobody"),
        asking("hubspot", "canary"),
        asking("canary"),
        asking("hubspot", plan=PlanId("p-none")),
    ],
)
def test_what_does_not_fit_is_refused_whole(
    pipeline: Pipeline, acorn: Holding, other: DeletionRequested
) -> None:
    """Nothing is partly erased, and no erasure is listed that was never taken on."""
    with pytest.raises(PermanentError) as caught:
        take(pipeline, other)
    assert "canary" not in str(caught.value)
    require_untouched(pipeline)


def test_a_customer_that_is_unknown_is_refused_with_the_remedy(pipeline: Pipeline) -> None:
    with pytest.raises(RefusedError, match="nothing is erased; 'custody customers ls'") as caught:
        take(pipeline, asking(customer="c-nobody"))
    assert "c-nobody" not in str(caught.value)


def test_what_was_refused_can_be_asked_for_again_when_it_fits(
    pipeline: Pipeline, acorn: Holding
) -> None:
    with pytest.raises(RefusedError):
        take(pipeline, asking("hubspot", "stripe"))
    other = pipeline.open("c-acorn", "stripe")
    assert lives_of(take(pipeline, asking("hubspot", "stripe"))) == [acorn.life, other.life]


# Taken on.


def test_a_request_fences_every_epoch_and_rings_for_the_keys_alone(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """The keys make all else unreadable; what comes after them rings for itself."""
    world, second = pipeline.world, replace(acorn.life, epoch=2)
    world.registry.save_holding(replace(acorn, life=second))
    erasure = take(pipeline, asking("hubspot"))
    assert lives_of(erasure) == [acorn.life, second]
    for life in (acorn.life, second):
        fence = world.fences.fence(life)
        assert fence
        assert fence.erasure == erasure.erasure
    assert {(one.life, one.copy) for one in world.tracks.of(erasure.erasure)} == {
        (life, copy) for life in (acorn.life, second) for copy in Copy
    }
    assert rung(pipeline) == [
        ErasureStep(
            erasure=erasure.erasure, source=acorn.life.source, epoch=epoch, copy=Copy.KEYS, page=0
        )
        for epoch in (1, 2)
    ]
    assert pipeline.state(erasure.erasure) is State.FENCED


def test_what_is_done_is_noted_before_it_is_done(pipeline: Pipeline, stripe: Holding) -> None:
    erasure = take(pipeline, asking())
    entries = list(pipeline.world.audit.entries(erasure.erasure))
    assert [(entry.act, entry.subject.get("source")) for entry in entries] == [
        ("requested", None),
        ("fence", "hubspot"),
        ("fence", "stripe"),
    ]
    for entry, part in zip(entries[1:], erasure.parts, strict=True):
        fence = pipeline.world.fences.fence(part.life)
        assert fence
        assert entry.at <= fence.closed_at


def test_a_source_that_was_not_named_stays_open(
    pipeline: Pipeline, acorn: Holding, stripe: Holding
) -> None:
    take(pipeline, asking("stripe"))
    assert pipeline.world.fences.closed(stripe.life)
    assert not pipeline.world.fences.closed(acorn.life)


def test_a_termination_takes_the_customers_entry_and_rings_for_it_last(
    pipeline: Pipeline, acorn: Holding
) -> None:
    erasure = take(pipeline, asking(reason=Reason.TERMINATION))
    assert lives_of(erasure) == [acorn.life, entry_of(ACORN)]
    entry = [one for one in pipeline.world.tracks.of(erasure.erasure) if one.life.epoch == 0]
    assert [one.copy for one in entry] == [Copy.LEDGER]
    assert [step.copy for step in rung(pipeline)] == [Copy.KEYS]


def test_a_hold_keeps_no_fence_open(pipeline: Pipeline, acorn: Holding) -> None:
    """Whoever asks to be erased no longer wants to be collected."""
    hold = Hold(
        customer=ACORN,
        source=acorn.life.source,
        reason="a dispute",
        until=pipeline.world.now() + timedelta(days=9),
        placed_at=pipeline.world.now(),
    )
    pipeline.world.holds.put(hold)
    take(pipeline, asking("hubspot"))
    assert pipeline.world.fences.closed(acorn.life)


# The same request again.


def test_the_same_request_again_is_the_same_erasure_and_changes_nothing(
    pipeline: Pipeline, stripe: Holding
) -> None:
    """T18: whoever publishes may publish twice, and Pub/Sub delivers at least once."""
    first = take(pipeline, asking())
    before = what_stands(pipeline, first)
    pipeline.world.advance(timedelta(days=1))
    assert take(pipeline, asking()) == first
    assert what_stands(pipeline, first) == before
    assert list(pipeline.world.erasures.ids()) == [first.erasure]


def test_a_request_is_known_when_the_customer_is_known_no_more(
    pipeline: Pipeline, stripe: Holding
) -> None:
    """The last act of a termination erases the entry; a late repeat must not be refused."""
    first = take(pipeline, asking(reason=Reason.TERMINATION))
    registry = pipeline.world.registry
    registry.erase_customer(ACORN)
    for holding in list(registry.holdings()):
        registry.erase_holding(holding.life.customer, holding.life.source)
    assert take(pipeline, asking(reason=Reason.TERMINATION)) == first


def test_an_id_that_was_used_asks_for_nothing_else(
    pipeline: Pipeline, acorn: Holding, stripe: Holding
) -> None:
    """Whatever it says now: the erasure was taken on as it was asked for at first."""
    first = take(pipeline, asking("hubspot"))
    for other in (asking("stripe"), asking(), asking(customer="c-nobody")):
        assert take(pipeline, other) == first
    assert not pipeline.world.fences.closed(stripe.life)


def test_a_repeat_rings_for_what_can_go_on_and_for_nothing_that_is_settled(
    pipeline: Pipeline, acorn: Holding
) -> None:
    erasure = take(pipeline, asking("hubspot"))
    tracks = pipeline.world.tracks
    for track in tracks.of(erasure.erasure):
        seen = tracks.read(erasure.erasure, track.life.source, track.life.epoch, track.copy)
        tracks.write(replace(track, state=CopyState.DELETED_BY_US), stamp=seen.stamp)
    pipeline.queue.clear()
    take(pipeline, asking("hubspot"))
    assert rung(pipeline) == []


def what_stands(pipeline: Pipeline, erasure: Erasure) -> object:
    """All that a request writes."""
    world = pipeline.world
    return (
        world.erasures.find(erasure.erasure),
        world.erasures.decision(erasure.erasure),
        [world.fences.fence(life) for life in lives_of(erasure)],
        world.tracks.of(erasure.erasure),
        list(world.audit.entries(erasure.erasure)),
    )


@pytest.mark.parametrize("takes_effect", [True, False])
def test_a_crash_at_any_write_and_a_redelivery_come_to_the_same_fences_and_tracks(
    takes_effect: bool,
) -> None:
    """T20: each write of a request in turn, before and after its effect."""
    crashed, count = True, 0
    while crashed:
        count += 1
        pipeline = Pipeline()
        lives = [pipeline.open("c-acorn", source).life for source in ("hubspot", "stripe")]
        pipeline.queue.clear()
        pipeline.world.crash_after(count, takes_effect=takes_effect)
        try:
            take(pipeline, asking())
        except Crash:
            pipeline.world.advance(timedelta(hours=1))
        crashed = pipeline.world.crashed()
        pipeline.world.calm_down()
        erasure = take(pipeline, asking())
        require_begun(pipeline, erasure, lives)
    assert count > 15, "a request of two epochs has more writes than that"


def require_begun(pipeline: Pipeline, erasure: Erasure, lives: list[HoldingEpoch]) -> None:
    """Each epoch is closed once, each copy begins with its fence, and the keys were rung for."""
    world = pipeline.world
    fences = {life: world.fences.fence(life) for life in lives}
    assert {fence and fence.erasure for fence in fences.values()} == {erasure.erasure}
    tracks = world.tracks.of(erasure.erasure)
    assert {(one.life, one.copy) for one in tracks} == {(a, b) for a in lives for b in Copy}
    for track in tracks:
        fence = fences[track.life]
        assert fence
        assert (track.by, track.fenced_at) == (erasure.erasure, fence.closed_at)
    assert {(one.source, one.copy) for one in rung(pipeline)} == {
        (life.source, Copy.KEYS) for life in lives
    }
    assert list(world.erasures.ids()) == [erasure.erasure]
    assert acts(pipeline, erasure) == ["requested", "fence", "fence"]


# Two requests for one epoch.


def test_of_two_requests_for_one_epoch_the_second_follows_the_first(
    pipeline: Pipeline, acorn: Holding, stripe: Holding
) -> None:
    """The fence says who closed it; that one erases, and both say so."""
    first = take(pipeline, asking("hubspot"))
    second = take(pipeline, asking(request_id=SECOND))
    assert {(one.life, one.by) for one in pipeline.world.tracks.of(second.erasure)} == {
        (acorn.life, first.erasure),
        (stripe.life, second.erasure),
    }
    fence = pipeline.world.fences.fence(acorn.life)
    assert fence
    assert fence.erasure == first.erasure
    assert acts(pipeline, second) == ["requested", "fence"]


def test_an_epoch_that_was_closed_before_is_a_part_of_the_next_erasure(
    pipeline: Pipeline, acorn: Holding
) -> None:
    first = take(pipeline, asking("hubspot"))
    again = pipeline.reopen(acorn)
    second = take(pipeline, asking("hubspot", request_id=SECOND))
    assert lives_of(second) == [acorn.life, again.life]
    assert {one.life.epoch: one.by for one in pipeline.world.tracks.of(second.erasure)} == {
        1: first.erasure,
        2: second.erasure,
    }


# A second pair of eyes.


def require_waiting(pipeline: Pipeline, erasure: Erasure) -> None:
    assert pipeline.state(erasure.erasure) is State.AWAITING_APPROVAL
    assert not any(map(pipeline.world.fences.closed, lives_of(erasure)))
    assert rung(pipeline) == []


EVERYTHING = [asking(), asking("hubspot", "stripe"), asking(reason=Reason.TERMINATION)]


@pytest.mark.parametrize("other", EVERYTHING)
def test_everything_of_a_large_customer_waits(
    pipeline: Pipeline, stripe: Holding, other: DeletionRequested
) -> None:
    """Naming each source is asking for everything."""
    require_waiting(pipeline, take(pipeline, other, four_eyes_objects=1))


@pytest.mark.parametrize("limit", [2, 3, None])
def test_a_customer_that_is_not_above_the_limit_does_not_wait(
    pipeline: Pipeline, stripe: Holding, limit: int | None
) -> None:
    erasure = take(pipeline, asking(), four_eyes_objects=limit)
    assert pipeline.state(erasure.erasure) is State.FENCED


def test_one_source_of_two_does_not_wait(pipeline: Pipeline, stripe: Holding) -> None:
    erasure = take(pipeline, asking("stripe"), four_eyes_objects=0)
    assert pipeline.state(erasure.erasure) is State.FENCED


def test_what_waits_goes_on_when_a_second_person_approved_it(
    pipeline: Pipeline, stripe: Holding
) -> None:
    request = asking(requested_by="person-one")
    erasure = take(pipeline, request, four_eyes_objects=1)
    with pytest.raises(RefusedError, match="a second person must"):
        approve(pipeline.world.books, erasure, "person-one")
    require_waiting(pipeline, take(pipeline, request, four_eyes_objects=1))
    approve(pipeline.world.books, erasure, "person-two")
    take(pipeline, request, four_eyes_objects=1)
    assert pipeline.state(erasure.erasure) is State.FENCED
    assert [step.copy for step in rung(pipeline)] == [Copy.KEYS] * 2


def test_what_waits_once_waits_whatever_the_policy_becomes(
    pipeline: Pipeline, stripe: Holding
) -> None:
    erasure = take(pipeline, asking(), four_eyes_objects=1)
    require_waiting(pipeline, take(pipeline, asking()))
    assert pipeline.world.erasures.decision(erasure.erasure) is None


def test_nothing_that_does_not_wait_can_be_approved(pipeline: Pipeline, acorn: Holding) -> None:
    erasure = take(pipeline, asking("hubspot"))
    with pytest.raises(RefusedError, match="does not wait"):
        approve(pipeline.world.books, erasure, "person-two")
    assert pipeline.world.erasures.approved_by(erasure.erasure) is None


def test_what_was_cancelled_before_the_fence_stays_cancelled(
    pipeline: Pipeline, stripe: Holding
) -> None:
    """A redelivery, an approval and a second cancel come too late."""
    world = pipeline.world
    erasure = take(pipeline, asking(), four_eyes_objects=1)
    for _ in range(2):
        cancel(world.books, erasure, world.now())
    with pytest.raises(RefusedError, match="does not wait"):
        approve(world.books, erasure, "person-two")
    take(pipeline, asking())
    assert pipeline.state(erasure.erasure) is State.CANCELLED
    assert not any(map(world.fences.closed, lives_of(erasure)))
    assert rung(pipeline) == []


def test_what_was_cancelled_can_be_asked_for_by_another_request(
    pipeline: Pipeline, stripe: Holding
) -> None:
    erasure = take(pipeline, asking(), four_eyes_objects=1)
    cancel(pipeline.world.books, erasure, pipeline.world.now())
    again = take(pipeline, asking(request_id=SECOND))
    assert pipeline.state(again.erasure) is State.FENCED


def test_what_has_begun_cannot_be_cancelled(pipeline: Pipeline, acorn: Holding) -> None:
    world = pipeline.world
    erasure = take(pipeline, asking("hubspot"))
    with pytest.raises(RefusedError, match="has begun"):
        cancel(world.books, erasure, world.now())
    assert world.erasures.decision(erasure.erasure) is Decision.PROCEED
    assert pipeline.state(erasure.erasure) is State.FENCED


def test_a_cancel_between_the_decision_and_the_fence_comes_too_late(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """The point of no return is one create-only word, not the fences that follow it."""
    world, decided = pipeline.world, 3
    world.crash_after(decided, takes_effect=True)
    with pytest.raises(Crash):
        take(pipeline, asking("hubspot"))
    erasure = world.erasures.find(erasure_id(FIRST))
    assert world.erasures.decision(erasure.erasure) is Decision.PROCEED
    assert not world.fences.closed(acorn.life)
    with pytest.raises(RefusedError, match="has begun"):
        cancel(world.books, erasure, world.now())
    take(pipeline, asking("hubspot"))
    assert world.fences.closed(acorn.life)


# The plan that a person said yes to.


def shown(pipeline: Pipeline, *sources: str) -> Plan:
    """A plan that was made and saved."""
    world = pipeline.world
    wish = Wish(
        customer=ACORN,
        scope=Scope.SOURCES if sources else Scope.ALL,
        sources=tuple(map(Source, sources)),
        reason=Reason.REQUEST,
    )
    plan = plan_erasure(Planning(books=world.books, stores=world.stores, clock=world.now), wish)
    world.plans.save(plan)
    return plan


@pytest.mark.parametrize("sources", [(), ("hubspot",), ("stripe", "hubspot")])
def test_a_plan_that_still_fits_is_taken(
    pipeline: Pipeline, stripe: Holding, sources: tuple[str, ...]
) -> None:
    """A new version of a file changes no plan, nor does the order in which sources are named."""
    plan = shown(pipeline, *sources)
    pipeline.world.google.create_file("new.csv", stripe.folder_id, b"new")
    pipeline.settle()
    erasure = take(pipeline, asking(*sorted(sources), plan=plan.id))
    assert erasure.plan == plan.id
    assert erasure.parts == plan.parts


def open_another(pipeline: Pipeline) -> None:
    pipeline.open("c-acorn", "zendesk")


def return_after_an_erasure(pipeline: Pipeline) -> None:
    holding = pipeline.world.registry.holding(ACORN, Source("hubspot"))
    take(pipeline, asking("hubspot", request_id=SECOND))
    pipeline.reopen(holding)


def hold(pipeline: Pipeline) -> None:
    until = pipeline.world.now() + timedelta(days=9)
    pipeline.world.holds.put(
        Hold(
            customer=ACORN,
            source=Source("stripe"),
            reason="a dispute",
            until=until,
            placed_at=pipeline.world.now(),
        )
    )


@pytest.mark.parametrize("change", [open_another, return_after_an_erasure, hold])
def test_a_plan_that_fits_no_more_is_refused(
    pipeline: Pipeline, stripe: Holding, change: Callable[[Pipeline], None]
) -> None:
    plan = shown(pipeline)
    change(pipeline)
    with pytest.raises(RefusedError, match=f"changed since {plan.id}"):
        take(pipeline, asking(plan=plan.id))
    assert erasure_id(FIRST) not in list(pipeline.world.erasures.ids())
    assert not pipeline.world.fences.closed(stripe.life)


def test_a_plan_of_one_thing_is_no_word_for_another(pipeline: Pipeline, stripe: Holding) -> None:
    plan = shown(pipeline, "hubspot")
    for other in (asking(plan=plan.id), asking("stripe", plan=plan.id)):
        with pytest.raises(RefusedError):
            take(pipeline, other)
    require_untouched(pipeline)


def test_a_request_that_was_taken_on_asks_for_its_plan_no_more(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """A redelivery finds a world that the first delivery changed."""
    plan = shown(pipeline, "hubspot")
    first = take(pipeline, asking("hubspot", plan=plan.id))
    pipeline.reopen(acorn)
    assert take(pipeline, asking("hubspot", plan=plan.id)) == first


def test_a_request_is_logged_by_opaque_ids(
    pipeline: Pipeline, acorn: Holding, logged: list[dict[str, object]]
) -> None:
    logged.clear()
    erasure = take(pipeline, asking("hubspot", requested_by="canary"))
    (line,) = [line for line in logged if line["event"] == "erasure_requested"]
    assert line["erasure"] == erasure.erasure
    assert (line["customer"], line["parts"], line["reason"]) == (ACORN, 1, "request")
    assert "canary" not in str(logged) + str(list(pipeline.world.audit.entries(erasure.erasure)))


def test_what_is_not_the_customers_is_another_ones_and_stays(
    pipeline: Pipeline, acorn: Holding
) -> None:
    birch = pipeline.open("c-birch", "hubspot")
    take(pipeline, asking())
    assert not pipeline.world.fences.closed(birch.life)
    assert a_life("c-birch") == birch.life
