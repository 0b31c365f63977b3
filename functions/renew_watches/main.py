"""Timer renew_watches -> Drive: a live channel on every change log, renewed at half its life."""

import functions_framework

from custody import cloud, events
from custody.domain.events import TimerRang
from custody.entry import on_message
from custody.steps.renew_watches import renew_watches as renew


@functions_framework.http
@on_message(events.timer("renew_watches"), cloud.connect)
def renew_watches(_: TimerRang, world: cloud.Cloud) -> None:
    renew(
        feed=world.feed,
        channels=world.channels,
        fresh_id=world.fresh_id(),
        secret=world.push_secret,
        address=world.push_url,
        now=world.now(),
    )
