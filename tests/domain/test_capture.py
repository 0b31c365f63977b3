"""What a capture does about one file, over all states of the file and of what is known."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.domain.capture import (
    Findings,
    NoteFound,
    NoteLost,
    NoteMissed,
    Skip,
    StoreExport,
    StoreRevision,
    learned,
    plan_capture,
)
from custody.domain.drive import EXPORTS, FOLDER, SHORTCUT, DriveFile, Revision, Unreadable
from custody.domain.vault import FileHistory, FileId, Missed, Named, RevisionId, SourceLost
from samples import FILE, NOW, a_file, a_history, a_version

GONE = Unreadable(file_id=FILE, reason="Drive no longer shows it")
LARGEST = 100
LOST = SourceLost(reason="in Drive's trash", seen_at=NOW)
DOCUMENT = "application/vnd.google-apps.document"
FORM = "application/vnd.google-apps.form"


def plan(
    shown: DriveFile | Unreadable, history: FileHistory | None = None, *, in_scope: bool = True
) -> tuple[object, ...]:
    return plan_capture(
        shown,
        in_scope=in_scope,
        history=history or a_history(),
        largest_bytes=LARGEST,
        now=NOW,
    )


def stored(actions: tuple[object, ...]) -> list[str]:
    return [action.revision.revision for action in actions if isinstance(action, StoreRevision)]


def order(action: object) -> tuple[int, int]:
    assert isinstance(action, StoreRevision)
    return (action.drive_version, -action.behind)


def test_a_new_file_has_all_its_revisions_stored_oldest_first() -> None:
    actions = plan(a_file("r1", "r2", "r3", version=9))
    assert stored(actions) == ["r1", "r2", "r3"]
    assert [order(action) for action in actions] == [(9, -2), (9, -1), (9, 0)]


def test_only_what_is_missing_is_stored() -> None:
    history = a_history(a_version("r1", 5), a_version("r2", 9))
    assert stored(plan(a_file("r1", "r2", "r3", version=12), history)) == ["r3"]


def test_a_level_file_is_skipped() -> None:
    assert plan(a_file("r1"), a_history(a_version("r1"))) == (Skip(reason="already captured"),)


def test_a_revision_between_two_captured_ones_takes_its_place_between_them() -> None:
    """Two deliveries may leave a gap: a later one fills it in Drive's order."""
    history = a_history(a_version("r1", 5, 0), a_version("r3", 12, 0))
    (action,) = plan(a_file("r1", "r2", "r3", version=15), history)
    assert (5, 0) < order(action) < (12, 0)


def test_a_purge_between_what_is_captured_and_what_is_listed_is_recorded() -> None:
    """T10: revisions that came and went between two looks are named as missed."""
    note, *stores = plan(a_file("r7", "r8", version=20), a_history(a_version("r1", 5)))
    assert isinstance(note, NoteMissed)
    assert "purged" in note.gap.reason
    assert stored(tuple(stores)) == ["r7", "r8"]


def test_a_purge_of_what_is_captured_is_no_loss() -> None:
    """T10: that is what the vault is for."""
    history = a_history(a_version("r1", 5), a_version("r2", 9))
    assert stored(plan(a_file("r2", "r3", version=12), history)) == ["r3"]
    assert len(plan(a_file("r2", "r3", version=12), history)) == 1


def test_a_head_without_its_revisions_is_not_taken_for_a_purge() -> None:
    """Drive shows the head alone to those who may not read revisions."""
    alone = a_file("r7", version=20, can_read_revisions=False)
    assert stored(plan(alone, a_history(a_version("r1", 5)))) == ["r7"]
    assert len(plan(alone, a_history(a_version("r1", 5)))) == 1


def test_a_file_that_may_not_be_downloaded_is_missed_once() -> None:
    """T15: its owner forbids it, so it is recorded, never silent."""
    forbidden = a_file("r1", can_download=False)
    (note,) = plan(forbidden)
    assert isinstance(note, NoteMissed)
    assert note.gap.revision == RevisionId("r1")
    known = a_history().with_missed(note.gap)
    assert plan(forbidden, known) == (Skip(reason="already captured"),)


def test_a_file_that_may_be_downloaded_again_is_stored() -> None:
    gap = Missed(revision=RevisionId("r1"), reason="the owner forbids downloading", seen_at=NOW)
    assert stored(plan(a_file("r1"), a_history().with_missed(gap))) == ["r1"]


def test_a_level_file_that_may_not_be_downloaded_misses_nothing() -> None:
    level = a_history(a_version("r1"))
    assert plan(a_file("r1", can_download=False), level) == (Skip(reason="already captured"),)


@pytest.mark.parametrize("content_type", EXPORTS)
def test_a_native_file_is_exported_in_the_form_that_is_kept(content_type: str) -> None:
    (action,) = plan(a_file(content_type=content_type, version=7))
    assert action == StoreExport(
        revision=RevisionId("native-7"), drive_version=7, export_type=EXPORTS[content_type]
    )


