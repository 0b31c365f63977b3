"""The life cycle of an erasure: one for each copy of each epoch, never one boolean.

An erasure is a request to erase some holdings of one customer. Each epoch of each of them is a
part, and each copy of a part has a track of its own: where that copy stands, and on what evidence.
The fence of an epoch says which erasure closed it. That one erases it; another erasure that covers
the same epoch follows its tracks, so that every epoch is erased once and both receipts say so.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from custody.domain.vault import CustomerId, FileId, HoldingEpoch, Source

ErasureId = NewType("ErasureId", str)
"""`e-` and 20 hex digits that follow from the id of the request."""
PlanId = NewType("PlanId", str)
"""`p-` and 20 hex digits that follow from what the plan says."""


class Copy(StrEnum):
    """One place where data of a holding lives."""

    KEYS = "keys"
    VAULT = "vault"
    OFFSITE = "offsite"
    DRIVE = "drive"
    LEDGER = "ledger"


class CopyState(StrEnum):
    """How far one copy is erased."""

    REQUESTED = "REQUESTED"
    FENCED = "FENCED"
    """Nothing new enters. Says nothing of what is there."""
    DELETED_BY_US = "DELETED_BY_US"
    """A look by code that did not do the deleting finds nothing."""
    UNRECOVERABLE_BY_US = "UNRECOVERABLE_BY_US"
    UNRECOVERABLE_BY_PROVIDER = "UNRECOVERABLE_BY_PROVIDER"
    RELINQUISHED = "RELINQUISHED"
    """What others own is theirs: we gave up our access, and the owner was told."""
    BLOCKED = "BLOCKED"
    """A hold, a lock or an owner stands in the way, until a date or a decision."""
    FAILED = "FAILED"
    """A store refused for good. A person is alerted; it is tried again every hour."""
    UNKNOWN = "UNKNOWN"
    """Nothing is left to be seen, yet less was found than was promised to be there."""


_OPEN_ENDS = frozenset({CopyState.BLOCKED, CopyState.FAILED, CopyState.UNKNOWN})
_ENDS = frozenset({CopyState.DELETED_BY_US, CopyState.RELINQUISHED})
SETTLED = _ENDS | {CopyState.UNRECOVERABLE_BY_US, CopyState.UNRECOVERABLE_BY_PROVIDER}
"""What a certificate may rest on."""

NEXT: Mapping[CopyState, frozenset[CopyState]] = {
    CopyState.REQUESTED: frozenset({CopyState.FENCED}),
    CopyState.FENCED: _ENDS | _OPEN_ENDS,
    CopyState.BLOCKED: _ENDS | _OPEN_ENDS - {CopyState.BLOCKED},
    CopyState.FAILED: _ENDS | _OPEN_ENDS - {CopyState.FAILED},
    CopyState.UNKNOWN: _ENDS | _OPEN_ENDS - {CopyState.UNKNOWN},
    # Backwards only for a straggler, which supersedes the receipt.
    CopyState.DELETED_BY_US: _OPEN_ENDS | {CopyState.UNRECOVERABLE_BY_US, CopyState.RELINQUISHED},
    CopyState.UNRECOVERABLE_BY_US: _OPEN_ENDS
    | {CopyState.UNRECOVERABLE_BY_PROVIDER, CopyState.DELETED_BY_US},
    CopyState.UNRECOVERABLE_BY_PROVIDER: _OPEN_ENDS | {CopyState.DELETED_BY_US},
    CopyState.RELINQUISHED: _OPEN_ENDS,
}
"""The states that may follow each state."""


class Fate(StrEnum):
    """What becomes of one thing that was found in a copy."""

    DELETE = "delete"
    RELINQUISH = "relinquish"
    """Somebody else owns it: we give up our access and tell the owner."""
    ASK_OWNER = "ask-owner"
    """Only its owner can end our access: the owner is asked."""
    RETAINED = "retained"
    """A hold or a retention of the store forbids to delete it."""
    KEEP = "keep"
    """It lies in another holding now, and goes when that one is erased."""


GOES = frozenset({Fate.DELETE, Fate.RELINQUISH})
"""What is there no more once a page is done."""
ACTED_ON = GOES | {Fate.ASK_OWNER}
"""What a store does something about: of some things it can only ask their owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that a copy still has, by an opaque name."""

    name: str
    """Names order the things of a copy; pages are stretches of that order."""
    stamp: str = ""
    """What tells this thing from another of the same name: a generation."""
    size_bytes: int = 0
    fate: Fate = Fate.DELETE
    until: datetime | None = None
    """Until when it is retained, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One stretch of a copy as it was seen; `last` is None when the stretch reaches the end."""

    things: tuple[Thing, ...] = ()
    last: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One epoch of an erasure, as the registry knew it when the request came."""

    life: HoldingEpoch
    folder_id: FileId | None = None
    adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a store needs to know to find the data of one part."""

    erasure: ErasureId
    life: HoldingEpoch
    folder_id: FileId | None = None
    adopted: bool = False
    """True for a folder that the customer owns."""


CUSTOMER_ENTRY = Source("customer")
"""Stands for no source but for the customer itself, with epoch 0: its entry in the registry."""


def entry_of(customer: CustomerId) -> HoldingEpoch:
    """What a termination erases last: the customer's entry in the registry."""
    return HoldingEpoch(customer=customer, source=CUSTOMER_ENTRY, epoch=0)


