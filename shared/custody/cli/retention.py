"""For how long versions are kept, and what is let go."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import click

from custody.cli.naming import customer_of, holdings_of
from custody.cli.output import (
    dry_run_option,
    format_option,
    hint,
    rfc3339,
    show_one,
    show_rows,
    show_summary,
)
from custody.cli.world import Desk, connect
from custody.domain.retention import (
    DEFAULT,
    RetentionPlan,
    RetentionPlanId,
    require_safe,
)
from custody.domain.vault import Customer, CustomerId, Holding, Retention
from custody.errors import NotFoundError
from custody.steps.retention import (
    Retain,
    apply_retention,
    confirm_retention,
    plan_retention,
)

COLUMNS = ("slug", "source", "all_days", "daily_days", "weekly_days", "monthly_days", "default")
PARTS = ("source", "epoch", "keep", "expire", "waiting", "uneven")
POLICIES = "retention"
"""The audit stream that tells who set which policy."""
PATIENCE = timedelta(days=7)
CENTURY = 36_525
"""Days: longer than that is for ever."""
DAYS = click.IntRange(0, CENTURY)


@click.group(help=__doc__)
def retention() -> None:
    pass


@retention.command("ls")
@format_option()
def list_policies(form: str) -> None:
    """List the policy of every holding: for how many days all, one a day, a week, a month."""
    world = connect()
    slugs = {one.customer: one.slug for one in world.registry.customers()}
    found = sorted(world.registry.holdings(), key=lambda holding: holding.life)
    show_rows([_policy_row(one, slugs) for one in found], form, COLUMNS)


@retention.command("set")
@click.argument("holding", metavar="C[/S]")
@click.option("--all-days", type=click.IntRange(1, CENTURY), metavar="N", help="All versions.")
@click.option("--daily-days", type=DAYS, metavar="N", help="Then the newest of each day.")
@click.option("--weekly-days", type=DAYS, metavar="N", help="Then the newest of each week.")
@click.option("--monthly-days", type=DAYS, metavar="N", help="Then the newest of each month.")
@click.option("--monthly-always", is_flag=True, help="Monthly for as long as the contract lasts.")
@click.option("--default", "by_default", is_flag=True, help="The default in place of what was set.")
@dry_run_option
@format_option()
def set_policy(
    holding: str,
    *,
    monthly_always: bool,
    by_default: bool,
    dry_run: bool,
    form: str,
    **days: int | None,
) -> None:
    """Set for how long versions of one source, or of all of a customer, are kept."""
    given: dict[str, int | None] = {
        name: value for name, value in days.items() if value is not None
    }
    if monthly_always:
        given["monthly_days"] = None
    _require_one_wish(given, days["monthly_days"], always=monthly_always, by_default=by_default)
    world = connect()
    changed = [
        replace(one, retention=None if by_default else replace(one.retention or DEFAULT, **given))  # type: ignore[arg-type]
        for one in holdings_of(world, holding)
    ]
    if not dry_run:
        for one in changed:
            _save(world, one)
        hint("hint: what it lets go: custody retention plan")
    slugs = {one.customer: one.slug for one in world.registry.customers()}
    rows = [_policy_row(one, slugs) for one in changed]
    show_rows([row | {"dry_run": True} if dry_run else row for row in rows], form, COLUMNS)


@retention.command()
@click.argument("customer", metavar="C")
@dry_run_option
@format_option()
def plan(customer: str, *, dry_run: bool, form: str) -> None:
    """Show how many versions no policy keeps any more. Lets nothing go."""
    world = connect()
    found = customer_of(world, customer)
    run = _run(world)
    made = plan_retention(run, found.customer)
    if not dry_run:
        run.plans.save(made)
    document = _document(made, found)
    _show_plan(document | {"dry_run": True} if dry_run else document, form)
    if not dry_run:
        hint(f"hint: go on with: custody retention apply {made.id}")


@retention.command()
@click.argument("plan", metavar="PLAN")
@click.option("--yes", is_flag=True, help="However much it is: this plan was looked at.")
@dry_run_option
@format_option()
def apply(plan: str, *, yes: bool, dry_run: bool, form: str) -> None:
    """Let go what a plan names. Refused when the world changed, or where it is too much at once."""
    world = connect()
    run = _run(world)
    wanted = _plan_of(run, plan)
    confirm_retention(run, wanted)
    if dry_run:
        require_safe(wanted, approved=yes)
    else:
        apply_retention(run, wanted, by=world.operator, approved=yes)
    summary = {"plan": wanted.id, "keep": wanted.keep, "expire": wanted.expire}
    show_summary(summary | {"dry_run": True} if dry_run else summary, form)


def _require_one_wish(
    given: Mapping[str, int | None], monthly: int | None, *, always: bool, by_default: bool
) -> None:
    if by_default == bool(given):
        raise click.UsageError("say for how long, or --default, and not both")
    if always and monthly is not None:
        raise click.UsageError("say --monthly-days or --monthly-always, and not both")


def _save(world: Desk, holding: Holding) -> None:
    life, policy = holding.life, holding.retention or DEFAULT
    told = {name: days for name, days in asdict(policy).items() if days is not None}
    subject = {"customer": life.customer, "source": life.source, "by": world.operator, **told}
    world.audit.note(POLICIES, "set", subject, world.now())
    world.registry.save_holding(holding)


def _run(world: Desk) -> Retain:
    return world.retention(world.now() + PATIENCE)


def _plan_of(run: Retain, given: str) -> RetentionPlan:
    try:
        return run.plans.find(RetentionPlanId(given))
    except NotFoundError as error:
        raise NotFoundError(f"no plan {given!r}: 'custody retention plan' makes one") from error


def _policy_row(holding: Holding, slugs: Mapping[CustomerId, str]) -> dict[str, Any]:
    policy: Retention = holding.retention or DEFAULT
    return {
        "customer": holding.life.customer,
        "slug": slugs.get(holding.life.customer),
        "source": holding.life.source,
        **asdict(policy),
        "default": holding.retention is None,
    }


def _document(plan: RetentionPlan, customer: Customer) -> dict[str, Any]:
    return {
        "plan": plan.id,
        "customer": customer.customer,
        "slug": customer.slug,
        "made_at": rfc3339(plan.made_at),
        "keep": plan.keep,
        "expire": plan.expire,
        "holdings": [
            {
                "source": part.life.source,
                "epoch": part.life.epoch,
                "keep": part.keep,
                "expire": len(part.expire),
                "waiting": part.waiting,
                "uneven": part.uneven,
            }
            for part in plan.parts
        ],
    }


def _show_plan(document: dict[str, Any], form: str) -> None:
    if form == "json":
        show_one(document, form)
        return
    show_one({name: told for name, told in document.items() if name != "holdings"}, form)
    show_rows(document["holdings"], form, PARTS)
