"""The port Publisher: when it returns, all events are there."""

from custody.domain.drive import OWN_LOG
from custody.domain.events import DriveTouched, Event, FilesTouched, TimerRang, VersionStored
from custody.domain.vault import FileId, ObjectName
from samples import FILE, LIFE
from worlds.world import World


def test_every_event_that_was_published_is_there_as_it_was(world: World) -> None:
    published: list[Event] = [
        DriveTouched(corpus=OWN_LOG),
        FilesTouched(life=LIFE, file_ids=(FILE, FileId("größe"))),
        VersionStored(life=LIFE, file_id=FILE, version=ObjectName("a/b")),
        TimerRang(timer="reconcile", after="c/s"),
    ]
    world.publisher.publish(published)
    sent = world.sent()
    assert len(sent) == len(published)
    assert all(event in sent for event in published)


def test_more_events_than_one_call_takes_are_all_there(world: World) -> None:
    """Pub/Sub takes 1,000 messages a call."""
    many = [FilesTouched(life=LIFE, file_ids=(FileId(f"{n}"),)) for n in range(1100)]
    world.publisher.publish(many)
    assert {event for event in world.sent() if isinstance(event, FilesTouched)} == set(many)


def test_nothing_published_is_nothing_sent(world: World) -> None:
    world.publisher.publish([])
    assert world.sent() == []
