"""Topic deletion-requests -> topics erasure-tasks-<copy>: take on, fence, ring for the rest."""

import functions_framework

from custody import cloud, events
from custody.domain.events import DeletionRequested
from custody.entry import on_message
from custody.steps.request_erasure import request_erasure as take_on


@functions_framework.http
@on_message(events.deletion_requested, cloud.connect, refusal="request_refused")
def request_erasure(request: DeletionRequested, world: cloud.Cloud) -> None:
    take_on(world.request, request)
