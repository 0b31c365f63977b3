"""The port ChangeFeed: nothing that changed is left out, and cursors go on where they stood."""

from datetime import timedelta

import pytest

from custody.domain.channels import CHANGES_LIFE
from custody.domain.drive import CORPORA, OWN_LOG, SHARED_DRIVE, Change, Corpus
from custody.domain.vault import FileId
from custody.errors import CustodyError, NotFoundError
from worlds.world import World


def changes(world: World, corpus: Corpus, cursor: str) -> tuple[dict[FileId, Change], str]:
    """All that changed since, each item once, and the cursor after it."""
    found: dict[FileId, Change] = {}
    while True:
        page = world.feed.page(corpus, cursor)
        found |= {change.file_id: change for change in page.changes}
        cursor = page.cursor
        if not page.more:
            return found, cursor


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_new_cursor_leads_to_nothing_yet(world: World, corpus: Corpus) -> None:
    found, cursor = changes(world, corpus, world.feed.start(corpus))
    assert found == {}
    assert changes(world, corpus, cursor)[0] == {}


def test_what_changes_afterwards_is_named_with_what_it_is_now(world: World) -> None:
    cursor = world.feed.start(SHARED_DRIVE)
    file_id = world.google.create_file("deals.csv", world.google.root, b"one")
    world.google.rename(file_id, "offers.csv")
    found, after = changes(world, SHARED_DRIVE, cursor)
    shown = found[file_id].file
    assert shown
    assert shown.name == "offers.csv"
    assert changes(world, SHARED_DRIVE, after)[0] == {}


def test_many_changes_are_all_found_and_a_cursor_can_be_followed_again(world: World) -> None:
    """T4: a cursor is not used up by following it."""
    cursor = world.feed.start(SHARED_DRIVE)
    made = {world.google.create_file(f"{n}", world.google.root, b"x") for n in range(10)}
    for _ in range(2):
        assert made <= set(changes(world, SHARED_DRIVE, cursor)[0])


def test_edits_moves_and_trash_are_changes(world: World) -> None:
    folder = world.google.create_folder("exports", world.google.root)
    edited, moved, trashed = (
        world.google.create_file("x", world.google.root, b"x") for _ in range(3)
    )
    cursor = world.feed.start(SHARED_DRIVE)
    world.google.edit(edited, b"two")
    world.google.move(moved, folder)
    world.google.trash(trashed)
    found, _ = changes(world, SHARED_DRIVE, cursor)
    shown = {file_id: change.file for file_id, change in found.items() if change.file}
    assert shown[edited].size_bytes == 3
    assert shown[moved].parent == folder
    assert shown[trashed].trashed


def test_what_is_deleted_is_removed(world: World) -> None:
    file_id = world.google.create_file("deals.csv", world.google.root, b"one")
    cursor = world.feed.start(SHARED_DRIVE)
    world.google.delete(file_id)
    found, _ = changes(world, SHARED_DRIVE, cursor)
    assert found[file_id].file is None


def test_what_is_no_longer_shared_with_us_is_removed(world: World) -> None:
    """T6: the same word for both, and no file with it."""
    folder = world.google.create_folder("shared with us")
    cursor = world.feed.start(OWN_LOG)
    world.google.hide(folder)
    found, _ = changes(world, OWN_LOG, cursor)
    assert found[folder].file is None


def test_each_corpus_has_a_log_of_its_own(world: World) -> None:
    """T5: what a customer shares with us stands in our own log, our drive in the drive's."""
    cursors = {corpus: world.feed.start(corpus) for corpus in CORPORA}
    ours = world.google.create_file("deals.csv", world.google.root, b"one")
    folder = world.google.create_folder("shared with us")
    theirs = world.google.create_file("deals.csv", folder, b"one")
    found = {corpus: changes(world, corpus, cursors[corpus])[0] for corpus in CORPORA}
    assert ours in found[SHARED_DRIVE]
    assert ours not in found[OWN_LOG]
    assert theirs in found[OWN_LOG]
    assert theirs not in found[SHARED_DRIVE]


def test_a_cursor_that_drive_never_gave_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.feed.page(SHARED_DRIVE, "nonsense")


@pytest.mark.parametrize("asked", [timedelta(hours=1), CHANGES_LIFE])
@pytest.mark.parametrize("corpus", CORPORA)
def test_a_channel_lives_as_long_as_asked(world: World, corpus: Corpus, asked: timedelta) -> None:
    """T2: to the millisecond that Drive counts in."""
    channel = world.feed.watch(
        corpus,
        cursor=world.feed.start(corpus),
        channel=world.fresh_id(),
        token="a token",
        address="https://push.example/receive_push",
        now=world.now(),
        until=world.now() + asked,
    )
    assert channel.corpus == corpus
    assert channel.resource
    assert abs(channel.expires_at - channel.created_at - asked) < timedelta(seconds=5)
    world.feed.stop(channel)
    world.feed.stop(channel)


def test_no_channel_outlives_what_drive_grants(world: World) -> None:
    """T2: what was granted comes back, not what was asked for."""
    now = world.now()
    try:
        channel = world.feed.watch(
            SHARED_DRIVE,
            cursor=world.feed.start(SHARED_DRIVE),
            channel=world.fresh_id(),
            token="a token",
            address="https://push.example/receive_push",
            now=now,
            until=now + timedelta(days=30),
        )
    except CustodyError:
        return  # a world may refuse instead of granting less
    assert channel.expires_at <= now + CHANGES_LIFE + timedelta(seconds=5)
