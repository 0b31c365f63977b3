"""Pushes: an address that is told that something changed, and never what."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from worlds.drive_local import (
    ALICE,
    ALL,
    BOB,
    DAY,
    Client,
    Drive,
    Webhook,
    local_drive,
    refusal,
)

MISSING = (404, "notFound")


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    with local_drive(tmp_path) as drive:
        yield drive


@pytest.fixture
def alice(drive: Drive) -> Client:
    return drive.user(ALICE)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    webhook = Webhook()
    yield webhook
    webhook.close()


def watch(client: Client, webhook: Webhook, channel: str = "channel", **more: Any) -> Any:
    """Watches the client's own log, or a drive's."""
    body = {"id": channel, "type": "web_hook", "address": webhook.url, **more.pop("body", {})}
    token = client.token(**{name: more[name] for name in ("driveId",) if name in more})
    return client.changes.watch(pageToken=token, body=body, **more).execute()


def test_a_push_is_a_doorbell(drive: Drive, alice: Client, webhook: Webhook) -> None:
    """T1: headers alone, `sync` first, numbers that grow but not one by one."""
    made = watch(alice, webhook, body={"token": "secret"})
    assert made["kind"] == "api#channel"
    webhook.wait_for(1)
    alice.create("a")
    alice.create("b")
    sync, first, second = webhook.wait_for(3)
    assert webhook.states == ["sync", "change", "change"]
    assert webhook.bodies == [b"", b"", b""]
    assert sync["X-Goog-Message-Number"] == "1"
    numbers = [int(push["X-Goog-Message-Number"]) for push in (sync, first, second)]
    assert numbers == sorted(set(numbers))
    assert numbers != [1, 2, 3]
    for push in (sync, first):
        assert push["X-Goog-Channel-ID"] == "channel"
        assert push["X-Goog-Channel-Token"] == "secret"
        assert push["X-Goog-Resource-ID"] == made["resourceId"]
        assert push["X-Goog-Resource-URI"] == made["resourceUri"]
        assert push["X-Goog-Channel-Expiration"].endswith("GMT")
        assert "X-Goog-Changed" not in push


def test_what_is_granted_is_what_counts(drive: Drive, alice: Client, webhook: Webhook) -> None:
    """T2: an hour by default, a week for changes, a day for files; milliseconds."""
    file_id = alice.create("a")
    now = drive.server.clock.time()
    year = {"expiration": str(int((now + 365 * DAY) * 1000))}
    hour = watch(alice, webhook, "by-default")
    week = watch(alice, webhook, "changes", body=year)
    body = {"id": "file", "type": "web_hook", "address": webhook.url, **year}
    day = alice.files.watch(fileId=file_id, body=body).execute()
    granted = [int(channel["expiration"]) / 1000 - now for channel in (hour, week, day)]
    assert granted == pytest.approx([3600, 7 * DAY, DAY], abs=5)
    past = {"id": "past", "type": "web_hook", "address": webhook.url, "expiration": "1000"}
    request = alice.changes.watch(pageToken="1", body=past)
    assert refusal(request)[0] == 400


def test_channels_need_an_id_of_their_own_and_a_good_address(
    alice: Client, webhook: Webhook
) -> None:
    watch(alice, webhook, "taken")
    good = {"id": "fresh", "type": "web_hook", "address": webhook.url}
    for wrong, reason in (
        ({"id": "taken"}, "channelIdNotUnique"),
        ({"id": "x" * 65}, "channelIdInvalid"),
        ({"address": "http://example.com/hook"}, "push.webhookUrlNotHttps"),
        ({"address": None}, "required"),
        ({"type": "pigeon"}, "badRequest"),
        ({"token": "t" * 257}, "badRequest"),
    ):
        request = alice.changes.watch(pageToken="1", body=good | wrong)
        assert refusal(request) == (400, reason)
    bad_token = alice.changes.watch(pageToken="bogus", body=good)
    assert refusal(bad_token) == (400, "invalid")


def test_a_channel_ends_by_the_clock_and_its_id_is_free(
    drive: Drive, alice: Client, webhook: Webhook
) -> None:
    watch(alice, webhook)
    webhook.wait_for(1)
    drive.advance(3601)
    alice.create("unheard")
    watch(alice, webhook)
    webhook.wait_for(2)
    assert webhook.states == ["sync", "sync"]


def test_only_its_maker_stops_a_channel(drive: Drive, alice: Client, webhook: Webhook) -> None:
    """T3"""
    made = watch(alice, webhook)
    webhook.wait_for(1)
    known = {"id": made["id"], "resourceId": made["resourceId"]}
    bob = drive.user(BOB)
    assert refusal(bob.channels.stop(body=known)) == MISSING
    assert refusal(alice.channels.stop(body=known | {"resourceId": "other"})) == MISSING
    alice.channels.stop(body=known).execute()
    assert refusal(alice.channels.stop(body=known)) == MISSING
    alice.create("unheard")
    watch(alice, webhook, "next")
    webhook.wait_for(2)
    assert webhook.states == ["sync", "sync"]


def test_each_log_rings_its_own_channels(drive: Drive, alice: Client, webhook: Webhook) -> None:
    """T5: a channel without driveId hears nothing of the drive."""
    shared = alice.shared_drive()
    watch(alice, webhook, "own")
    watch(alice, webhook, "drives", driveId=shared, **ALL)
    webhook.wait_for(2)
    alice.create("in the drive", parents=[shared])
    webhook.wait_for(3)
    alice.create("in my drive")
    pushes = webhook.wait_for(4)
    assert [push["X-Goog-Channel-ID"] for push in pushes[2:]] == ["drives", "own"]


def test_a_watched_file_tells_what_kind_of_change_it_was(alice: Client, webhook: Webhook) -> None:
    folder = alice.folder("folder")
    root = alice.get("root", "id")["id"]
    file_id = alice.create("a")
    body = {"id": "file", "type": "web_hook", "address": webhook.url}
    alice.files.watch(fileId=file_id, body=body).execute()
    webhook.wait_for(1)
    alice.update(file_id, name="b")
    alice.write(file_id, b"newer")
    alice.move(file_id, root, folder)
    alice.update(file_id, trashed=True)
    alice.update(file_id, trashed=False)
    permission = alice.share(file_id, BOB)
    alice.unshare(file_id, permission)
    pushes = webhook.wait_for(10)
    told = [(push["X-Goog-Resource-State"], push.get("X-Goog-Changed")) for push in pushes]
    assert told == [
        ("sync", None),
        ("update", "properties"),
        ("update", "content"),
        ("update", "parents"),
        ("trash", None),
        ("untrash", None),
        ("update", "permissions"),
        ("add", None),
        ("update", "permissions"),
        ("remove", None),
    ]


def test_a_watched_folder_tells_of_its_children(alice: Client, webhook: Webhook) -> None:
    folder = alice.folder("folder")
    body = {"id": "folder", "type": "web_hook", "address": webhook.url}
    alice.files.watch(fileId=folder, body=body).execute()
    file_id = alice.create("a", parents=[folder])
    alice.delete(file_id)
    webhook.wait_for(3)
    alice.delete(folder)
    pushes = webhook.wait_for(4)
    told = [(push["X-Goog-Resource-State"], push.get("X-Goog-Changed")) for push in pushes]
    assert told == [
        ("sync", None),
        ("update", "children"),
        ("update", "children"),
        ("remove", None),
    ]


def test_server_errors_are_tried_again_with_growing_gaps(
    drive: Drive, alice: Client, webhook: Webhook
) -> None:
    """T1: only 500, 502, 503 and 504."""
    webhook.answers = [204, 503, 500, 504, 502, 204]
    watch(alice, webhook)
    webhook.wait_for(1)
    alice.create("a")
    while len(webhook.pushes) < 6:
        drive.advance(1)
        time.sleep(0.02)
    pushes = webhook.wait_for(6)
    assert len({push["X-Goog-Message-Number"] for push in pushes[1:]}) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 429, 301])
def test_any_other_answer_is_a_failure_for_good(
    drive: Drive, alice: Client, webhook: Webhook, status: int
) -> None:
    """T1: it is never replayed."""
    webhook.answers = [204, status]
    watch(alice, webhook)
    webhook.wait_for(1)
    alice.create("lost")
    webhook.wait_for(2)
    drive.advance(600)
    alice.create("next")
    pushes = webhook.wait_for(3)
    numbers = [int(push["X-Goog-Message-Number"]) for push in pushes]
    assert numbers == sorted(set(numbers))


def test_pushes_can_be_lost_doubled_and_overtaken(
    drive: Drive, alice: Client, webhook: Webhook
) -> None:
    watch(alice, webhook)
    webhook.wait_for(1)
    drive.fault("push", match="channel", drop=True)
    alice.create("lost")
    drive.fault("push", double=True)
    alice.create("doubled")
    pushes = webhook.wait_for(3)
    assert pushes[1] == pushes[2]
    drive.fault("push", reorder=True)
    alice.create("late")
    alice.create("early")
    pushes = webhook.wait_for(5)
    first, second = (int(push["X-Goog-Message-Number"]) for push in pushes[3:])
    assert first > second


def test_channels_and_their_pushes_survive_a_restart(tmp_path: Path, webhook: Webhook) -> None:
    with local_drive(tmp_path) as drive:
        alice = drive.user(ALICE)
        watch(alice, webhook)
        webhook.wait_for(1)
        webhook.answers = [503]
        alice.create("a")
        webhook.wait_for(2)
    with local_drive(tmp_path) as drive:
        webhook.wait_for(3)
        drive.user(ALICE).create("b")
        webhook.wait_for(4)
    assert webhook.states == ["sync", "change", "change", "change"]


def test_an_address_where_nobody_is_holds_up_nobody_else(
    drive: Drive, alice: Client, webhook: Webhook
) -> None:
    body = {"id": "nobody", "type": "web_hook", "address": "http://127.0.0.1:9/hook"}
    alice.changes.watch(pageToken="1", body=body).execute()
    watch(alice, webhook)
    started = time.monotonic()
    alice.create("a")
    webhook.wait_for(2)
    assert time.monotonic() - started < 5
