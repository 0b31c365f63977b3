"""The functions behind the local cloud: every `functions/<name>/main.py` in one process.

Each function is an application of its own, made by functions-framework as in the cloud; a
dispatcher picks by the first segment of the path and hands on "/", so that none answers a POST
with a redirect (T30).
"""

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import functions_framework
from werkzeug.exceptions import NotFound
from werkzeug.serving import WSGIRequestHandler, make_server

from custody.domain.topology import Function

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class FunctionsHost:
    """Serves functions on a loopback port; `url_of` tells where each answers."""

    def __init__(self, *, port: int = 0) -> None:
        self._apps: dict[str, WSGIApplication] = {}
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server(
            "127.0.0.1", port, self._dispatch, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def url_of(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def load(self, folder: Path, functions: Iterable[Function]) -> None:
        """Runs each function's source, which makes its application."""
        for one in functions:
            source = folder / one.entry / "main.py"
            self._apps[one.name] = functions_framework.create_app(
                target=one.entry, source=str(source)
            )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():  # a server that never served waits for ever to be told so
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _dispatch(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        name = environ["PATH_INFO"].strip("/").partition("/")[0]
        answer: Callable[..., Iterable[bytes]] = self._apps.get(name, NotFound())
        return answer({**environ, "SCRIPT_NAME": f"/{name}", "PATH_INFO": "/"}, start_response)


class _Quiet(WSGIRequestHandler):
    """Keeps connections open; what a function has to say it logs itself."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        return
