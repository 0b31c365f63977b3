"""What time brings: leases end, messages and subscriptions expire, and what was deleted goes."""

import math
import threading
import time
from typing import Final

from localcloud.pubsub import catalogue, deliveries, policy
from localcloud.pubsub.catalogue import Subscribed
from localcloud.pubsub.deliveries import Held
from localcloud.pubsub.state import Change, State

_SWEEP_SECONDS: Final = 0.1
_SCRUB_SECONDS: Final = 0.5  # an fsync each: a busy server cannot afford one a message


class Upkeep:
    """Sweeps many times a second, and at once when the clock is advanced."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pubsub-upkeep", daemon=True)

    def start(self) -> None:
        self._break_pushes()
        self.sweep()
        self._state.scrub()
        self._state.clock.on_advance(self.sweep)
        self._thread.start()

    def stop(self) -> None:
        self._state.clock.forget(self.sweep)
        self._ended.set()
        self._thread.join()
        self._state.scrub()

    def sweep(self) -> None:
        """Deletes what expired, and takes back what was not acknowledged in time."""
        with self._state.change() as change:
            streams = set(self._state.streams)
            for subscribed in catalogue.every_subscription(change.rows):
                # A subscription is in use while a stream is open, however quiet it is.
                if subscribed.number in streams:
                    catalogue.keep_alive(change.rows, subscribed, change.now)
                _drop_expired(change, subscribed)
            for number in catalogue.expired(change.rows, change.now):
                catalogue.remove_subscription(change, number)
            _end_leases(change, until=change.now, pushed=0)

    def _break_pushes(self) -> None:
        """After a restart: requests that were under way broke with the process before this one."""
        with self._state.change() as change:
            _end_leases(change, until=math.inf, pushed=1)

    def _run(self) -> None:
        scrubbed_at = 0.0
        while not self._ended.wait(_SWEEP_SECONDS):
            self.sweep()
            if time.monotonic() - scrubbed_at >= _SCRUB_SECONDS:
                self._state.scrub()
                scrubbed_at = time.monotonic()


def _drop_expired(change: Change, subscribed: Subscribed) -> None:
    """Messages that nobody acknowledged within the retention are gone."""
    until = change.now - policy.retention_seconds(subscribed.config)
    # Message numbers grow with time: the first one is the oldest.
    oldest = change.rows.execute(
        "select published from deliveries where subscription = ? order by message limit 1",
        (subscribed.number,),
    ).fetchone()
    if oldest and oldest[0] <= until:
        change.deleted = True
        change.rows.execute(
            "delete from deliveries where subscription = ? and published <= ?",
            (subscribed.number, until),
        )
        catalogue.remove_orphans(change.rows)


def _end_leases(change: Change, *, until: float, pushed: int) -> None:
    """Takes back what was leased `until` then; with `pushed` 1, from push endpoints alone."""
    ended = change.rows.execute(
        "select name, message, attempts, due from deliveries"
        " join subscriptions on number = subscription"
        " where lease is not null and due <= ? and push >= ?",
        (until, pushed),
    ).fetchall()
    for name, message, attempts, due in ended:
        subscribed = catalogue.find_subscription(change.rows, name)
        held = Held(message=message, attempts=attempts)
        deliveries.fail(change, subscribed, held, min(due, change.now))
