"""Topic files-touched -> vault: capture what is new in the named files of one holding."""

import functions_framework

from custody import cloud, events
from custody.domain.events import FilesTouched
from custody.domain.topology import timeout_of
from custody.entry import on_message
from custody.steps.capture import capture_files


@functions_framework.http
@on_message(events.files_touched, cloud.connect)
def capture(touched: FilesTouched, world: cloud.Cloud) -> None:
    capture_files(world.capture(timeout_of("capture")), touched)
