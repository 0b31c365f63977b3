"""`custody erasures`: look, say yes, follow; refused where the world is another one."""

import json
import os
import pty
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from custody import events
from custody.cli.await_erasure import PATIENCE_SECONDS, await_erasure
from custody.domain.erasure import ErasureId
from custody.domain.events import DeletionRequested
from custody.errors import UnavailableError
from localcloud.faults import Rule

from .conftest import Shell
from .erasing import Background, Functions, fill
from .test_command import CUSTODY, environment_of, read_or_end

COPIES = ["keys", "vault", "offsite", "drive", "ledger"]
FOUR_EYES = {"CUSTODY_FOUR_EYES": "true", "CUSTODY_FOUR_EYES_OBJECTS": "1"}


@pytest.fixture
def kept(shell: Shell, tmp_path: Path) -> Shell:
    """A customer with two sources, and a file of two versions in one of them."""
    shell.environment["CUSTODY_QUIESCENCE_SECONDS"] = "0"
    shell.add("Acorn", "hubspot", "stripe")
    fill(shell, tmp_path / "deals.csv")
    return shell


def plan(shell: Shell, *words: str) -> str:
    said = words or ("acorn", "--source", "hubspot")
    return str(shell.json("erasures", "plan", *said)["plan"])


def apply(shell: Shell, plan_id: str, *words: str) -> Any:
    return shell.json("erasures", "apply", plan_id, "--yes", *words)


def everything_waits_for_approval(shell: Shell) -> str:
    """An erasure of all of a customer that counts as a large one."""
    shell.environment.update(FOUR_EYES)
    erasure = str(apply(shell, plan(shell, "acorn", "--all"))["erasure"])
    Functions(shell).settle()
    return erasure


def requests(shell: Shell) -> list[DeletionRequested]:
    """What was asked of request_erasure since the last look."""
    return [
        events.deletion_requested(
            events.Delivery(message_id="7", subscription="", data=data, attributes={})
        )
        for data, _ in shell.messages.pull("request_erasure")
    ]


def later(shell: Shell) -> str:
    return (shell.world.now() + timedelta(days=30)).isoformat()


# Plans


def test_a_plan_says_what_goes_what_stays_and_why(kept: Shell) -> None:
    told = kept.json("erasures", "plan", "acorn", "--source", "hubspot")
    assert told["plan"].startswith("p-")
    assert (told["slug"], told["scope"], told["reason"]) == ("acorn", "sources", "request")
    [holding] = told["holdings"]
    assert (holding["source"], holding["epoch"], holding["hold"]) == ("hubspot", 1, None)
    assert [one["copy"] for one in told["copies"]] == COPIES
    objects = {one["copy"]: one["objects"] for one in told["copies"]}
    assert objects == {
        "keys": 1,
        "vault": 2,
        "offsite": 2,
        "drive": 2,
        "ledger": objects["ledger"],
    }
    assert {one["outcome"] for one in told["copies"]} == {"delete"}
    assert all(one["t1"] for one in told["copies"])
    assert [one["copy"] for one in told["copies"] if not one["t2"]] == ["offsite"]
    assert [(one["source"], one["copy"]) for one in told["details"]] == [
        ("hubspot", copy) for copy in COPIES
    ]
    assert told["blocked"] == []
    assert any("stripe" in one["what"] for one in told["stays"])


def test_a_person_is_told_in_tables_and_the_next_command(kept: Shell) -> None:
    done = kept.run("erasures", "plan", "acorn", "--source", "hubspot")
    first = done.stdout.splitlines()[0]
    assert first.startswith("Plan p-")
    assert first.endswith("erases of acorn: hubspot (epoch 1).")
    assert "the source stripe" in done.stdout
    assert "cannot go yet" not in done.stdout
    assert f"custody erasures apply {first.split()[1]}" in done.stderr


def test_naming_each_source_or_all_of_them_are_two_plans(kept: Shell) -> None:
    every = kept.json("erasures", "plan", "acorn", "--source", "stripe", "hubspot", "hubspot")
    whole = kept.json("erasures", "plan", "acorn", "--all")
    assert [one["source"] for one in every["holdings"]] == ["hubspot", "stripe"]
    assert every["holdings"] == whole["holdings"]
    assert (every["scope"], whole["scope"]) == ("sources", "all")
    assert every["plan"] != whole["plan"]


def test_a_termination_takes_everything_and_the_customers_entry(kept: Shell) -> None:
    told = kept.json("erasures", "plan", "acorn", "--reason", "termination")
    assert (told["scope"], len(told["holdings"])) == ("all", 2)
    entry = told["details"][-1]
    assert (entry["source"], entry["epoch"], entry["copy"]) == ("customer", 0, "ledger")


