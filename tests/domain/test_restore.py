"""What a restore brings back, and under which paths."""

from datetime import timedelta
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from custody.domain.restore import (
    PART_BYTES,
    Wanted,
    all_versions,
    chronological,
    matching,
    newest_state,
    place,
    safe_name,
)
from custody.domain.vault import FileHistory, FileId, Missed, RevisionId
from samples import LIFE, NOW, a_history, a_version

HOUR = timedelta(hours=1)


def wanted(name: str, folder: str = "", file_id: str = "file-one", hours: int = 0) -> Wanted:
    version = a_version(
        "r1",
        file_id=FileId(file_id),
        file_name=name,
        folder_path=folder,
        captured_at=NOW + hours * HOUR,
    )
    return Wanted(version=version, since=version.captured_at)


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
    assert revisions(newest_state([history], NOW)) == ["r1"]
    assert revisions(newest_state([history], NOW + HOUR)) == ["r2"]
    assert newest_state([history], NOW - HOUR) == []


def test_a_file_that_was_never_captured_is_in_no_state() -> None:
    assert newest_state([a_history()]) == []


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
