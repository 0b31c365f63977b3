"""A hold keeps what there is until its day."""

from datetime import timedelta

from custody.domain.holds import Hold
from samples import LIFE, NOW


def test_a_hold_is_in_force_until_its_day_and_not_on_it() -> None:
    hold = Hold(
        customer=LIFE.customer, source=LIFE.source, reason="a dispute", until=NOW, placed_at=NOW
    )
    moment = timedelta(microseconds=1)
    assert hold.in_force(NOW - timedelta(days=365))
    assert hold.in_force(NOW - moment)
    assert not hold.in_force(NOW)
    assert not hold.in_force(NOW + moment)
