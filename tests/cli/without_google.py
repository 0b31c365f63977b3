"""Runs the command as on a day without Google: PORT WORDS...

None of its clients can be imported, and nothing but one port of this machine answers.
"""

import socket
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

GOOGLE = ("google.api_core", "google.auth", "google.cloud", "google.oauth2", "googleapiclient")


class NoGoogle(MetaPathFinder):
    """An import of any of these is an error."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        # Packages of other makers live below google.cloud, which is no package of its own.
        if fullname.startswith(GOOGLE) and fullname != "google.cloud":
            raise ImportError(f"{fullname} was imported, on a day without Google")
        return None


class OnlySocket(socket.socket):
    """Reaches one port."""

    port = 0

    def connect(self, address: Any) -> None:
        if address[1] != self.port:
            raise ConnectionRefusedError(f"{address} was asked, on a day without Google")
        super().connect(address)


def main(port: str, *words: str) -> None:
    sys.meta_path.insert(0, NoGoogle())
    OnlySocket.port = int(port)
    socket.socket = OnlySocket  # type: ignore[misc] # for this process
    from custody.cli import custody

    custody(list(words), prog_name="custody")


if __name__ == "__main__":
    main(*sys.argv[1:])