def copies_of(life: HoldingEpoch) -> tuple[Copy, ...]:
    """Where data of this epoch may be."""
    return (Copy.LEDGER,) if life.epoch == 0 else tuple(Copy)


def target_of(erasure: ErasureId, part: Part) -> Target:
    return Target(erasure=erasure, life=part.life, folder_id=part.folder_id, adopted=part.adopted)


class Scope(StrEnum):
    """How much of a customer is to be erased."""

    SOURCES = "sources"
    ALL = "all"


class Reason(StrEnum):
    """Why: on request, or because the contract ended, which takes the registry entry too."""

    REQUEST = "request"
    TERMINATION = "termination"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A request that was taken on. Never changed: what became of it stands in its tracks."""

    erasure: ErasureId
    request_id: str
    customer: CustomerId
    scope: Scope
    reason: Reason
    requested_at: datetime
    deadline: datetime
    parts: tuple[Part, ...]
    plan: PlanId | None = None
    requested_by: str | None = None
    """An opaque id of who asked, where the message said so."""
    needs_approval: bool = False

    def part(self, life: HoldingEpoch) -> Part | None:
        return next((part for part in self.parts if part.life == life), None)


class Decision(StrEnum):
    """Of an erasure that was asked for: whichever is written first stands."""

    PROCEED = "proceed"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The mark that an epoch is closed, and by which erasure. Made once, never taken away."""

    erasure: ErasureId
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How long a store's live configuration lets a deleted thing be brought back."""

    ours: timedelta | None = timedelta(0)
    """By us; None when the configuration sets no end."""
    provider: timedelta | None = timedelta(days=180)
    """By the provider, after it is beyond us; None when nothing is promised."""
    ours_until: datetime | None = None
    """When the last thing that the store still keeps for us will go."""
    notes: tuple[str, ...] = ()
    """What the configuration says, in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Where one copy of one epoch stands in an erasure, and on what evidence."""

    erasure: ErasureId
    life: HoldingEpoch
    copy: Copy
    by: ErasureId
    """The erasure that closed the epoch, and so erases it: this one, or the one that it follows."""
    fenced_at: datetime
    state: CopyState = CopyState.FENCED
    since: datetime
    due_at: datetime
    """When somebody looks again if nothing happens."""
    swept_at: datetime | None = None
    """When all that was found at first was deleted."""
    before: int = 0
    """How many things the first sweep found."""
    inventory: str = ""
    """sha256 of the first sweep's inventory; see `extend`."""
    deleted: int = 0
    relinquished: int = 0
    kept: int = 0
    waiting: int = 0
    missing: int = 0
    """How many things were promised to be there and were not found."""
    stragglers: int = 0
    """How many things came to light after the copy had been called erased."""
    reason: str = ""
    """In plain words without names, for a state that is no good end."""
    until: datetime | None = None
    deleted_at: datetime | None = None
    checked_at: datetime | None = None
    t1: datetime | None = None
    t2: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        return self.state in SETTLED

    @property
    def follows(self) -> bool:
        """Whether another erasure does the work."""
        return self.by != self.erasure


