"""What a mailbox holds outlives the process, however that ended."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alone import Alone
from worlds.drive_local import refusal
from worlds.gmail_local import DAY, INTAKE, Client, letter, local_gmail


@contextmanager
def process(folder: Path) -> Iterator[Client]:
    """Gmail in a process of its own, which is killed."""
    alone = Alone("gmail", folder)
    client = Client(alone.start(), INTAKE)
    try:
        yield client
    finally:
        client.api.close()
        alone.clear()


def state(client: Client, since: str) -> str:
    """Everything that a client sees."""
    seen: dict[str, Any] = {
        "ids": client.ids(includeSpamTrash=True),
        "history": client.history(since),
        "labels": client.labels.list(userId="me").execute(),
        "profile": client.users.getProfile(userId="me").execute(),
    }
    seen["messages"] = [client.get(one, format="raw") for one in seen["ids"]]
    return json.dumps(seen, sort_keys=True)


def test_what_was_answered_is_kept_when_the_process_is_killed(tmp_path: Path) -> None:
    with process(tmp_path) as client:
        since = client.history_id()
        label = client.labels.create(userId="me", body={"name": "a"}).execute()["id"]
        kept = [client.insert(letter(f"{n}", ("x", b"data")), "INBOX", label) for n in range(3)]
        client.messages.delete(userId="me", id=kept[0]).execute()
        client.messages.trash(userId="me", id=kept[1]).execute()
        before = state(client, since)
    with process(tmp_path) as client:
        assert state(client, since) == before


def test_a_kill_in_the_middle_of_writing_leaves_whole_messages(tmp_path: Path) -> None:
    """Every id that was answered is there, and every message that is there is whole."""
    answered: list[str] = []

    def write(client: Client) -> None:
        while True:
            try:
                answered.append(client.insert(letter("x" * 100_000), "INBOX"))
            except OSError:
                return

    with process(tmp_path) as client:
        thread = threading.Thread(target=write, args=[client])
        thread.start()
        while len(answered) < 10:
            time.sleep(0.01)
    thread.join()
    with process(tmp_path) as client:
        found = client.ids()
        assert set(answered) <= set(found)
        for message_id in found:
            assert b"x" * 1000 in client.raw(message_id).replace(b"=\n", b"")
        added = [one["messages"][0]["id"] for one in client.history("1000")]
        assert sorted(added) == sorted(found)


def test_a_watch_outlives_a_restart_and_ends_in_its_time(tmp_path: Path) -> None:
    with local_gmail(tmp_path) as gmail:
        gmail.make_topic()
        gmail.user(INTAKE).watch()
        gmail.wait_for_pushes(1)
    with local_gmail(tmp_path) as gmail:
        gmail.post(letter())
        gmail.wait_for_pushes(1)
        gmail.advance(7 * DAY)
        gmail.post(letter())
        gmail.wait_for_pushes(0)


def test_history_that_was_forgotten_stays_forgotten(tmp_path: Path) -> None:
    with local_gmail(tmp_path) as gmail:
        intake = gmail.user(INTAKE)
        since = intake.history_id()
        intake.insert(letter(), "INBOX")
        gmail.call("DELETE", f"/_history/{INTAKE}")
    with local_gmail(tmp_path) as gmail:
        again = gmail.user(INTAKE)
        assert refusal(lambda: again.history(since)) == (404, "notFound")