def test_a_plan_names_what_is_to_be_erased(kept: Shell) -> None:
    for words in ((), ("--all", "--source", "hubspot"), ("--all", "--reason", "whim")):
        assert kept.fails("erasures", "plan", "acorn", *words)[0] == 2
    ended = ("--reason", "termination", "--source", "hubspot")
    assert kept.fails("erasures", "plan", "acorn", *ended)[0] == 2
    assert kept.fails("erasures", "plan", "acorn", "--source", "zendesk")[0] == 4
    assert kept.fails("erasures", "plan", "nobody", "--all")[0] == 4


def test_a_rehearsed_plan_is_not_kept(kept: Shell) -> None:
    told = kept.json("erasures", "plan", "acorn", "--all", "--dry-run")
    assert told["dry_run"] is True
    assert kept.fails("erasures", "apply", told["plan"], "--yes")[0] == 4


def test_a_hold_shows_in_a_plan(kept: Shell) -> None:
    kept.json("holdings", "hold", "acorn/hubspot", "--reason", "a lawsuit", "--until", later(kept))
    told = kept.json("erasures", "plan", "acorn", "--all")
    assert [(one["source"], one["why"]) for one in told["blocked"]] == [
        ("hubspot", "a hold: a lawsuit")
    ]
    assert {one["outcome"] for one in told["copies"]} == {"blocked"}
    shown = kept.run("erasures", "plan", "acorn", "--all").stdout
    assert "This cannot go yet:" in shown


# Saying yes


def test_a_yes_without_a_terminal_has_to_be_said(kept: Shell) -> None:
    code, error = kept.fails("erasures", "apply", plan(kept))
    assert (code, error["code"]) == (6, "REFUSED")
    assert "--yes" in error["message"]
    assert requests(kept) == []


def test_a_yes_asks_for_the_erasure(kept: Shell) -> None:
    wanted = plan(kept)
    rehearsed = apply(kept, wanted, "--dry-run")
    assert requests(kept) == []
    done = apply(kept, wanted)
    assert rehearsed == done | {"dry_run": True}
    assert done["state"] == "REQUESTED"
    [asked] = requests(kept)
    assert UUID(asked.request_id).version == 4
    assert (asked.plan, asked.sources) == (wanted, ("hubspot",))
    assert asked.requested_by
    assert asked.requested_by == kept.world.operator


def test_saying_yes_twice_is_saying_it_once(kept: Shell) -> None:
    wanted = plan(kept)
    first, second = apply(kept, wanted), apply(kept, wanted)
    assert first == second
    Functions(kept).settle()
    assert apply(kept, wanted) == first | {"state": "CERTIFIED"}
    assert requests(kept) == []
    assert [one["erasure"] for one in kept.json("erasures", "ls")] == [first["erasure"]]


def test_a_world_that_changed_since_the_plan_is_refused(kept: Shell) -> None:
    wanted = plan(kept)
    kept.json("holdings", "hold", "acorn/hubspot", "--reason", "a lawsuit", "--until", later(kept))
    code, error = kept.fails("erasures", "apply", wanted, "--yes")
    assert (code, error["code"]) == (6, "REFUSED")
    assert "changed" in error["message"]
    assert kept.fails("erasures", "apply", wanted, "--dry-run")[0] == 6
    assert requests(kept) == []


def test_an_unknown_plan_is_not_found(shell: Shell) -> None:
    assert shell.fails("erasures", "apply", "p-nothing", "--yes")[0] == 4


@pytest.mark.parametrize(("typed", "code"), [("hubspot", 0), ("acorn", 6)])
def test_on_a_terminal_a_person_types_what_is_to_be_erased(
    kept: Shell, typed: str, code: int
) -> None:
    ended, shown = answer_on_terminal(kept, typed, "erasures", "apply", plan(kept))
    assert "Type 'hubspot'" in shown
    assert ended == code
    assert len(requests(kept)) == (1 if code == 0 else 0)


def test_of_several_sources_a_person_types_the_customer(kept: Shell) -> None:
    ended, shown = answer_on_terminal(
        kept, "acorn", "erasures", "apply", plan(kept, "acorn", "--all")
    )
    assert "Type 'acorn'" in shown
    assert ended == 0


