"""Topic drive-pushes -> topic files-touched: follow one change log from its cursor."""

import functions_framework

from custody import cloud, events
from custody.domain.events import DriveTouched
from custody.domain.topology import timeout_of
from custody.entry import on_message
from custody.steps.drain_changes import Drain
from custody.steps.drain_changes import drain_changes as follow
from custody.steps.scope import Scope


@functions_framework.http
@on_message(events.drive_touched, cloud.connect)
def drain_changes(rung: DriveTouched, world: cloud.Cloud) -> None:
    follow(
        Drain(
            corpus=rung.corpus,
            feed=world.feed,
            cursors=world.cursors,
            index=world.index,
            publisher=world.publisher,
            scope=Scope(world.drive, world.registry.holdings()),
            holder=world.fresh_id(),
            clock=world.now,
            deadline=world.deadline(timeout_of("drain_changes")),
        )
    )
