"""What a restore brings back, and under which paths."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from custody.domain.restore import (
    PART_BYTES,
    State,
    Wanted,
    all_versions,
    chronological,
    matching,
    newest_state,
    place,
    safe_name,
    state_of,
    targets_of,
    targets_of_all,
)
from custody.domain.vault import (
    FileHistory,
    FileId,
    Missed,
    Named,
    RevisionId,
    SourceLost,
)
from samples import LIFE, NOW, a_history, a_life, a_version

HOUR = timedelta(hours=1)


def wanted(name: str, folder: str = "", file_id: str = "file-one", hours: int = 0) -> Wanted:
    version = a_version("r1", file_id=FileId(file_id), captured_at=NOW + hours * HOUR)
    return Wanted(version=version, since=version.captured_at, file_name=name, folder_path=folder)


def paths(*asked: Wanted, by_source: bool = False) -> list[str]:
    """Where each goes, in the order in which they were asked for."""
    placed = {one.version.file_id: str(one.path) for one in place(asked, by_source=by_source)}
    return [placed[one.version.file_id] for one in asked]


def revisions(history: list[Wanted]) -> list[str]:
    return [one.version.revision for one in history]


def test_the_newest_state_is_the_last_version_in_drives_order() -> None:
    late = a_version("r1", drive_version=1, captured_at=NOW + HOUR)
    history = a_history(late, a_version("r2", drive_version=2, captured_at=NOW))
    assert revisions(newest_state([history])) == ["r2"]


def test_a_past_state_has_what_was_captured_until_then() -> None:
    history = a_history(
        a_version("r1", drive_version=1),
        a_version("r2", drive_version=2, captured_at=NOW + HOUR),
    )
    assert revisions(state_of([history], NOW).there) == ["r1"]
    assert revisions(state_of([history], NOW + HOUR).there) == ["r2"]
    assert state_of([history], NOW - HOUR).there == []


def test_a_file_that_was_never_captured_is_in_no_state() -> None:
    assert newest_state([a_history()]) == []


def called(history: FileHistory, at: datetime | None = None) -> str:
    [one] = state_of([history], at).there
    return f"{one.folder_path}/{one.file_name}"


def renamed() -> FileHistory:
    """Captured, renamed after two hours, captured again after four, moved after six."""
    history = a_history(
        a_version("r1", drive_version=1),
        a_version("r2", drive_version=3, captured_at=NOW + 4 * HOUR, file_name="won.csv"),
    )
    names = (
        Named(since=NOW + 2 * HOUR, file_name="won.csv", folder_path=""),
        Named(since=NOW + 6 * HOUR, file_name="won.csv", folder_path="Old"),
    )
    return replace(history, file_name="won.csv", folder_path="Old", named=names)


def test_a_past_state_has_the_names_of_its_time() -> None:
    """A rename without a new content is in no version's record."""
    hours = (0, 1, 2, 3, 4, 5, 6)
    assert [called(renamed(), NOW + hour * HOUR) for hour in hours] == [
        "/deals.csv",
        "/deals.csv",
        *["/won.csv"] * 4,
        "Old/won.csv",
    ]


def test_the_present_state_has_the_present_names() -> None:
    assert called(renamed()) == "Old/won.csv"
    assert [one.file_name for one in all_versions([renamed()])] == ["deals.csv", "won.csv"]


def test_of_a_history_that_was_rebuilt_the_versions_tell_the_names() -> None:
    rebuilt = replace(renamed(), file_name="", folder_path="", named=())
    assert called(rebuilt) == "/won.csv"
    assert called(rebuilt, NOW + 3 * HOUR) == "/deals.csv"


def lost(hours: int) -> FileHistory:
    gone = SourceLost(reason="in Drive's trash", seen_at=NOW + hours * HOUR)
    return a_history(a_version("r1"), lost=gone)


def test_what_was_lost_by_then_is_no_part_of_the_state() -> None:
    """Not an order to erase (T6): it is told apart, and comes back when asked for."""
    history = lost(hours=2)
    for at, is_lost in ((NOW + HOUR, False), (NOW + 2 * HOUR, True), (None, True)):
        state = state_of([history], at)
        assert (len(state.there), len(state.lost)) == (int(not is_lost), int(is_lost))


def test_a_file_that_was_lost_and_found_again_was_never_lost() -> None:
    """Only the last loss is known: rather one file too many than one too few."""
    assert revisions(state_of([a_history(a_version("r1"))], NOW + HOUR).there) == ["r1"]
    lost_again = lost(hours=9)
    assert revisions(state_of([lost_again], NOW + HOUR).there) == ["r1"]


def targets(state: State, file: str | None = None, *, with_lost: bool = False) -> list[str]:
    found = targets_of(state, file, lost=with_lost, by_source=False)
    return sorted(str(target.path) for target in found)


def test_lost_files_come_back_when_asked_for_by_option_or_by_name() -> None:
    here = wanted("deals.csv", file_id="file-new", hours=1)
    gone = wanted("deals.csv", file_id="file-old")
    other = wanted("other.csv", file_id="file-other")
    state = State(there=[here], lost=[gone, other])
    assert targets(state) == ["deals.csv"]
    assert targets(state, with_lost=True) == ["deals (file-new).csv", "deals.csv", "other.csv"]
    assert targets(state, "deals.csv") == ["deals.csv"]
    assert targets(state, "file-old") == ["deals.csv"]
    assert targets(state, "other.csv") == ["other.csv"]
    assert targets(state, "nothing.csv") == []


