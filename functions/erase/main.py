"""Topic erasure-tasks-<copy>: move one copy of one epoch one step. Deployed once for each copy."""

import functions_framework

from custody import cloud, events
from custody.domain.events import ErasureStep
from custody.entry import on_message
from custody.steps.erase import erase as move_on


@functions_framework.http
@on_message(events.erasure_step, cloud.connect)
def erase(step: ErasureStep, world: cloud.Cloud) -> None:
    move_on(world.erase, step)
