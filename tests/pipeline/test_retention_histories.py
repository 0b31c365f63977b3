"""Random histories under retention: what is kept restores, what was let go is nowhere."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custody.domain.events import ErasureStep, FilesTouched, TimerRang
from custody.domain.holds import Hold
from custody.domain.retention import needed
from custody.domain.vault import FileHistory, FileId, Holding, ObjectName, Retention
from custody.steps.retention import retain
from pipeline.driver import Pipeline
from pipeline.promises import Keeper, check_settled
from worlds.vault import MemoryVault

DAY = timedelta(days=1)
BRIEF = Retention(all_days=1, daily_days=2, weekly_days=7, monthly_days=31)
ROWS = b"a row like all others\n" * 500
WORDS = (b"", b"one", ROWS, ROWS + b"one more row\n", ROWS + b"and another\n")
"""Few contents, so that files return to what they said before; most are worth a delta."""
words = st.integers(0, len(WORDS) - 1)
days = st.integers(1, 12)
places = st.integers(0, 20)
FILES = 3


class RetentionHistories(RuleBasedStateMachine):
    """Few files that are edited for weeks, and retention at any moment of it."""

    @initialize()
    def two_holdings(self) -> None:
        self.pipeline = Pipeline()
        self.world = self.pipeline.world
        self.keeper = Keeper(self.world)
        self.marked: frozenset[ObjectName] = frozenset()
        self.holdings = [self.pipeline.open("c-acorn", one) for one in ("hubspot", "stripe")]
        for holding in self.holdings:
            self.world.registry.save_holding(replace(holding, retention=BRIEF))
        self.files = [
            self.world.google.create_file("file", self.holdings[number % 2].folder_id, ROWS)
            for number in range(FILES)
        ]
        self.pipeline.settle()
        for edit in range(10):
            for file in range(FILES):
                self.edit_for_a_while(file, [(edit % len(WORDS), 11)])
            self.world.advance(DAY / 2)
        self.pipeline.deliver_all()

    def place_of(self, file: int) -> tuple[Holding, FileId]:
        return self.holdings[file % 2], self.files[file]

    # People and days.

    @rule(
        file=st.integers(0, FILES - 1),
        edits=st.lists(st.tuples(words, days), min_size=3, max_size=9),
    )
    def edit_for_a_while(self, file: int, edits: list[tuple[int, int]]) -> None:
        """Each state is captured, off and on a few of one day."""
        holding, file_id = self.place_of(file)
        touched = FilesTouched(life=holding.life, file_ids=(file_id,))
        for word, pause in edits:
            self.world.google.edit(file_id, WORDS[word])
            self.pipeline.handle(touched)
            self.world.advance(DAY * pause if pause < 10 else DAY / pause)

    @rule(file=st.integers(0, FILES - 1), word=words)
    def edit_and_tell_nobody(self, file: int, word: int) -> None:
        self.world.google.edit(self.files[file], WORDS[word])

    @rule(file=st.integers(0, FILES - 1), how=st.sampled_from(["trash", "untrash"]))
    def lose_or_find(self, file: int, how: str) -> None:
        getattr(self.world.google, how)(self.files[file])

    @rule(file=st.integers(0, FILES - 1))
    def purge(self, file: int) -> None:
        """T10."""
        self.world.google.purge(self.files[file])

    @rule(time=days)
    def days_pass(self, time: int) -> None:
        self.world.advance(time * DAY)

    @rule(policy=st.sampled_from([BRIEF, BRIEF, Retention()]), place=st.integers(0, 1))
    def set_policy(self, policy: Retention, place: int) -> None:
        life = self.holdings[place].life
        standing = self.world.registry.holding(life.customer, life.source)
        self.world.registry.save_holding(replace(standing, retention=policy))

    @rule(place=st.integers(0, 1), time=days)
    def hold(self, place: int, time: int) -> None:
        life, now = self.holdings[place].life, self.world.now()
        self.world.holds.put(
            Hold(
                customer=life.customer,
                source=life.source,
                reason="a dispute",
                until=now + time * DAY,
                placed_at=now,
            )
        )

    # Retention.

    @rule()
    def ring(self) -> None:
        self.world.publisher.publish([TimerRang(timer="retention")])

    @rule()
    def retain_in_peace(self) -> None:
        self.ring()
        self.pipeline.deliver_all()

    @rule(file=st.integers(0, FILES - 1), word=words)
    def retain_while_a_capture_is_at_work(self, file: int, word: int) -> None:
        holding, file_id = self.place_of(file)
        self.world.google.edit(file_id, WORDS[word])
        self.world.vault.before_next_store(lambda: retain(self.pipeline.a_retain()))
        self.pipeline.handle(FilesTouched(life=holding.life, file_ids=(file_id,)))
        self.world.vault.before_next_store(lambda: None)

    @rule(write=st.integers(1, 16), takes_effect=st.booleans())
    def crash_while_it_retains(self, write: int, takes_effect: bool) -> None:
        self.pipeline.deliver_all()
        self.ring()
        self.world.crash_after(write, takes_effect=takes_effect)
        while self.pipeline.queue and not self.world.crashed():
            self.pipeline.deliver()
        self.world.calm_down()

    # Pub/Sub and timers.

    @precondition(lambda self: self.pipeline.queue)
    @rule(place=places)
    def deliver(self, place: int) -> None:
        self.pipeline.deliver(place)

    @precondition(lambda self: self.pipeline.queue)
    @rule(place=places)
    def drop(self, place: int) -> None:
        """T19: a version that off-site lacks for now, an order that nobody carries out."""
        self.pipeline.queue.pop(place % len(self.pipeline.queue))

    @rule(count=st.integers(1, 9))
    def replay(self, count: int) -> None:
        """Orders and messages about files from long ago."""
        told = (FilesTouched, ErasureStep)
        sent = [one for one in self.world.published if isinstance(one, told)]
        self.pipeline.queue.extend(sent[-count:])

    @rule()
    def reconcile(self) -> None:
        self.pipeline.timers()
        self.pipeline.deliver_all()

    # Promises.

    def histories(self) -> list[FileHistory]:
        lives = [holding.life for holding in self.holdings]
        return [
            self.pipeline.history(life, file_id)
            for life in lives
            for file_id in self.world.index.files(life)
        ]

    @invariant()
    def what_the_index_knows_restores_byte_for_byte(self) -> None:
        for history in self.histories():
            known = {one.name for one in history.versions}
            assert needed(known, history.versions) == known, "a base was let go"
            assert not history.versions or history.latest, "no state is left"
            self.restores(history, self.world.vault)
        self.keeper.check()

    def restores(self, history: FileHistory, place: MemoryVault) -> None:
        sealer = self.world.keys.unwrap(history.life)
        contents = self.world.google.item(history.file_id).contents
        for one in history.versions:
            assert b"".join(place.content(one.name, sealer=sealer)) == contents[one.revision]

    @invariant()
    def nothing_that_is_kept_leans_on_what_was_let_go(self) -> None:
        """Off-site has no index: whoever reads there follows the records alone."""
        for name in self.world.vault.all_names():
            life = next(one.life for one in self.holdings if name.startswith(str(one.life)))
            version = self.world.vault.version(name, sealer=self.world.keys.unwrap(life))
            if version.base and not self.world.marks.marked(name):
                assert not self.world.marks.marked(version.base), "a base was let go"

    @invariant()
    def what_was_let_go_is_let_go_for_good(self) -> None:
        marks = frozenset(self.world.marks._marks)
        assert marks >= self.marked
        self.marked = marks

    def teardown(self) -> None:
        for holding in self.holdings:
            self.world.holds.remove(holding.life.customer, holding.life.source)
        self.pipeline.settle()
        self.world.advance(DAY)
        self.retain_in_peace()
        self.pipeline.settle()
        self.pipeline.refused.clear()  # orders of another day: they were given again
        self.keeper.check_all()
        check_settled(self.pipeline)
        for history in self.histories():
            self.restores(history, self.world.offsite)
        for place in (self.world.vault, self.world.offsite):
            kept = {one.name for history in self.histories() for one in history.versions}
            assert place.all_names() == kept, "what was let go is somewhere"


TestRetentionHistories = RetentionHistories.TestCase
TestRetentionHistories.settings = settings(
    max_examples=100,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)
