"""The socket on which mail arrives; the conversation is loaded when somebody calls."""

import selectors
import socket
import threading

from localcloud.faults import Faults
from localcloud.gmail.store import Store


class SmtpListener:
    """SMTP on a loopback port, in a thread of its own."""

    def __init__(self, store: Store, faults: Faults, port: int = 0) -> None:
        self._store = store
        self._faults = faults
        self._socket = socket.create_server(("127.0.0.1", port), backlog=100)
        self._ear, self._mouth = socket.socketpair()  # how `stop` is heard
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def address(self) -> str:
        """Host and port; known before `start`."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the conversations that are under way."""
        self._mouth.send(b".")
        if self._thread.is_alive():
            self._thread.join()
        for one in (self._socket, self._ear, self._mouth):
            one.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._socket, selectors.EVENT_READ)
            waiting.register(self._ear, selectors.EVENT_READ)
            if any(key.fileobj is self._ear for key, _ in waiting.select()):
                return
        from localcloud.gmail.conversation import converse

        converse(self._socket, self._ear, self._store, self._faults)
