"""Google's address for rclone: a loopback proxy that ends TLS in front of the local Drive.

rclone's Drive has no other endpoint than https://www.googleapis.com. A CONNECT proxy leads that
name here. Whoever is measured beside it takes the same way, so that both pay for the same TLS.
"""

import argparse
import select
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 18
TLS_HANDSHAKE = b"\x16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The running proxy."""

    port: int
    certificate: Path

    @property
    def settings(self) -> dict[str, str]:
        """Lead Google's Python clients to Drive through it."""
        return {
            "CUSTODY_DRIVE_ENDPOINT": f"https://127.0.0.1:{self.port}",
            "REQUESTS_CA_BUNDLE": str(self.certificate),
            "HTTPLIB2_CA_CERTS": str(self.certificate),
        }

    @classmethod
    @contextmanager
    def running(cls, folder: Path, drive_url: str) -> Iterator["Front"]:
        """In a process of its own; without openssl there is none to be had, and port 0."""
        certificate = folder / "front.pem"
        if shutil.which("openssl") is None:
            yield cls(port=0, certificate=certificate)
            return
        _make_certificate(certificate)
        words = ["--certificate", str(certificate), "--drive", drive_url]
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.front", *words], stdout=subprocess.PIPE
        )
        assert process.stdout
        with process:
            try:
                yield cls(port=int(process.stdout.readline()), certificate=certificate)
            finally:
                process.terminate()


def _make_certificate(path: Path) -> None:
    """Key and certificate in one file, good for Google's name and for loopback."""
    names = "subjectAltName=DNS:www.googleapis.com,IP:127.0.0.1"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=front"
    subprocess.run(
        ["openssl", *words.split(), "-addext", names, "-keyout", str(path), "-out", f"{path}.crt"],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())


def serve(certificate: Path, drive_url: str) -> None:
    """Until it is killed; the port is the only line of output."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    host, _, port = drive_url.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            words = (client, context, (host, int(port)))
            threading.Thread(target=_connect, args=words, daemon=True).start()


def _connect(client: socket.socket, context: ssl.SSLContext, drive: tuple[str, int]) -> None:
    """TLS at once, or after a CONNECT."""
    with suppress(OSError), client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if client.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            request = b""
            while b"\r\n\r\n" not in request:
                request += client.recv(4096)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        secured = context.wrap_socket(client, server_side=True)
        with secured, socket.create_connection(drive) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _carry(secured, server)


def _carry(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Both ways in one thread: an SSL object bears no two."""
    while True:
        readable = [client] if client.pending() else select.select([client, server], [], [])[0]
        for one, other in ((client, server), (server, client)):
            if one in readable:
                data = one.recv(BLOCK)
                if not data:
                    return
                other.sendall(data)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--drive", required=True)
    options = parser.parse_args()
    serve(options.certificate, options.drive)
