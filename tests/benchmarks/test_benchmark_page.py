"""The table says what was measured, and what was not."""

from pathlib import Path

from benchmarks.result import Report, Result, load, ratios, save

from benchmarks import report, rivals

MET = Result(work="adding", rival="restic", unit="x", samples=(0.5, 0.7, 0.4), at_most=1.0)
MISSED = Result(work="erasing", rival="itself", unit="ms", samples=(1234.5,), at_most=50)


def reported(*results: Result, name: str = "history") -> Report:
    return Report(
        name=name,
        method="Side by side.",
        taken_at="2026-11-23T12:00:00+00:00",
        machine="a machine",
        versions={"zstd": "1.5"},
        results=results,
    )


def test_a_figure_is_the_median_with_its_spread() -> None:
    assert report.rows(reported(MET)) == (
        "| adding | restic | ≤ 1.00 x | 0.500 x | 0.400 - 0.700 | met |\n"
    )


def test_a_missed_goal_stands_there_with_its_figure() -> None:
    assert report.rows(reported(MISSED)) == (
        "| erasing | itself | ≤ 50.0 ms | 1234 ms | one run | **MISSED** |\n"
    )


def test_a_goal_may_be_a_floor_or_both() -> None:
    floor = Result(work="w", rival="r", unit="x", samples=(0.5,), at_least=0.6)
    both = Result(work="w", rival="r", unit="x", samples=(1.2,), at_least=0.9, at_most=1.1)
    picture = Result(work="w", rival="r", unit="x", samples=(7,))
    assert [one.verdict for one in (floor, both, picture)] == ["MISSED", "MISSED", ""]


def test_a_rival_that_is_missing_is_said_loudly() -> None:
    row = rivals.not_measured("adding", "restic", ["restic"])
    assert row.verdict == "NOT MEASURED"
    assert "apt-get install restic" in report.document([reported(row)], ["history"])
    assert rivals.missing("zstd-that-nobody-has") == ["zstd-that-nobody-has"]


def test_ratios_are_taken_pair_by_pair() -> None:
    assert ratios([1, 4], [2, 16]) == (0.5, 0.25)


def test_the_page_is_made_from_what_was_saved(tmp_path: Path) -> None:
    saved = reported(MET, MISSED)
    save(saved, tmp_path)
    assert load(tmp_path / "history.json") == saved
    page = report.document([load(tmp_path / "history.json")], ["history", "drain"])
    assert report.rows(saved) in page
    assert "Side by side." in page
    assert "a machine; zstd 1.5" in page
    assert "NOT MEASURED: drain" in page
