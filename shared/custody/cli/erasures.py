"""Erasures: plan, apply, follow; what was erased never comes back."""

import hashlib
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID

import click

from custody.cli.await_erasure import await_erasure, conclude
from custody.cli.erasure_view import (
    erasure_document,
    erasure_of,
    erasure_row,
    look_at,
    slugs_of,
)
from custody.cli.holdings import hold_in_force
from custody.cli.naming import customer_of, holding_of, holdings_of
from custody.cli.output import (
    dry_run_option,
    format_option,
    hint,
    show_one,
    show_rows,
    show_summary,
)
from custody.cli.plan_view import plan_document, show_plan
from custody.cli.rehearsal import rehearsed
from custody.cli.synopsis import RepeatedOptions
from custody.cli.world import Desk, connect
from custody.domain.erasure import Erasure, ErasureId, PlanId, Reason, Scope, State
from custody.domain.events import DeletionRequested
from custody.domain.plan import Plan
from custody.domain.request_erasure import erasure_id, request_again
from custody.domain.vault import Customer, Source
from custody.errors import NotFoundError, RefusedError
from custody.steps.plan_erasure import Wish, approve, cancel, confirm_plan, plan_erasure

COLUMNS = ("erasure", "slug", "state", "requested_at", "deadline")
COPIES = ("source", "epoch", "copy", "state", "before", "deleted", "waiting", "t1", "t2", "reason")
READERS = 8
"""How many records are read at once."""
_NEXT = {
    State.AWAITING_APPROVAL: "a second person must run: custody erasures approve {}",
    State.CERTIFIED: "its proof: custody receipts get {}",
    State.CANCELLED: "for another one: custody erasures plan",
}


@click.group(help=__doc__)
def erasures() -> None:
    pass


@erasures.command(cls=RepeatedOptions)
@click.argument("customer", metavar="C")
@click.option("--source", "sources", multiple=True, metavar="S", help="These sources alone.")
@click.option("--all", "everything", is_flag=True, help="All sources.")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    default=Reason.REQUEST.value,
    show_default=True,
    help="A termination takes all sources, and the customer's entry too.",
)
@dry_run_option
@format_option()
def plan(
    customer: str,
    sources: tuple[str, ...],
    *,
    everything: bool,
    reason: str,
    dry_run: bool,
    form: str,
) -> None:
    """Show what an erasure would delete, what stays and why. Deletes nothing."""
    scope = _scope(sources, everything=everything or reason == Reason.TERMINATION.value)
    world = connect()
    found = customer_of(world, customer)
    wish = Wish(
        customer=found.customer,
        scope=scope,
        sources=_known(world, found, sources),
        reason=Reason(reason),
    )
    made = plan_erasure(world.planning, wish)
    books = rehearsed(world.books) if dry_run else world.books
    books.plans.save(made)
    document = _document(world, made, found)
    show_plan(document | {"dry_run": True} if dry_run else document, form)
    if not dry_run:
        hint(f"hint: go on with: custody erasures apply {made.id}")


@erasures.command()
@click.argument("plan", metavar="PLAN")
@click.option("--yes", is_flag=True, help="Do not ask: this plan was looked at.")
@click.option("--wait", "waits", is_flag=True, help="Show how it goes until it is certified.")
@dry_run_option
@format_option(lines=True)
def apply(plan: str, *, yes: bool, waits: bool, dry_run: bool, form: str) -> None:
    """Ask for the erasure of a plan. Refused when the world changed since."""
    world = connect()
    wanted = _plan_of(world, plan)
    earlier = [look_at(world, one) for one in _all(world) if one.plan == wanted.id]
    standing = next((one for one in earlier if one.state is not State.CANCELLED), None)
    if standing:
        erasure, state = standing.erasure.erasure, standing.state
    else:
        confirm_plan(world.planning, wanted)
        if not (yes or dry_run):
            _ask(world, wanted)
        erasure, state = _request(world, wanted, len(earlier), dry_run=dry_run), State.REQUESTED
    if waits and not dry_run:
        ended = await_erasure(world, erasure, form)
        _hint(erasure, ended.state)
        conclude(world, ended, form)
    else:
        _show_state(erasure, state, form, dry_run=dry_run)


@erasures.command("approve")
@click.argument("erasure", metavar="E")
@dry_run_option
@format_option()
def approve_erasure(erasure: str, *, dry_run: bool, form: str) -> None:
    """Be the second pair of eyes for an erasure that another person asked for."""
    world = connect()
    found = erasure_of(world, erasure)
    books = rehearsed(world.books) if dry_run else world.books
    approve(books, found, world.operator)
    books.publisher.publish([request_again(found)])
    _show_state(found.erasure, State.REQUESTED, form, dry_run=dry_run)


