"""What people type for customers, holdings and times, and what it means."""

from datetime import UTC, datetime

import click

from custody.cli.world import Desk
from custody.domain.vault import Customer, Holding, Source
from custody.errors import NotFoundError
from custody.steps.holdings import find_customer


def customer_of(world: Desk, given: str) -> Customer:
    """C: a display name, slug or id."""
    return find_customer(world.registry, given)


def holding_of(world: Desk, given: str) -> Holding:
    """C/S: the source stands after the last `/`."""
    name, _, source = given.rpartition("/")
    if not (name and source):
        raise click.UsageError(f"{given!r} is no holding: write CUSTOMER/SOURCE")
    customer = customer_of(world, name)
    try:
        return world.registry.holding(customer.customer, Source(source))
    except NotFoundError as error:
        raise NotFoundError(
            f"{customer.slug} has no source {source!r}: 'custody customers show' names them"
        ) from error


def holdings_of(world: Desk, given: str) -> list[Holding]:
    """C or C/S: all holdings of a customer, or one."""
    return choose(world, given)[0]


def choose(world: Desk, given: str) -> tuple[list[Holding], bool]:
    """The holdings that C or C/S names, and whether it names a whole customer."""
    try:
        customer = customer_of(world, given)
    except NotFoundError:
        if "/" not in given:
            raise
        return [holding_of(world, given)], False
    theirs = [one for one in world.registry.holdings() if one.life.customer == customer.customer]
    return sorted(theirs, key=lambda holding: holding.life), True


class Time(click.ParamType[datetime]):
    """RFC 3339, or a day; without a zone it is UTC."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: write it as 2026-11-23T12:00:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
