"""Topic versions-stored -> off-site: the same ciphertext under the same name in S3."""

import functions_framework

from custody import cloud, events
from custody.domain.events import VersionStored
from custody.domain.topology import timeout_of
from custody.entry import on_message
from custody.steps.replicate import replicate_version


@functions_framework.http
@on_message(events.version_stored, cloud.connect)
def replicate(stored: VersionStored, world: cloud.Cloud) -> None:
    replicate_version(world.replicate(timeout_of("replicate")), stored)
