"""`custody retention`: policies, plans, and what a person says yes to."""

from typing import Any

import pytest

from custody.domain.events import ErasureStep
from custody.domain.vault import FileId, HoldingEpoch, ObjectName, Source
from custody.steps.erase import erase
from samples import a_fence
from worlds.retention import daily_exports

from .conftest import Shell

DEFAULTS = {
    "all_days": 30,
    "daily_days": 90,
    "weekly_days": 365,
    "monthly_days": None,
    "default": True,
}
BRIEF = ("--all-days", "2", "--daily-days", "5", "--weekly-days", "14")
FILE = FileId("file-one")


@pytest.fixture
def life(shell: Shell) -> HoldingEpoch:
    added = shell.add()
    return HoldingEpoch(customer=added["customer"], source=Source("hubspot"), epoch=1)


def fill(shell: Shell, life: HoldingEpoch, days: int = 45) -> list[ObjectName]:
    """So many days of exports, in both places."""
    world = shell.world
    stored = list(daily_exports(world, life, FILE, days))
    for name in stored:
        world.offsite_shelf.put(world.vault_shelf.take(name), deadline=world.deadline(60))
    return stored


def audited(shell: Shell, stream: str) -> list[tuple[str, dict[str, Any]]]:
    return [(one.act, dict(one.subject)) for one in shell.world.audit.entries(stream)]


# Policies.


def test_every_holding_has_the_default_policy(shell: Shell) -> None:
    assert shell.json("retention", "ls") == []
    added = shell.add("Acorn", "hubspot", "stripe")
    assert shell.json("retention", "ls") == [
        {"customer": added["customer"], "slug": "acorn", "source": source, **DEFAULTS}
        for source in ("hubspot", "stripe")
    ]


def test_a_policy_is_set_for_one_source(shell: Shell) -> None:
    shell.add("Acorn", "hubspot", "stripe")
    [row] = shell.json("retention", "set", "acorn/hubspot", "--all-days", "7")
    assert row | DEFAULTS | {"all_days": 7, "default": False} == row
    rows = {one["source"]: one for one in shell.json("retention", "ls")}
    assert (rows["hubspot"], rows["stripe"]["default"]) == (row, True)
    [row] = shell.json("retention", "set", "acorn/hubspot", "--monthly-days", "90")
    assert (row["all_days"], row["monthly_days"]) == (7, 90), "what was set before stays"
    [row] = shell.json("retention", "set", "acorn/hubspot", "--monthly-always")
    assert row["monthly_days"] is None
    [row] = shell.json("retention", "set", "acorn/hubspot", "--default")
    assert row == row | DEFAULTS


def test_a_policy_is_set_for_all_sources_of_a_customer(shell: Shell) -> None:
    shell.add("Acorn", "hubspot", "stripe")
    shell.add("Birch")
    assert len(shell.json("retention", "set", "acorn", *BRIEF)) == 2
    assert [one["default"] for one in shell.json("retention", "ls")].count(False) == 2


def test_who_set_a_policy_is_in_the_audit(shell: Shell, life: HoldingEpoch) -> None:
    shell.json("retention", "set", "acorn", *BRIEF, "--dry-run")
    assert audited(shell, "retention") == []
    shell.json("retention", "set", "acorn", *BRIEF)
    ((act, subject),) = audited(shell, "retention")
    assert (act, subject["source"], subject["all_days"]) == ("set", "hubspot", 2)
    assert str(subject["by"]).startswith("o-")


def test_a_rehearsed_policy_is_not_set(shell: Shell, life: HoldingEpoch) -> None:
    [row] = shell.json("retention", "set", "acorn", *BRIEF, "--dry-run")
    assert (row["all_days"], row["dry_run"]) == (2, True)
    assert shell.json("retention", "ls")[0]["default"] is True


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--default", "--all-days", "7"),
        ("--monthly-always", "--monthly-days", "7"),
        ("--all-days", "0"),
        ("--daily-days", "-1"),
        ("--weekly-days", "99999999"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_no_policy(
    shell: Shell, life: HoldingEpoch, words: tuple[str, ...]
) -> None:
    assert shell.fails("retention", "set", "acorn", *words)[0] == 2
    assert shell.json("retention", "ls")[0]["default"] is True


# Plans.


def test_a_plan_shows_what_would_go_and_lets_nothing_go(shell: Shell, life: HoldingEpoch) -> None:
    stored = fill(shell, life)
    shell.json("retention", "set", "acorn", *BRIEF)
    plan = shell.json("retention", "plan", "acorn")
    assert plan["plan"].startswith("r-")
    assert plan["keep"] + plan["expire"] == len(stored)
    assert plan["expire"] > 10
    (part,) = plan["holdings"]
    assert (part["source"], part["expire"], part["waiting"]) == ("hubspot", plan["expire"], 0)
    again = shell.json("retention", "plan", "acorn")
    assert again["plan"] == plan["plan"]
    assert set(shell.world.vault.names(life)) == set(stored)


def test_a_plan_is_shown_in_a_table(shell: Shell, life: HoldingEpoch) -> None:
    done = shell.run("retention", "plan", "acorn")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "plan",
        "customer",
        "slug",
        "made_at",
        "keep",
        "expire",
        "source",
        "hubspot",
    ]
    assert "custody retention apply r-" in done.stderr