def test_of_several_customers_each_has_a_folder_of_its_own() -> None:
    other = a_life("c-other")
    state = State(
        there=[
            wanted("deals.csv"),
            replace(wanted("deals.csv"), version=a_version("r1", life=other)),
        ],
        lost=[wanted("deals.csv", file_id="file-lost", hours=1)],
    )
    assert sorted(str(one.path) for one in targets_of_all(state)) == [
        "c-abcdefghijkl/hubspot/deals (file-lost).csv",
        "c-abcdefghijkl/hubspot/deals.csv",
        "c-other/hubspot/deals.csv",
    ]


def test_everything_is_given_back_lost_or_not() -> None:
    assert revisions(newest_state([lost(hours=0)])) == ["r1"]


def test_one_file_by_itself_stands_where_it_stands_among_all() -> None:
    state = State(
        there=[wanted("a.csv", file_id="f1"), wanted("a.csv", file_id="f2", hours=1)], lost=[]
    )
    assert targets(state, "f2") == ["a (f2).csv"]


def test_all_versions_tell_which_one_is_the_newest() -> None:
    history = a_history(a_version("r1", drive_version=1), a_version("r2", drive_version=2))
    assert [one.is_newest for one in all_versions([history])] == [False, True]


def test_a_version_captured_late_is_listed_before_its_successor() -> None:
    history = a_history(
        a_version("r1", drive_version=1, captured_at=NOW + 2 * HOUR),
        a_version("r2", drive_version=2, captured_at=NOW),
    )
    gap = Missed(revision=RevisionId("r0"), reason="purged", seen_at=NOW + HOUR)
    other = FileHistory(life=LIFE, file_id=FileId("other"), missed=(gap,))
    items = [item for _, item in chronological([history, other])]
    assert [item.revision for item in items] == ["r0", "r1", "r2"]


def test_a_file_is_asked_for_by_id_before_name() -> None:
    first, second = wanted("file-two", file_id="file-one"), wanted("x", file_id="file-two")
    assert matching([first, second], "file-two") == [second]
    assert matching([first, second], "x") == [second]
    assert matching([first, second], "y") == []


def test_files_keep_their_names_and_folders() -> None:
    assert paths(wanted("deals.csv", "Exports/2026")) == ["Exports/2026/deals.csv"]
    assert paths(wanted("deals.csv", "Exports"), by_source=True) == ["hubspot/Exports/deals.csv"]


def test_of_two_files_with_one_name_the_older_keeps_it() -> None:
    """T8: names are not keys."""
    younger = wanted("deals.csv", file_id="file-a", hours=1)
    assert paths(younger, wanted("deals.csv", file_id="file-b")) == [
        "deals (file-a).csv",
        "deals.csv",
    ]


def test_names_that_some_file_system_takes_for_one_are_kept_apart() -> None:
    names = ["Deals.csv", "deals.csv", "caf\u00e9", "cafe\u0301"]
    placed = paths(*(wanted(name, file_id=f"f{number}") for number, name in enumerate(names)))
    assert placed == ["Deals.csv", "deals (f1).csv", "caf\u00e9", "cafe\u0301 (f3)"]


def test_a_file_with_the_name_of_a_folder_stands_beside_it() -> None:
    placed = paths(wanted("2026", "Exports"), wanted("deals.csv", "Exports/2026", file_id="f2"))
    assert placed == ["Exports/2026 (file-one)", "Exports/2026/deals.csv"]


def test_a_name_that_looks_like_a_distinction_is_still_distinguished() -> None:
    files = [
        wanted("a.csv", file_id="f1"),
        wanted("a (f3).csv", file_id="f2"),
        wanted("a.csv", file_id="f3"),
    ]
    assert paths(*files) == ["a.csv", "a (f3).csv", "a (f3) (2).csv"]


def test_older_versions_stand_beside_the_newest_with_their_time() -> None:
    history = a_history(
        a_version("r1", drive_version=1),
        a_version("r2", drive_version=2),
        a_version("r3", drive_version=3),
    )
    placed = place(all_versions([history]), by_source=False)
    assert {one.version.revision: str(one.path) for one in placed} == {
        "r3": "deals.csv",
        "r1": "deals @ 20260301T120000Z.csv",
        "r2": "deals @ 20260301T120000Z (file-one).csv",
    }


def test_no_name_leads_anywhere() -> None:
    assert paths(wanted("..", "../..")) == ["__/__/__"]
    assert paths(wanted("/etc/passwd", "/")) == ["_etc_passwd"]
    assert safe_name("a\\b\x00\n\u2028") == "a_b___"
    assert safe_name("") == "_"


def test_ordinary_names_are_left_as_they_are() -> None:
    for name in ("Q1: 50 % <new>.csv", ".hidden", "Umsätze\u202f2026 👩‍💻.xlsx", "a", "a.", "..a"):
        assert safe_name(name) == name


def test_a_long_name_keeps_its_ending() -> None:
    short = safe_name("ä" * 300 + ".csv")
    assert short.endswith("ä.csv")
    assert len(short.encode()) <= PART_BYTES
    assert len(safe_name("a." + "b" * 300).encode()) <= PART_BYTES


NAMES = st.text(max_size=12) | st.sampled_from(["", ".", "..", "a", "A", "a.csv", "a/b", "\ud800"])


@given(st.lists(st.tuples(NAMES, NAMES), max_size=8), st.booleans())
def test_every_version_has_a_path_of_its_own_below_the_destination(
    named: list[tuple[str, str]], by_source: bool
) -> None:
    asked = [
        wanted(name, folder, file_id=f"f{number}") for number, (name, folder) in enumerate(named)
    ]
    placed = place(asked, by_source=by_source)
    found = [one.path for one in placed]
    assert len({str(path).casefold() for path in found}) == len(asked)
    for path in found:
        assert not path.is_absolute()
        assert path.parts
        assert ".." not in path.parts
        assert not any(PurePosixPath(path) in other.parents for other in found)
