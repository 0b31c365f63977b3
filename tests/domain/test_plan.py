"""A plan's id is the hash of what it says would be done; what is merely counted is not in it."""

import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.erasure import Copy, Fate, Part, Reason, Scope
from custody.domain.plan import Held, Outlook, Plan
from custody.domain.vault import CustomerId, FileId, Source
from samples import LIFE, NOW, a_life

LATER = NOW + timedelta(days=1)
STRIPE = Source("stripe")

lives = st.builds(a_life, source=st.sampled_from(["hubspot", "stripe"]), epoch=st.integers(1, 3))
moments = st.integers(0, 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds))
some_parts = st.builds(
    Part,
    life=lives,
    folder_id=st.none() | st.sampled_from("fg").map(FileId),
    adopted=st.booleans(),
)
outlooks = st.builds(
    Outlook,
    life=lives,
    copy=st.sampled_from(Copy),
    objects=st.integers(0),
    size_bytes=st.integers(0),
    fates=st.sets(st.sampled_from(Fate)).map(sorted).map(tuple),
    until=st.none() | moments,
    t1=st.none() | moments,
    t2=st.none() | moments,
    notes=st.lists(st.text(max_size=3), max_size=2).map(tuple),
)
some_holds = st.builds(Held, source=st.sampled_from([LIFE.source, STRIPE]), until=moments)
plans = st.builds(
    Plan,
    customer=st.just(LIFE.customer),
    scope=st.sampled_from(Scope),
    sources=st.lists(st.sampled_from([LIFE.source, STRIPE]), max_size=2).map(tuple),
    reason=st.sampled_from(Reason),
    parts=st.lists(some_parts, max_size=2).map(tuple),
    outlooks=st.lists(outlooks, max_size=2).map(tuple),
    holds=st.lists(some_holds, max_size=1).map(tuple),
    made_at=moments,
)


def said(plan: Plan) -> Plan:
    """The plan without what is counted and dated: whether there is something to delete, too."""
    bare = [
        replace(
            one,
            objects=0,
            size_bytes=0,
            fates=tuple(fate for fate in one.fates if fate is not Fate.DELETE),
            until=None,
            t1=None,
            t2=None,
        )
        for one in plan.outlooks
    ]
    return replace(plan, outlooks=tuple(bare), made_at=NOW)


@given(plans, plans, st.sampled_from([field.name for field in fields(Plan)]))
def test_two_plans_have_one_id_when_they_say_the_same_and_only_then(
    one: Plan, other: Plan, field: str
) -> None:
    two = replace(one, **{field: getattr(other, field)})
    assert (one.id == two.id) == (said(one) == said(two))


@given(plans)
def test_counts_bytes_and_dates_are_shown_and_not_bound(plan: Plan) -> None:
    """A new version of a file, or a day that passes, changes no plan."""
    assert plan.id == said(plan).id


@given(plans)
def test_an_id_is_of_its_kind(plan: Plan) -> None:
    assert re.fullmatch("p-[0-9a-f]{20}", plan.id)


def an_outlook() -> Outlook:
    return Outlook(
        life=LIFE,
        copy=Copy.DRIVE,
        objects=3,
        size_bytes=12,
        fates=(Fate.DELETE, Fate.KEEP),
        until=None,
        t1=NOW,
        t2=NOW,
        notes=("soft delete is off",),
    )


def a_plan() -> Plan:
    return Plan(
        customer=LIFE.customer,
        scope=Scope.SOURCES,
        sources=(LIFE.source,),
        reason=Reason.REQUEST,
        parts=(Part(life=LIFE, folder_id=FileId("folder-one")),),
        outlooks=(an_outlook(),),
        holds=(Held(source=LIFE.source, until=NOW),),
        made_at=NOW,
    )


def the_part(plan: Plan, **changes: object) -> Plan:
    return replace(plan, parts=(replace(plan.parts[0], **changes),))  # type: ignore[arg-type]


def the_outlook(plan: Plan, **changes: object) -> Plan:
    return replace(plan, outlooks=(replace(plan.outlooks[0], **changes),))  # type: ignore[arg-type]


BOUND: dict[str, Callable[[Plan], Plan]] = {
    "another customer": lambda plan: replace(plan, customer=CustomerId("c-other")),
    "more of it": lambda plan: replace(plan, scope=Scope.ALL),
    "another source": lambda plan: replace(plan, sources=(STRIPE,)),
    "another reason": lambda plan: replace(plan, reason=Reason.TERMINATION),
    "a new holding": lambda plan: replace(
        plan, parts=(*plan.parts, Part(life=a_life(source="stripe")))
    ),
    "another epoch": lambda plan: the_part(plan, life=a_life(epoch=2)),
    "another folder": lambda plan: the_part(plan, folder_id=FileId("folder-two")),
    "a folder that the customer owns": lambda plan: the_part(plan, adopted=True),
    "a copy more": lambda plan: replace(
        plan, outlooks=(an_outlook(), replace(an_outlook(), copy=Copy.KEYS))
    ),
    "another copy": lambda plan: the_outlook(plan, copy=Copy.VAULT),
    "a copy of another epoch": lambda plan: the_outlook(plan, life=a_life(epoch=2)),
    "something that is locked": lambda plan: the_outlook(plan, fates=(Fate.DELETE, Fate.RETAINED)),
    "something that others own": lambda plan: the_outlook(plan, fates=(Fate.RELINQUISH,)),
    "another setting of the store": lambda plan: the_outlook(plan, notes=("soft delete is on",)),
    "no hold": lambda plan: replace(plan, holds=()),
    "a longer hold": lambda plan: replace(plan, holds=(Held(source=LIFE.source, until=LATER),)),
    "a hold on another source": lambda plan: replace(plan, holds=(Held(source=STRIPE, until=NOW),)),
}


@pytest.mark.parametrize("what", BOUND)
def test_what_a_person_said_yes_to_is_bound(what: str) -> None:
    assert BOUND[what](a_plan()).id != a_plan().id


NOT_BOUND: dict[str, Callable[[Plan], Plan]] = {
    "a new version": lambda plan: the_outlook(plan, objects=4, size_bytes=99),
    "nothing to delete": lambda plan: the_outlook(plan, objects=0, fates=(Fate.KEEP,)),
    "a later end of a retention": lambda plan: the_outlook(plan, until=LATER),
    "later horizons": lambda plan: the_outlook(plan, t1=LATER, t2=None),
    "another day": lambda plan: replace(plan, made_at=LATER),
}


@pytest.mark.parametrize("what", NOT_BOUND)
def test_what_changes_by_itself_is_not_bound(what: str) -> None:
    assert NOT_BOUND[what](a_plan()).id == a_plan().id