def moved(track: Track, state: CopyState, *, now: datetime, **facts: object) -> Track:
    """The track in its next state. Raises ValueError for a step that the table does not allow."""
    if state != track.state and state not in NEXT[track.state]:
        raise ValueError(f"{track.copy} cannot go from {track.state} to {state}")
    since = track.since if state == track.state else now
    return replace(track, state=state, since=since, **facts)  # type: ignore[arg-type] # fields


def extend(inventory: str, things: Iterable[Thing]) -> str:
    """sha256 over the digest so far and one line `name stamp` a thing, in the order of names.

    The digest of what fits into one page is therefore that of its sorted lines alone.
    """
    lines = "".join(f"{one.name} {one.stamp}".rstrip() + "\n" for one in things)
    return hashlib.sha256((inventory + lines).encode()).hexdigest() if lines else inventory


# The order of copies: keys first, since they make all others unreadable; the ledger last, since
# its index leads to what Drive has; a customer's entry when all else is done.

_BEFORE: Mapping[Copy, tuple[Copy, ...]] = {
    Copy.KEYS: (),
    Copy.VAULT: (Copy.KEYS,),
    Copy.OFFSITE: (Copy.KEYS,),
    Copy.DRIVE: (Copy.KEYS,),
    Copy.LEDGER: (Copy.VAULT, Copy.DRIVE),
}


def is_ready(track: Track, others: Iterable[Track]) -> bool:
    """Whether what must be erased before this copy is."""
    if track.follows:
        return True
    if track.life.epoch == 0:
        return all(one.settled for one in others if one.life != track.life)
    same = {one.copy: one for one in others if one.life == track.life}
    return all(_is_out_of_the_way(same.get(copy)) for copy in _BEFORE[track.copy])


def _is_out_of_the_way(track: Track | None) -> bool:
    """The bytes need not wait for the last look at the keys: unreadable is enough."""
    if track is None:
        return True
    return track.settled or (track.copy is Copy.KEYS and track.swept_at is not None)


def is_behind(track: Track, other: Track) -> bool:
    """Whether this copy waited for that one, which is out of the way now."""
    if track.follows or not _is_out_of_the_way(other):
        return False
    if track.life.epoch == 0:
        return other.life != track.life
    return track.life == other.life and other.copy in _BEFORE[track.copy]


class State(StrEnum):
    """Of an erasure as a whole; follows from its tracks."""

    REQUESTED = "REQUESTED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    FENCED = "FENCED"
    ERASING = "ERASING"
    CERTIFIED = "CERTIFIED"
    BLOCKED = "BLOCKED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


def at_rest(tracks: Iterable[Track]) -> bool:
    """Whether nothing goes on by itself: settled, blocked, or behind what is blocked."""
    known = list(tracks)
    waiting = [one for one in known if not one.settled]
    return all(_is_stopped(one) or not is_ready(one, known) for one in waiting)


def _is_stopped(track: Track) -> bool:
    """A blocked copy without a reason goes on: what blocked it is gone."""
    return track.state is CopyState.BLOCKED and bool(track.reason)


def state_of(erasure: Erasure, decision: Decision | None, tracks: Iterable[Track]) -> State:
    """The worst of its copies decides. Certified: every copy is deleted or relinquished."""
    if decision is Decision.CANCEL:
        return State.CANCELLED
    known = {(one.life, one.copy): one for one in tracks}
    expected = {(part.life, copy) for part in erasure.parts for copy in copies_of(part.life)}
    if not expected <= known.keys():
        waits = decision is None and erasure.needs_approval
        return State.AWAITING_APPROVAL if waits else State.REQUESTED
    states = {one.state for one in known.values()}
    if states & {CopyState.FAILED, CopyState.UNKNOWN}:
        return State.FAILED
    if CopyState.BLOCKED in states:
        return State.BLOCKED
    if states <= SETTLED:
        return State.CERTIFIED
    touched = any(one.settled or one.swept_at for one in known.values())
    return State.ERASING if touched else State.FENCED
