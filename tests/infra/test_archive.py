"""One archive for all functions: the same bytes each time, and enough to run on alone."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tools import archive

from custody.cloud import Cloud
from custody.domain import topology
from custody.domain.drive import SHARED_DRIVE
from custody.domain.events import TimerRang
from custody.settings import Settings
from infra import deployed
from infra.deployed import Deployed
from infra.toolbox import ROOT
from localcloud.deployment import Messaging
from localcloud.environment import PROJECT
from localcloud.local import LocalCloud
from worlds.pubsub import eventually

PATIENCE = 60.0
CHECKED_BY_CONTENT = 0b11
"""Flags of bytecode that is valid as long as its source has the same content (PEP 552)."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("archive") / "archive.zip"
    archive.build(file)
    return file


def names(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as packed:
        return packed.namelist()


def test_built_twice_it_is_the_same_bytes(built: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    command = [sys.executable, "-m", "tools.archive", str(again)]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert again.read_bytes() == built.read_bytes()
    assert told.split()[0] == archive.build(built)


def test_neither_dates_nor_modes_of_files_go_in(built: Path) -> None:
    with zipfile.ZipFile(built) as packed:
        entries = packed.infolist()
    assert {one.date_time for one in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {one.external_attr >> 16 for one in entries} == {0o100644}
    assert [one.filename for one in entries] == sorted(one.filename for one in entries)


def test_it_is_small(built: Path) -> None:
    assert built.stat().st_size <= archive.LARGEST_BYTES


def test_it_has_what_functions_need_and_no_more(built: Path) -> None:
    found = set(names(built))
    assert {f"functions/{one.entry}/main.py" for one in topology.FUNCTIONS} <= found
    assert "shared/custody/cloud/__init__.py" in found
    tops = {name.split("/")[0] for name in found}
    assert tops == {"functions", "shared", "requirements.txt"}
    assert not [name for name in found if "/cli/" in name or "__pycache__" in name]


def test_it_requires_what_was_locked(built: Path) -> None:
    with zipfile.ZipFile(built) as packed:
        required = packed.read("requirements.txt")
    assert required == (ROOT / "requirements.functions.lock").read_bytes()
    assert b"--hash=sha256:" in required
    assert b"functions-framework==" in required, "or the build adds one of its own choice"


def test_it_has_every_discovery_document_that_is_asked_for(built: Path) -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "shared").rglob("*.py"))
    asked = {
        f"{api}.{version}.json" for api, version in re.findall(r'GoogleApi\("(\w+)", "(\w+)"', code)
    }
    assert asked == set(archive.DOCUMENTS)
    there = archive.DOCUMENTS_THERE + "/"
    assert {name.removeprefix(there) for name in names(built) if name.startswith(there)} == asked


@pytest.fixture(scope="module")
def workspace(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployed.unpacked(built, tmp_path_factory.mktemp("image") / "workspace", deployed.venv())


def test_bytecode_of_the_build_is_used_in_an_image(workspace: Path) -> None:
    """An image gives all files one date; bytecode that is tied to a date would be made anew."""
    compiled = list(workspace.rglob("*.pyc"))
    sources = list(workspace.rglob("*.py"))
    assert len(compiled) == len(sources)
    for path in compiled:
        assert int.from_bytes(path.read_bytes()[4:8], "little") == CHECKED_BY_CONTENT


@pytest.fixture(scope="module")
def settings(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A local cloud whose functions are those of the archive; the settings of an operator."""
    functions = Deployed(workspace, deployed.venv())
    local = LocalCloud(tmp_path_factory.mktemp("cloud"), Path())
    found = local.start_servers({}) | {"CUSTODY_PUSH_URL": functions.url_of("receive_push")}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PUBSUB_EMULATOR_HOST", found["PUBSUB_EMULATOR_HOST"])
        messaging = Messaging(PROJECT)
        messaging.deploy(functions.url_of)
        messaging.close()
    functions.start(found)
    local.functions.start()  # what is to be stopped must have begun
    try:
        eventually(functions.answer, PATIENCE)
        yield found
    finally:
        functions.stop()
        local.stop()


@pytest.fixture(scope="module")
def world(settings: dict[str, str]) -> Cloud:
    return Cloud(Settings(settings))


@pytest.fixture(scope="module")
def command(settings: dict[str, str]) -> Callable[..., Any]:
    """What an operator's command line answers."""

    def run(*words: str | Path) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "custody.cli", *map(str, words), "--format", "json"],
            env={**os.environ, **settings},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_every_function_answers_an_event_from_the_archive_alone(
    world: Cloud, command: Callable[..., Any], tmp_path: Path
) -> None:
    """A channel is opened, a change noticed and captured, all of it compared, and then erased."""
    world.publisher.publish([TimerRang(timer="renew_watches")])
    eventually(lambda: world.channels.all(SHARED_DRIVE), PATIENCE)

    command("customers", "add", "Acorn", "--source", "stripe")
    export = tmp_path / "export.csv"
    export.write_text("id,plan\n1,growth\n")
    command("files", "put", export, "--to", "acorn/stripe")
    eventually(lambda: command("backups", "ls", "acorn"), PATIENCE)
    eventually(lambda: list(world.audit.checkpoints(world.signer.keys())), PATIENCE)

    plan = command("erasures", "plan", "acorn", "--all")["plan"]
    erasure = command("erasures", "apply", plan, "--yes")["erasure"]
    eventually(lambda: command("erasures", "show", erasure)["state"] == "CERTIFIED", PATIENCE)
