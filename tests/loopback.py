"""A service of somebody else's on loopback that answers JSON as a test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol


class Service(Protocol):
    """What a test says; it may change its mind between two calls."""

    def answer(self, path: str, body: dict[str, Any], /) -> tuple[int, Any]:
        """The status, and what is told as JSON. A GET has no body."""


@contextmanager
def answering(service: Service) -> Iterator[str]:
    """Its URL, for as long as it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._tell({})

        def do_POST(self) -> None:
            self._tell(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _tell(self, body: dict[str, Any]) -> None:
            code, told = service.answer(self.path, body)
            data = json.dumps(told).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Nothing: the tests say what happened."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
