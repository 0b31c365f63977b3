"""Retention as days go by: what the policy keeps restores, what it let go is nowhere."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from custody.domain.drive import DriveFile
from custody.domain.erasure import State
from custody.domain.events import FilesTouched, TimerRang
from custody.domain.holds import Hold
from custody.domain.retention import UnsafePlanError
from custody.domain.vault import (
    FileHistory,
    Holding,
    HoldingEpoch,
    ObjectName,
    Retention,
    RevisionId,
    Version,
)
from custody.errors import ConflictError, DeadlineError, RefusedError, UnavailableError
from custody.steps.capture import capture_files
from custody.steps.reconcile import reconcile
from custody.steps.retention import (
    apply_retention,
    confirm_retention,
    plan_retention,
    retain,
)
from pipeline.driver import Pipeline
from pipeline.promises import check_absent, check_settled
from worlds.drive_ports import MemoryDrive
from worlds.memory import MemoryWorld

DAY = timedelta(days=1)
ROWS = b"a row like all others\n" * 500
"""Worth a delta: 32 versions make a series."""
BRIEF = Retention(all_days=2, daily_days=5, weekly_days=14)


def content(day: int) -> bytes:
    return ROWS + b"day %d\n" % day


class Exports:
    """A file that a tool exports into once a day."""

    def __init__(self, pipeline: Pipeline, holding: Holding) -> None:
        self.pipeline, self.holding = pipeline, holding
        self.google = pipeline.world.google
        self.file_id = self.google.create_file("deals.csv", holding.folder_id, content(0))
        self.days = 0
        self.captured: dict[ObjectName, bytes] = {}
        self.capture()

    def capture(self) -> None:
        touched = FilesTouched(life=self.holding.life, file_ids=(self.file_id,))
        self.pipeline.handle(touched)
        latest = self.history.latest
        assert latest
        self.captured[latest.name] = content(self.days)

    def go_on(self, days: int, then: Callable[[], object] = lambda: None) -> None:
        for _ in range(days):
            self.days += 1
            self.pipeline.world.advance(DAY)
            self.google.edit(self.file_id, content(self.days))
            self.capture()
            then()

    @property
    def history(self) -> FileHistory:
        return self.pipeline.history(self.holding.life, self.file_id)

    def check(self) -> None:
        """What is kept restores from both places byte for byte, what is not is in neither."""
        world, life = self.pipeline.world, self.holding.life
        sealer = world.keys.unwrap(life)
        check_bases(self.pipeline, self.holding)
        kept = {one.name for one in self.history.versions}
        assert len(kept) + len(self.history.pruned) == len(self.captured)
        for place in (world.vault, world.offsite):
            assert set(place.names(life)) == kept
            for name in kept:
                assert b"".join(place.content(name, sealer=sealer)) == self.captured[name]
        assert world.marks.all(life) == self.captured.keys() - kept


def check_bases(pipeline: Pipeline, holding: Holding) -> None:
    """Nothing that has no mark leans on what has one, or is gone."""
    world, sealer = pipeline.world, pipeline.world.keys.unwrap(holding.life)
    kept = set(world.vault.names(holding.life)) - world.marks.all(holding.life)
    bases = (world.vault.version(name, sealer=sealer).base for name in kept)
    assert {base for base in bases if base} <= kept, "a base was let go"


@pytest.fixture
def exports(pipeline: Pipeline, acorn: Holding) -> Exports:
    """Forty days of them under a brief policy, in both places; nothing was let go yet."""
    keep(pipeline, acorn, BRIEF)
    exports = Exports(pipeline, acorn)
    exports.go_on(40)
    pipeline.deliver_all()
    return exports


def keep(pipeline: Pipeline, holding: Holding, policy: Retention) -> None:
    registry = pipeline.world.registry
    standing = registry.holding(holding.life.customer, holding.life.source)
    registry.save_holding(replace(standing, retention=policy))


def ring(pipeline: Pipeline) -> None:
    """The timer, and all that follows from it."""
    pipeline.world.publisher.publish([TimerRang(timer="retention")])
    pipeline.deliver_all()


def hold(pipeline: Pipeline, holding: Holding, days: int) -> None:
    now = pipeline.world.now()
    pipeline.world.holds.put(
        Hold(
            customer=holding.life.customer,
            source=holding.life.source,
            reason="a dispute",
            until=now + days * DAY,
            placed_at=now,
        )
    )


def days_of(exports: Exports) -> list[int]:
    """The days whose exports are kept."""
    by_name = dict(zip(exports.captured, range(len(exports.captured)), strict=True))
    return [by_name[one.name] for one in exports.history.versions]


def newest_of(key: Callable[[datetime], object], versions: list[Version]) -> set[ObjectName]:
    newest = {key(one.captured_at.astimezone(UTC)): one.name for one in versions}
    return set(newest.values())


# A life under retention.


def test_a_year_and_more_of_daily_exports(pipeline: Pipeline, acorn: Holding) -> None:
    """The default policy: every kept version restores byte for byte, to the last day."""
    exports = Exports(pipeline, acorn)
    everything: dict[ObjectName, Version] = {}

    def a_day_ends() -> None:
        everything.update({one.name: one for one in exports.history.versions})
        if exports.days % 10 == 0:
            ring(pipeline)

    exports.go_on(600, a_day_ends)
    exports.check()
    kept = {one.name for one in exports.history.versions}
    versions = sorted(everything.values(), key=lambda one: one.order)
    now = pipeline.world.now()
    recent = [one for one in versions if now - one.captured_at <= 120 * DAY]
    assert {one.name for one in recent} <= kept, "one a day: none of them goes before 120 days"
    older = [one for one in versions if now - one.captured_at <= 485 * DAY]
    assert newest_of(lambda at: at.isocalendar()[:2], older) - {older[-1].name} <= kept
    assert newest_of(lambda at: (at.year, at.month), versions) <= kept
    assert len(kept) < 300, "and little else: what these lean on"
    check_settled(pipeline)


def test_many_exports_a_day_are_thinned_to_one(pipeline: Pipeline, acorn: Holding) -> None:
    exports = Exports(pipeline, acorn)
    for _ in range(40):
        for _ in range(4):
            exports.days += 1
            pipeline.world.advance(DAY / 4)
            exports.google.edit(exports.file_id, content(exports.days))
            exports.capture()
    pipeline.deliver_all()
    ring(pipeline)
    exports.check()
    old = [
        one for one in exports.history.versions if one.captured_at < pipeline.world.now() - 31 * DAY
    ]
    assert exports.history.pruned
    assert len(old) < 4 * 9


def test_a_file_that_was_lost_long_ago_keeps_its_newest_state(
    pipeline: Pipeline, exports: Exports
) -> None:
    """T6: Drive stopped showing it; that is what we are here for."""
    exports.google.trash(exports.file_id)
    pipeline.sweep()
    pipeline.deliver_all()
    keep(pipeline, exports.holding, replace(BRIEF, monthly_days=30))
    pipeline.world.advance(900 * DAY)
    ring(pipeline)
    exports.check()
    assert exports.history.lost
    assert content(40) in pipeline.captured(exports.holding, exports.file_id)


def test_what_drive_still_lists_is_not_captured_again(pipeline: Pipeline, exports: Exports) -> None:
    """T10: Drive keeps revisions for a while, some for ever."""
    ring(pipeline)
    before = exports.history
    exports.capture()
    pipeline.settle()
    assert exports.history.versions == before.versions
    exports.check()


def test_reconcile_brings_nothing_back(pipeline: Pipeline, exports: Exports) -> None:
    """T25: marked, and still stored while its order is on its way."""
    pipeline.world.publisher.publish([TimerRang(timer="retention")])
    pipeline.deliver()
    orders = list(pipeline.queue)
    pipeline.queue.clear()
    pipeline.settle()
    assert set(exports.captured) - {one.name for one in exports.history.versions}
    pipeline.queue.extend(orders)
    pipeline.settle()
    exports.check()
    assert not pipeline.refused


class Unmarked:
    """Marks as they were before retention made any."""

    def all(self, life: HoldingEpoch) -> frozenset[ObjectName]:
        return frozenset()


def test_a_reconcile_that_looked_before_the_marks_brings_nothing_back(
    pipeline: Pipeline, exports: Exports
) -> None:
    """T25: it lists, then retention marks and prunes, then it reads and writes the index."""
    pipeline.queue.append(TimerRang(timer="retention"))
    pipeline.deliver()
    before = exports.history
    assert before.pruned
    reconcile(replace(pipeline.a_reconcile(), marks=Unmarked()))  # type: ignore[arg-type]
    assert exports.history == before
    pipeline.deliver_all()
    exports.check()


# Too much at once.


@pytest.fixture
def long(pipeline: Pipeline, acorn: Holding) -> Exports:
    """So much is old under a policy that came late, that a person must look at it."""
    exports = Exports(pipeline, acorn)
    exports.go_on(230)
    pipeline.deliver_all()
    keep(pipeline, acorn, BRIEF)
    return exports


def test_the_timer_lets_nothing_go_where_it_would_be_too_much(
    pipeline: Pipeline, long: Exports, quiet: list[structlog.typing.EventDict]
) -> None:
    ring(pipeline)
    assert len(long.history.versions) == 231
    long.check()
    (line,) = [one for one in quiet if one["event"] == "retention_failed"]
    assert line["error"] == "UnsafePlanError"


def test_a_person_who_saw_the_plan_says_yes(pipeline: Pipeline, long: Exports) -> None:
    run, customer = pipeline.a_retain(), long.holding.life.customer
    plan = plan_retention(run, customer)
    with pytest.raises(UnsafePlanError):
        apply_retention(run, plan, by="o-one")
    apply_retention(run, plan, by="o-one", approved=True)
    pipeline.deliver_all()
    assert not pipeline.refused
    long.check()
    assert len(long.history.versions) == plan.keep


def test_what_a_person_said_yes_to_and_got_lost_needs_a_yes_again(
    pipeline: Pipeline, long: Exports
) -> None:
    """Nothing that is deleted in numbers is deleted by a timer."""
    run, customer = pipeline.a_retain(), long.holding.life.customer
    apply_retention(run, plan_retention(run, customer), by="o-one", approved=True)
    pipeline.queue.clear()
    ring(pipeline)
    assert len(list(pipeline.world.vault.names(long.holding.life))) == 231
    run = pipeline.a_retain()
    apply_retention(run, plan_retention(run, customer), by="o-one", approved=True)
    pipeline.deliver_all()
    long.check()


# Plans.


def test_a_plan_is_applied_as_it_was_shown_days_later(pipeline: Pipeline, exports: Exports) -> None:
    """What was captured since changes nothing of it."""
    run, customer = pipeline.a_retain(), exports.holding.life.customer
    plan = plan_retention(run, customer)
    before = {one.name for one in exports.history.versions}
    exports.go_on(3)
    pipeline.deliver_all()
    confirm_retention(pipeline.a_retain(), plan)
    apply_retention(pipeline.a_retain(), plan, by="o-one")
    pipeline.deliver_all()
    (part,) = plan.parts
    assert before - {one.name for one in exports.history.versions} == set(part.expire)
    exports.check()
    confirm_retention(pipeline.a_retain(), plan)
    apply_retention(pipeline.a_retain(), plan, by="o-one")
    pipeline.deliver_all()
    exports.check()


@pytest.mark.parametrize("change", ["policy", "hold", "erasure"])
def test_a_plan_is_refused_when_something_of_it_would_stay_now(
    pipeline: Pipeline, exports: Exports, change: str
) -> None:
    plan = plan_retention(pipeline.a_retain(), exports.holding.life.customer)
    if change == "policy":
        keep(pipeline, exports.holding, Retention())
    elif change == "hold":
        hold(pipeline, exports.holding, 9)
    else:
        pipeline.ask(exports.holding)
        pipeline.deliver_all()
    with pytest.raises(RefusedError, match="the world changed"):
        confirm_retention(pipeline.a_retain(), plan)


def test_a_plan_names_no_file(pipeline: Pipeline, exports: Exports) -> None:
    """T8: it stands in the ledger in the clear."""
    plan = plan_retention(pipeline.a_retain(), exports.holding.life.customer)
    assert plan.expire
    assert "deals" not in str(plan)


def test_each_source_has_a_policy_of_its_own(pipeline: Pipeline, exports: Exports) -> None:
    stripe = Exports(pipeline, pipeline.open("c-acorn", "stripe"))
    stripe.go_on(30)
    pipeline.deliver_all()
    ring(pipeline)
    assert exports.history.pruned
    assert not stripe.history.pruned


# What stands in the way.


def test_a_held_holding_expires_nothing_until_the_hold_ends(
    pipeline: Pipeline, exports: Exports
) -> None:
    hold(pipeline, exports.holding, 9)
    ring(pipeline)
    assert len(exports.history.versions) == 41
    pipeline.world.advance(10 * DAY)
    ring(pipeline)
    assert exports.history.pruned
    exports.check()


def test_a_hold_that_comes_between_mark_and_order_keeps_the_objects(
    pipeline: Pipeline, exports: Exports
) -> None:
    pipeline.world.publisher.publish([TimerRang(timer="retention")])
    pipeline.deliver()
    hold(pipeline, exports.holding, 9)
    pipeline.deliver_all()
    assert len(list(pipeline.world.vault.names(exports.holding.life))) == 41
    pipeline.world.advance(10 * DAY)
    ring(pipeline)
    exports.check()


def test_an_erasure_during_retention_takes_everything(pipeline: Pipeline, exports: Exports) -> None:
    """The orders that come after it find a closed epoch, and delete nothing of the next one."""
    pipeline.world.publisher.publish([TimerRang(timer="retention")])
    pipeline.deliver()
    orders = list(pipeline.queue)
    pipeline.queue.clear()
    erasure = pipeline.ask(exports.holding)
    pipeline.deliver_all()
    pipeline.world.advance(DAY)
    pipeline.settle()
    assert pipeline.state(erasure) is State.CERTIFIED
    check_absent(pipeline, exports.holding.life)
    assert not list(pipeline.world.offsite.names(exports.holding.life))
    pipeline.queue.extend(orders)
    pipeline.deliver_all()
    ring(pipeline)
    check_absent(pipeline, exports.holding.life)
    assert not pipeline.refused


def test_a_file_that_the_index_does_not_know_well_waits_for_reconcile(
    pipeline: Pipeline, exports: Exports, quiet: list[structlog.typing.EventDict]
) -> None:
    """What the vault has and the index lacks may lean on what would go."""
    world, life = pipeline.world, exports.holding.life
    sealer = world.keys.unwrap(life)
    seen = world.index.read(life, exports.file_id, sealer=sealer)
    fewer = replace(seen.value, versions=seen.value.versions[:-1])
    world.index.write(fewer, stamp=seen.stamp, sealer=sealer)
    ring(pipeline)
    assert not exports.history.pruned
    assert "retention_waits" in {line["event"] for line in quiet}
    pipeline.settle()
    ring(pipeline)
    assert exports.history.pruned
    exports.check()


def test_a_version_that_the_vault_lost_makes_the_others_dearer(
    pipeline: Pipeline, exports: Exports
) -> None:
    pipeline.world.vault.erase(exports.history.versions[-1].name)
    ring(pipeline)
    assert not exports.history.pruned
    pipeline.settle()
    ring(pipeline)
    assert exports.history.pruned
    exports.check()


def test_while_the_off_site_copies_are_away_the_vaults_are_let_go_and_the_rest_waits(
    pipeline: Pipeline, exports: Exports
) -> None:
    world = pipeline.world
    world.offsite_shelf.outage = UnavailableError("S3 is down for a day")
    with pytest.raises(UnavailableError):
        retain(pipeline.a_retain())
    pipeline.deliver_all()
    kept = {one.name for one in exports.history.versions}
    assert set(world.vault.names(exports.holding.life)) == kept
    assert set(world.offsite.names(exports.holding.life)) > kept
    world.offsite_shelf.outage = None
    ring(pipeline)
    exports.check()


# Accidents.


@pytest.mark.parametrize("takes_effect", [True, False])
@pytest.mark.parametrize("write", [*range(1, 40), 50, 65, 80])
def test_a_crash_at_any_write_heals_on_the_next_run(
    pipeline: Pipeline, exports: Exports, write: int, takes_effect: bool
) -> None:
    """Marks, index, orders, deletions: at no moment does anything lean on what is gone."""
    world = pipeline.world
    world.crash_after(write, takes_effect=takes_effect)
    world.publisher._sent.append(TimerRang(timer="retention"))
    while pipeline.queue and not world.crashed():
        pipeline.deliver()
    world.calm_down()
    pipeline.queue.clear()
    check_readable(exports)
    world.advance(DAY)
    ring(pipeline)
    pipeline.settle()
    exports.check()
    assert exports.history.pruned
    assert not pipeline.refused


def check_readable(exports: Exports) -> None:
    """Whatever the index knows or has no mark can be read, in the vault and off-site."""
    world = exports.pipeline.world
    check_bases(exports.pipeline, exports.holding)
    sealer = world.keys.unwrap(exports.holding.life)
    for one in exports.history.versions:
        for place in (world.vault, world.offsite):
            assert b"".join(place.content(one.name, sealer=sealer)) == exports.captured[one.name]


def test_orders_that_got_lost_are_given_again(pipeline: Pipeline, exports: Exports) -> None:
    """T19: on the same day they are the same orders."""
    for _ in range(2):
        pipeline.world.publisher.publish([TimerRang(timer="retention")])
        pipeline.deliver()
        lost = list(pipeline.queue)
        pipeline.queue.clear()
    assert len(pipeline.world.disposals._disposals) == len(lost) == 2
    ring(pipeline)
    exports.check()


def test_what_comes_back_under_a_mark_goes_again(pipeline: Pipeline, exports: Exports) -> None:
    """T25: a writer that was late by more than its deadline."""
    world, first = pipeline.world, exports.history.versions[5].name
    data, _ = world.offsite.stored(first)
    ring(pipeline)
    assert world.marks.marked(first)
    world.offsite.lay(first, data)
    world.advance(DAY)
    ring(pipeline)
    exports.check()


def test_a_capture_at_the_same_time_loses_nothing(pipeline: Pipeline, exports: Exports) -> None:
    """Whoever wrote the index meanwhile is read and pruned anew; and the other way round."""
    world = pipeline.world
    exports.google.edit(exports.file_id, content(41))
    exports.days += 1
    world.vault.before_next_store(lambda: retain(pipeline.a_retain()))
    exports.capture()
    pipeline.deliver_all()
    assert exports.history.pruned
    exports.check()


class Contested:
    """An index that somebody else writes just before we do."""

    def __init__(self, world: MemoryWorld, interrupt: Callable[[], object], times: int) -> None:
        index = world.index
        self.read, self.files = index.read, index.files
        self._write, self._interrupt, self._times = index.write, interrupt, times

    def write(self, history: object, *, stamp: int, sealer: object) -> object:
        if self._times:
            self._times -= 1
            self._interrupt()
        return self._write(history, stamp=stamp, sealer=sealer)  # type: ignore[arg-type]


def test_retention_reads_again_what_a_capture_wrote_first(
    pipeline: Pipeline, exports: Exports
) -> None:
    def capture() -> None:
        exports.days += 1
        exports.google.edit(exports.file_id, content(exports.days))
        exports.capture()

    run = pipeline.a_retain()
    contested = Contested(pipeline.world, capture, 2)
    retain(replace(run, books=replace(run.books, index=contested)))  # type: ignore[arg-type]
    pipeline.deliver_all()
    assert exports.days == 42
    assert exports.history.pruned
    exports.check()


def test_retention_gives_up_for_now_where_somebody_always_writes_first(
    pipeline: Pipeline, exports: Exports
) -> None:
    def somebody_writes() -> None:
        sealer = pipeline.world.keys.unwrap(exports.holding.life)
        seen = pipeline.world.index.read(exports.holding.life, exports.file_id, sealer=sealer)
        named = replace(seen.value, file_name=f"{seen.value.file_name}+")
        pipeline.world.index.write(named, stamp=seen.stamp, sealer=sealer)

    run = pipeline.a_retain()
    contested = Contested(pipeline.world, somebody_writes, 99)
    with pytest.raises(ConflictError):
        retain(replace(run, books=replace(run.books, index=contested)))  # type: ignore[arg-type]
    ring(pipeline)
    exports.check()


class Slow:
    """A Drive in whose last byte much happens elsewhere."""

    def __init__(self, drive: MemoryDrive, meanwhile: Callable[[], object]) -> None:
        self.describe, self._drive, self._meanwhile = drive.describe, drive, meanwhile

    def content(self, file: DriveFile, revision: RevisionId) -> Iterator[bytes]:
        yield from self._drive.content(file, revision)
        self._meanwhile()


def test_a_capture_that_began_before_a_series_was_sealed_finds_its_base(
    pipeline: Pipeline, acorn: Holding
) -> None:
    """T10: Drive purges what it reads, so that no other capture knows what leans on what."""
    keep(pipeline, acorn, replace(BRIEF, monthly_days=30))
    exports = Exports(pipeline, acorn)
    pipeline.deliver_all()
    pipeline.world.advance(90 * DAY)
    mid, end = ROWS + b"in the middle\n", b"small, and so a series of its own"
    read_slowly = exports.google.edit(exports.file_id, mid)

    def meanwhile() -> None:
        exports.google.edit(exports.file_id, end)
        exports.google.purge(exports.file_id, read_slowly)
        exports.capture()
        retain(pipeline.a_retain())

    run = pipeline.a_capture()
    slow = replace(run, drive=Slow(pipeline.world.drive, meanwhile))  # type: ignore[arg-type]
    capture_files(slow, FilesTouched(life=acorn.life, file_ids=(exports.file_id,)))
    pipeline.deliver_all()
    assert pipeline.captured(acorn, exports.file_id)[-2:] == [mid, end]
    check_bases(pipeline, acorn)
    pipeline.world.advance(2 * DAY)
    ring(pipeline)
    check_bases(pipeline, acorn)
    assert pipeline.captured(acorn, exports.file_id)[-2:] == [mid, end]


def test_what_something_leans_on_by_now_is_neither_marked_nor_deleted(
    pipeline: Pipeline, exports: Exports
) -> None:
    world, life = pipeline.world, exports.holding.life
    plan = plan_retention(pipeline.a_retain(), life.customer)
    (part,) = plan.parts
    sealer = world.keys.unwrap(life)
    seen = world.index.read(life, exports.file_id, sealer=sealer)
    *others, latest = seen.value.versions
    leaning = replace(latest, base=part.expire[-1])
    history = replace(seen.value, versions=(*others, leaning))
    world.index.write(history, stamp=seen.stamp, sealer=sealer)
    apply_retention(pipeline.a_retain(), plan, by="o-one")
    pipeline.deliver_all()
    assert not world.marks.marked(part.expire[-1])
    assert part.expire[-1] in set(world.vault.names(life))
    assert world.marks.marked(part.expire[0])


def test_of_an_uneven_file_nothing_is_ordered_again(pipeline: Pipeline, exports: Exports) -> None:
    """Its marks are there and its index is not: what leans on what is not known."""
    world, life = pipeline.world, exports.holding.life
    pipeline.queue.append(TimerRang(timer="retention"))
    pipeline.deliver()
    pipeline.queue.clear()
    world.index.lose(life, exports.file_id)
    ring(pipeline)
    assert set(world.vault.names(life)) == set(exports.captured)


def test_a_hold_that_comes_after_the_plan_keeps_everything(
    pipeline: Pipeline, exports: Exports
) -> None:
    plan = plan_retention(pipeline.a_retain(), exports.holding.life.customer)
    hold(pipeline, exports.holding, 9)
    apply_retention(pipeline.a_retain(), plan, by="o-one")
    assert pipeline.world.marks.all(exports.holding.life) == frozenset()


def test_a_run_that_is_out_of_time_marks_nothing_more(pipeline: Pipeline, exports: Exports) -> None:
    """T20: what it did stands, and the next one goes on."""
    plan = plan_retention(pipeline.a_retain(), exports.holding.life.customer)
    with pytest.raises(DeadlineError):
        apply_retention(pipeline.a_retain(deadline=timedelta(0)), plan, by="o-one")
    assert pipeline.world.marks.all(exports.holding.life) == frozenset()
    ring(pipeline)
    exports.check()


# Over all customers.


def test_one_customer_whose_keyset_is_gone_does_not_keep_the_others_waiting(
    pipeline: Pipeline, exports: Exports, quiet: list[structlog.typing.EventDict]
) -> None:
    early = pipeline.open("c-aaa", "hubspot")
    pipeline.world.lose_keyset(early.life)
    pipeline.queue.clear()
    pipeline.world.publisher.publish([TimerRang(timer="retention")])
    assert not pipeline.deliver(), "it is delivered again"
    assert exports.history.pruned
    failed = [line for line in quiet if line["event"] == "retention_failed"]
    assert [line["customer"] for line in failed] == [early.life.customer]


def test_out_of_time_it_goes_on_where_it_stopped(pipeline: Pipeline) -> None:
    """T20."""
    customers = ["c-a", "c-b", "c-c"]
    for customer in customers:
        pipeline.open(customer, "hubspot")
    pipeline.queue.clear()
    pipeline.queue.append(TimerRang(timer="retention"))
    rang = []
    while pipeline.queue:
        assert isinstance(pipeline.queue[0], TimerRang)
        rang.append(pipeline.queue[0].after)
        pipeline.deliver(deadline=timedelta(seconds=1))
    assert rang == [None, "c-a", "c-b", "c-c"] or rang[-1] in ("c-b", "c-c")
    assert len(rang) > 1


def test_a_customer_that_takes_longer_than_a_run_is_finished_by_the_next(
    pipeline: Pipeline, exports: Exports
) -> None:
    others = [
        exports.google.create_file(f"{n}.csv", exports.holding.folder_id, b"0") for n in range(4)
    ]
    for _ in range(3):
        for file_id in others:
            exports.google.edit(file_id, b"%d" % pipeline.world.now().timestamp())
        pipeline.settle()
    pipeline.world.advance(60 * DAY)
    pipeline.world.publisher.publish([TimerRang(timer="retention")])
    for _ in range(12):
        if pipeline.queue:
            pipeline.deliver(deadline=timedelta(seconds=2))
    ring(pipeline)
    pipeline.settle()
    assert all(pipeline.history(exports.holding.life, one).pruned for one in others)
    assert not pipeline.refused
