"""Random histories with erasures: nothing erased comes back, nothing else is touched."""

from datetime import timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from custody.domain.erasure import Copy, State
from custody.domain.events import ErasureStep, FilesTouched
from custody.domain.holds import Hold
from custody.steps.restore import Archive, restorable, unwrap_all
from pipeline.promises import check_absent, check_settled, is_open
from pipeline.test_histories import Histories

PERIODS = st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=30)])


class ErasureHistories(Histories):
    """All that may happen to files, and people who ask for erasures, return, and hold."""

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

    @rule(looks=st.integers(1, 3))
    def list_stale(self, looks: int) -> None:
        """T7."""
        self.pipeline.world.vault_store.stale = looks

    # Promises.

    @invariant()
    def certified_means_absent(self) -> None:
        world = self.pipeline.world
        for erasure in world.erasures.ids():
            if self.pipeline.state(erasure) is State.CERTIFIED:
                for part in world.erasures.find(erasure).parts:
                    check_absent(self.pipeline, part.life)

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
        world.vault_store.stale = 0
        self.pipeline.refused.clear()  # steps that never were, and lives of others
        world.advance(timedelta(days=1))
        self.pipeline.settle()
        world.advance(timedelta(days=1))
        self.pipeline.settle()
        self.keeper.check_all()
        self.pipeline.refused.clear()
        check_settled(self.pipeline)
        for erasure in world.erasures.ids():
            assert self.pipeline.state(erasure) is State.CERTIFIED, "an erasure got stuck"
            assert world.receipts.last(erasure), "an erasure without a receipt"
        self._check_folders()

    def _check_folders(self) -> None:
        """No folder of a closed epoch in our drive is left that can be seen."""
        for erasure in self.pipeline.world.erasures.ids():
            for part in self.pipeline.world.erasures.find(erasure).parts:
                if part.folder_id and not part.adopted:
                    assert self.google.find(part.folder_id) is None, "a folder is left"


TestErasureHistories = ErasureHistories.TestCase
TestErasureHistories.settings = settings(
    max_examples=300,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)
