"""What survives kill -9, and what leaves no bytes."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from worlds.pubsub import DEAD_TOPIC, TOPIC, Clients, eventually, listening
from worlds.pubsub_local import local_world

SECRET = b"a-secret-that-must-vanish"


class Process(Clients):
    """Clients of a server in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        super().__init__(address)
        self._process = process

    def end(self, number: signal.Signals) -> int:
        self.close()
        self._process.send_signal(number)
        return self._process.wait(timeout=10)


@contextmanager
def running(data: Path) -> Iterator[Process]:
    ready = data / "ready"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "localcloud.pubsub", "--data", str(data)]
    process = subprocess.Popen([*command, "--ready-file", str(ready)])
    try:
        eventually(ready.exists)
        yield Process(process, ready.read_text())
    finally:
        process.kill()
        process.wait()


def occurrences(data: Path, secret: bytes) -> list[str]:
    return [path.name for path in data.iterdir() if path.is_file() and secret in path.read_bytes()]


def test_messages_leases_and_attempts_survive_kill_9(tmp_path: Path) -> None:
    with running(tmp_path) as before:
        before.topic()
        before.topic(DEAD_TOPIC)
        policy = {"dead_letter_topic": DEAD_TOPIC}
        name = before.subscribe(dead_letter_policy=policy, labels={"a": "b"})
        held, waiting, done = (before.publish(data) for data in (b"held", b"waiting", b"done"))
        first, second, third = before.pull(name)
        before.ack(name, third)
        before.nack(name, second)
        before.lease(name, 600, first)
        assert before.end(signal.SIGKILL) == -signal.SIGKILL
    with running(tmp_path) as after:
        found = after.subscriber.get_subscription(subscription=name)
        assert dict(found.labels) == {"a": "b"}
        (received,) = after.pull(name)
        assert received.message.message_id == waiting
        assert received.delivery_attempt == 2
        after.nack(name, first)
        again = {one.message.message_id: one.delivery_attempt for one in after.pull(name)}
        assert again == {held: 2}
        assert int(after.publish()) > int(done)
        after.end(signal.SIGTERM)


def test_what_was_being_pushed_at_kill_9_is_pushed_again(tmp_path: Path) -> None:
    with listening() as endpoint:
        endpoint.statuses = [500, 200]
        push = {"push_endpoint": endpoint.url}
        retry = {"minimum_backoff": {"seconds": 2}}
        with running(tmp_path) as before:
            before.topic()
            before.subscribe(push_config=push, retry_policy=retry, ack_deadline_seconds=600)
            sent = before.publish()
            endpoint.wait_for(1)
            before.end(signal.SIGKILL)
        with running(tmp_path) as after:
            endpoint.wait_for(2)
            after.end(signal.SIGTERM)
        assert endpoint.ids() == [sent, sent]


def test_stopping_is_quick_and_clean(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        process.topic()
        name = process.subscribe()
        subscribing = process.subscriber.subscribe(name, callback=lambda message: message.ack())
        process.publish()
        started = time.monotonic()
        subscribing.cancel()
        subscribing.result()
        assert process.end(signal.SIGTERM) == 0
        assert time.monotonic() - started < 5
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(("-wal", "-shm"))]


def test_what_is_acknowledged_leaves_no_bytes(tmp_path: Path) -> None:
    """T24: the payload of a message is residue like any other."""
    with local_world(tmp_path) as local:
        local.topic()
        name = local.subscribe()
        for size in (1, 100, 10_000):
            local.publish(SECRET * size)
        assert occurrences(tmp_path, SECRET)
        local.ack(name, *local.pull(name))
        eventually(lambda: not occurrences(tmp_path, SECRET))


def test_what_expires_or_goes_with_its_subscription_leaves_no_bytes(tmp_path: Path) -> None:
    """T24: nobody needs to read a message for it to go."""
    with local_world(tmp_path) as local:
        local.topic()
        local.subscribe("short", message_retention_duration={"seconds": 600})
        local.publish(SECRET, key=SECRET.decode())
        local.advance(601)
        eventually(lambda: not occurrences(tmp_path, SECRET))
        deleted = local.subscribe("deleted")
        local.publish(SECRET)
        local.subscriber.delete_subscription(subscription=deleted)
        local.advance(601)
        eventually(lambda: not occurrences(tmp_path, SECRET))


def test_kill_9_right_after_an_acknowledgement_leaves_no_bytes_once_it_runs_again(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as before:
        before.topic()
        name = before.subscribe()
        before.publish(SECRET)
        before.ack(name, *before.pull(name))
        before.end(signal.SIGKILL)
    with running(tmp_path):
        assert not occurrences(tmp_path, SECRET)


def test_a_message_stays_for_the_subscription_that_has_not_acknowledged_it(
    tmp_path: Path,
) -> None:
    with local_world(tmp_path) as local:
        local.topic()
        done, waiting = local.subscribe("done"), local.subscribe("waiting")
        local.publish(SECRET)
        local.ack(done, *local.pull(done))
    with local_world(tmp_path) as local:
        assert [one.message.data for one in local.pull(waiting)] == [SECRET]
        assert local.publisher.get_topic(topic=TOPIC).name == TOPIC


def test_the_private_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    with local_world(tmp_path) as local:
        local.server.identity.jwks()
    assert (tmp_path / "oidc-key.pem").stat().st_mode & 0o777 == 0o600
