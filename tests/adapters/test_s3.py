"""S3 by federation: the function's own Google identity is shown to AWS, and no key is stored."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlparse

import pytest

from localcloud.clock import Clock
from localcloud.deployment import REGION, make_s3_buckets, s3_client
from localcloud.s3 import S3Server

ROLE = "arn:aws:iam::123456789012:role/custody-prod-replicate"
WRITE = """
import sys
from custody.adapters.offsite import OffsiteBucket
from custody.adapters.s3 import Site, s3_client
region, role, endpoint = sys.argv[1:]
client = s3_client(Site(region=region, role=role, endpoint=endpoint, sts_endpoint=endpoint))
OffsiteBucket(client, "federated").create("name", b"written by a role")
print(client._request_signer._credentials.get_frozen_credentials().access_key)
"""


def part(**claims: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


class Metadata(BaseHTTPRequestHandler):
    """Google's metadata server, as far as an identity token goes."""

    audiences: list[str]

    def do_GET(self) -> None:
        asked = urlparse(self.path)
        body, kind = json.dumps({"email": "replicate@project.example"}), "application/json"
        if asked.path.endswith("/identity"):
            [audience] = parse_qs(asked.query)["audience"]
            self.audiences.append(audience)
            token = (part(alg="RS256"), part(aud=audience, exp=int(time.time()) + 3600), "sig")
            body, kind = ".".join(token), "text/plain"
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def metadata() -> Iterator[tuple[str, list[str]]]:
    """Where it answers, and the audiences that it was asked for."""
    audiences: list[str] = []
    handler = type("Asked", (Metadata,), {"audiences": audiences})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", audiences
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    server = S3Server(data=tmp_path / "s3", clock=Clock(tmp_path / "clock"))
    server.start()
    yield server
    server.stop()


def test_a_function_writes_with_the_role_that_trusts_its_google_identity(
    metadata: tuple[str, list[str]], s3: S3Server
) -> None:
    """The token is for this role alone, and the keys that AWS gives for it last an hour."""
    host, audiences = metadata
    hand = s3_client(s3.url)
    make_s3_buckets(hand, "federated", "federated-keys")
    unset = {"GOOGLE_APPLICATION_CREDENTIALS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-c", WRITE, REGION, ROLE, s3.url],
        env=environment | {"GCE_METADATA_HOST": host, "GCE_METADATA_IP": host},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert hand.get_object(Bucket="federated", Key="name")["Body"].read() == b"written by a role"
    assert set(audiences) == {ROLE}
    assert done.stdout.startswith("ASIA")  # a session's key, not a person's
