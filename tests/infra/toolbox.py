"""What the checks of `infra/gcp` need beside our own environment, kept in the cache.

An environment for the stub provider and the dashboard's types, and the schema of the resources
that we use. Everything is pinned by hash and asked for from the package registry by name.
"""

import fcntl
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
INFRA = ROOT / "infra" / "gcp"
CACHE = ROOT / ".cache" / "terraform"
FORBIDDEN = ("google_project_iam_binding", "google_storage_hmac_key")
"""What ours must not use, for the tests that try it."""
TYPE = re.compile(r'^(resource|data) "(\w+)"', re.MULTILINE)


def python() -> Path:
    """The interpreter of an environment with what `tools.lock` names."""
    lock = HERE / "tools.lock"
    venv = CACHE / f"tools-{_digest(lock.read_text())}"
    with _alone():
        if not (venv / "ready").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
            install = ["install", "--no-compile", "--no-deps", "--require-hashes", "-r", str(lock)]
            _pip(venv / "bin" / "python", *install)
            (venv / "ready").touch()
    return venv / "bin" / "python"


def schema() -> Path:
    """The provider's schema of the types that our Terraform uses."""
    lock, recover = HERE / "schema.lock", HERE / "stub" / "schema.py"
    used = types_in("\n".join(path.read_text() for path in sorted(INFRA.rglob("*.tf"))))
    types = [*used, *FORBIDDEN]
    found = CACHE / f"schema-{_digest(lock.read_text(), recover.read_text(), *types)}.json"
    with _alone():
        if not found.exists():
            begun = found.with_suffix(".begun")
            subprocess.run([sys.executable, recover, _wheel(lock), begun, *types], check=True)
            begun.rename(found)
    return found


def provider_version() -> str:
    return str(json.loads(schema().read_text())["provider_version"])


def types_in(text: str) -> list[str]:
    """Resources by their type, data sources with `data.` before it."""
    found = {("data." if kind == "data" else "") + name for kind, name in TYPE.findall(text)}
    return sorted(found)


def _wheel(lock: Path) -> Path:
    folder = CACHE / f"wheel-{_digest(lock.read_text())}"
    if not list(folder.glob("*.whl")):
        download = ["download", "--no-deps", "--require-hashes", "-d", str(folder), "-r", str(lock)]
        _pip(Path(sys.executable), *download)
    return next(folder.glob("*.whl"))


def _pip(interpreter: Path, *words: str) -> None:
    command = [str(interpreter), "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    subprocess.run(command, check=True)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


@contextmanager
def _alone() -> Iterator[None]:
    """Tests run side by side: one fills the cache, the others wait for it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
