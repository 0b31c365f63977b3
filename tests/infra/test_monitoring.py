"""What is counted is told by the code, what alerts is explained, what is drawn can be drawn."""

import json
import re
import subprocess
from typing import Any

import pytest

from custody.domain import topology
from infra.terraform import Resource
from infra.toolbox import ROOT, python

EVENT = re.compile(r'jsonPayload\.event = "(\w+)"')
FIELD = re.compile(r"EXTRACT\(jsonPayload\.(\w+)\)")
SERIES = re.compile(r'metric\.type = "([^"]+)"')
OURS = "logging.googleapis.com/user/"
GOOGLES = {
    "pubsub.googleapis.com/subscription/dead_letter_message_count",
    "pubsub.googleapis.com/subscription/num_undelivered_messages",
    "pubsub.googleapis.com/subscription/oldest_unacked_message_age",
    "run.googleapis.com/container/instance_count",
    "run.googleapis.com/container/memory/utilizations",
    "run.googleapis.com/request_count",
    "run.googleapis.com/request_latencies",
}
"""Cloud Monitoring, "Google Cloud metrics"."""
CODE = "\n".join(path.read_text() for path in (ROOT / "shared" / "custody").rglob("*.py"))
FUNCTIONS = "\n".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
MINUTES_5 = 300_000
"""Milliseconds."""
LONGEST_ABSENCE = 84_600
"""Seconds: Cloud Monitoring misses nothing that is away for longer."""
LONGEST_QUERY = 90_000
"""Seconds that a query may look back and then hold, together."""
ABSENT = re.compile(
    r'absent_over_time\(run_googleapis_com:request_count\{monitored_resource="cloud_run_revision",'
    r'service_name="([a-z-]+)",response_code_class="2xx"\}\[1d\]\)'
)
"""The metric as PromQL calls it (Cloud Monitoring, "Map metrics to PromQL")."""
DRAWS = """
import sys
from google.cloud.monitoring_dashboard_v1 import Dashboard
Dashboard.from_json(sys.stdin.read(), ignore_unknown_fields=False)
"""


def of(planned: list[Resource], kind: str) -> list[dict[str, Any]]:
    return [one.values for one in planned if one.type == f"google_{kind}"]


def is_told(event: str) -> bool:
    """Whether a line of the log begins so, or a refusal is called so."""
    quoted = f'"{event}"'
    begins = re.search(rf"(?:log\.\w+|\btell)\([^,()]*{quoted}", CODE)
    return begins is not None or f"={quoted}" in FUNCTIONS


@pytest.fixture(scope="module")
def metrics(planned: list[Resource]) -> list[dict[str, Any]]:
    return of(planned, "logging_metric")


@pytest.fixture(scope="module")
def dashboard(planned: list[Resource]) -> str:
    (found,) = of(planned, "monitoring_dashboard")
    return str(found["dashboard_json"])


def test_every_event_that_is_counted_is_told(metrics: list[dict[str, Any]]) -> None:
    counted = {event for one in metrics for event in EVENT.findall(one["filter"])}
    assert {event for event in counted if not is_told(event)} == set()


def test_every_number_that_is_measured_is_told(metrics: list[dict[str, Any]]) -> None:
    measured = [one for one in metrics if one["value_extractor"]]
    assert len(measured) == 5
    for one in measured:
        (field,) = FIELD.findall(one["value_extractor"])
        (event,) = EVENT.findall(one["filter"])
        lines = re.findall(rf'log\.\w+\(\s*"{event}",(.*?)\)\n', CODE, re.DOTALL)
        assert any(f"{field}=" in line for line in lines)


def test_what_is_watched_is_counted_by_us_or_by_google(
    planned: list[Resource], metrics: list[dict[str, Any]], dashboard: str
) -> None:
    counted = {OURS + one["name"] for one in metrics}
    watchers = [one.values for one in planned if "alert" in one.type or "slo" in one.type]
    watched = set(SERIES.findall(json.dumps(watchers).replace('\\"', '"')))
    drawn = set(SERIES.findall(dashboard.replace('\\"', '"')))
    assert (watched | drawn) - counted - GOOGLES == set()
    assert counted - drawn == set(), "counted, and nobody sees it"


