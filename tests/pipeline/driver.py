"""The functions on the memory world, with Pub/Sub's and Drive's bad habits in our hands."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from custody import events
from custody.domain.drive import CORPORA, Corpus
from custody.domain.erasure import Copy, ErasureId, Reason, Scope, State, Track
from custody.domain.events import (
    DeletionRequested,
    DriveTouched,
    ErasureStep,
    Event,
    FilesTouched,
    TimerRang,
    VersionStored,
)
from custody.domain.request_erasure import erasure_id
from custody.domain.topology import SWEEP_SECONDS, TIMERS
from custody.domain.vault import FileHistory, FileId, Holding, HoldingEpoch
from custody.errors import PermanentError, RetryableError, TooEarlyError
from custody.steps.books import standing
from custody.steps.capture import capture_files
from custody.steps.drain_changes import Drain, drain_changes
from custody.steps.drill import Drill, drill
from custody.steps.erase import Erase, erase
from custody.steps.holdings import Office, add_customer, open_holding
from custody.steps.mend import Mend
from custody.steps.receive_push import Push, receive_push
from custody.steps.reconcile import Reconcile, reconcile
from custody.steps.renew_watches import renew_watches
from custody.steps.replicate import Replicate, replicate_version
from custody.steps.request_erasure import Request, request_erasure
from custody.steps.retention import Retain, retain
from custody.steps.scope import Scope as Places
from custody.steps.versions import Capture
from samples import a_customer, a_life
from worlds.memory import MemoryWorld
from worlds.writes import Crash

SECRET = b"a secret of the tests"
ADDRESS = "https://push.example"
LONG = timedelta(seconds=510)
TICK = timedelta(seconds=0.4)
"""How long anything takes that looks at the clock."""
QUIESCENCE = LONG + timedelta(seconds=60)
BACKOFF = timedelta(seconds=60)
"""How long Pub/Sub waits with what comes too early."""
DEADLINE = timedelta(days=30)
LARGEST = 1 << 20
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTLING = 4
"""Rounds of timers after which nothing may be left to do."""
DELIVERIES = 800
"""More than any settled state needs: the bound that shows an endless loop."""


class Pipeline:
    """Holds what was published until a test delivers it, in whatever order and number."""

    def __init__(self, world: MemoryWorld | None = None) -> None:
        self.world = world or MemoryWorld()
        self._waiting: list[Event] = []
        self._taken_over = 0
        self._asked = 0
        self.refused: list[PermanentError] = []
        self.drilled: list[int] = []
        """How many checks failed in each drill."""

    @property
    def queue(self) -> list[Event]:
        """What waits to be delivered; what was published since the last look comes last."""
        published = self.world.published
        self._waiting += published[self._taken_over :]
        self._taken_over = len(published)
        return self._waiting

    @property
    def announced(self) -> list[VersionStored]:
        """Every announcement of a version that was ever published."""
        return [event for event in self.world.published if isinstance(event, VersionStored)]

    # What people and timers do.

    def open(self, customer: str, source: str, folder: FileId | None = None) -> Holding:
        """A customer with one holding; with a folder, one that it owns and shares with us."""
        life = a_life(customer, source)
        office = self._office()
        known = [one.customer for one in self.world.registry.customers()]
        if life.customer not in known:
            add_customer(office, f"Customer {customer}", customer=life.customer)
        return open_holding(office, a_customer(customer), life.source, folder=folder)

    def sweep(self) -> None:
        """The timer that rings for every change log, pushes or none."""
        self.world.advance(timedelta(seconds=SWEEP_SECONDS))
        self.world.publisher.publish([DriveTouched(corpus=corpus) for corpus in CORPORA])

    def timers(self) -> None:
        """An hour passes."""
        self._ring(HOUR)

    def daily(self) -> None:
        """A day passes, and brings what rings once a day."""
        self._ring(DAY)

    def _ring(self, period: timedelta) -> None:
        self.world.advance(period)
        due = [timer for timer, every in TIMERS.items() if every == period.total_seconds()]
        self.world.publisher.publish([TimerRang(timer=timer) for timer in due])

    def ask(
        self,
        holding: Holding,
        *,
        everything: bool = False,
        terminate: bool = False,
        request_id: str | None = None,
    ) -> ErasureId:
        """Somebody asks to erase one source of a customer, or all of them."""
        self._asked += 1
        request = DeletionRequested(
            request_id=request_id or str(UUID(int=self._asked)),
            customer=holding.life.customer,
            scope=Scope.ALL if everything or terminate else Scope.SOURCES,
            sources=() if everything or terminate else (holding.life.source,),
            reason=Reason.TERMINATION if terminate else Reason.REQUEST,
            submitted_at=self.world.now(),
        )
        self.world.publisher.publish([request])
        return erasure_id(request.request_id)

    def reopen(self, holding: Holding) -> Holding:
        """A customer returns: the next epoch of a closed holding."""
        customer = self.world.registry.customer(holding.life.customer)
        return open_holding(self._office(), customer, holding.life.source)

    def push(self, corpus: Corpus) -> int:
        """Drive rings on every live channel of a corpus; how many bells were passed on."""
        rung = 0
        for bell in self.world.feed.live_bells(self.world.now()):
            if bell.channel.corpus == corpus:
                push = Push(channel=bell.channel.channel, token=bell.token, state="change")
                rung += self.receive(push) is not None
        return rung

    def receive(self, push: Push) -> Corpus | None:
        world = self.world
        return receive_push(push, publisher=world.publisher, secret=SECRET, now=world.now())

    # What Pub/Sub does.

    def deliver(self, place: int = 0, *, deadline: timedelta = LONG) -> bool:
        """Delivers one waiting message; what failed, or died, waits again. Whether it was taken."""
        event = self.queue.pop(place % len(self.queue))
        try:
            self.handle(event, deadline=deadline)
        except TooEarlyError:
            self.queue.append(event)
            self.world.advance(BACKOFF)
            return False
        except (RetryableError, Crash):
            self.queue.append(event)
            return False
        except PermanentError as error:
            self.refused.append(error)
        return True

    def deliver_all(self) -> None:
        """Until nothing waits any more."""
        for _ in range(DELIVERIES):
            if not self.queue:
                return
            self.deliver()
            self.world.advance(TICK)
        raise AssertionError(f"{len(self.queue)} messages go round for ever: {self.queue[:3]}")

    def settle(self) -> None:
        """Time passes without accidents: pushes or none, the timers bring everything level."""
        self.world.calm_down()
        for _ in range(SETTLING):
            self.deliver_all()
            self.sweep()
            self.deliver_all()
            self.timers()
        self.deliver_all()

    # What functions do.

    def handle(self, event: Event, *, deadline: timedelta = LONG) -> None:
        """One delivery to the one function that listens, through the wire and back."""
        match _over_the_wire(event):
            case DriveTouched(corpus=corpus):
                drain_changes(self.a_drain(corpus, deadline=deadline))
            case FilesTouched() as touched:
                capture_files(self.a_capture(deadline=deadline), touched)
            case VersionStored() as stored:
                replicate_version(self.a_replicate(deadline=deadline), stored)
            case TimerRang(timer="reconcile", after=after):
                reconcile(self.a_reconcile(deadline=deadline), after)
            case TimerRang(timer="retention", after=after):
                retain(self.a_retain(deadline=deadline), after)
            case TimerRang(timer="drill"):
                self.drilled.append(drill(self.a_drill(deadline=deadline)))
            case TimerRang(timer="renew_watches"):
                self._renew()
            case DeletionRequested() as request:
                request_erasure(self.a_request(), request)
            case ErasureStep() as step:
                erase(self.an_erase(), step)
            case other:
                raise AssertionError(f"nobody listens to {other}")

    def a_drain(self, corpus: Corpus, *, deadline: timedelta = LONG) -> Drain:
        world = self.world
        return Drain(
            corpus=corpus,
            feed=world.feed,
            cursors=world.cursors,
            index=world.index,
            publisher=world.publisher,
            scope=Places(world.drive, world.registry.holdings()),
            holder=world.fresh_id(),
            clock=self._clock,
            deadline=world.now() + deadline,
        )

    def a_capture(self, *, deadline: timedelta = LONG) -> Capture:
        world = self.world
        return Capture(
            drive=world.drive,
            vault=world.vault,
            keys=world.keys,
            registry=world.registry,
            fences=world.fences,
            index=world.index,
            publisher=world.publisher,
            quarantine=world.quarantine,
            clock=self._clock,
            deadline=world.now() + deadline,
            largest_bytes=LARGEST,
        )

    def a_reconcile(self, *, deadline: timedelta = LONG) -> Reconcile:
        world = self.world
        return Reconcile(
            drive=world.drive,
            vault=world.vault,
            vault_shelf=world.vault_shelf,
            offsite_shelf=world.offsite_shelf,
            marks=world.marks,
            keys=world.keys,
            registry=world.registry,
            fences=world.fences,
            index=world.index,
            publisher=world.publisher,
            quarantine=world.quarantine,
            books=world.books,
            signer=world.signer,
            clock=self._clock,
            deadline=world.now() + deadline,
        )

    def a_replicate(self, *, deadline: timedelta = LONG) -> Replicate:
        world = self.world
        return Replicate(
            vault=world.vault_shelf,
            offsite=world.offsite_shelf,
            fences=world.fences,
            marks=world.marks,
            clock=self._clock,
            deadline=world.now() + deadline,
        )

    def a_retain(self, *, deadline: timedelta = LONG) -> Retain:
        world = self.world
        return Retain(
            books=world.books,
            keys=world.keys,
            shelves={Copy.VAULT: world.vault_shelf, Copy.OFFSITE: world.offsite_shelf},
            marks=world.marks,
            disposals=world.disposals,
            plans=world.retention_plans,
            clock=self._clock,
            deadline=world.now() + deadline,
        )

    def a_drill(self, *, deadline: timedelta = LONG) -> Drill:
        world = self.world
        return Drill(
            vault=world.vault,
            offsite=world.offsite,
            keys=world.keys,
            offsite_keys=world.offsite_keys,
            registry=world.registry,
            fences=world.fences,
            index=world.index,
            tracks=world.tracks,
            mend=self.a_mend(),
            clock=self._clock,
            deadline=world.now() + deadline,
        )

    def a_mend(self) -> Mend:
        world = self.world
        return Mend(
            vault=world.vault,
            offsite=world.offsite,
            disposals=world.disposals,
            publisher=world.publisher,
            clock=self._clock,
        )

    def a_request(self, *, four_eyes_objects: int | None = None) -> Request:
        return Request(
            books=self.world.books,
            deadline=DEADLINE,
            four_eyes_objects=four_eyes_objects,
            clock=self._clock,
        )

    def an_erase(self) -> Erase:
        world = self.world
        return Erase(
            books=world.books,
            stores=world.stores,
            witnesses=world.witnesses,
            disposals=world.disposals,
            marks=world.marks,
            signer=world.signer,
            quiescence=QUIESCENCE,
            clock=self._clock,
        )

    # What there is.

    def state(self, erasure: ErasureId) -> State:
        return standing(self.world.books, self.world.erasures.find(erasure))

    def track(self, erasure: ErasureId, copy: Copy) -> Track:
        """Of an erasure of one epoch."""
        (found,) = [one for one in self.world.tracks.of(erasure) if one.copy is copy]
        return found

    def history(self, life: HoldingEpoch, file_id: FileId) -> FileHistory:
        sealer = self.world.keys.unwrap(life)
        return self.world.index.read(life, file_id, sealer=sealer).value

    def contents(self, life: HoldingEpoch, file_id: FileId) -> list[bytes]:
        """What the vault gives back for each version of a file, in Drive's order."""
        sealer = self.world.keys.unwrap(life)
        versions = self.history(life, file_id).versions
        return [b"".join(self.world.vault.content(one.name, sealer=sealer)) for one in versions]

    def captured(self, holding: Holding, file_id: FileId) -> list[bytes]:
        return self.contents(holding.life, file_id)

    def _clock(self) -> datetime:
        self.world.advance(TICK)
        return self.world.now()

    def _renew(self) -> None:
        renew_watches(
            feed=self.world.feed,
            channels=self.world.channels,
            fresh_id=self.world.fresh_id(),
            secret=SECRET,
            address=ADDRESS,
            now=self.world.now(),
        )

    def _office(self) -> Office:
        return Office(
            registry=self.world.registry,
            fences=self.world.fences,
            folders=self.world.folders,
            keys=self.world.keys,
            publisher=self.world.publisher,
        )


_DECODERS: dict[str, Callable[[events.Delivery], Event | None]] = {
    "drive-pushes": events.drive_touched,
    "files-touched": events.files_touched,
    "versions-stored": events.version_stored,
    "timers": events.timer_rang,
    "deletion-requests": events.deletion_requested,
    **{f"erasure-tasks-{copy.value}": events.erasure_step for copy in Copy},
}


def _over_the_wire(event: Event) -> Event | None:
    """What a function sees of an event is what its message says."""
    message = events.to_message(event)
    pushed = events.Delivery(
        message_id="1",
        subscription=message.topic,
        data=message.data,
        attributes=message.attributes,
    )
    return _DECODERS[message.topic](pushed)
