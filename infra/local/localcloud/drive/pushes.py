"""Delivers queued pushes to the addresses of their channels.

Drive guide "Notifications for resource changes": success is 102, 200, 201, 202 and 204; 500, 502,
503 and 504 are tried again with growing gaps; anything else is a failure and stays one.
"""

import http.client
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from urllib.parse import urlsplit

from localcloud.clock import Clock
from localcloud.database import Database
from localcloud.faults import Faults, Rule

_AGENT = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"
_SUCCESS = frozenset({102, 200, 201, 202, 204})
_AGAIN = frozenset({500, 502, 503, 504})
_ATTEMPTS = 10
_FIRST_GAP = 0.5
_LONGEST_GAP = 600.0
_HELD_BACK = 0.5  # how long a push that is to be overtaken waits
_TIMEOUT = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Pushes:
    """A thread that waits for the next push, and a few that deliver."""

    def __init__(self, database: Database, clock: Clock, faults: Faults) -> None:
        self._database = database
        self._clock = clock
        self._faults = faults
        self._wake = threading.Condition()
        self._busy: set[str] = set()  # channels with a push on its way
        self._rung = True
        self._stopped = False
        self._workers = ThreadPoolExecutor(8, thread_name_prefix="drive-push")
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._workers.shutdown(cancel_futures=True)

    def ring(self) -> None:
        """There may be something to deliver."""
        with self._wake:
            self._rung = True
            self._wake.notify_all()

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._rung and not self._stopped:
                    self._clock.wait(self._wake, self._next_due())
                self._rung = False
                if self._stopped:
                    return
            for push in self._due():
                self._workers.submit(self._work, push)

    def _next_due(self) -> float | None:
        with self._database.reading() as db:
            rows = db.execute("select channel, due from pushes").fetchall()
        return min((row[1] for row in rows if row[0] not in self._busy), default=None)

    def _due(self) -> list[sqlite3.Row]:
        """The next push of every channel that has none on its way."""
        with self._wake:
            # Before the read: what ends during it is still in what is read.
            busy = set(self._busy)
        with self._database.reading() as db:
            db.row_factory = sqlite3.Row
            rows = db.execute(
                "select pushes.number as push, pushes.*, channels.* from pushes"
                " join channels on channels.id = pushes.channel"
                " where due <= ? order by due, pushes.number",
                [self._clock.time()],
            ).fetchall()
        chosen = {row["channel"]: row for row in reversed(rows) if row["channel"] not in busy}
        with self._wake:
            self._busy |= chosen.keys()
        return list(chosen.values())

    def _work(self, push: sqlite3.Row) -> None:
        try:
            self._deliver(push)
        finally:
            with self._wake:
                self._busy.discard(push["channel"])
            self.ring()

    def _deliver(self, push: sqlite3.Row) -> None:
        expired = self._clock.time() * 1000 >= push["expiration"]
        if expired or not is_local(push["address"]):
            return self._forget(push)
        rule = self._faults.take("push", f"{push['channel']} {push['state']} {push['address']}")
        if rule and rule.reorder:
            return self._postpone(push, _HELD_BACK, attempts=push["attempts"])
        if rule and rule.drop:
            return self._forget(push)
        self._finish(push, self._attempt(push, rule))
        return None

    def _attempt(self, push: sqlite3.Row, rule: Rule | None) -> int | None:
        """The status of the answer, or nothing when nobody answered."""
        if rule and rule.status is not None:
            return rule.status
        if rule and rule.delay_seconds is not None:
            time.sleep(rule.delay_seconds)
        if rule and rule.double:
            _post(push)
        return _post(push)

    def _finish(self, push: sqlite3.Row, status: int | None) -> None:
        again = status is None or status in _AGAIN
        if status in _SUCCESS or not again or push["attempts"] + 1 >= _ATTEMPTS:
            return self._forget(push)
        gap = min(_FIRST_GAP * 2 ** push["attempts"], _LONGEST_GAP)
        return self._postpone(push, gap, attempts=push["attempts"] + 1)

    def _forget(self, push: sqlite3.Row) -> None:
        with self._database.transaction() as db:
            db.execute("delete from pushes where number = ?", [push["push"]])

    def _postpone(self, push: sqlite3.Row, gap: float, *, attempts: int) -> None:
        with self._database.transaction() as db:
            db.execute(
                "update pushes set due = ?, attempts = ? where number = ?",
                [self._clock.time() + gap, attempts, push["push"]],
            )


def is_local(address: str) -> bool:
    """Nothing here ever calls another machine."""
    return urlsplit(address).hostname in _LOOPBACK


def _post(push: sqlite3.Row) -> int | None:
    address = urlsplit(push["address"])
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(address.hostname), address.port, timeout=_TIMEOUT)
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    try:
        connection.request("POST", target, body=b"", headers=_headers(push))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None  # nobody there: to be tried again, like a 503
    finally:
        connection.close()


def _headers(push: sqlite3.Row) -> dict[str, str]:
    headers = {
        "User-Agent": _AGENT,
        "Accept": "*/*",
        "Content-Type": "application/json; utf-8",
        "X-Goog-Channel-ID": push["channel"],
        "X-Goog-Channel-Expiration": formatdate(push["expiration"] / 1000, usegmt=True),
        "X-Goog-Message-Number": str(push["message"]),
        "X-Goog-Resource-ID": push["resource_id"],
        "X-Goog-Resource-State": push["state"],
        "X-Goog-Resource-URI": push["resource_uri"],
    }
    if push["token"] is not None:
        headers["X-Goog-Channel-Token"] = push["token"]
    if push["changed"]:
        headers["X-Goog-Changed"] = push["changed"]
    return headers
