"""Gives a customer everything back: the files, and a manifest that lets anybody check them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from custody.domain.restore import Target
from custody.ports import Versions
from custody.steps.restore import Outcome, Result, Sealers, restore_files

MANIFEST = "manifest.json"
"""At the top, where no source can stand: names of sources have no dots."""


class Entry(msgspec.Struct, kw_only=True):
    """One file of the export."""

    source: str
    path: str
    file_id: str
    version: str
    size: int
    sha256: str


def export_files(
    vault: Versions, sealers: Sealers, targets: Sequence[Target], into: Path
) -> Iterator[Outcome]:
    """Restores each version; the manifest comes last and names only what is there and whole."""
    whole = set()
    for outcome in restore_files(vault, sealers, targets, into):
        if outcome.result in (Result.RESTORED, Result.UNCHANGED):
            whole.add(outcome.version)
        yield outcome
    entries = [_entry(target) for target in targets if target.version.name in whole]
    draft = into / f".{MANIFEST}"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(entries)))
    draft.replace(into / MANIFEST)


def _entry(target: Target) -> Entry:
    version = target.version
    return Entry(
        source=version.life.source,
        path=str(target.path),
        file_id=version.file_id,
        version=version.name,
        size=version.size_bytes,
        sha256=version.sha256,
    )
