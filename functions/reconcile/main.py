"""Timer reconcile -> topic files-touched: list Drive and vault, capture what no event brought."""

import functions_framework

from custody import cloud, events
from custody.domain.events import TimerRang
from custody.domain.topology import timeout_of
from custody.entry import on_message
from custody.steps.reconcile import Reconcile
from custody.steps.reconcile import reconcile as compare


@functions_framework.http
@on_message(events.timer("reconcile"), cloud.connect)
def reconcile(rang: TimerRang, world: cloud.Cloud) -> None:
    compare(
        Reconcile(
            drive=world.drive,
            vault=world.vault,
            keys=world.keys,
            registry=world.registry,
            fences=world.fences,
            index=world.index,
            publisher=world.publisher,
            quarantine=world.quarantine,
            books=world.books,
            signer=world.signer,
            clock=world.now,
            deadline=world.deadline(timeout_of("reconcile")),
        ),
        rang.after,
    )
