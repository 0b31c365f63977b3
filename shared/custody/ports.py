"""What the steps need from the world. Adapters and test worlds keep these promises alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Generic, Protocol, TypeVar

from custody.domain.channels import Channel
from custody.domain.disposal import Disposal, DisposalId
from custody.domain.drain_changes import Cursor
from custody.domain.drive import ChangePage, Corpus, DriveFile, Unreadable
from custody.domain.erasure import (
    Copy,
    Decision,
    Erasure,
    ErasureId,
    Fence,
    Found,
    Horizon,
    PlanId,
    Target,
    Thing,
    Track,
)
from custody.domain.events import Event
from custody.domain.holds import Hold
from custody.domain.plan import Plan
from custody.domain.quarantine import Quarantined, Verdict
from custody.domain.receipt import Receipt
from custody.domain.retention import RetentionPlan, RetentionPlanId
from custody.domain.sweep import Glance, Page
from custody.domain.vault import (
    Customer,
    CustomerId,
    Draft,
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    ObjectName,
    RevisionId,
    Summary,
    Version,
)
from custody.domain.vault import Source as SourceName

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[T]):
    """What was read, and the store's stamp on it; a write that names an old stamp is refused."""

    value: T
    stamp: int
    """0 for what does not exist yet."""


class Sink(Protocol):
    """Takes all that it is given, or raises."""

    def write(self, data: bytes, /) -> object: ...


class Source(Protocol):
    """Gives at most as many bytes as asked for, none at its end."""

    def read(self, size: int, /) -> bytes: ...


class Sealing(Protocol):
    """A ciphertext in the making: without `finish` it can never be read (T26)."""

    def write(self, data: bytes) -> None: ...
    def finish(self) -> None: ...


class Sealer(Protocol):
    """One unwrapped keyset of one epoch. Lives for one delivery, never longer."""

    def seal(self, data: bytes, associated: bytes) -> bytes: ...
    def open(self, sealed: bytes, associated: bytes) -> bytes:
        """CorruptError for any other bytes, key or associated data."""

    def encrypting(self, sink: Sink, associated: bytes) -> Sealing: ...
    def decrypting(self, source: Source, associated: bytes) -> Source: ...


class Kek(Protocol):
    """The environment's key, which wraps keysets and never leaves where it is."""

    def wrap(self, keyset: bytes, associated: bytes) -> bytes: ...
    def unwrap(self, wrapped: bytes, associated: bytes) -> bytes: ...


class Recipient(Protocol):
    """A public key: what is wrapped for it, only its owner unwraps."""

    def wrap(self, keyset: bytes, associated: bytes) -> bytes: ...


class Drive(Protocol):
    """Reads files. Raises UnavailableError, RateLimitedError (retry) or RefusedError (never)."""

    def describe(self, file_ids: Sequence[FileId]) -> dict[FileId, DriveFile | Unreadable]:
        """Each file with its revisions, in as few round trips as Drive allows."""

    def content(self, file: DriveFile, revision: RevisionId) -> Iterator[bytes]:
        """A binary revision from its first byte to its last; resumed where the line breaks."""

    def export(self, file: DriveFile, content_type: str) -> bytes:
        """A native file's present state. NotFoundError when it cannot be exported."""

    def children(self, folder: FileId) -> Iterator[DriveFile]:
        """What lies directly in a folder, trashed files too. Complete or an error (T7)."""


class ChangeFeed(Protocol):
    """Follows Drive's change logs and their channels."""

    def start(self, corpus: Corpus) -> str:
        """A cursor to all that changes from now on."""

    def page(self, corpus: Corpus, cursor: str) -> ChangePage:
        """The next changes. NotFoundError when Drive no longer takes the cursor."""

    def watch(
        self,
        corpus: Corpus,
        *,
        cursor: str,
        channel: str,
        token: str,
        address: str,
        now: datetime,
        until: datetime,
    ) -> Channel:
        """Asks for pushes; what Drive granted comes back (T2)."""

    def stop(self, channel: Channel) -> None:
        """Ends a channel; one that is gone already is no error."""


