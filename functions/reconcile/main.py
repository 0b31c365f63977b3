"""Timer reconcile -> topics of whoever writes: list all sides, ring for what differs."""

import functions_framework

from custody import cloud, events
from custody.domain.events import TimerRang
from custody.domain.topology import timeout_of
from custody.entry import on_message
from custody.steps.reconcile import reconcile as compare


@functions_framework.http
@on_message(events.timer("reconcile"), cloud.connect)
def reconcile(rang: TimerRang, world: cloud.Cloud) -> None:
    compare(world.reconcile(world.deadline(timeout_of("reconcile"))), rang.after)
