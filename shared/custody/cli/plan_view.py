"""What an erasure would do, as people and scripts see it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from custody.cli.holdings import hold_row
from custody.cli.output import Row, rfc3339, show_one, show_rows
from custody.domain.erasure import Copy, Fate, Part, Reason
from custody.domain.holds import Hold
from custody.domain.plan import Outlook, Plan
from custody.domain.vault import Customer, Holding, Source

COPIES = ("copy", "objects", "bytes", "outcome", "t1", "t2")
BLOCKED = "blocked"
_WORST_FIRST = (
    BLOCKED,
    Fate.ASK_OWNER.value,
    Fate.RELINQUISH.value,
    Fate.KEEP.value,
    Fate.DELETE.value,
)
Holds = Mapping[Source, Hold]
"""The holds in force, by source."""


def plan_document(
    plan: Plan, customer: Customer, holds: Holds, others: Sequence[Holding]
) -> dict[str, Any]:
    """`others` are the customer's holdings that are not in scope."""
    by_copy = [[one for one in plan.outlooks if one.copy is copy] for copy in Copy]
    return {
        "plan": plan.id,
        "customer": plan.customer,
        "slug": customer.slug,
        "scope": plan.scope.value,
        "reason": plan.reason.value,
        "holdings": [_holding(plan, part, holds) for part in plan.parts if part.life.epoch],
        "copies": [_copy(outlooks, holds) for outlooks in by_copy if outlooks],
        "details": [_detail(one, holds) for one in plan.outlooks],
        "blocked": list(_blocked(plan, holds)),
        "stays": [{"what": what, "why": why} for what, why in _stays(plan, others)],
    }


def show_plan(document: Row, form: str) -> None:
    """Tables of what goes and what stays; a script gets all of it at once."""
    if form == "json":
        show_one(document, form)
        return
    goes = ", ".join(f"{one['source']} (epoch {one['epoch']})" for one in document["holdings"])
    click.echo(f"Plan {document['plan']} erases of {document['slug']}: {goes or 'no holding'}.\n")
    show_rows(document["copies"], form, COPIES)
    click.echo("\nt1: when it is beyond us; t2: when it is beyond the provider, if done now.\n")
    told = [(one["copy"], note) for one in document["copies"] for note in one["notes"]]
    show_rows([{"copy": copy, "note": note} for copy, note in told], form, ("copy", "note"))
    if document["blocked"]:
        click.echo("\nThis cannot go yet:\n")
        show_rows(document["blocked"], form, ("source", "until", "why"))
    click.echo("\nThis stays:\n")
    show_rows(document["stays"], form, ("what", "why"))


def _holding(plan: Plan, part: Part, holds: Holds) -> dict[str, Any]:
    outlooks = [one for one in plan.outlooks if one.life == part.life]
    return {
        "source": part.life.source,
        "epoch": part.life.epoch,
        "folder_id": part.folder_id,
        "adopted": part.adopted,
        "objects": sum(one.objects for one in outlooks),
        "bytes": sum(one.size_bytes for one in outlooks),
        "hold": hold_row(holds.get(part.life.source)),
    }


def _detail(outlook: Outlook, holds: Holds) -> dict[str, Any]:
    life = outlook.life
    return {"source": life.source, "epoch": life.epoch} | _copy([outlook], holds)


def _copy(outlooks: Sequence[Outlook], holds: Holds) -> dict[str, Any]:
    """One copy, of as many epochs as there are outlooks."""
    return {
        "copy": outlooks[0].copy.value,
        "objects": sum(one.objects for one in outlooks),
        "bytes": sum(one.size_bytes for one in outlooks),
        "outcome": _outcome(outlooks, holds),
        "t1": _last(one.t1 for one in outlooks),
        "t2": _last(one.t2 for one in outlooks),
        "notes": list(dict.fromkeys(note for one in outlooks for note in one.notes)),
    }


def _outcome(outlooks: Iterable[Outlook], holds: Holds) -> str:
    """The worst that becomes of any of it."""
    found = {word for one in outlooks for word in _words(one, holds)}
    return next((word for word in _WORST_FIRST if word in found), Fate.DELETE.value)


def _words(outlook: Outlook, holds: Holds) -> Iterator[str]:
    if outlook.life.epoch and outlook.life.source in holds:
        yield BLOCKED
    for fate in outlook.fates:
        yield BLOCKED if fate is Fate.RETAINED else fate.value


def _last(moments: Iterable[datetime | None]) -> str | None:
    """None where one of them is not known."""
    known = list(moments)
    return rfc3339(max(one for one in known if one)) if all(known) else None


def _blocked(plan: Plan, holds: Holds) -> Iterator[dict[str, Any]]:
    for source, hold in holds.items():
        yield _wait(source, hold.until, f"a hold: {hold.reason}")
    for one in plan.outlooks:
        source = one.life.source
        if Fate.RETAINED in one.fates:
            yield _wait(source, one.until, f"the store retains some of the {one.copy} copy")
        if Fate.ASK_OWNER in one.fates:
            yield _wait(source, None, "only its owner can end our access to some: they are asked")


def _wait(source: Source, until: datetime | None, why: str) -> dict[str, Any]:
    return {"source": source, "until": rfc3339(until) if until else None, "why": why}


def _stays(plan: Plan, others: Sequence[Holding]) -> Iterator[tuple[str, str]]:
    for holding in others:
        yield f"the source {holding.life.source}", "it is not in scope: nothing of it is touched"
    if plan.reason is not Reason.TERMINATION:
        yield "the customer's entry with its name", "only a termination takes it"
    for one in plan.outlooks:
        if Fate.KEEP in one.fates:
            yield (
                f"files of {one.life.source} that lie in another holding now",
                "they go when that one is erased",
            )
        if Fate.RELINQUISH in one.fates:
            yield (
                f"what others own of {one.life.source}",
                "it is theirs: our access is given up, and they are told",
            )
    yield "fences, the erasure's record, receipts, audit entries", "opaque ids, kept as proof"
    yield "downloads, mails, copies in other drives", "nobody looks for them: ask who made them"
