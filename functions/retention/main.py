"""Timer retention -> ledger, topics erasure-tasks-<copy>: let go what no policy keeps."""

import functions_framework

from custody import cloud, events
from custody.domain.events import TimerRang
from custody.domain.topology import timeout_of
from custody.entry import on_message
from custody.steps.retention import retain


@functions_framework.http
@on_message(events.timer("retention"), cloud.connect)
def retention(rang: TimerRang, world: cloud.Cloud) -> None:
    retain(world.retention(world.deadline(timeout_of("retention"))), rang.after)
