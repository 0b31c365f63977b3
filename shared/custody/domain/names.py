"""Names of stored objects, built and parsed in one place.

Names hold opaque ids alone: nothing of a customer's name, file name or path (T8). Each part is
percent-encoded (RFC 3986), so that `/` parts what we put together and nothing else.
"""

import hashlib
from urllib.parse import quote, unquote

from custody.domain.erasure import Track
from custody.domain.vault import (
    CustomerId,
    FileId,
    HoldingEpoch,
    ObjectName,
    RevisionId,
    Source,
)
from custody.errors import CorruptError


def _join(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def version_name(life: HoldingEpoch, file_id: FileId, revision: RevisionId) -> ObjectName:
    """The one name that this content of this file can have in the vault."""
    return ObjectName(_join(life.customer, life.source, str(life.epoch), file_id, revision))


def parse_version_name(name: str) -> tuple[HoldingEpoch, FileId, RevisionId]:
    """The inverse of `version_name`. Raises CorruptError for a name that we never gave."""
    parts = [unquote(part) for part in name.split("/")]
    if len(parts) != 5 or not all(parts) or not parts[2].isdecimal():
        raise CorruptError("an object in the vault has a name that custody never gives: inspect it")
    life = HoldingEpoch(customer=CustomerId(parts[0]), source=Source(parts[1]), epoch=int(parts[2]))
    file_id, revision = FileId(parts[3]), RevisionId(parts[4])
    if version_name(life, file_id, revision) != name:
        raise CorruptError("an object in the vault has a name that custody never gives: inspect it")
    return life, file_id, revision


def _life(life: HoldingEpoch) -> str:
    return _join(life.customer, life.source, str(life.epoch))


def life_prefix(life: HoldingEpoch) -> str:
    """What all vault names of one epoch begin with."""
    return f"{_life(life)}/"


KEYSET, DESTROYED, RECOVERY = ".keyset", ".destroyed", ".recovery"
"""What the names of what belongs to a keyset end with."""


def keyset_name(life: HoldingEpoch) -> str:
    return _life(life) + KEYSET


def destroyed_name(life: HoldingEpoch) -> str:
    """The create-only mark that a keyset was shredded and may never be made again."""
    return _life(life) + DESTROYED


def recovery_name(life: HoldingEpoch) -> str:
    """The keyset as only the offline recovery key can unwrap it; it lies off-site alone."""
    return _life(life) + RECOVERY


def parse_key_name(name: str) -> tuple[HoldingEpoch, str]:
    """An epoch, and what of its keyset this is. CorruptError for a name that we never gave."""
    stem, dot, ending = name.rpartition(".")
    parts = [unquote(part) for part in stem.split("/")]
    if len(parts) == 3 and all(parts) and parts[2].isdecimal():
        customer, source, epoch = CustomerId(parts[0]), Source(parts[1]), int(parts[2])
        life = HoldingEpoch(customer=customer, source=source, epoch=epoch)
        if dot + ending in (KEYSET, DESTROYED, RECOVERY) and _life(life) == stem:
            return life, dot + ending
    raise CorruptError("an object beside the keysets has a name that custody never gives")


def mark_prefix(life: HoldingEpoch) -> str:
    return f"marks/{life_prefix(life)}"


def mark_name(version: ObjectName) -> str:
    """The create-only mark that retention let a version go."""
    return f"marks/{version}"


def parse_mark_name(name: str) -> ObjectName:
    return ObjectName(name.removeprefix("marks/"))


def disposal_name(disposal: str) -> str:
    return f"disposals/{_join(disposal)}"


def disposal_found_name(disposal: str) -> str:
    """What the first look at the copy found of it."""
    return f"{disposal_name(disposal)}.found"


def retention_plan_name(plan: str) -> str:
    return f"retention/plans/{_join(plan)}"


def fence_name(life: HoldingEpoch) -> str:
    return f"fences/{_life(life)}.closed"


def hold_name(customer: CustomerId, source: Source) -> str:
    return f"holds/{_join(customer, source)}"


def request_name(erasure: str) -> str:
    return f"{REQUESTS}{_join(erasure)}"


REQUESTS = "erasures/requests/"
TRACKS = "erasures/tracks/"


def decision_name(erasure: str) -> str:
    return f"erasures/decisions/{_join(erasure)}"


def approval_name(erasure: str) -> str:
    return f"erasures/approvals/{_join(erasure)}"


def plan_name(plan: str) -> str:
    return f"erasures/plans/{_join(plan)}"


def receipt_prefix(erasure: str) -> str:
    return f"erasures/receipts/{_join(erasure)}/"


def receipt_name(erasure: str, number: int) -> str:
    return f"{receipt_prefix(erasure)}{number:08}"


def track_prefix(erasure: str) -> str:
    return f"{TRACKS}{_join(erasure)}/"


def track_name(erasure: str, source: Source, epoch: int, copy: str) -> str:
    return track_prefix(erasure) + _join(source, str(epoch), copy)


def parse_track_name(name: str) -> tuple[str, Source, int, str]:
    """Erasure, source, epoch and copy. Raises CorruptError for a name that we never gave."""
    parts = [unquote(part) for part in name.removeprefix(TRACKS).split("/")]
    if len(parts) == 4 and all(parts) and parts[2].isdecimal():
        erasure, source, epoch, copy = parts[0], Source(parts[1]), int(parts[2]), parts[3]
        if track_name(erasure, source, epoch, copy) == name:
            return erasure, source, epoch, copy
    raise CorruptError("a track in the ledger has a name that custody never gives: inspect it")


def page_prefix(track: Track) -> str:
    life = track.life
    return f"erasures/pages/{_join(track.erasure, life.source, str(life.epoch), track.copy)}/"


def page_name(track: Track, number: int) -> str:
    """Numbers have eight digits, so that names stand in their order."""
    return f"{page_prefix(track)}page-{number:08}"


def parse_page_number(name: str) -> int:
    return int(name.rpartition("page-")[2].removesuffix(DONE))


DONE = ".done"
"""What the name of a page ends with once all of it was deleted."""


def index_prefix(life: HoldingEpoch) -> str:
    return f"index/holdings/{life_prefix(life)}"


def index_name(life: HoldingEpoch, file_id: FileId) -> str:
    return index_prefix(life) + quote(file_id, safe="")


def parse_index_name(name: str) -> FileId:
    return FileId(unquote(name.rsplit("/", 1)[1]))


def whereabouts_name(file_id: FileId) -> str:
    """The small object that says in which epochs a file was ever seen."""
    return f"index/files/{quote(file_id, safe='')}"


def cursor_name(corpus: str) -> str:
    return f"cursors/{_join(corpus)}"


def channel_prefix(corpus: str) -> str:
    return f"channels/{_join(corpus)}/"


def channel_name(corpus: str, channel: str) -> str:
    return channel_prefix(corpus) + quote(channel, safe="")


def customer_name(customer: CustomerId) -> str:
    return f"registry/customers/{_join(customer)}"


def holding_name(customer: CustomerId, source: Source) -> str:
    return f"registry/holdings/{_join(customer, source)}"


def slug_name(slug: str) -> str:
    """The create-only claim that makes slugs unique; the slug itself is a name, so its hash."""
    return f"registry/slugs/{hashlib.sha256(slug.encode()).hexdigest()}"
