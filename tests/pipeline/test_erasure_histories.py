"""Random histories with erasures: nothing erased comes back, nothing else is touched."""

from contextlib import suppress
from datetime import datetime, timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from custody.domain.erasure import Copy, CopyState, State
from custody.domain.events import ErasureStep, FilesTouched
from custody.domain.holds import Hold
from custody.domain.names import parse_version_name
from custody.domain.vault import HoldingEpoch, ObjectName
from custody.errors import DeadlineError
from custody.steps.restore import Archive, restorable, unwrap_all
from pipeline.driver import LONG
from pipeline.promises import check_absent, check_settled, is_open
from pipeline.test_histories import Histories

DAY = timedelta(days=1)
PERIODS = st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=30)])


class ErasureHistories(Histories):
    """All that may happen to files, and people who ask for erasures, return, hold, and lock."""

    def __init__(self) -> None:
        super().__init__()
        self._off_site: set[ObjectName] = set()
        """What lay there at the last look."""

    # People.

    @rule(place=st.integers(0, 2), everything=st.booleans())
    def ask(self, place: int, everything: bool) -> None:
        self.pipeline.ask(self.holdings[place], everything=everything)

    @rule(place=st.integers(0, 2))
    def ask_in_peace(self, place: int) -> None:
        """A request that arrives, and time for all that follows from it."""
        self.pipeline.ask(self.holdings[place])
        self.pipeline.deliver_all()

    @rule(place=st.integers(0, 2), other=st.integers(0, 2))
    def misfile_and_ask(self, place: int, other: int) -> None:
        """A file that was captured in one holding lies in another one when the first is erased."""
        holding = self.holdings[place]
        if self.google.find(holding.folder_id) and self.google.find(self.holdings[other].folder_id):
            file = self.google.create_file("file", holding.folder_id, b"one")
            self.a_quiet_while()
            self.google.move(file, self.holdings[other].folder_id)
            self.ask_in_peace(place)

    @rule(place=st.integers(0, 2), steps=st.integers(1, 12))
    def ask_while_a_capture_is_at_work(self, place: int, steps: int) -> None:
        """Its last byte is sent after the fence, and after much of the sweep."""
        holding = self.holdings[place]
        if not self.google.find(holding.folder_id):
            return
        file = self.google.create_file("file", holding.folder_id, b"late")
        self.pipeline.ask(holding)

        def erase_meanwhile() -> None:
            for _ in range(min(steps, len(self.pipeline.queue))):
                self.pipeline.deliver(-1)

        self.pipeline.world.vault.before_next_store(erase_meanwhile)
        self.pipeline.queue.insert(0, FilesTouched(life=holding.life, file_ids=(file,)))
        self.pipeline.deliver()

    @rule(place=st.integers(0, 2), steps=st.integers(1, 12), keysets=st.booleans())
    def ask_while_a_copy_is_on_its_way_off_site(
        self, place: int, steps: int, keysets: bool
    ) -> None:
        """Whoever copies looked at fence and mark before they were there, and is slow."""
        world, holding = self.pipeline.world, self.holdings[place]
        if world.fences.closed(holding.life):
            return
        deadline = world.now() + LONG
        parcels = [world.vault_shelf.take(name) for name in world.vault.names(holding.life)]
        self.pipeline.ask(holding)
        for _ in range(min(steps, len(self.pipeline.queue))):
            self.pipeline.deliver(-1)
        if world.now() >= deadline:
            return
        for parcel in parcels[:2]:
            with suppress(DeadlineError):
                world.offsite_shelf.put(parcel, deadline=deadline)
        if keysets:
            world.offsite_keys.find(holding.life)
            world.offsite_keys.recoverable.add(holding.life)

    @rule(place=st.integers(0, 2), period=PERIODS)
    def lock_off_site(self, place: int, period: timedelta) -> None:
        """Every other version of a holding, until a date that nobody can change."""
        world = self.pipeline.world
        for name in sorted(world.offsite.names(self.holdings[place].life))[::2]:
            until = world.now() + period
            world.offsite_store.retained.setdefault(f"versions/{name}", until)

    @rule(place=st.integers(0, 2))
    def ask_again(self, place: int) -> None:
        """The same request, long after."""
        for erasure in list(self.pipeline.world.erasures.ids())[: place + 1]:
            asked = self.pipeline.world.erasures.find(erasure)
            self.pipeline.ask(self.holdings[place], request_id=asked.request_id)

    @rule(place=st.integers(0, 2))
    def come_back(self, place: int) -> None:
        holding = self.holdings[place]
        if self.pipeline.world.fences.closed(holding.life):
            self.holdings[place] = self.pipeline.reopen(holding)

    @rule(place=st.integers(0, 2), period=PERIODS)
    def hold(self, place: int, period: timedelta) -> None:
        life, now = self.holdings[place].life, self.pipeline.world.now()
        self.pipeline.world.holds.put(
            Hold(
                customer=life.customer,
                source=life.source,
                reason="a dispute",
                until=now + period,
                placed_at=now,
            )
        )

    @rule(place=st.integers(0, 2))
    def release(self, place: int) -> None:
        life = self.holdings[place].life
        self.pipeline.world.holds.remove(life.customer, life.source)

    @rule(period=PERIODS)
    def a_long_time_passes(self, period: timedelta) -> None:
        self.pipeline.world.advance(period)
        self.pipeline.timers()

    # What tries to bring things back.

    @rule(place=st.integers(0, 2))
    def replay(self, place: int) -> None:
        """Every message about files that was ever sent."""
        sent = [one for one in self.pipeline.world.published if isinstance(one, FilesTouched)]
        self.pipeline.queue.extend(sent[-5:])

    @rule(place=st.integers(0, 2), copy=st.sampled_from(Copy), page=st.integers(0, 3))
    def ring_for_any_step(self, place: int, copy: Copy, page: int) -> None:
        """A step from long ago, of an epoch that may be another one by now."""
        life = self.holdings[place].life
        for erasure in self.pipeline.world.erasures.ids():
            step = ErasureStep(
                erasure=erasure, source=life.source, epoch=life.epoch, copy=copy, page=page
            )
            self.pipeline.queue.append(step)

    @rule(place=st.integers(0, 2))
    def restore(self, place: int) -> None:
        """Nothing of a closed epoch is offered to be restored."""
        world, holding = self.pipeline.world, self.holdings[place]
        archive = Archive(
            registry=world.registry,
            fences=world.fences,
            keys=world.keys,
            index=world.index,
            vault=world.vault,
        )
        for life in restorable(archive, unwrap_all(archive, [holding])):
            assert not world.fences.closed(life), "what is erased is offered"

    # Stores with bad habits.

    @rule(looks=st.integers(1, 3), off_site=st.booleans())
    def list_stale(self, looks: int, off_site: bool) -> None:
        """T7."""
        world = self.pipeline.world
        store = world.offsite_store if off_site else world.vault_store
        store.stale = looks

    # Promises.

    @invariant()
    def certified_means_absent(self) -> None:
        world = self.pipeline.world
        for erasure in world.erasures.ids():
            if self.pipeline.state(erasure) is State.CERTIFIED:
                for part in world.erasures.find(erasure).parts:
                    check_absent(self.pipeline, part.life)

    @invariant()
    def what_lies_off_site_stays_until_somebody_may_take_it(self) -> None:
        """Until its epoch is closed or retention let it go, and while a lock lasts."""
        world, there = self.pipeline.world, self.pipeline.world.offsite.all_names()
        for name in self._off_site - there:
            closed = world.fences.closed(parse_version_name(name)[0])
            assert closed or world.marks.marked(name), "something off-site disappeared"
        self._off_site = set(there)
        assert all(name in there for name in self._locked()), "something locked disappeared"

    def _locked(self) -> dict[ObjectName, datetime]:
        """What is locked now, and until when."""
        world = self.pipeline.world
        kept = world.offsite_store.retained.items()
        return {
            ObjectName(name.removeprefix("versions/")): until
            for name, until in kept
            if until and until > world.now()
        }

    @invariant()
    def an_open_epoch_keeps_its_keys_and_its_folder(self) -> None:
        """Nothing else is touched: versions are the keeper's business."""
        for holding in self.holdings:
            if is_open(self.pipeline, holding):
                self.pipeline.world.keys.unwrap(holding.life)
                assert not self.google.item(holding.folder_id).deleted

    @invariant()
    def nothing_in_the_folder_of_an_open_holding_is_deleted(self) -> None:
        """Whatever erasure it was seen in before."""
        world = self.pipeline.world
        folders = {one.folder_id for one in self.holdings if is_open(self.pipeline, one)}
        for life, line in world.drive_store.erased:
            assert world.fences.closed(life), "deleted before its fence"
            assert not folders.intersection(line), "deleted out of another holding"
        world.drive_store.erased.clear()

    def teardown(self) -> None:
        world = self.pipeline.world
        for holding in self.holdings:
            world.holds.remove(holding.life.customer, holding.life.source)
        world.vault_store.stale = world.offsite_store.stale = 0
        self.pipeline.refused.clear()  # steps that never were, and lives of others
        world.advance(timedelta(days=1))
        self.pipeline.settle()
        world.advance(timedelta(days=1))
        self.pipeline.settle()
        self._check_locked()
        world.advance(max((until - world.now() for until in self._locked().values()), default=DAY))
        self.pipeline.settle()
        self.keeper.check_all()
        self.pipeline.refused.clear()
        check_settled(self.pipeline)
        for erasure in world.erasures.ids():
            assert self.pipeline.state(erasure) is State.CERTIFIED, "an erasure got stuck"
            assert world.receipts.last(erasure), "an erasure without a receipt"
        self._check_folders()

    def _check_locked(self) -> None:
        """A lock blocks its erasure until its date, and that no longer than the date."""
        world, locked = self.pipeline.world, self._locked()
        for erasure in world.erasures.ids():
            for track in world.tracks.of(erasure):
                ends = [end for name, end in locked.items() if _is_of(name, track.life)]
                if track.copy is Copy.OFFSITE and ends:
                    assert (track.state, track.until) == (CopyState.BLOCKED, max(ends))
                    assert self.pipeline.state(erasure) is State.BLOCKED
                else:
                    assert track.settled or not track.life.epoch, "it waits for no lock"

    def _check_folders(self) -> None:
        """No folder of a closed epoch in our drive is left that can be seen."""
        for erasure in self.pipeline.world.erasures.ids():
            for part in self.pipeline.world.erasures.find(erasure).parts:
                if part.folder_id and not part.adopted:
                    assert self.google.find(part.folder_id) is None, "a folder is left"


def _is_of(name: ObjectName, life: HoldingEpoch) -> bool:
    return parse_version_name(name)[0] == life


TestErasureHistories = ErasureHistories.TestCase
TestErasureHistories.settings = settings(
    max_examples=300,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)
