"""Gives orders to `erase`, which alone deletes: each written down before anybody is told of it."""

from collections.abc import Sequence

from custody.domain.disposal import Disposal
from custody.domain.erasure import ErasureId
from custody.domain.events import ErasureStep
from custody.ports import Disposals, Publisher


def give_orders(disposals: Disposals, publisher: Publisher, orders: Sequence[Disposal]) -> None:
    """The same order twice is carried out once."""
    for order in orders:
        disposals.add(order)
    publisher.publish([_step(order) for order in orders])


def _step(order: Disposal) -> ErasureStep:
    return ErasureStep(
        erasure=ErasureId(order.id),
        source=order.life.source,
        epoch=order.life.epoch,
        copy=order.copy,
        page=0,
    )
