"""Timer drill -> log: restore a sample from both places, and try to read what was erased."""

import functions_framework

from custody import cloud, events
from custody.domain.events import TimerRang
from custody.domain.topology import timeout_of
from custody.entry import on_message
from custody.steps.drill import drill as rehearse


@functions_framework.http
@on_message(events.timer("drill"), cloud.connect)
def drill(_: TimerRang, world: cloud.Cloud) -> None:
    rehearse(world.drill(timeout_of("drill")))