def answer_on_terminal(shell: Shell, typed: str, *words: str) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    os.write(ours, f"{typed}\n".encode())
    with subprocess.Popen(
        [*CUSTODY, *words], env=environment_of(shell), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := read_or_end(ours):
            shown += chunk
    os.close(ours)
    return process.returncode, shown.decode()


# Waiting


def test_whoever_waits_sees_each_copy_and_the_receipt(kept: Shell) -> None:
    with Background(kept):
        done = kept.run("erasures", "apply", plan(kept), "--yes", "--wait", "--format", "jsonl")
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["type"] for one in lines} == {"status", "item", "summary"}
    assert [one["state"] for one in lines if one["type"] == "status"][-1] == "CERTIFIED"
    assert {one["copy"] for one in lines if one["type"] == "item"} == set(COPIES)
    summary = lines[-1]
    assert (summary["type"], summary["state"], summary["stuck"]) == ("summary", "CERTIFIED", [])
    given = kept.json("receipts", "get", summary["erasure"])
    assert given["number"] == summary["receipt"]


def test_whoever_waits_for_json_gets_one_document(kept: Shell) -> None:
    with Background(kept):
        told = apply(kept, plan(kept), "--wait")
    assert told["state"] == "CERTIFIED"


def test_a_person_who_waits_sees_a_line_for_each_move(kept: Shell) -> None:
    with Background(kept):
        done = kept.run("erasures", "apply", plan(kept), "--yes", "--wait")
    assert done.exit_code == 0
    assert "hubspot epoch 1 vault: " in done.stderr
    assert "custody receipts get e-" in done.stderr
    assert "state    CERTIFIED" in done.stdout


def test_a_held_erasure_ends_the_wait_and_its_release_lets_it_go_on(kept: Shell) -> None:
    kept.json("holdings", "hold", "acorn/hubspot", "--reason", "a lawsuit", "--until", later(kept))
    words = ("erasures", "apply", plan(kept), "--yes", "--wait", "--format", "json")
    with Background(kept):
        done = kept.run(*words)
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert told["state"] == "BLOCKED"
    assert all(one["reason"] and one["until"] for one in told["stuck"])
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert "a hold on this holding" in error["message"]
    assert "until 20" in error["message"]
    assert "lawsuit" not in done.output
    [closed] = [one for one in kept.json("holdings", "ls") if one["source"] == "hubspot"]
    assert (closed["state"], closed["hold"]["reason"]) == ("closed", "a lawsuit")
    assert kept.json("backups", "ls", "acorn") != []

    [released] = kept.json("holdings", "release", "acorn/hubspot")
    assert released["hold"] is None
    Functions(kept).settle()
    assert kept.json("erasures", "show", told["erasure"])["state"] == "CERTIFIED"


def test_a_store_that_refuses_ends_the_wait_as_failed(kept: Shell) -> None:
    faults = kept.servers.storage.faults
    faults.add(Rule(method="storage.objects.delete", times=None, status=403, reason="forbidden"))
    words = ("erasures", "apply", plan(kept), "--yes", "--wait", "--format", "json")
    with Background(kept):
        done = kept.run(*words)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["state"] == "FAILED"
    assert json.loads(done.stderr.splitlines()[-1])["error"]["code"] == "ERASURE_FAILED"


def test_nobody_waits_for_ever_for_a_request_that_nobody_took_on(shell: Shell) -> None:
    ticks = iter(range(1000))
    naps: list[float] = []
    with pytest.raises(UnavailableError, match="custody quarantine ls"):
        await_erasure(
            shell.world,
            ErasureId("e-nothing"),
            "json",
            clock=lambda: float(next(ticks)),
            sleep=naps.append,
        )
    assert len(naps) == PATIENCE_SECONDS - 1


# A second pair of eyes


def test_everything_of_a_large_customer_waits_for_a_second_person(kept: Shell) -> None:
    erasure = everything_waits_for_approval(kept)
    [row] = kept.json("erasures", "ls")
    assert row["state"] == "AWAITING_APPROVAL"
    assert kept.fails("erasures", "approve", erasure)[0] == 6
    assert kept.fails("erasures", "approve", erasure, "--dry-run")[0] == 6
    asked_by = kept.world.operator

    kept.environment["LOGNAME"] = "grace"
    kept.json("erasures", "approve", erasure, "--dry-run")
    assert kept.json("erasures", "show", erasure)["approved_by"] is None
    approved = kept.json("erasures", "approve", erasure)
    assert approved == {"erasure": erasure, "state": "REQUESTED"}
    assert kept.json("erasures", "ls")[0]["state"] == "REQUESTED"
    Functions(kept).settle()
    shown = kept.json("erasures", "show", erasure)
    assert shown["state"] == "CERTIFIED"
    assert shown["requested_by"] == asked_by
    assert shown["approved_by"] != asked_by
    assert kept.fails("erasures", "approve", erasure)[0] == 6