class Folders(Protocol):
    """Writes into the shared drive, as an operator does."""

    def create(
        self, name: str, parent: FileId | None = None, *, mark: Mapping[str, str] | None = None
    ) -> FileId:
        """A new folder in another one, or at the root of the shared drive."""

    def upload(
        self,
        folder: FileId,
        name: str,
        content: BinaryIO,
        size: int,
        *,
        mark: Mapping[str, str] | None = None,
        announce: Callable[[FileId], object] | None = None,
    ) -> DriveFile:
        """A file in a folder; a name that the folder holds becomes a new revision.

        With a mark, of a file that carries it alone: what somebody else put there stays as it is.
        Whoever wants to know the file's id is told before Drive gets a byte.
        """


class Versions(Protocol):
    """Stored versions, as whoever has the keys reads them; in the vault and off-site alike."""

    def version(self, name: ObjectName, *, sealer: Sealer) -> Version:
        """The stored object's own record. NotFoundError, CorruptError."""

    def content(self, name: ObjectName, *, sealer: Sealer) -> Iterator[bytes]:
        """The content, checked to its last byte: CorruptError before the iterator ends well."""

    def prove(self, name: ObjectName, *, sealer: Sealer) -> None:
        """Reads one object alone, whatever it needs to be read. NotFoundError, CorruptError."""

    def names(self, life: HoldingEpoch) -> Iterator[ObjectName]:
        """Every version of one epoch. Only reconcile, erase, drill and operators may."""


