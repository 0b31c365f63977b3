"""Terraform makes what the code expects: functions, topics, subscriptions, timers and settings."""

import base64
import re
from collections.abc import Iterable
from typing import Any

import pytest

from custody import events
from custody.domain import topology
from custody.domain.drive import CORPORA
from custody.domain.erasure import Copy, CopyState, copies_of, entry_of, is_behind
from custody.domain.events import DriveTouched, Event, TimerRang
from custody.settings import SETTINGS
from infra.deployed import AT_AMAZON, OF_PEOPLE, SECRETS
from infra.grants import grants
from infra.terraform import SAMPLE, Resource
from infra.toolbox import ROOT
from samples import LIFE, a_track

ELSEWHERE = {
    "CUSTODY_DRIVE_ENDPOINT",
    "STORAGE_EMULATOR_HOST",
    "PUBSUB_EMULATOR_HOST",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "CUSTODY_CLOCK_FILE",
}
"""Settings of the local cloud."""
ROLE = "CUSTODY_OFFSITE_ROLE"
TO_COME = {"mail-pushes"}
"""Topics whose listeners come with a later issue."""


def of(planned: Iterable[Resource], kind: str) -> list[dict[str, Any]]:
    return [one.values for one in planned if one.type == f"google_{kind}"]


@pytest.fixture(scope="module")
def functions(planned: list[Resource]) -> dict[str, dict[str, Any]]:
    """By the name that the code has for them."""
    return {one["name"].replace("-", "_"): one for one in of(planned, "cloudfunctions2_function")}


@pytest.fixture(scope="module")
def subscriptions(planned: list[Resource]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in of(planned, "pubsub_subscription")}


def test_every_function_is_deployed_and_no_other(functions: dict[str, dict[str, Any]]) -> None:
    assert functions.keys() == {one.name for one in topology.FUNCTIONS}


@pytest.mark.parametrize("one", topology.FUNCTIONS, ids=lambda one: one.name)
def test_a_function_is_deployed_as_the_code_says(
    one: topology.Function, functions: dict[str, dict[str, Any]]
) -> None:
    build, service = (functions[one.name][part][0] for part in ("build_config", "service_config"))
    source = build["environment_variables"]["GOOGLE_FUNCTION_SOURCE"]
    assert build["entry_point"] == one.entry
    assert f"def {one.entry}(" in (ROOT / source).read_text()
    assert service["timeout_seconds"] == one.timeout_seconds
    assert service["environment_variables"]["PYTHONPATH"] == "/workspace/shared"


def test_a_writer_is_over_before_the_quiescence_is(functions: dict[str, dict[str, Any]]) -> None:
    for one in functions.values():
        service = one["service_config"][0]
        quiescence = int(service["environment_variables"]["CUSTODY_QUIESCENCE_SECONDS"])
        assert service["timeout_seconds"] + 300 <= quiescence


def test_every_topic_has_its_dead_letters(planned: list[Resource]) -> None:
    topics = {one["name"] for one in of(planned, "pubsub_topic")}
    wanted = {*topology.TOPICS, *TO_COME}
    assert topics == wanted | {f"{one}-dead" for one in wanted}


def test_every_listener_has_its_subscription(subscriptions: dict[str, dict[str, Any]]) -> None:
    listening = {one.name: one.topic for one in topology.FUNCTIONS if one.topic}
    found = {
        name: one["topic"].rpartition("/")[2]
        for name, one in subscriptions.items()
        if not name.endswith("-dead")
    }
    assert found == listening


def test_messages_are_delivered_as_the_code_says(subscriptions: dict[str, dict[str, Any]]) -> None:
    least, most = topology.RETRY_SECONDS
    for name, one in subscriptions.items():
        retention = topology.MESSAGE_RETENTION_DAYS * 86400
        assert one["ack_deadline_seconds"] == topology.ACK_DEADLINE_SECONDS
        assert one["message_retention_duration"] == f"{retention}s"
        if name.endswith("-dead"):
            continue
        dead = one["dead_letter_policy"][0]
        assert dead["dead_letter_topic"] == f"{one['topic']}-dead"
        assert dead["max_delivery_attempts"] == topology.DELIVERY_ATTEMPTS
        retry = {"minimum_backoff": f"{least}s", "maximum_backoff": f"{most}s"}
        assert one["retry_policy"] == [retry]


def test_a_timer_wakes_its_own_function_alone(subscriptions: dict[str, dict[str, Any]]) -> None:
    """Or the ring of another timer would pass for a heartbeat."""
    wanted = {
        one.name: f'attributes.timer = "{one.timer}"' if one.timer else None
        for one in topology.FUNCTIONS
        if one.topic
    }
    assert {name: subscriptions[name]["filter"] for name in wanted} == wanted