def test_whoever_waits_is_told_who_must_act(kept: Shell) -> None:
    kept.environment.update(FOUR_EYES)
    wanted = plan(kept, "acorn", "--all")
    with Background(kept):
        done = kept.run("erasures", "apply", wanted, "--yes", "--wait")
    assert done.exit_code == 0
    assert "a second person must run: custody erasures approve e-" in done.stderr


def test_an_erasure_can_be_called_off_until_it_is_fenced(kept: Shell) -> None:
    erasure = everything_waits_for_approval(kept)
    wanted = kept.json("erasures", "show", erasure)["plan"]
    kept.json("erasures", "cancel", erasure, "--dry-run")
    assert kept.json("erasures", "ls")[0]["state"] == "AWAITING_APPROVAL"
    for _ in range(2):
        told = kept.json("erasures", "cancel", erasure)
        assert told == {"erasure": erasure, "state": "CANCELLED"}
    assert kept.json("erasures", "show", erasure)["copies"] == []
    assert kept.fails("erasures", "approve", erasure)[0] == 6

    kept.environment["CUSTODY_FOUR_EYES"] = "false"
    again = apply(kept, wanted)
    assert again["erasure"] != erasure
    Functions(kept).settle()
    assert kept.fails("erasures", "cancel", again["erasure"])[0] == 6
    assert kept.fails("erasures", "cancel", again["erasure"], "--dry-run")[0] == 6
    assert [one["state"] for one in kept.json("erasures", "ls")] == ["CANCELLED", "CERTIFIED"]


# Looking


def test_nothing_is_listed_where_nothing_was_erased(shell: Shell) -> None:
    assert shell.json("erasures", "ls") == []


def test_each_copy_is_shown_with_its_evidence(kept: Shell) -> None:
    erasure = apply(kept, plan(kept))["erasure"]
    Functions(kept).settle()
    shown = kept.json("erasures", "show", erasure)
    [row] = kept.json("erasures", "ls")
    assert shown | row == shown
    assert (shown["slug"], shown["scope"], shown["receipt"]) == ("acorn", "sources", 1)
    assert [(one["source"], one["epoch"], one["copy"]) for one in shown["copies"]] == [
        ("hubspot", 1, copy) for copy in COPIES
    ]
    for one in shown["copies"]:
        assert one["deleted"] == one["before"] > 0
        assert one["evidence"]["checked_at"]
        assert "found" in one["evidence"]["how"] or "shown" in one["evidence"]["how"]
        assert one["erased_by"] == erasure
    table = kept.run("erasures", "show", erasure).stdout
    assert "DELETED_BY_US" in table


def test_an_erasure_that_has_not_begun_shows_its_copies_as_requested(kept: Shell) -> None:
    shown = kept.json("erasures", "show", everything_waits_for_approval(kept))
    assert {(one["state"], one["evidence"]) for one in shown["copies"]} == {("REQUESTED", None)}
    assert len(shown["copies"]) == 2 * len(COPIES)


def test_an_erasure_is_named_by_its_id_its_beginning_or_its_request(kept: Shell) -> None:
    erasure = apply(kept, plan(kept))["erasure"]
    Functions(kept).settle()
    shown = kept.json("erasures", "show", erasure)
    for given in (erasure[:4], shown["request_id"], shown["request_id"].upper()):
        assert kept.json("erasures", "show", given)["erasure"] == erasure
    for given in (erasure[:3], "e-nothing", "nothing"):
        assert kept.fails("erasures", "show", given)[0] == 4


def test_a_terminated_customer_leaves_an_erasure_without_a_name(kept: Shell) -> None:
    wanted = plan(kept, "acorn", "--reason", "termination")
    erasure = apply(kept, wanted)["erasure"]
    Functions(kept).settle()
    shown = kept.json("erasures", "show", erasure)
    assert (shown["state"], shown["slug"]) == ("CERTIFIED", None)
    assert kept.json("customers", "ls") == []
    assert apply(kept, wanted) == {"erasure": erasure, "state": "CERTIFIED"}


def test_a_request_that_is_refused_waits_for_a_person_and_is_no_erasure(kept: Shell) -> None:
    asked = apply(kept, plan(kept))
    kept.json("holdings", "hold", "acorn/hubspot", "--reason", "a lawsuit", "--until", later(kept))
    Functions(kept).settle()
    [waiting] = kept.json("quarantine", "ls")
    assert waiting["kind"] == "message"
    assert waiting["reference"] == "request_erasure message 7"
    assert waiting["reason"].startswith("the world changed since p-")
    assert "custody erasures plan" in waiting["reason"]
    assert kept.fails("quarantine", "admit", waiting["id"])[0] == 6
    assert kept.json("erasures", "ls") == []
    assert kept.fails("erasures", "show", asked["erasure"])[0] == 4
