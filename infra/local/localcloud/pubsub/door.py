"""One port for gRPC and HTTP: the first bytes of a connection tell which it is."""

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Final

from localcloud.wire import Exchange

_PREFACE: Final = b"PRI * HTTP/2.0\r\n"  # RFC 9113, section 3.4; no HTTP/1.1 request is shorter
_BLOCK: Final = 1 << 16


class Door(Exchange, ABC):
    """Answers HTTP/1.1 itself, and passes a gRPC connection on to the server behind the door."""

    @property
    @abstractmethod
    def grpc_socket(self) -> Path:
        """Where the gRPC server listens."""

    def handle(self) -> None:
        """One connection, of the one kind or the other."""
        peek = socket.MSG_PEEK | socket.MSG_WAITALL
        if self.connection.recv(len(_PREFACE), peek) == _PREFACE:
            _splice(self.connection, self.grpc_socket)
        else:
            super().handle()


def _splice(client: socket.socket, behind: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(str(behind))
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Until either side goes, which it may at any time; then the other is told."""
    with suppress(OSError):
        while block := source.recv(_BLOCK):
            sink.sendall(block)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