def test_what_a_plan_names_is_let_go_and_deleted_in_both_places(
    shell: Shell, life: HoldingEpoch
) -> None:
    fill(shell, life)
    shell.json("retention", "set", "acorn", *BRIEF)
    plan = shell.json("retention", "plan", "acorn")
    wanted = {name: plan[name] for name in ("plan", "keep", "expire")}
    rehearsed = shell.json("retention", "apply", plan["plan"], "--dry-run")
    assert rehearsed == wanted | {"dry_run": True}
    assert not shell.world.marks.all(life)
    assert shell.json("retention", "apply", plan["plan"]) == wanted
    world = shell.world
    assert dispose(shell) == 2
    assert len(set(world.vault.names(life))) == len(set(world.offsite.names(life))) == plan["keep"]
    assert len(shell.json("backups", "ls", "acorn")) == plan["keep"]
    ((act, subject),) = audited(shell, plan["plan"])
    assert (act, subject["expire"]) == ("retention", plan["expire"])
    assert str(subject["by"]).startswith("o-")


def dispose(shell: Shell) -> int:
    """What the functions of the copies do; how many orders there were."""
    from custody import events

    done = 0
    for copy in ("vault", "offsite"):
        for data, attributes in shell.messages.pull(f"erase_{copy}"):
            pushed = events.Delivery(
                message_id="1", subscription=copy, data=data, attributes=attributes
            )
            step = events.erasure_step(pushed)
            assert isinstance(step, ErasureStep)
            erase(shell.world.erase, step)
            done += 1
    return done


def test_a_version_that_was_let_go_is_not_read_any_more(shell: Shell, life: HoldingEpoch) -> None:
    """Its object may still be on its way out."""
    fill(shell, life)
    shell.json("retention", "set", "acorn", *BRIEF)
    plan = shell.json("retention", "plan", "acorn")
    shell.json("retention", "apply", plan["plan"])
    gone, kept = sorted(shell.world.marks.all(life)), shell.json("backups", "ls", "acorn")
    assert len(gone) == plan["expire"]
    done = shell.run("backups", "cat", gone[0])
    assert (done.exit_code, done.stdout) == (4, "")
    assert "retention let" in done.stderr
    assert shell.run("backups", "cat", kept[0]["version"]).exit_code == 0


def test_too_much_at_once_needs_a_yes(shell: Shell, life: HoldingEpoch) -> None:
    stored = daily_exports(shell.world, life, FILE, 160)
    shell.json("retention", "set", "acorn", *BRIEF)
    plan = shell.json("retention", "plan", "acorn")
    assert plan["expire"] > 100
    for words in ((), ("--dry-run",)):
        code, error = shell.fails("retention", "apply", plan["plan"], *words)
        assert (code, error["code"]) == (6, "UNSAFE_PLAN")
    assert set(shell.world.vault.names(life)) == set(stored)
    shell.json("retention", "apply", plan["plan"], "--yes")
    assert dispose(shell) == 1
    assert len(set(shell.world.vault.names(life))) == plan["keep"]


def test_a_plan_is_refused_when_the_world_changed(shell: Shell, life: HoldingEpoch) -> None:
    fill(shell, life)
    shell.json("retention", "set", "acorn", *BRIEF)
    plan = shell.json("retention", "plan", "acorn")
    shell.json("retention", "set", "acorn", "--default")
    code, error = shell.fails("retention", "apply", plan["plan"])
    assert (code, error["code"]) == (6, "REFUSED")
    assert "the world changed" in error["message"]


def test_of_a_closed_epoch_nothing_is_planned(shell: Shell, life: HoldingEpoch) -> None:
    fill(shell, life, 3)
    shell.world.fences.close(life, a_fence())
    assert shell.json("retention", "plan", "acorn")["holdings"] == []


def test_a_plan_that_nobody_made_is_not_found(shell: Shell) -> None:
    assert shell.fails("retention", "apply", "r-none")[0] == 4
    shell.add()
    plan = shell.json("retention", "plan", "acorn", "--dry-run")
    assert plan["dry_run"] is True
    assert shell.fails("retention", "apply", plan["plan"])[0] == 4
