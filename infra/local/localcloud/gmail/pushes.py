"""Publishes to the topics of watches.

Gmail guide "Configure push notifications", limitations: at most one event a second and user, what
is above it is dropped; and any notification may be late or get lost.
"""

import base64
import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor

from localcloud.clock import Clock
from localcloud.faults import Faults
from localcloud.gmail.session import Push

_GAP_SECONDS = 1.0
_ATTEMPTS = 3
_PAUSE = 0.5
_TIMEOUT = 10.0


class Pushes:
    """A few threads; a fault named `push` drops, doubles or delays."""

    def __init__(self, pubsub: str, clock: Clock, faults: Faults) -> None:
        self._pubsub = pubsub
        self._clock = clock
        self._faults = faults
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}
        self._stopped = threading.Event()
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="gmail-push")

    def stop(self) -> None:
        self._stopped.set()
        self._workers.shutdown(cancel_futures=True)

    def send(self, push: Push) -> None:
        """Soon, unless the user had one within the last second."""
        with self._lock:
            now = self._clock.time()
            if now - self._last.get(push.mailbox, 0.0) < _GAP_SECONDS:
                return
            self._last[push.mailbox] = now
        self._workers.submit(self._deliver, push)

    def _deliver(self, push: Push) -> None:
        rule = self._faults.take("push", f"{push.mailbox} {push.history_id}")
        if rule and rule.drop:
            return
        if rule and rule.delay_seconds is not None and self._stopped.wait(rule.delay_seconds):
            return
        for _ in range(2 if rule and rule.double else 1):
            self._publish(push)

    def _publish(self, push: Push) -> None:
        for _ in range(_ATTEMPTS):
            status = self.publish(push)
            if (status is not None and status < 500) or self._stopped.wait(_PAUSE):
                return

    def publish(self, push: Push) -> int | None:
        """The status of Pub/Sub's answer, or nothing when nobody answered."""
        told = {"emailAddress": push.mailbox, "historyId": push.history_id}
        data = base64.b64encode(json.dumps(told).encode()).decode()
        body = json.dumps({"messages": [{"data": data}]})
        connection = http.client.HTTPConnection(self._pubsub, timeout=_TIMEOUT)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/v1/{push.topic}:publish", body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
