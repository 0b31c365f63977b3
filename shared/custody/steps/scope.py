"""Which holding a file belongs to: the one whose folder it lies under, at any depth."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import structlog

from custody.domain.drive import DriveFile, Unreadable
from custody.domain.vault import FileId, Holding, HoldingEpoch, HoldingState
from custody.errors import PermanentError
from custody.ports import Drive

log = structlog.get_logger()

DEPTH_LIMIT = 100
"""Drive allows 100 levels of folders in a shared drive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a holding something lies."""

    life: HoldingEpoch
    path: str
    """Folder names below the holding's folder, joined by `/`; empty at its top."""


class Scope:
    """Resolves places, asking Drive once for each folder on the way."""

    def __init__(self, drive: Drive, holdings: Iterable[Holding]) -> None:
        self._drive = drive
        self._holdings = holdings

    @cached_property
    def _places(self) -> dict[FileId, Place | None]:
        """Looked up when first asked for: a bell that brings nothing reads no registry."""
        return {
            holding.folder_id: Place(life=holding.life, path="")
            for holding in self._holdings
            if holding.state is HoldingState.OPEN
        }

    def place_of(self, file: DriveFile) -> Place | None:
        """Where a file lies: inside its folder. None outside every holding."""
        if file.is_folder and self._places.get(file.file_id):
            return self._places[file.file_id]  # a holding's own folder lies in itself
        return self._inside(file.parent, DEPTH_LIMIT) if file.parent else None

    def _inside(self, folder: FileId, levels: int) -> Place | None:
        if folder not in self._places:
            self._places[folder] = self._look_up(folder, levels)
        return self._places[folder]

    def _look_up(self, folder: FileId, levels: int) -> Place | None:
        shown = self._drive.describe([folder])[folder]
        if isinstance(shown, Unreadable) or shown.parent is None or levels == 0:
            return None
        above = self._inside(shown.parent, levels - 1)
        return above and Place(life=above.life, path=f"{above.path}/{shown.name}".lstrip("/"))

    def files_below(self, folder: FileId) -> Iterator[DriveFile]:
        """Every file of a subtree, each folder visited once; shortcuts are files (T11).

        A folder that Drive does not show brings nothing, which proves nothing about what is in it.
        """
        waiting, visited = [folder], {folder}
        while waiting:
            for child in self._children(waiting.pop()):
                if not child.is_folder:
                    yield child
                elif child.file_id not in visited:
                    visited.add(child.file_id)
                    waiting.append(child.file_id)

    def _children(self, folder: FileId) -> Iterator[DriveFile]:
        try:
            yield from self._drive.children(folder)
        except PermanentError as error:
            log.warning("source_lost", file_id=folder, error=type(error).__name__)