class Vault(Versions, Protocol):
    """Immutable versions. Whoever reads it can check it without asking the index."""

    def store(
        self,
        draft: Draft,
        content: Callable[[], Iterator[bytes]],
        *,
        sealer: Sealer,
        base: Version | None,
        latest: Version | None,
        deadline: datetime,
    ) -> Version:
        """Writes once; where the name is taken, the stored version comes back, not the attempt.

        The content is a delta against `base` where that pays, and a mere reference where it is that
        of `latest`. Raises TornReadError when the content differs from the draft's size or
        checksum, and DeadlineError past the deadline; in both cases nothing was stored.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A stored version as a listing shows it."""

    name: ObjectName
    size_bytes: int
    stored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The bytes of one stored version on their way to another shelf."""

    name: ObjectName
    size_bytes: int
    crc32c: str
    """Of all bytes, in base64 as both Cloud Storage and S3 write it."""
    chunks: Callable[[], Iterator[bytes]]


class Shelf(Protocol):
    """Stored versions as mere bytes: whoever has no keys can copy them and read nothing of them."""

    def all(self, life: HoldingEpoch) -> Iterator[Shelved]:
        """Every version of one epoch, in the order of names."""

    def take(self, name: ObjectName) -> Parcel:
        """NotFoundError."""

    def put(self, parcel: Parcel, *, deadline: datetime) -> bool:
        """Whether it was not there yet. CorruptError where other bytes stand under its name.

        TornReadError when the chunks are not what the parcel promises, DeadlineError past the
        deadline; in both cases nothing was stored.
        """


class Keys(Protocol):
    """Keysets, one for each epoch."""

    def unwrap(self, life: HoldingEpoch) -> Sealer:
        """Raises MissingKeysetError: a stop, never a reason to create one."""


class KeyMaker(Keys, Protocol):
    """Makes keysets, each at once in as many wrapped copies as there are places for them."""

    def create(self, life: HoldingEpoch) -> None:
        """Only for whoever opens an epoch. AlreadyExistsError; RefusedError once destroyed."""

    def complete(self, life: HoldingEpoch) -> int:
        """Makes the wrapped copies that are missing, of the keyset that there is: how many.

        MissingKeysetError where there is none; RefusedError once destroyed.
        """


class KeyRescue(Protocol):
    """Looks after the wrapped copies of keysets, and puts a lost one back."""

    def stands(self, life: HoldingEpoch) -> bool:
        """Whether the keyset is where it is unwrapped from every day."""

    def lacking(self, life: HoldingEpoch) -> int:
        """How many of its copies are missing off-site."""

    def put_back(self, life: HoldingEpoch) -> None:
        """From the copies off-site. AlreadyExistsError; MissingKeysetError where there is none;

        CorruptError for a copy that the key at hand does not unwrap; RefusedError once destroyed.
        """


class Registry(Protocol):
    """Who the customers are and what we hold of them."""

    def customers(self) -> Iterator[Customer]: ...
    def customer(self, customer: CustomerId) -> Customer: ...
    def add_customer(self, customer: Customer) -> None:
        """AlreadyExistsError when the slug is taken."""

    def save_customer(self, customer: Customer) -> None: ...
    def holdings(self) -> Iterator[Holding]: ...
    def holding(self, customer: CustomerId, source: SourceName) -> Holding:
        """NotFoundError."""

    def save_holding(self, holding: Holding) -> None: ...


class Fences(Protocol):
    """Whoever may only create can close an epoch, and nobody can open it again."""

    def close(self, life: HoldingEpoch, fence: Fence) -> Fence:
        """The fence that stands: this one, or the one that somebody made before."""

    def fence(self, life: HoldingEpoch) -> Fence | None: ...
    def closed(self, life: HoldingEpoch) -> bool: ...


class Index(Protocol):
    """What is known of each file. A cache that the vault can rebuild."""

    def read(self, life: HoldingEpoch, file_id: FileId, *, sealer: Sealer) -> Seen[FileHistory]:
        """An empty history for a file that was never seen."""

    def write(self, history: FileHistory, *, stamp: int, sealer: Sealer) -> Seen[FileHistory]:
        """Replaces what was read under this stamp. ConflictError when somebody wrote since."""

    def known(self, life: HoldingEpoch, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        """Which of these files may have a history, in one call. The others have none yet."""

    def files(self, life: HoldingEpoch) -> dict[FileId, Summary]:
        """Every file id ever seen in an epoch, and what is told of its history in the clear."""

    def ids_after(self, life: HoldingEpoch, after: FileId | None, limit: int) -> list[FileId]:
        """The next of these ids behind one of them, in the order of their names in the ledger."""

    def promised(self, life: HoldingEpoch) -> int:
        """How many versions of an epoch it knows of, counted in constant memory."""

    def note_whereabouts(self, file_id: FileId, life: HoldingEpoch) -> Sequence[HoldingEpoch]:
        """Remembers that a file was seen in an epoch; the epochs that it was seen in before."""

    def whereabouts(self, file_id: FileId) -> Sequence[HoldingEpoch]: ...


class Cursors(Protocol):
    """How far each change log was followed."""

    def read(self, corpus: Corpus) -> Seen[Cursor] | None: ...
    def move(self, corpus: Corpus, cursor: Cursor, *, stamp: int) -> Seen[Cursor]:
        """Replaces what was read under this stamp. ConflictError when somebody moved it since."""


class Channels(Protocol):
    """The channels that Drive granted us."""

    def all(self, corpus: Corpus) -> Sequence[Channel]: ...
    def add(self, channel: Channel) -> None: ...
    def remove(self, channel: Channel) -> None: ...


class Quarantine(Protocol):
    """Seen, not admitted, with the reason. Holds references, never bytes."""

    def put(self, entry: Quarantined) -> None:
        """The same entry twice changes nothing."""

    def all(self) -> Iterator[Quarantined]:
        """Those that still wait for a person."""

    def settle(self, entry_id: str, verdict: Verdict) -> Quarantined:
        """Takes an entry out of waiting. NotFoundError."""


class Publisher(Protocol):
    """Sends events; returns when the service has them all."""

    def publish(self, events: Sequence[Event]) -> None: ...


class Marks(Protocol):
    """The versions that retention let go. Create-only: nobody takes a mark away."""

    def put(self, name: ObjectName) -> None:
        """The same mark twice changes nothing."""

    def marked(self, name: ObjectName) -> bool: ...
    def all(self, life: HoldingEpoch) -> frozenset[ObjectName]: ...


class Disposals(Protocol):
    """Written orders to delete certain objects of an open epoch. Create-only."""

    def add(self, disposal: Disposal) -> None:
        """The same order twice changes nothing."""

    def find(self, disposal: DisposalId) -> Disposal:
        """NotFoundError."""

    def note(self, disposal: DisposalId, things: Sequence[Thing]) -> Sequence[Thing]:
        """What was found of it before anything was deleted: these, or those of an earlier look."""


class RetentionPlans(Protocol):
    """What retention let go, and what people were shown of it before."""

    def save(self, plan: RetentionPlan) -> None:
        """The same plan twice changes nothing."""

    def find(self, plan: RetentionPlanId) -> RetentionPlan:
        """NotFoundError."""


class Store(Protocol):
    """One place where data of a holding lives, as an erasure meets it.

    Raises RefusedError for what it may not delete: that is for a person. Doing it twice is doing
    it once. Names of things are opaque ids, and `find` gives them in their order.
    """

    def close(self, target: Target) -> None:
        """Ends what could still add to it, before anything is deleted."""

    def find(self, target: Target, after: str) -> Found:
        """The next things behind this name, and what may become of each. Changes nothing."""

    def delete(self, target: Target, things: Sequence[Thing]) -> None:
        """Deletes or relinquishes these, for good. What is gone already is no error."""

    def horizon(self, target: Target) -> Horizon:
        """By the live configuration of the store."""


class Witness(Protocol):
    """Looks at a copy with other eyes than those that deleted. Never deletes."""

    def remaining(self, target: Target, after: str, last: str | None) -> int:
        """How many things stand behind `after`, up to `last` or to the end."""


class Holds(Protocol):
    """Who may not be erased yet."""

    def find(self, customer: CustomerId, source: SourceName) -> Hold | None: ...
    def put(self, hold: Hold) -> None:
        """Replaces the one that stands."""

    def remove(self, customer: CustomerId, source: SourceName) -> None: ...


class Erasures(Protocol):
    """What was asked to be erased, and whether it may go on. All of it is written once."""

    def add(self, erasure: Erasure) -> Erasure:
        """The erasure that stands: this one, or that of an earlier delivery."""

    def find(self, erasure: ErasureId) -> Erasure:
        """NotFoundError."""

    def ids(self) -> Iterator[ErasureId]: ...
    def decide(self, erasure: ErasureId, decision: Decision) -> Decision:
        """The decision that stands: this one, or the one that somebody made before."""

    def decision(self, erasure: ErasureId) -> Decision | None: ...
    def approve(self, erasure: ErasureId, by: str) -> None: ...
    def approved_by(self, erasure: ErasureId) -> str | None: ...


class Tracks(Protocol):
    """Where each copy of each epoch stands. One write a transition."""

    def of(self, erasure: ErasureId) -> Sequence[Track]: ...
    def read(self, erasure: ErasureId, source: SourceName, epoch: int, copy: Copy) -> Seen[Track]:
        """NotFoundError."""

    def write(self, track: Track, *, stamp: int) -> Seen[Track]:
        """Replaces what was read under this stamp. ConflictError when somebody wrote since."""

    def glance(self) -> Iterator[Glance]:
        """All tracks of all erasures, by one listing: just enough to see which need a look."""


class Pages(Protocol):
    """What a sweep found, page by page, written down before it deletes. All create-only."""

    def put(self, track: Track, page: Page) -> Page:
        """The page that stands: this one, or that of an earlier delivery."""

    def read(self, track: Track, number: int) -> Page | None: ...
    def finish(self, track: Track, number: int) -> None: ...
    def finished(self, track: Track, number: int) -> bool: ...
    def next_number(self, track: Track) -> int:
        """Where a sweep goes on: the last page that is not finished, or the one after it."""


class Plans(Protocol):
    """What people were shown before they said yes."""

    def save(self, plan: Plan) -> None: ...
    def find(self, plan: PlanId) -> Plan:
        """NotFoundError."""


class Receipts(Protocol):
    """Signed statements; a later one supersedes the earlier ones and takes nothing away."""

    def add(self, receipt: Receipt) -> Receipt:
        """The receipt that stands under this number: this one, or that of another delivery."""

    def last(self, erasure: ErasureId) -> Receipt | None: ...


class Signer(Protocol):
    """Signs what others are to believe (RFC 7515, ES256)."""

    def sign(self, claims: Mapping[str, object], typ: str) -> str:
        """A compact JWS over the canonical JSON of the claims (RFC 8785)."""


class Audit(Protocol):
    """Append-only, hash-chained streams of what was done. No personal data."""

    def note(self, stream: str, act: str, subject: Mapping[str, str | int], at: datetime) -> None:
        """The next entry of a stream. One that repeats the last one is not written twice."""

    def sign_heads(self, signer: Signer, at: datetime) -> object:
        """A signed checkpoint of where every stream ends: a tail that is cut off shows."""

    def signed_at(self) -> datetime | None:
        """When the last checkpoint was signed."""