def test_a_native_file_is_exported_again_only_when_drives_version_grew() -> None:
    """T9: a native file has no checksum; its version number is all there is."""
    document = a_file(content_type=DOCUMENT, version=7)
    assert plan(document, a_history(seen_version=7)) == (Skip(reason="already captured"),)
    assert isinstance(plan(document, a_history(seen_version=6))[0], StoreExport)


def test_a_native_file_without_an_export_is_missed() -> None:
    """T9: forms and scripts are recorded as not captured, never silently."""
    (note,) = plan(a_file(content_type=FORM))
    assert isinstance(note, NoteMissed)
    assert "no export" in note.gap.reason


def test_a_native_file_that_may_not_be_downloaded_is_missed() -> None:
    (note,) = plan(a_file(content_type=DOCUMENT, can_download=False))
    assert isinstance(note, NoteMissed)
    assert "forbids" in note.gap.reason


def test_a_revision_too_large_for_one_delivery_is_missed_with_the_remedy() -> None:
    """T20: what no function can finish in its time must not be tried for ever."""
    large = Revision(revision=RevisionId("r2"), size_bytes=LARGEST + 1, md5=None)
    unknown = Revision(revision=RevisionId("r3"), size_bytes=None, md5=None)
    file = a_file("r1", "r2", "r3")
    file = replace(file, revisions=(file.revisions[0], large, unknown))
    first, note, last = plan(file)
    assert isinstance(note, NoteMissed)
    assert "custody files capture" in note.gap.reason
    assert stored((first, last)) == ["r1", "r3"]


def test_a_shortcut_is_never_followed() -> None:
    """T11: its target may lie outside the customer's folder, or lead in a circle."""
    (note,) = plan(a_file(content_type=SHORTCUT, shortcut_target=FileId("elsewhere")))
    assert isinstance(note, NoteMissed)
    assert "shortcut" in note.gap.reason


def test_a_folder_has_nothing_to_store() -> None:
    assert plan(a_file(content_type=FOLDER)) == (Skip(reason="already captured"),)


@pytest.mark.parametrize(
    ("shown", "in_scope"),
    [(GONE, True), (a_file("r1", trashed=True), True), (a_file("r1"), False)],
    ids=["gone", "in the trash", "moved out"],
)
class TestAFileThatIsNotWhereItWas:
    def test_it_is_noted_as_lost_when_it_was_captured(
        self, shown: DriveFile | Unreadable, in_scope: bool
    ) -> None:
        """T6: not an order to erase."""
        (note,) = plan(shown, a_history(a_version("r1")), in_scope=in_scope)
        assert isinstance(note, NoteLost)

    def test_it_is_noted_as_lost_when_it_was_known_to_be_missed(
        self, shown: DriveFile | Unreadable, in_scope: bool
    ) -> None:
        gap = Missed(revision=None, reason="a shortcut", seen_at=NOW)
        (note,) = plan(shown, a_history().with_missed(gap), in_scope=in_scope)
        assert isinstance(note, NoteLost)

    def test_it_is_none_of_ours_when_it_was_never_seen(
        self, shown: DriveFile | Unreadable, in_scope: bool
    ) -> None:
        assert plan(shown, in_scope=in_scope) == (Skip(reason="never seen in this epoch"),)

    def test_it_is_lost_once(self, shown: DriveFile | Unreadable, in_scope: bool) -> None:
        known = a_history(a_version("r1"))
        (note,) = plan(shown, known, in_scope=in_scope)
        assert isinstance(note, NoteLost)
        lost = replace(known, lost=SourceLost(reason=note.reason, seen_at=NOW))
        again = plan(shown, lost, in_scope=in_scope)
        assert again == (Skip(reason="already known to be lost"),)


def test_another_reason_of_a_loss_is_noted() -> None:
    trashed = replace(a_history(a_version("r1")), lost=LOST)
    (note,) = plan(GONE, trashed)
    assert note == NoteLost(reason=GONE.reason)


def test_a_file_that_is_back_is_found_and_captured() -> None:
    lost = replace(a_history(a_version("r1")), lost=LOST)
    assert plan(a_file("r1"), lost) == (NoteFound(),)
    found, store = plan(a_file("r1", "r2"), lost)
    assert found == NoteFound()
    assert stored((store,)) == ["r2"]


revision_names = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1, max_size=6)


@given(revision_names, st.sets(st.sampled_from("abcdefgh")), st.integers(10, 20), st.booleans())
def test_every_listed_revision_is_captured_or_planned_and_none_twice(
    listed: list[str], captured: set[str], version: int, can_download: bool
) -> None:
    known = a_history(*(a_version(name, 3) for name in sorted(captured)))
    file = a_file(*listed, version=version, can_download=can_download)
    planned = stored(plan(file, known))
    wanted = [name for name in listed if name not in captured]
    assert planned == (wanted if can_download else [])


