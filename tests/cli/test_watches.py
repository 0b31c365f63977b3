"""`custody watches`: the channels on which Drive rings."""

from datetime import timedelta

from custody.domain.channels import Channel
from custody.domain.drain_changes import Cursor
from custody.domain.drive import OWN_LOG, SHARED_DRIVE

from .conftest import Shell


def test_nothing_is_listed_where_nothing_rings(shell: Shell) -> None:
    assert shell.json("watches", "ls") == []


def test_each_channel_is_listed_with_the_age_of_its_cursor(shell: Shell) -> None:
    world = shell.world
    now = world.now()
    for corpus, name in ((SHARED_DRIVE, "one"), (OWN_LOG, "two")):
        channel = Channel(
            channel=name,
            corpus=corpus,
            resource="resource",
            address=world.push_url,
            created_at=now,
            expires_at=now + timedelta(days=7),
        )
        world.channels.add(channel)
    cursor = Cursor(token="1", moved_at=now - timedelta(minutes=5))
    world.cursors.move(SHARED_DRIVE, cursor, stamp=0)
    shared, own = shell.json("watches", "ls")
    assert (shared["corpus"], shared["channel"]) == ("shared-drive", "one")
    assert 300 <= shared["cursor_age_seconds"] < 360
    assert (own["corpus"], own["cursor_age_seconds"]) == ("own-log", None)
    assert shared["expires_at"].startswith(f"{now + timedelta(days=7):%Y-%m-%dT%H:%M}")
