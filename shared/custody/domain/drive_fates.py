"""What becomes of each file of an erased epoch, wherever in Drive it lies now, and in what order.

Things of this copy have names that begin with a digit. Their order is that of a sweep: first the
holding's folder where somebody else owns it, since giving it up ends our access to all that lies in
it; then every file id that was ever seen; then those that quarantine alone knows; then what our own
folder still shows, leaves first; then that folder itself.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from custody.domain.erasure import Fate
from custody.domain.quarantine import Quarantined
from custody.domain.vault import FileId, HoldingEpoch
from custody.errors import RefusedError

FOLDER_OF_OTHERS, KNOWN, QUARANTINED, LISTED, OUR_FOLDER = "1/", "2/", "3/", "4/", "5/"
"""What the names of each stretch begin with."""
_INSIDE, _AFTER_ALL = "!", "~"
"""Drive's ids are letters, digits, `-` and `_`: one of these sorts before, the other after them."""
_KINDS_OF_FILES = frozenset({"file", "moved-file"})

NO_ORGANIZER = (
    "the identity that erases may not delete in the shared drive: make it an organizer (manager) "
    "of the drive that CUSTODY_DRIVE_ID names"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What Drive says of a file to the identity that erases."""

    in_our_drive: bool
    can_delete: bool = False
    owned_by_us: bool = False
    shared_with_us: bool = False
    """By a permission on the file itself: what is inherited can only be given up above (T12)."""
    in_other_holding: bool = False
    """It lies in the folder of another open holding."""
    in_given_up_folder: bool = False
    """It lies in the holding's own folder, which somebody else owns and which we give up."""

    @property
    def ours(self) -> bool:
        return self.in_our_drive or self.owned_by_us


def fate_of(facts: Facts | None) -> Fate | None:
    """None for what Drive does not show, and for what goes with the folder that it lies in.

    A file that we could delete in a shared drive of others is theirs all the same. RefusedError for
    one of ours that we may not delete: it is never skipped.
    """
    if facts is None:
        return None
    if facts.in_other_holding:
        return Fate.KEEP
    if facts.ours:
        if not facts.can_delete:
            raise RefusedError(NO_ORGANIZER)
        return Fate.DELETE
    if facts.shared_with_us:
        return Fate.RELINQUISH
    return None if facts.in_given_up_folder else Fate.ASK_OWNER


def lies_in_other_holding(
    line: Iterable[FileId], own: FileId | None, others: Collection[FileId]
) -> bool:
    """Whether the nearest holding's folder on the way up is another's; `line` begins at the file.

    A folder that two epochs share (a customer's own, adopted again) belongs to the open one.
    """
    for file_id in line:
        if file_id in others:
            return True
        if file_id == own:
            return False
    return False


def quarantined_files(life: HoldingEpoch, entries: Iterable[Quarantined]) -> list[FileId]:
    """The files that quarantine names in an epoch, in the order of their ids."""
    theirs = (life.customer, life.source, life.epoch)
    named = {
        FileId(one.reference)
        for one in entries
        if one.kind in _KINDS_OF_FILES and (one.customer, one.source, one.epoch) == theirs
    }
    return sorted(named)


def inside(path: str, folder: FileId) -> str:
    """What the names of all that lies in a listed folder begin with."""
    return f"{path}{folder}{_INSIDE}"


def listed_name(path: str, file_id: FileId, *, is_folder: bool) -> str:
    """Of something that lies under `path`: a folder comes after all that is inside."""
    return inside(path, file_id) + _AFTER_ALL if is_folder else path + file_id


def end_of(stretch: str) -> str:
    """Behind every name of a stretch."""
    return stretch + _AFTER_ALL


def file_of(name: str) -> FileId:
    """The file that a thing's name leads to."""
    path = name[len(KNOWN) :].removesuffix(_INSIDE + _AFTER_ALL)
    return FileId(path.rpartition(_INSIDE)[2])