def test_every_alert_has_its_section_in_the_runbook(planned: list[Resource]) -> None:
    """GitHub's anchor of a heading is the heading, in small letters and with hyphens."""
    page = (ROOT / "docs" / "runbook.md").read_text()
    sections = dict(re.findall(r"^## ([a-z-]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    alerts = {
        one["display_name"].removeprefix("custody ")
        for one in of(planned, "monitoring_alert_policy")
    }
    assert alerts | {"budget"} == sections.keys()
    for text in sections.values():
        told = re.findall(r"^\*\*(\w[\w ]*)\.\*\*", text, re.MULTILINE)
        assert told == ["Symptom", "Impact", "First look", "Fix", "Verify"]


def test_alerts_ring_at_what_the_runbook_says(planned: list[Resource]) -> None:
    """One occurrence is one too many, but for these."""
    measured = {"oldest-message": [3600, 600], "error-ratio": [0.05], "late-backups": [10]}
    for one in of(planned, "monitoring_alert_policy"):
        name = one["display_name"].removeprefix("custody ")
        compared = [each["condition_threshold"] for each in one["conditions"]]
        limits = [each[0]["threshold_value"] for each in compared if each]
        assert limits in ([], measured.get(name, [0])), name


def test_what_an_audit_log_is_searched_for_stands_in_the_runbook(planned: list[Resource]) -> None:
    page = (ROOT / "docs" / "runbook.md").read_text()
    conditions = [
        each for one in of(planned, "monitoring_alert_policy") for each in one["conditions"]
    ]
    searched = [
        each["condition_matched_log"][0]["filter"]
        for each in conditions
        if each["condition_matched_log"]
    ]
    assert len(searched) == 3
    assert [one for one in searched if f"`{one.replace(' AND ', ' ')}`" not in page] == []


def test_the_issue_names_no_alert_that_is_missing(planned: list[Resource]) -> None:
    alerts = {one["display_name"] for one in of(planned, "monitoring_alert_policy")}
    named = (
        *("dead-letter", "oldest-message", "error-ratio", "heartbeat", "channel-expiring"),
        *("erasure-late", "quarantine-waiting", "drill-failed", "offsite-behind"),
        *("key-changed", "bucket-changed"),
    )
    assert {f"custody {name}" for name in named} <= alerts


def test_every_timer_is_missed_when_it_is_silent_for_three_periods(planned: list[Resource]) -> None:
    (heartbeat,) = [
        one
        for one in of(planned, "monitoring_alert_policy")
        if one["display_name"] == "custody heartbeat"
    ]
    absences = [one["condition_absent"][0] for one in heartbeat["conditions"]]
    missed = {
        service: int(one["duration"].removesuffix("s"))
        for one in absences
        for service in re.findall(r'service_name = "([a-z-]+)"', one["filter"])
    }
    assert missed == {
        name: 3 * period for name, period in rung().items() if 3 * period <= LONGEST_ABSENCE
    }


def test_a_daily_timer_is_missed_the_day_after(planned: list[Resource]) -> None:
    """Absence cannot be asked for so long; a query about a day that holds for an hour can."""
    (policy,) = [
        one
        for one in of(planned, "monitoring_alert_policy")
        if one["display_name"] == "custody daily-heartbeat"
    ]
    (condition,) = policy["conditions"]  # there is no room beside a query
    (asked,) = condition["condition_prometheus_query_language"]
    each = [ABSENT.fullmatch(part) for part in asked["query"].split(" or ")]
    assert all(each)
    assert {found[1] for found in each if found} == {
        name for name, period in rung().items() if 3 * period > LONGEST_ABSENCE
    }
    assert 86_400 + int(asked["duration"].removesuffix("s")) <= LONGEST_QUERY


def rung() -> dict[str, int]:
    """Services that are called by the clock, and how many seconds lie between two rings."""
    timers = {one.name: topology.TIMERS[one.timer] for one in topology.FUNCTIONS if one.timer}
    timers["drain_changes"] = topology.SWEEP_SECONDS
    return {name.replace("_", "-"): period for name, period in timers.items()}


def test_promises_are_measured(planned: list[Resource]) -> None:
    goals = {one["slo_id"]: one["goal"] for one in of(planned, "monitoring_slo")}
    assert goals == {"backed-up": 0.99, "certified": 0.999}
    cuts = [
        one["request_based_sli"][0]["distribution_cut"] for one in of(planned, "monitoring_slo")
    ]
    assert [each[0]["range"][0]["max"] for each in cuts if each] == [MINUTES_5]
    (budget,) = of(planned, "billing_budget")
    assert [one["threshold_percent"] for one in budget["threshold_rules"]] == [0.5, 0.9, 1]
    assert budget["all_updates_rule"][0]["monitoring_notification_channels"]


def test_one_page_shows_it_all(dashboard: str) -> None:
    widgets = [tile["widget"] for tile in json.loads(dashboard)["mosaicLayout"]["tiles"]]
    groups = [one["title"] for one in widgets if "sectionHeader" in one]
    assert groups == [
        *("Traffic", "Errors", "Latency", "Saturation", "Custody"),
        *("Second copy and retention", "Erasure"),
    ]


def test_google_can_draw_the_dashboard(dashboard: str) -> None:
    done = subprocess.run(
        [python(), "-c", DRAWS], input=dashboard, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_google_cannot_draw_what_is_misspelled(dashboard: str) -> None:
    for wrong in (
        dashboard.replace("crossSeriesReducer", "crossSeriesReducers"),
        dashboard.replace("ALIGN_MAX", "ALIGN_MOST"),
        dashboard.replace('"columns":48', '"columns":"many"'),
    ):
        assert wrong != dashboard
        done = subprocess.run(
            [python(), "-c", DRAWS], input=wrong, text=True, capture_output=True, check=False
        )
        assert done.returncode != 0


def test_tiles_neither_overlap_nor_leave_the_page(dashboard: str) -> None:
    taken: set[tuple[int, int]] = set()
    layout = json.loads(dashboard)["mosaicLayout"]
    for tile in layout["tiles"]:
        columns = range(tile["xPos"], tile["xPos"] + tile["width"])
        rows = range(tile["yPos"], tile["yPos"] + tile["height"])
        cells = {(column, row) for column in columns for row in rows}
        assert not cells & taken
        assert max(columns) < layout["columns"]
        taken |= cells
