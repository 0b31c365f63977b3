"""A function imports what it uses: its cold start pays for every other module."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from custody.domain import topology
from custody.domain.erasure import Copy

FUNCTIONS = Path(__file__).parents[2] / "functions"
DEPLOYED = {function.name: function for function in topology.FUNCTIONS}

# The adapters that each function asks its world for when an event comes.
PORTS = {
    "receive_push": ("publisher",),
    "drain_changes": ("cursors", "drive", "feed", "index", "publisher", "registry"),
    "capture": ("drive", "fences", "index", "keys", "publisher", "quarantine", "registry", "vault"),
    "renew_watches": ("channels", "feed"),
    "reconcile": (
        "books",
        "drive",
        "fences",
        "index",
        "keys",
        "publisher",
        "registry",
        "signer",
        "vault",
        "vault_shelf",
        "offsite_shelf",
        "marks",
    ),
    "replicate": ("vault_shelf", "offsite_shelf", "fences", "marks", "quarantine"),
    "drill": (
        "books",
        "disposals",
        "fences",
        "index",
        "keys",
        "offsite",
        "offsite_keys",
        "publisher",
        "registry",
        "vault",
    ),
    "retention": ("books", "keys", "vault_shelf", "offsite_shelf", "marks", "disposals"),
    "request_erasure": ("books",),
    **{f"erase_{copy.value}": ("books", "signer") for copy in Copy},
}

# Taken by others where they are installed, google-api-core and structlog; a deployed function has
# neither, so they are hidden here.
ABSENT = ("grpc", "rich")

NEVER = ("duckdb", "google.cloud.pubsub_v1", "grpc", "localcloud", "openpyxl", "rich")
TO_AWS = {"replicate", "reconcile", "drill", "retention", "erase_offsite"}
"""Who goes to S3. Nobody else pays for Amazon's client."""
FRAMEWORKS_OWN = ("click", "starlette", "uvicorn", "watchdog")
CRYPTO = ("tink", "custody.adapters.sealing", "custody.adapters.windows")
DRIVE = ("custody.adapters.drive", "custody.adapters.drive_api")
STORAGE = ("google.cloud.storage",)
COPIES = {copy: f"custody.adapters.copies.{copy.value}" for copy in Copy}


def others(own: Copy) -> tuple[str, ...]:
    """A function that erases one copy knows how, and nothing of the others."""
    return tuple(module for copy, module in COPIES.items() if copy is not own)


UNUSED = {
    "receive_push": (*CRYPTO, *DRIVE, *STORAGE),
    "drain_changes": CRYPTO,
    "renew_watches": (*CRYPTO, "custody.adapters.drive"),
    "replicate": DRIVE,
    "drill": DRIVE,
    "retention": DRIVE,
    "request_erasure": (*CRYPTO, *DRIVE, "joserfc", "custody.adapters.copies"),
    "erase_keys": (*CRYPTO, *DRIVE, *others(Copy.KEYS)),
    "erase_vault": (*CRYPTO, *DRIVE, *others(Copy.VAULT)),
    "erase_offsite": (*CRYPTO, *DRIVE, *others(Copy.OFFSITE)),
    "erase_ledger": (*CRYPTO, *DRIVE, *others(Copy.LEDGER)),
    "erase_drive": (*CRYPTO, *others(Copy.DRIVE)),
}

HIDE = f"import json, sys; sys.modules.update(dict.fromkeys({ABSENT}))\n"
TELL = "\nprint(json.dumps([name for name, module in sys.modules.items() if module]))"
LOAD = """
import functions_framework
ports, copy, entry, source = json.loads(sys.argv[1])
functions_framework.create_app(target=entry, source=source)
from custody import cloud
for port in ports:
    getattr(cloud.connect(), port)
if copy:
    from custody.domain.erasure import Copy
    run = cloud.connect().erase
    run.stores[Copy(copy)], run.witnesses[Copy(copy)]
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Enough for every adapter to be made; nobody is called."""
    from localcloud.environment import BUCKETS

    keys = tmp_path_factory.mktemp("keys")
    return {
        **BUCKETS,
        "CUSTODY_PROJECT": "local-custody",
        "CUSTODY_ENVIRONMENT": "local",
        "CUSTODY_DRIVE_ID": "drive",
        "CUSTODY_KEK_URI": f"file:{_kek(keys / 'kek.json')}",
        "CUSTODY_SIGNING_KEY_URI": f"file:{_signing_key(keys / 'signing.key')}",
        "CUSTODY_OFFSITE_BUCKET": "custody-offsite",
        "CUSTODY_OFFSITE_KEYS_BUCKET": "custody-offsite-keys",
        "CUSTODY_OFFSITE_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "CUSTODY_DRIVE_ENDPOINT": "http://127.0.0.1:9",
        "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9",
        "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
    }


def _kek(path: Path) -> Path:
    from custody.adapters.kms import LocalKek

    LocalKek.create(path)
    return path


def _signing_key(path: Path) -> Path:
    from custody.adapters.signing import LocalSigner

    LocalSigner.create(path)
    return path


def loaded(code: str, *words: str, settings: dict[str, str]) -> set[str]:
    """The modules that a fresh interpreter has after running the code."""
    done = subprocess.run(
        [sys.executable, "-c", HIDE + code + TELL, *words],
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_every_deployed_function_is_looked_at() -> None:
    assert set(DEPLOYED) == set(PORTS)
    folders = {function.entry for function in DEPLOYED.values()}
    assert folders == {path.parent.name for path in FUNCTIONS.glob("*/main.py")}


def test_what_is_hidden_here_is_not_deployed() -> None:
    assert {"grpcio", "rich"} & deployed_distributions() == set()
    assert {"google-cloud-storage", "tink"} <= deployed_distributions()


def deployed_distributions() -> set[str]:
    """Whatever custody needs without its extras, and what that needs in turn."""
    found: set[str] = set()
    waiting = [Requirement("custody")]
    while waiting:
        wanted = waiting.pop()
        if wanted.name in found:
            continue
        found.add(wanted.name)
        needs = map(Requirement, metadata.requires(wanted.name) or ())
        waiting += [need for need in needs if _holds(need, wanted.extras)]
    return found


def _holds(need: Requirement, extras: set[str]) -> bool:
    """Whether a requirement applies here, under the extras that were asked for."""
    marker = need.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in (extras or {""}))


@pytest.mark.parametrize("name", sorted(PORTS))
def test_a_function_imports_what_it_uses_and_no_more(name: str, settings: dict[str, str]) -> None:
    modules = loaded_by(name, settings)
    assert "custody.cloud" in modules
    assert sorted(modules & {*NEVER, *UNUSED.get(name, ())}) == []
    assert ("boto3" in modules) == (name in TO_AWS)


def test_no_function_asks_more_of_a_server_than_functions_framework(
    settings: dict[str, str],
) -> None:
    """Flask brings click, and the framework may bring starlette: none of ours adds to them."""
    bare = loaded("import functions_framework", settings=settings)
    for name in PORTS:
        added = loaded_by(name, settings) - bare
        assert {one for one in added if one.partition(".")[0] in FRAMEWORKS_OWN} == set()


def loaded_by(name: str, settings: dict[str, str]) -> set[str]:
    """After a function's first event has made the adapters that it needs."""
    entry = DEPLOYED[name].entry
    copy = name.removeprefix("erase_") if entry == "erase" else ""
    words = json.dumps([PORTS[name], copy, entry, str(FUNCTIONS / entry / "main.py")])
    return loaded(LOAD, words, settings=settings)
