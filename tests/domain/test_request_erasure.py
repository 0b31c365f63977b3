"""A request comes to every epoch that it covers, and to the same erasure however often it comes."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.erasure import (
    Copy,
    CopyState,
    Erasure,
    ErasureId,
    Part,
    PlanId,
    Reason,
    Scope,
    entry_of,
)
from custody.domain.events import DeletionRequested
from custody.domain.plan import Held, Plan
from custody.domain.request_erasure import (
    erasure_id,
    first_tracks,
    parts_of,
    request_again,
    require_same_world,
    taken_on,
)
from custody.domain.sweep import FIRST_LOOK
from custody.domain.vault import FileId, Holding, Source
from custody.errors import RefusedError
from samples import LIFE, NOW, a_fence, a_holding, a_life

LATER = NOW + timedelta(days=1)
HUBSPOT, STRIPE = Source("hubspot"), Source("stripe")


def a_request(**known: Any) -> DeletionRequested:
    values: dict[str, Any] = {
        "request_id": "7c0f1d2e-4b5a-4c6d-8e9f-0a1b2c3d4e5f",
        "customer": LIFE.customer,
        "scope": Scope.SOURCES,
        "sources": (HUBSPOT,),
        "reason": Reason.REQUEST,
        "submitted_at": NOW,
    }
    return DeletionRequested(**values | known)


def parts(
    *holdings: Holding,
    scope: Scope = Scope.SOURCES,
    sources: tuple[Source, ...] = (),
    reason: Reason = Reason.REQUEST,
) -> tuple[Part, ...]:
    return parts_of(LIFE.customer, holdings, scope=scope, sources=sources, reason=reason)


def take_on(request: DeletionRequested, *found: Part, needs_approval: bool = False) -> Erasure:
    return taken_on(
        request, found, deadline=timedelta(days=30), needs_approval=needs_approval, now=LATER
    )


# The id.


@given(st.uuids().map(str), st.uuids().map(str))
def test_the_same_request_is_the_same_erasure_and_another_is_another(one: str, two: str) -> None:
    assert (erasure_id(one) == erasure_id(two)) == (one == two)
    assert re.fullmatch("e-[0-9a-f]{20}", erasure_id(one))


# The parts.


def test_every_epoch_of_a_source_goes_the_earlier_ones_too() -> None:
    """Everything is not certified while an earlier life is still being erased."""
    third = replace(a_holding(a_life(epoch=3), folder="folder-three"), adopted=True)
    assert parts(third, sources=(HUBSPOT,)) == (
        Part(life=a_life(epoch=1)),
        Part(life=a_life(epoch=2)),
        Part(life=a_life(epoch=3), folder_id=FileId("folder-three"), adopted=True),
    )


def test_a_source_that_is_not_named_stays() -> None:
    holdings = [a_holding(), a_holding(a_life(source="stripe"))]
    assert [part.life for part in parts(*holdings, sources=(STRIPE,))] == [a_life(source="stripe")]


def test_the_order_in_which_sources_are_named_and_how_often_changes_nothing() -> None:
    holdings = [a_holding(a_life(source="stripe")), a_holding()]
    both = parts(*holdings, sources=(HUBSPOT, STRIPE))
    assert [part.life.source for part in both] == [HUBSPOT, STRIPE]
    assert parts(*holdings, sources=(STRIPE, HUBSPOT, STRIPE)) == both


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["c-acorn", "c-acorns"]), st.sampled_from("abc")),
        st.integers(1, 4),
    )
)
def test_everything_is_each_epoch_of_each_source_of_this_customer(
    epochs: dict[tuple[str, str], int],
) -> None:
    holdings = [a_holding(a_life(*one, epoch=epoch)) for one, epoch in epochs.items()]
    customer = a_life("c-acorn").customer
    found = parts_of(customer, holdings, scope=Scope.ALL, sources=(), reason=Reason.REQUEST)
    assert [part.life for part in found] == [
        a_life(*one, epoch=epoch)
        for one, last in sorted(epochs.items())
        if one[0] == "c-acorn"
        for epoch in range(1, last + 1)
    ]


@pytest.mark.parametrize("sources", [("stripe",), ("hubspot", "stripe")])
def test_a_source_that_is_not_the_customers_refuses_the_whole_request(
    sources: tuple[Source, ...],
) -> None:
    """Nothing is partly erased; the text names the remedy, and not what somebody wrote."""
    others = a_holding(a_life("c-other", "stripe"))
    with pytest.raises(RefusedError, match="customers show") as caught:
        parts(a_holding(), others, sources=sources)
    assert f"1 of {len(sources)} sources" in str(caught.value)
    assert "stripe" not in str(caught.value)


def test_a_termination_takes_the_customers_entry_too_and_last() -> None:
    found = parts(a_holding(), scope=Scope.ALL, reason=Reason.TERMINATION)
    assert [part.life for part in found] == [LIFE, entry_of(LIFE.customer)]


# What is taken on.


def test_the_deadline_runs_from_when_we_took_it_on() -> None:
    """Whoever asks may have another clock."""
    erasure = take_on(a_request(submitted_at=NOW - timedelta(days=400)))
    assert (erasure.requested_at, erasure.deadline) == (LATER, LATER + timedelta(days=30))


@pytest.mark.parametrize("needs_approval", [False, True])
def test_an_erasure_says_what_was_asked(needs_approval: bool) -> None:
    request = a_request(plan=PlanId("p-one"), requested_by="person-one")
    erasure = take_on(request, Part(life=LIFE), needs_approval=needs_approval)
    assert erasure.erasure == erasure_id(request.request_id)
    assert erasure.parts == (Part(life=LIFE),)
    assert (erasure.plan, erasure.requested_by) == ("p-one", "person-one")
    assert erasure.needs_approval == needs_approval


requests = st.one_of(
    st.builds(
        a_request,
        request_id=st.uuids().map(str),
        sources=st.sets(st.sampled_from("abcd").map(Source), min_size=1).map(sorted).map(tuple),
        plan=st.none() | st.just("p-one"),
        requested_by=st.none() | st.just("person-one"),
    ),
    st.builds(
        a_request,
        request_id=st.uuids().map(str),
        scope=st.just(Scope.ALL),
        sources=st.just(()),
        reason=st.sampled_from(Reason),
    ),
)


@given(requests)
def test_a_request_that_is_made_again_asks_for_the_same(request: DeletionRequested) -> None:
    """For one whose message was lost half-way: also once the registry knows nothing any more."""
    holdings = [a_holding(a_life(source=source, epoch=2)) for source in "abcd"]
    found = parts(*holdings, scope=request.scope, sources=request.sources, reason=request.reason)
    again = request_again(take_on(request, *found))
    assert again == replace(request, submitted_at=LATER)


# The plan that a person said yes to.


def a_plan() -> Plan:
    """Of `a_request`."""
    return Plan(
        customer=LIFE.customer,
        scope=Scope.SOURCES,
        sources=(HUBSPOT,),
        reason=Reason.REQUEST,
        parts=parts(a_holding(), sources=(HUBSPOT,)),
        outlooks=(),
        holds=(Held(source=HUBSPOT, until=LATER),),
        made_at=NOW,
    )


def test_a_plan_that_still_fits_is_taken() -> None:
    require_same_world(a_plan(), a_request(), list(a_plan().parts), list(a_plan().holds))


def test_a_plan_fits_whatever_the_order_in_which_its_sources_were_named() -> None:
    plan, request = a_plan(), a_request(sources=(HUBSPOT, STRIPE))
    for sources in ((HUBSPOT, STRIPE), (STRIPE, HUBSPOT)):
        require_same_world(replace(plan, sources=sources), request, plan.parts, plan.holds)


OTHER_REQUESTS = [
    a_request(customer=a_life("c-other").customer),
    a_request(scope=Scope.ALL),
    a_request(sources=(HUBSPOT, STRIPE)),
    a_request(reason=Reason.TERMINATION),
]


@pytest.mark.parametrize("other", OTHER_REQUESTS)
def test_a_plan_of_another_request_is_refused(other: DeletionRequested) -> None:
    plan = a_plan()
    with pytest.raises(RefusedError, match="erasures plan"):
        require_same_world(plan, other, plan.parts, plan.holds)


OTHER_PARTS: list[Callable[[Part], tuple[Part, ...]]] = [
    lambda part: (),
    lambda part: (part, replace(part, life=a_life(epoch=2))),
    lambda part: (replace(part, life=a_life(epoch=2)),),
    lambda part: (replace(part, folder_id=FileId("folder-two")),),
    lambda part: (replace(part, adopted=True),),
]


@pytest.mark.parametrize("change", OTHER_PARTS)
def test_a_plan_of_other_epochs_or_folders_is_refused(
    change: Callable[[Part], tuple[Part, ...]],
) -> None:
    plan = a_plan()
    with pytest.raises(RefusedError, match=plan.id):
        require_same_world(plan, a_request(), change(plan.parts[0]), plan.holds)


@pytest.mark.parametrize(
    "holds",
    [
        [],
        [Held(source=HUBSPOT, until=NOW)],
        [Held(source=HUBSPOT, until=LATER), Held(source=STRIPE, until=LATER)],
    ],
)
def test_a_plan_under_other_holds_is_refused(holds: list[Held]) -> None:
    plan = a_plan()
    with pytest.raises(RefusedError, match="nothing is erased"):
        require_same_world(plan, a_request(), plan.parts, holds)


# The first tracks.


def test_every_copy_begins_fenced_by_whoever_closed_the_epoch() -> None:
    """The fence that stands decides: an erasure that came second follows the first."""
    erasure, fence = take_on(a_request(), Part(life=LIFE)), a_fence("e-first", closed_at=NOW)
    tracks = first_tracks(erasure, Part(life=LIFE), fence)
    assert [one.copy for one in tracks] == list(Copy)
    for track in tracks:
        assert (track.erasure, track.life, track.by) == (erasure.erasure, LIFE, "e-first")
        assert (track.state, track.fenced_at, track.since) == (CopyState.FENCED, NOW, NOW)
        assert track.follows
        assert track.due_at == NOW + FIRST_LOOK


def test_an_erasure_that_closed_the_epoch_follows_nobody() -> None:
    erasure = take_on(a_request(), Part(life=LIFE))
    tracks = first_tracks(erasure, Part(life=LIFE), a_fence(erasure.erasure))
    assert not any(one.follows for one in tracks)


def test_the_customers_entry_is_in_the_ledger_alone() -> None:
    entry = Part(life=entry_of(LIFE.customer))
    tracks = first_tracks(take_on(a_request(), entry), entry, a_fence(ErasureId("e-one")))
    assert [one.copy for one in tracks] == [Copy.LEDGER]
