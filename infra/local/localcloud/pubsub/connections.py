"""Connections to push endpoints, kept open between requests."""

import http.client
import socket
import threading
from collections import defaultdict
from contextlib import suppress
from typing import Final

from localcloud.pubsub.envelope import PushRequest

_IDLE_EACH: Final = 8


class Connections:
    """The idle ones by endpoint, and the busy ones, so that `close` can break them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._idle: dict[tuple[bool, str, int], list[http.client.HTTPConnection]] = defaultdict(
            list
        )
        self._busy: set[http.client.HTTPConnection] = set()

    def post(self, request: PushRequest, timeout: float) -> int:
        """The status that the endpoint answers; OSError or HTTPException when it does not."""
        while connection := self._idle_one(request):
            with suppress(http.client.RemoteDisconnected, ConnectionError):
                return self._exchange(connection, request, timeout)
            # The endpoint closed it while it was idle, and never saw the request.
        return self._exchange(_connect(request, timeout), request, timeout)

    def close(self) -> None:
        """Breaks what is under way; nothing can be sent any more."""
        with self._lock:
            self._closed = True
            for busy in self._busy:
                with suppress(OSError):  # the endpoint was faster
                    busy.sock.shutdown(socket.SHUT_RDWR)
            idle = [one for connections in self._idle.values() for one in connections]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, request: PushRequest, timeout: float
    ) -> int:
        try:
            self._start(connection)
            connection.sock.settimeout(timeout)
            connection.request("POST", request.target, request.body, request.headers)
            response = connection.getresponse()
            response.read()
        except BaseException:
            connection.close()
            raise
        finally:
            with self._lock:
                self._busy.discard(connection)
        self._give_back(connection, request, response.status)
        return response.status

    def _start(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError("the server is stopping")
            self._busy.add(connection)

    def _idle_one(self, request: PushRequest) -> http.client.HTTPConnection | None:
        with self._lock:
            idle = self._idle[request.endpoint]
            return idle.pop() if idle else None

    def _give_back(
        self, connection: http.client.HTTPConnection, request: PushRequest, status: int
    ) -> None:
        # After an interim answer, such as 102, the final one is still to come: not to be mixed up.
        reusable = connection.sock is not None and status >= 200
        with self._lock:
            idle = self._idle[request.endpoint]
            if reusable and not self._closed and len(idle) < _IDLE_EACH:
                idle.append(connection)
                return
        connection.close()


def _connect(request: PushRequest, timeout: float) -> http.client.HTTPConnection:
    secure, host, port = request.endpoint
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, port, timeout=timeout)
    connection.connect()
    return connection
