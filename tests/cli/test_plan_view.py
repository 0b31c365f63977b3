"""A plan as people and scripts see it: the worst is said first, and no date is invented."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from custody.cli.plan_view import plan_document
from custody.domain.erasure import Copy, Fate, Part, Reason, Scope
from custody.domain.holds import Hold
from custody.domain.plan import Outlook, Plan
from custody.domain.vault import HoldingEpoch, Source
from samples import LIFE, NOW, a_customer, a_holding, a_life

STRIPE = a_life(source="stripe")
LATER = NOW + timedelta(days=30)


def an_outlook(*fates: Fate, life: HoldingEpoch = LIFE, **known: Any) -> Outlook:
    values: dict[str, Any] = {
        "life": life,
        "copy": Copy.DRIVE,
        "objects": len(fates),
        "size_bytes": 10 * len(fates),
        "fates": fates,
        "until": None,
        "t1": NOW,
        "t2": LATER,
    }
    return Outlook(**values | known)


def document(
    *outlooks: Outlook, hold: Hold | None = None, reason: Reason = Reason.REQUEST
) -> dict[str, Any]:
    plan = Plan(
        customer=LIFE.customer,
        scope=Scope.ALL,
        sources=(),
        reason=reason,
        parts=tuple(Part(life=life) for life in sorted({one.life for one in outlooks})),
        outlooks=outlooks,
        holds=(),
        made_at=NOW,
    )
    holds = {hold.source: hold} if hold else {}
    return plan_document(plan, a_customer(), holds, [a_holding(a_life(source="zendesk"))])


def a_hold(until: datetime = LATER) -> Hold:
    source = Source("hubspot")
    return Hold(
        customer=LIFE.customer, source=source, reason="a lawsuit", until=until, placed_at=NOW
    )


@pytest.mark.parametrize(
    ("fates", "outcome"),
    [
        ((), "delete"),
        ((Fate.DELETE,), "delete"),
        ((Fate.DELETE, Fate.KEEP), "keep"),
        ((Fate.KEEP, Fate.RELINQUISH), "relinquish"),
        ((Fate.RELINQUISH, Fate.ASK_OWNER), "ask-owner"),
        ((Fate.ASK_OWNER, Fate.RETAINED), "blocked"),
    ],
)
def test_the_outcome_of_a_copy_is_the_worst_of_its_things(
    fates: tuple[Fate, ...], outcome: str
) -> None:
    assert document(an_outlook(*fates))["copies"][0]["outcome"] == outcome


def test_a_copy_counts_all_its_epochs_and_the_details_count_each() -> None:
    told = document(
        an_outlook(Fate.DELETE, notes=("same",)),
        an_outlook(Fate.KEEP, Fate.DELETE, life=STRIPE, notes=("same", "other")),
    )
    [row] = told["copies"]
    assert (row["objects"], row["bytes"], row["outcome"]) == (3, 30, "keep")
    assert row["notes"] == ["same", "other"]
    first, second = told["details"]
    assert (first["source"], first["epoch"], first["objects"], first["outcome"]) == (
        "hubspot",
        1,
        1,
        "delete",
    )
    assert (second["source"], second["objects"], second["outcome"]) == ("stripe", 2, "keep")
    assert [one["objects"] for one in told["holdings"]] == [1, 2]


def test_the_last_date_counts_and_an_unknown_one_makes_it_unknown() -> None:
    [row] = document(an_outlook(), an_outlook(life=STRIPE, t1=LATER, t2=None))["copies"]
    assert (row["t1"], row["t2"]) == ("2026-03-31T12:00:00Z", None)


def test_a_hold_blocks_every_copy_of_its_source_alone() -> None:
    told = document(
        an_outlook(Fate.DELETE),
        an_outlook(Fate.DELETE, copy=Copy.VAULT),
        an_outlook(Fate.DELETE, life=STRIPE),
        hold=a_hold(),
    )
    assert {one["copy"]: one["outcome"] for one in told["copies"]} == {
        "vault": "blocked",
        "drive": "blocked",
    }
    assert [one["outcome"] for one in told["details"]] == ["blocked", "blocked", "delete"]
    until = "2026-03-31T12:00:00Z"
    assert told["blocked"] == [{"source": "hubspot", "until": until, "why": "a hold: a lawsuit"}]
    assert [one["hold"] for one in told["holdings"]] == [
        {"reason": "a lawsuit", "until": until},
        None,
    ]


def test_what_a_store_or_an_owner_keeps_from_going_is_told() -> None:
    told = document(an_outlook(Fate.RETAINED, Fate.ASK_OWNER, until=LATER))
    assert [(one["source"], one["until"]) for one in told["blocked"]] == [
        ("hubspot", "2026-03-31T12:00:00Z"),
        ("hubspot", None),
    ]


def test_what_stays_has_a_reason() -> None:
    told = document(an_outlook(Fate.KEEP, Fate.RELINQUISH))["stays"]
    whats = [one["what"] for one in told]
    for word in ("source zendesk", "entry", "another holding", "others own", "receipts"):
        assert any(word in what for what in whats)
    assert all(one["why"] for one in told)
    ended = document(an_outlook(), reason=Reason.TERMINATION)["stays"]
    assert not any("entry with its name" in one["what"] for one in ended)