def test_drive_rings_where_the_world_may_call(functions: dict[str, dict[str, Any]]) -> None:
    """A function has this address besides that of its service; it is known beforehand."""
    (called,) = [one.name for one in topology.FUNCTIONS if one.topic is None]
    place = f"https://{SAMPLE['region']}-{SAMPLE['project']}.cloudfunctions.net"
    for one in functions.values():
        told = one["service_config"][0]["environment_variables"]["CUSTODY_PUSH_URL"]
        assert told == f"{place}/{functions[called]['name']}"


def test_functions_publish_to_topics_that_exist(planned: list[Resource]) -> None:
    wanted = {*topology.TOPICS, *TO_COME}
    published = {one["topic"] for one in of(planned, "pubsub_topic_iam_member")}
    assert {one for one in published if not one.endswith("-dead")} == wanted


@pytest.mark.parametrize("copy", Copy)
def test_whoever_erases_a_copy_may_ring_for_those_that_waited_for_it(
    copy: Copy, planned: list[Resource]
) -> None:
    lives = (LIFE, entry_of(LIFE.customer))
    fenced = [
        a_track(one, CopyState.FENCED, life=life) for life in lives for one in copies_of(life)
    ]
    gone = a_track(copy, CopyState.DELETED_BY_US)
    rung = {copy} | {one.copy for one in fenced if is_behind(one, gone)}
    may_ring = {
        one.resource.removeprefix("topic ")
        for one in grants(planned)
        if (one.identity, one.role) == (f"erase_{copy.value}", "pubsub.publisher")
    }
    assert may_ring - {"versions-stored"} == {f"erasure-tasks-{one.value}" for one in rung}


def test_every_timer_rings(planned: list[Resource]) -> None:
    rung = {_event(job): _period(job["schedule"]) for job in of(planned, "cloud_scheduler_job")}
    timers = {TimerRang(timer=timer): period for timer, period in topology.TIMERS.items()}
    sweeps = {DriveTouched(corpus=corpus): topology.SWEEP_SECONDS for corpus in CORPORA}
    assert rung == timers | sweeps


def _event(job: dict[str, Any]) -> Event:
    """The message of a job, decoded as the function decodes it."""
    target = job["pubsub_target"][0]
    pushed = events.Delivery(
        message_id="1",
        subscription="",
        data=base64.b64decode(target["data"]),
        attributes=target["attributes"] or {},
    )
    if target["topic_name"].endswith("/timers"):
        return events.timer_rang(pushed)
    return events.drive_touched(pushed)


def _period(schedule: str) -> int:
    """The seconds between two rings, of the three forms that we use."""
    minute, hour, *rest = schedule.split()
    assert rest == ["*", "*", "*"]
    if hour != "*":
        assert int(minute) < 60
        assert int(hour) < 24
        return 86_400
    return int(minute.removeprefix("*/")) * 60 if minute.startswith("*/") else 3600


def test_functions_are_told_what_they_ask_for(functions: dict[str, dict[str, Any]]) -> None:
    common = SETTINGS.keys() - ELSEWHERE - OF_PEOPLE - SECRETS.keys() - {ROLE}
    for name, one in functions.items():
        service = one["service_config"][0]
        told = service["environment_variables"].keys() - {"PYTHONPATH"}
        secret = {each["key"] for each in service["secret_environment_variables"]}
        assert told == common | ({ROLE} if name in AT_AMAZON else set())
        assert secret == {key for key, users in SECRETS.items() if name in users}


def test_no_function_reads_what_only_people_are_told() -> None:
    """Whoever makes keysets is the only one to read the recovery key, and no function does."""
    code = "\n".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
    assert not re.search(r"world\.(office|key_maker|has_recovery_key)", code)


def test_people_are_told_every_setting_but_secrets(plan: dict[str, Any]) -> None:
    told = plan["planned_values"]["outputs"]["settings"]["value"]
    assert told.keys() == SETTINGS.keys() - ELSEWHERE - SECRETS.keys()
    assert (told[ROLE], told["CUSTODY_SUBJECT"]) == ("", "")


def test_secrets_are_those_that_people_are_told_to_fill(planned: list[Resource]) -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    secrets = {one["secret_id"] for one in of(planned, "secret_manager_secret")}
    assert secrets == {"push-secret", "mailbox-token"}
    assert {one for one in secrets if one not in page} == set()


def test_settings_are_of_the_type_that_the_code_reads(
    functions: dict[str, dict[str, Any]],
) -> None:
    from custody.settings import Settings

    for one in functions.values():
        given = one["service_config"][0]["environment_variables"]
        Settings(given).require(*(given.keys() - {"PYTHONPATH"}))


def test_drive_is_asked_at_a_pace_that_all_instances_keep_to(
    functions: dict[str, dict[str, Any]],
) -> None:
    """T15: a million quota units a minute for a project; we count ten to a call."""
    calls = sum(
        one["service_config"][0]["max_instance_count"]
        * int(one["service_config"][0]["environment_variables"]["CUSTODY_DRIVE_CALLS_PER_MINUTE"])
        for name, one in functions.items()
        if name in ("drain_changes", "capture", "renew_watches", "reconcile", "erase_drive")
    )
    assert calls * 10 <= 1_000_000
