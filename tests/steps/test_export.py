"""Giving everything back, with a manifest that lets anybody check it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from archive import FilledWorld
from custody.domain.restore import all_versions, place
from custody.steps.export import MANIFEST, export_files
from custody.steps.restore import Outcome, read_histories


def export(world: FilledWorld, into: Path) -> list[Outcome]:
    sealers = world.sealers()
    targets = place(all_versions(read_histories(world.index, sealers)), by_source=True)
    return list(export_files(world.vault, sealers, targets, into))


def manifest(folder: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((folder / MANIFEST).read_text())
    return entries


def test_the_manifest_describes_every_file(tmp_path: Path) -> None:
    world = FilledWorld()
    kept = [world.keep(b"one"), world.keep(b"other", revision="r2")]
    export(world, tmp_path)
    entries = manifest(tmp_path)
    assert {entry["version"] for entry in entries} == {version.name for version in kept}
    for entry in entries:
        content = (tmp_path / entry["path"]).read_bytes()
        assert len(content) == entry["size"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert (entry["source"], entry["file_id"]) == ("hubspot", "file-one")


def test_the_manifest_names_nothing_that_is_not_whole(tmp_path: Path) -> None:
    world = FilledWorld()
    world.vault.damage(world.keep(b"one").name)
    world.keep(b"two", file="file-two", name="companies.csv")
    export(world, tmp_path)
    assert [entry["path"] for entry in manifest(tmp_path)] == ["hubspot/companies.csv"]


def test_a_customer_without_files_gets_an_empty_manifest(tmp_path: Path) -> None:
    assert export(FilledWorld(), tmp_path / "new") == []
    assert manifest(tmp_path / "new") == []


def test_exporting_again_gives_the_same_manifest(tmp_path: Path) -> None:
    world = FilledWorld()
    world.keep(b"one")
    export(world, tmp_path)
    before = manifest(tmp_path)
    export(world, tmp_path)
    assert manifest(tmp_path) == before
