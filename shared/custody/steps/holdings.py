"""Customers and their holdings: registered and opened by a person, one epoch at a time."""

from dataclasses import dataclass, replace

from custody.domain.customers import slug_of
from custody.domain.erasure import entry_of
from custody.domain.events import TimerRang
from custody.domain.vault import (
    Customer,
    CustomerId,
    FileId,
    Holding,
    HoldingEpoch,
    HoldingState,
    Intake,
    Source,
)
from custody.errors import AlreadyExistsError, NotFoundError, RefusedError
from custody.ports import Fences, Folders, KeyMaker, Publisher, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What a person needs who registers customers and opens holdings."""

    registry: Registry
    fences: Fences
    folders: Folders
    keys: KeyMaker
    publisher: Publisher


def add_customer(
    office: Office,
    name: str,
    *,
    customer: CustomerId,
    intake: Intake = Intake.DRIVE,
    mail_from: tuple[str, ...] = (),
) -> Customer:
    """Registers a name that nobody has yet. Raises RefusedError for one that is taken."""
    added = Customer(
        customer=customer, slug=slug_of(name), name=name, intake=intake, mail_from=mail_from
    )
    try:
        office.registry.add_customer(added)
    except AlreadyExistsError as error:
        raise RefusedError(
            f"a customer with the slug {added.slug!r} exists: choose another name, or add a source "
            "to it with 'custody customers add-source'"
        ) from error
    return added


def find_customer(registry: Registry, given: str) -> Customer:
    """By id, slug or display name, large and small letters alike. Raises NotFoundError."""
    wanted = given.casefold()
    for customer in registry.customers():
        if wanted in (customer.customer, customer.slug, customer.name.casefold()):
            return customer
    raise NotFoundError(f"no customer {given!r}: 'custody customers ls' names them all")


def open_holding(
    office: Office, customer: Customer, source: Source, *, folder: FileId | None = None
) -> Holding:
    """Opens the next epoch: folder and keyset first, the word "open" last.

    Raises RefusedError when the present epoch is still open.
    """
    standing = _standing(office, customer, source)
    life = _next_life(office, customer, source, standing)
    folder_id = folder or office.folders.create(f"{customer.slug} {source} {life.epoch}")
    try:
        office.keys.create(life)
    except AlreadyExistsError:
        # A run that ended before it said "open": nothing was captured under this keyset yet.
        office.keys.complete(life)
    holding = Holding(
        life=life,
        state=HoldingState.OPEN,
        folder_id=folder_id,
        adopted=folder is not None,
        retention=standing.retention if standing else None,
    )
    office.registry.save_holding(holding)
    office.publisher.publish([TimerRang(timer="reconcile")])
    return holding


def _standing(office: Office, customer: Customer, source: Source) -> Holding | None:
    """What the registry says of this source, where it was ever opened."""
    try:
        return office.registry.holding(customer.customer, source)
    except NotFoundError:
        return None


def _next_life(
    office: Office, customer: Customer, source: Source, standing: Holding | None
) -> HoldingEpoch:
    if office.fences.closed(entry_of(customer.customer)):
        raise RefusedError("this customer's contract ended: add it anew once its erasure is done")
    first = HoldingEpoch(customer=customer.customer, source=source, epoch=1)
    if standing is None:
        return first
    if standing.state is HoldingState.OPEN and not office.fences.closed(standing.life):
        raise RefusedError(f"epoch {standing.life.epoch} of this holding is open already")
    return replace(first, epoch=standing.life.epoch + 1)
