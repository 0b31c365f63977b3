"""What the checks of `infra` need beside our own environment, kept in the cache.

An environment for the stub provider and the dashboard's types, and the schemas of the resources
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
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "terraform"
TYPE = re.compile(r'^(resource|data) "(\w+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One root module of ours, and the provider that it needs."""

    name: str
    provider: str
    forbidden: tuple[str, ...]
    """Types that ours must not use, for the tests that try them."""

    @property
    def folder(self) -> Path:
        return ROOT / "infra" / self.name

    @property
    def text(self) -> str:
        """All of its Terraform."""
        return "\n".join(path.read_text() for path in sorted(self.folder.rglob("*.tf")))

    @property
    def source(self) -> str:
        """How Terraform names the provider."""
        return f"hashicorp/{self.provider}"


GCP = Module(
    name="gcp",
    provider="google",
    forbidden=("google_project_iam_binding", "google_storage_hmac_key"),
)
AWS = Module(
    name="aws",
    provider="aws",
    forbidden=("aws_iam_access_key", "aws_iam_user", "aws_iam_user_policy", "aws_s3_bucket_acl"),
)
MODULES = (GCP, AWS)


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


def schema(module: Module) -> Path:
    """Its provider's schema of the types that it uses."""
    lock, recover = HERE / f"schema.{module.provider}.lock", HERE / "stub" / "schema.py"
    types = [*types_in(module.text), *module.forbidden]
    found = CACHE / f"schema-{_digest(lock.read_text(), recover.read_text(), *types)}.json"
    with _alone():
        if not found.exists():
            begun = found.with_suffix(".begun")
            subprocess.run([sys.executable, recover, _wheel(lock), begun, *types], check=True)
            begun.rename(found)
    return found


def provider_version(module: Module) -> str:
    return str(json.loads(schema(module).read_text())["provider_version"])


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
