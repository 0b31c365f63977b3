"""Who runs a command: a service account knows itself, a person is known to Google."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from google.auth.credentials import Credentials
from google.oauth2.credentials import Credentials as Person

from custody.adapters.identity import address_of
from custody.errors import RefusedError, UnavailableError

ANSWERS: dict[str, tuple[int, Any]] = {
    "Bearer ada": (200, {"sub": "1", "email": "ada@datasmash.example"}),
    "Bearer shy": (200, {"sub": "2"}),
    "Bearer refused": (403, {"error": {"status": "PERMISSION_DENIED"}}),
    "Bearer broken": (500, {}),
}


class Userinfo(BaseHTTPRequestHandler):
    """OpenID's userinfo, by the token that it is asked with."""

    def do_GET(self) -> None:
        status, body = ANSWERS[self.headers["Authorization"]]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        pass


class Machine(Credentials):
    """A service account of a machine: it learns its address with its first token."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # google-auth has no types
        self.service_account_email = "default"

    def refresh(self, request: object) -> None:
        self.token = "token"
        self.service_account_email = "erase@custody.example"


@pytest.fixture
def userinfo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Userinfo)
    serving = Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/userinfo"
    server.shutdown()
    serving.join()
    server.server_close()


def test_a_service_account_knows_its_own_address() -> None:
    assert address_of(Machine()) == "erase@custody.example"


def test_google_knows_the_address_of_a_person(userinfo: str) -> None:
    assert address_of(Person(token="ada"), userinfo=userinfo) == "ada@datasmash.example"


@pytest.mark.parametrize(
    ("token", "error"),
    [("shy", UnavailableError), ("refused", RefusedError), ("broken", UnavailableError)],
)
def test_nobody_is_taken_for_somebody(userinfo: str, token: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        address_of(Person(token=token), userinfo=userinfo)


def test_a_google_that_does_not_answer_is_told_as_such() -> None:
    with pytest.raises(UnavailableError):
        address_of(Person(token="ada"), userinfo="http://127.0.0.1:9/v1/userinfo")