@given(revision_names, st.data())
def test_whatever_was_captured_before_the_places_are_in_drives_order(
    listed: list[str], data: st.DataObject
) -> None:
    """Each look stores some of what Drive lists; all looks together make one order."""
    history = a_history()
    for version in (10, 20, 30):
        actions = plan(a_file(*listed, version=version), history)
        for action in actions:
            if isinstance(action, StoreRevision) and data.draw(
                st.booleans() | st.just(version > 20)
            ):
                name = action.revision.revision
                place = action.drive_version, action.behind
                history = history.with_version(a_version(name, *place))
    last = plan(a_file(*listed, version=40), history)
    for action in last:
        if isinstance(action, StoreRevision):
            place = action.drive_version, action.behind
            history = history.with_version(a_version(action.revision.revision, *place))
    ordered = [history.version_of(RevisionId(name)) for name in listed]
    assert all(version is not None for version in ordered)
    assert all(
        one.order[:2] < two.order[:2] for one, two in pairwise(ordered) if one is not None and two
    )


def test_findings_are_added_to_what_is_known() -> None:
    gap = Missed(revision=RevisionId("r9"), reason="forbidden", seen_at=NOW)
    findings = Findings(
        file_name="deals.csv",
        folder_path="crm",
        seen_version=9,
        versions=(a_version("r2", 9),),
        missed=(gap,),
    )
    history = learned(a_history(a_version("r1", 5)), findings)
    assert [version.revision for version in history.versions] == ["r1", "r2"]
    assert history.missed == (gap,)
    assert (history.file_name, history.folder_path) == ("deals.csv", "crm")
    assert history.seen_version == 9


def test_findings_that_come_late_do_not_take_names_back() -> None:
    """Two deliveries finish in any order; Drive's version number says which name is newer."""
    history = learned(a_history(), Findings(file_name="new", folder_path="b", seen_version=9))
    late = learned(history, Findings(file_name="old", folder_path="a", seen_version=5))
    assert (late.file_name, late.folder_path, late.seen_version) == ("new", "b", 9)


def named(name: str, hours: int, version: int) -> Findings:
    """Drive showed the file under this name."""
    seen_at = NOW + timedelta(hours=hours)
    return Findings(file_name=name, folder_path="a", seen_at=seen_at, seen_version=version)


def test_each_name_after_the_first_is_learned_with_its_time() -> None:
    first = a_version("r1", 1, file_name="one", folder_path="a")
    history = learned(a_history(), replace(named("one", 0, 1), versions=(first,)))
    assert history.named == ()
    history = learned(learned(history, named("two", 1, 2)), named("three", 2, 3))
    assert history.named == (
        Named(since=NOW + timedelta(hours=1), file_name="two", folder_path="a"),
        Named(since=NOW + timedelta(hours=2), file_name="three", folder_path="a"),
    )
    assert learned(history, named("three", 9, 3)) == history
    assert learned(history, named("two", 9, 2)).named == history.named


def test_of_a_history_that_was_rebuilt_the_next_name_is_learned() -> None:
    """What the index forgot is in the versions' records; what comes later is not."""
    rebuilt = a_history(a_version("r1", 1, file_name="one", folder_path="a"))
    assert learned(rebuilt, named("one", 1, 2)).named == ()
    assert [one.file_name for one in learned(rebuilt, named("two", 1, 2)).named] == ["two"]


def test_a_lost_file_is_lost_since_it_was_first_missed() -> None:
    """From the trash to nothing: the reason changes, the time does not."""
    later = SourceLost(reason="absent", seen_at=NOW + timedelta(hours=1))
    history = learned(a_history(a_version("r1"), lost=LOST), Findings(lost=later))
    assert history.lost == replace(later, seen_at=LOST.seen_at)


def test_a_loss_is_learned_and_unlearned() -> None:
    lost = learned(a_history(a_version("r1")), Findings(lost=LOST))
    assert lost.lost == LOST
    assert learned(lost, Findings()).lost == LOST
    assert learned(lost, Findings(found=True)).lost is None


def test_a_file_that_drive_no_longer_names_keeps_its_name() -> None:
    history = learned(a_history(), Findings(file_name="deals.csv", seen_version=3))
    assert learned(history, Findings(lost=LOST, seen_version=3)).file_name == "deals.csv"


findings_of_any_kind = st.builds(
    Findings,
    file_name=st.sampled_from(["", "deals.csv"]),
    folder_path=st.sampled_from(["", "crm"]),
    seen_at=st.none() | st.just(NOW),
    seen_version=st.integers(0, 9),
    versions=st.lists(st.sampled_from([a_version(f"r{n}", n) for n in range(1, 5)])).map(tuple),
    missed=st.lists(
        st.builds(
            Missed,
            revision=st.none() | st.sampled_from("abc").map(RevisionId),
            reason=st.sampled_from(["one", "two"]),
            seen_at=st.sampled_from([NOW, NOW + timedelta(days=1)]),
        )
    ).map(tuple),
    lost=st.none() | st.just(LOST),
    found=st.booleans(),
)


@given(findings_of_any_kind, findings_of_any_kind)
def test_learning_the_same_twice_changes_nothing(before: Findings, findings: Findings) -> None:
    history = learned(learned(a_history(), before), findings)
    assert learned(history, findings) == history
