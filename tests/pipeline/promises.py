"""What must be true of every history, at each moment and when everything has settled."""

import pytest

from custody.domain.names import parse_version_name
from custody.domain.quarantine import Quarantined
from custody.domain.semantic import semantic_hash
from custody.domain.vault import (
    FileHistory,
    Holding,
    HoldingEpoch,
    HoldingState,
    ObjectName,
    Version,
)
from custody.errors import MissingKeysetError, RefusedError
from pipeline.driver import Pipeline
from worlds.drive import DOCUMENT, Item
from worlds.memory import MemoryWorld


class Keeper:
    """Watches the vault: what once stood there stands there still, and was true."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world
        self._stored: dict[ObjectName, tuple[Version, bytes]] = {}

    def check(self) -> None:
        """No version is ever lost, changed or mixed, but what an erasure or retention took."""
        names = {name for name in self._world.vault.all_names() if self._is_kept(name)}
        self._stored = {name: one for name, one in self._stored.items() if self._is_kept(name)}
        assert names >= self._stored.keys(), "something stored disappeared"
        for name in names - self._stored.keys():
            self._stored[name] = self._read(name)
            self._check_content(name)

    def check_all(self) -> None:
        """Reads everything back, old and new."""
        self.check()
        for name, stored in self._stored.items():
            assert self._read(name) == stored, "something stored changed"

    def _is_kept(self, name: ObjectName) -> bool:
        closed = self._world.fences.closed(parse_version_name(name)[0])
        return not closed and not self._world.marks.marked(name)

    def _read(self, name: ObjectName) -> tuple[Version, bytes]:
        life, _, _ = parse_version_name(name)
        sealer = self._world.keys.unwrap(life)
        version = self._world.vault.version(name, sealer=sealer)
        return version, b"".join(self._world.vault.content(name, sealer=sealer))

    def _check_content(self, name: ObjectName) -> None:
        version, content = self._stored[name]
        item = self._world.google.item(version.file_id)
        if item.content_type == DOCUMENT:
            assert content in item.bodies, "a content that the document never had"
        else:
            assert content == item.contents[version.revision], "not this revision's content"


def check_settled(pipeline: Pipeline) -> None:
    """A settled vault equals Drive, and the index agrees with the vault."""
    assert not pipeline.refused, f"acknowledged and lost: {pipeline.refused}"
    for holding in pipeline.world.registry.holdings():
        if is_open(pipeline, holding):
            _check_index(pipeline, holding.life)
            for item in pipeline.world.google.items():
                if not item.is_folder:
                    _check_file(pipeline.history(holding.life, item.file_id), item, holding)


def is_open(pipeline: Pipeline, holding: Holding) -> bool:
    closed = pipeline.world.fences.closed(holding.life)
    return holding.state is HoldingState.OPEN and not closed


def check_absent(pipeline: Pipeline, life: HoldingEpoch) -> None:
    """Certified means absent: nothing of the epoch is left, and nothing can read or bring it."""
    world = pipeline.world
    assert not list(world.vault.names(life)), "a version is left"
    assert not list(world.offsite.names(life)), "a version is left off-site"
    assert not world.offsite_keys.stands(life), "a copy of the keyset is left off-site"
    assert life not in world.offsite_keys.recoverable, "the recovery key still opens it"
    assert not world.index.files(life), "the index still knows of it"
    assert not any(entry_is_of(entry, life) for entry in world.quarantine.everything())
    with pytest.raises(MissingKeysetError):
        world.keys.unwrap(life)
    with pytest.raises(RefusedError):
        world.keys.create(life)


def entry_is_of(entry: Quarantined, life: HoldingEpoch) -> bool:
    whose = (entry.customer, entry.source, entry.epoch or life.epoch)
    return whose == (life.customer, life.source, life.epoch)


def _check_index(pipeline: Pipeline, life: HoldingEpoch) -> None:
    world, sealer = pipeline.world, pipeline.world.keys.unwrap(life)
    indexed = [
        version
        for file_id in world.index.files(life)
        for version in pipeline.history(life, file_id).versions
    ]
    assert {version.name for version in indexed} == set(world.vault.names(life))
    assert all(version == world.vault.version(version.name, sealer=sealer) for version in indexed)
    announced = {event.version for event in pipeline.announced}
    assert announced >= {version.name for version in indexed}, "stored and never announced"


def _check_file(history: FileHistory, item: Item, holding: Holding) -> None:
    if not _is_in(item, holding):
        known = history.versions or history.missed
        assert history.lost or not known, f"{item.file_id} is gone, and not called lost"
        return
    assert history.lost is None, f"{item.file_id} is there, and called lost: {history.lost}"
    if item.contents:
        _check_revisions(history, item)
    elif item.bodies:
        assert history.latest, "a document that was never captured"
        assert history.latest.size_bytes == len(item.bodies[-1])
        assert history.latest.semantic == semantic_hash(item.bodies[-1])
    else:
        assert history.missed, "what cannot be captured is recorded"


def _check_revisions(history: FileHistory, item: Item) -> None:
    captured = [version.revision for version in history.versions]
    in_drives_order = [revision for revision in item.contents if revision in captured]
    assert captured == in_drives_order, "versions stand in another order than Drive's"
    known = {*captured, *history.pruned}
    assert known >= set(item.kept), "Drive lists a revision that is not captured"


def _is_in(item: Item, holding: Holding) -> bool:
    """Whether an item is there for us, in this holding's folder at any depth."""
    folders = [above.file_id for above in item.line()][1:]
    return item.visible and not item.in_trash and holding.folder_id in folders
