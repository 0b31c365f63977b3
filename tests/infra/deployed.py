"""The archive as Cloud Functions runs it: unpacked, built, and started by functions-framework.

What Google's Python buildpacks do (GoogleCloudPlatform/buildpacks, cmd/python): install
requirements.txt, `pip check`, `compileall -f` over the sources, and start `functions-framework`
with target and source in its environment.
"""

import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from custody.domain import topology
from custody.settings import SETTINGS
from infra.toolbox import ROOT

CACHE = ROOT / ".cache" / "archive"
IMAGE_DATE = 315532801
"""What an image says of every file: a second after the beginning of 1980."""
BUILD = {"SOURCE_DATE_EPOCH": "315532800"}
"""As modules/function sets it."""
SECRETS = {"CUSTODY_PUSH_SECRET": {"receive_push", "renew_watches"}}
"""Settings that only some functions are told, and no other may know."""
OF_PEOPLE = {"CUSTODY_RECOVERY_KEY"}
"""Settings that no function is told: only people make keysets."""
AT_AMAZON = {"replicate", "reconcile", "drill", "retention", "erase_offsite"}
"""Functions that go there: each is told its own role."""


def venv() -> Path:
    """An environment with what the archive requires, and nothing else."""
    lock = ROOT / "requirements.functions.lock"
    found = CACHE / f"venv-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (found / "ready").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", found], check=True)
            _pip(found, "install", "--require-hashes", "-r", str(lock))
            _pip(found, "check")
            (found / "ready").touch()
    return found


def _pip(folder: Path, *words: str) -> None:
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *words], check=True)


def unpacked(archive: Path, folder: Path, environment: Path) -> Path:
    """The workspace of an image: sources, bytecode of the build, and one date on all files."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    command = [str(environment / "bin" / "python"), "-m", "compileall", "-f", "-q", "."]
    subprocess.run(command, cwd=folder, env={**os.environ, **BUILD}, check=True)
    for path in folder.rglob("*"):
        os.utime(path, (IMAGE_DATE, IMAGE_DATE))
    return folder


class Deployed:
    """Functions of an unpacked archive, each in a process of its own on a port of its own."""

    def __init__(self, workspace: Path, environment: Path) -> None:
        self._workspace = workspace
        self._command = environment / "bin" / "functions-framework"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.output = (workspace / "output.log").open("ab")
        self.ports = {one.name: _free_port() for one in topology.FUNCTIONS}

    def url_of(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}/"

    def start(self, settings: Mapping[str, str]) -> None:
        for one in topology.FUNCTIONS:
            self._processes.append(
                subprocess.Popen(
                    [self._command],
                    cwd=self._workspace,
                    env=self._environment(one, settings),
                    stdout=self.output,
                    stderr=subprocess.STDOUT,
                )
            )

    def _environment(self, one: topology.Function, settings: Mapping[str, str]) -> dict[str, str]:
        """No more than Terraform tells it, where the local cloud is, and a home of its own."""
        home = self._workspace.parent / one.name
        home.mkdir()
        ours = {
            name: settings[name]
            for name in SETTINGS
            if name in settings.keys() - OF_PEOPLE and one.name in SECRETS.get(name, {one.name})
        }
        return {
            **ours,
            "NO_GCE_CHECK": "true",
            "PYTHONPATH": str(self._workspace / "shared"),
            "FUNCTION_TARGET": one.entry,
            "FUNCTION_SOURCE": f"functions/{one.entry}/main.py",
            "PORT": str(self.ports[one.name]),
            "HOME": str(home),
        }

    def answer(self) -> bool:
        """Whether all of them listen."""
        assert all(process.poll() is None for process in self._processes)
        return all(_listens(port) for port in self.ports.values())

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()
        self.output.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
