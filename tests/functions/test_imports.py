"""A function imports what it uses: its cold start pays for every other module."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from custody.domain import topology

FUNCTIONS = Path(__file__).parents[2] / "functions"

# The adapters that each function asks its world for when an event comes.
PORTS = {
    "receive_push": ("publisher",),
    "drain_changes": ("cursors", "drive", "feed", "index", "publisher", "registry"),
    "capture": ("drive", "fences", "index", "keys", "publisher", "quarantine", "registry", "vault"),
    "renew_watches": ("channels", "feed"),
    "reconcile": ("drive", "fences", "index", "keys", "publisher", "registry", "vault"),
}

NEVER = (
    "boto3",
    "click",
    "duckdb",
    "google.cloud.pubsub_v1",
    "grpc",
    "localcloud",
    "openpyxl",
    "rich",
)
CRYPTO = ("tink", "backports.zstd", "compression.zstd")
DRIVE = ("custody.adapters.drive", "custody.adapters.drive_api")
STORAGE = ("google.cloud.storage",)
UNUSED = {
    "receive_push": (*CRYPTO, *DRIVE, *STORAGE),
    "drain_changes": CRYPTO,
    "renew_watches": (*CRYPTO, "custody.adapters.drive"),
}

LOADED = """
import importlib.util, json, sys
for ports, source in [json.loads(sys.argv[1])]:
    spec = importlib.util.spec_from_file_location("main", source)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    from custody import cloud
    for port in ports:
        getattr(cloud.connect(), port)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Enough for every adapter to be made; nobody is called."""
    from localcloud.environment import BUCKETS

    return {
        **BUCKETS,
        "CUSTODY_PROJECT": "local-custody",
        "CUSTODY_ENVIRONMENT": "local",
        "CUSTODY_DRIVE_ID": "drive",
        "CUSTODY_KEK_URI": f"file:{_kek(tmp_path_factory.mktemp('keys') / 'kek.json')}",
        "CUSTODY_DRIVE_ENDPOINT": "http://127.0.0.1:9",
        "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9",
        "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
    }


def _kek(path: Path) -> Path:
    from custody.adapters.kms import LocalKek

    LocalKek.create(path)
    return path


def loaded(code: str, *words: str, settings: dict[str, str]) -> set[str]:
    """The modules that a fresh interpreter has after running the code."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *words],
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_every_deployed_function_is_looked_at() -> None:
    deployed = {function.name for function in topology.FUNCTIONS}
    assert deployed == set(PORTS)
    assert deployed == {path.parent.name for path in FUNCTIONS.glob("*/main.py")}


@pytest.mark.parametrize("name", sorted(PORTS))
def test_a_function_imports_what_it_uses_and_no_more(name: str, settings: dict[str, str]) -> None:
    words = json.dumps([PORTS[name], str(FUNCTIONS / name / "main.py")])
    modules = loaded(LOADED, words, settings=settings)
    assert "custody.cloud" in modules
    assert sorted(modules & {*NEVER, *UNUSED.get(name, ())}) == []


def test_starlette_is_loaded_by_functions_framework_alone(settings: dict[str, str]) -> None:
    """Its modules are those of the bare framework: none of ours asks for more."""
    bare = loaded(
        "import json, sys, functions_framework; print(json.dumps(sorted(sys.modules)))",
        settings=settings,
    )
    words = json.dumps([PORTS["capture"], str(FUNCTIONS / "capture" / "main.py")])
    ours = loaded(LOADED, words, settings=settings)
    assert {name for name in ours - bare if name.partition(".")[0] == "starlette"} == set()