@erasures.command("cancel")
@click.argument("erasure", metavar="E")
@dry_run_option
@format_option()
def cancel_erasure(erasure: str, *, dry_run: bool, form: str) -> None:
    """Call an erasure off. Refused once its holdings are fenced."""
    world = connect()
    found = erasure_of(world, erasure)
    cancel(rehearsed(world.books) if dry_run else world.books, found, world.now())
    _show_state(found.erasure, State.CANCELLED, form, dry_run=dry_run)


@erasures.command("ls")
@format_option()
def list_erasures(form: str) -> None:
    """List all erasures, in the order in which they were asked for."""
    world = connect()
    slugs = slugs_of(world)
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(partial(look_at, world), _all(world))
        rows = [erasure_row(one, slugs) for one in found]
    show_rows(rows, form, COLUMNS)


@erasures.command()
@click.argument("erasure", metavar="E")
@format_option()
def show(erasure: str, form: str) -> None:
    """Show where each copy stands, and on what evidence."""
    world = connect()
    standing = look_at(world, erasure_of(world, erasure))
    document = erasure_document(world, standing)
    if form == "json":
        show_one(document, form)
        return
    show_one({name: told for name, told in document.items() if name != "copies"}, form)
    click.echo()
    show_rows(document["copies"], form, COPIES)
    _hint(document["erasure"], standing.state)


def _scope(sources: Sequence[str], *, everything: bool) -> Scope:
    if everything == bool(sources):
        raise click.UsageError("say what is to be erased: either --source S... or --all")
    return Scope.ALL if everything else Scope.SOURCES


def _known(world: Desk, customer: Customer, given: Sequence[str]) -> tuple[Source, ...]:
    """Each source once, in their order. NotFoundError for one that the customer lacks."""
    lives = {holding_of(world, f"{customer.customer}/{source}").life for source in given}
    return tuple(sorted(life.source for life in lives))


def _document(world: Desk, plan: Plan, customer: Customer) -> dict[str, Any]:
    theirs = holdings_of(world, plan.customer)
    in_scope = {part.life.source for part in plan.parts if part.life.epoch}
    holds = {source: hold_in_force(world, plan.customer, source) for source in sorted(in_scope)}
    return plan_document(
        plan,
        customer,
        {source: hold for source, hold in holds.items() if hold},
        [one for one in theirs if one.life.source not in in_scope],
    )


def _plan_of(world: Desk, given: str) -> Plan:
    try:
        return world.books.plans.find(PlanId(given))
    except NotFoundError as error:
        raise NotFoundError(f"no plan {given!r}: 'custody erasures plan' makes one") from error


def _all(world: Desk) -> list[Erasure]:
    """In the order in which they were asked for."""
    books = world.books
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(books.erasures.find, books.erasures.ids())
        return sorted(found, key=lambda one: (one.requested_at, one.erasure))


def _ask(world: Desk, plan: Plan) -> None:
    """A person types what is to be erased; without a terminal nobody can be asked."""
    if not sys.stdin.isatty():
        raise RefusedError("nobody is there to be asked: with --yes you say that you saw the plan")
    is_one = len(plan.sources) == 1
    word = plan.sources[0] if is_one else world.registry.customer(plan.customer).slug
    click.echo(f"What is erased never comes back. Type {word!r} to erase it: ", nl=False, err=True)
    if sys.stdin.readline().strip() != word:
        raise RefusedError(f"{word!r} was not typed: nothing is erased")


def _request(world: Desk, plan: Plan, cancelled: int, *, dry_run: bool) -> ErasureId:
    """Publishes the request of a plan that may have been cancelled before."""
    request = DeletionRequested(
        request_id=_request_id(plan.id, cancelled),
        customer=plan.customer,
        scope=plan.scope,
        sources=plan.sources,
        reason=plan.reason,
        submitted_at=world.now(),
        plan=plan.id,
        requested_by=world.operator,
    )
    books = rehearsed(world.books) if dry_run else world.books
    books.publisher.publish([request])
    return erasure_id(request.request_id)


def _request_id(plan: PlanId, cancelled: int) -> str:
    """Follows from the plan: two who apply it at once ask for one erasure."""
    digest = hashlib.sha256(f"{plan} {cancelled}".encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def _show_state(erasure: ErasureId, state: State, form: str, *, dry_run: bool) -> None:
    row: dict[str, Any] = {"erasure": erasure, "state": state.value}
    show_summary(row | {"dry_run": True} if dry_run else row, form)
    if not dry_run:
        _hint(erasure, state)


def _hint(erasure: ErasureId, state: State) -> None:
    """The next command."""
    text = _NEXT.get(state, "how far it is: custody erasures show {}")
    hint(f"hint: {text.format(erasure)}")
