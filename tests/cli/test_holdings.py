"""`custody holdings`: listing, opening the next epoch, holds."""

import json
from datetime import timedelta
from typing import Any

from custody.domain.erasure import Copy, CopyState, ErasureId
from custody.domain.holds import Hold
from custody.domain.vault import CustomerId, HoldingEpoch, Source
from samples import a_fence, a_life, a_track

from .conftest import Shell


def close(shell: Shell, customer: str, source: str) -> None:
    """What an erasure does first."""
    holding = shell.world.registry.holding(CustomerId(customer), Source(source))
    shell.world.fences.close(holding.life, a_fence())


def test_nothing_is_listed_where_there_is_nothing(shell: Shell) -> None:
    assert shell.json("holdings", "ls") == []


def test_every_holding_is_listed(shell: Shell) -> None:
    added = shell.add("Acorn", "hubspot", "stripe")
    rows = shell.json("holdings", "ls")
    assert rows == [
        {
            "customer": added["customer"],
            "slug": "acorn",
            "source": one["source"],
            "epoch": 1,
            "state": "open",
            "folder_id": one["folder_id"],
            "hold": None,
        }
        for one in added["sources"]
    ]


def test_an_open_epoch_is_not_opened_again(shell: Shell) -> None:
    shell.add("Acorn")
    for words in ((), ("--dry-run",)):
        code, error = shell.fails("holdings", "open", "acorn/hubspot", *words)
        assert (code, error["code"]) == (6, "REFUSED")


def test_a_customer_that_returns_gets_a_new_epoch(shell: Shell) -> None:
    added = shell.add("Acorn")
    close(shell, added["customer"], "hubspot")
    assert shell.json("holdings", "ls")[0]["state"] == "closed"
    [planned] = shell.json("holdings", "open", "acorn/hubspot", "--dry-run")
    assert (planned["epoch"], planned["folder_id"], planned["dry_run"]) == (2, None, True)
    [opened] = shell.json("holdings", "open", "acorn/hubspot")
    assert (opened["epoch"], opened["state"]) == (2, "open")
    assert opened["folder_id"] != added["sources"][0]["folder_id"]
    assert shell.json("holdings", "ls") == [opened]
    life = HoldingEpoch(customer=added["customer"], source=Source("hubspot"), epoch=2)
    assert shell.world.keys.unwrap(life)


def test_a_holding_is_named_by_customer_and_source(shell: Shell) -> None:
    shell.json("customers", "add", "A/B Testing", "--source", "hubspot")
    assert shell.fails("holdings", "open", "A/B Testing/hubspot")[0] == 6
    assert shell.fails("holdings", "open", "A/B Testing/stripe")[0] == 4
    assert shell.fails("holdings", "open", "nobody/stripe")[0] == 4
    assert shell.fails("holdings", "open", "hubspot")[0] == 2
    assert shell.json("backups", "ls", "A/B Testing") == []


# Holds

TOLD = {"reason": "a lawsuit", "until": "2100-01-01T00:00:00Z"}


def hold(shell: Shell, *words: str, until: str = "2100-01-01") -> Any:
    said = ("acorn/hubspot", "--reason", "a lawsuit", "--until", until, *words)
    [row] = shell.json("holdings", "hold", *said)
    return row


def audited(shell: Shell) -> list[tuple[str, dict[str, Any]]]:
    """What the trail tells of holds."""
    return [(one.act, dict(one.subject)) for one in shell.world.audit.entries("holds")]


def test_a_hold_stands_until_its_day_or_its_release(shell: Shell) -> None:
    added = shell.add("Acorn", "hubspot", "stripe")
    assert hold(shell, "--dry-run") == hold(shell) | {"dry_run": True}
    rows = {one["source"]: one for one in shell.json("holdings", "ls")}
    assert (rows["hubspot"]["hold"], rows["stripe"]["hold"]) == (TOLD, None)
    assert rows["hubspot"]["customer"] == added["customer"]
    [rehearsed] = shell.json("holdings", "release", "acorn/hubspot", "--dry-run")
    assert (rehearsed["hold"], rehearsed["dry_run"]) == (None, True)
    assert shell.json("holdings", "ls")[0]["hold"] == TOLD
    [released] = shell.json("holdings", "release", "acorn/hubspot")
    assert released == rows["hubspot"] | {"hold": None}
    assert [one["hold"] for one in shell.json("holdings", "ls")] == [None, None]


def test_a_rehearsed_hold_holds_nothing(shell: Shell) -> None:
    shell.add("Acorn")
    assert hold(shell, "--dry-run")["hold"] == TOLD
    assert shell.json("holdings", "ls")[0]["hold"] is None
    assert audited(shell) == []


def test_a_later_hold_replaces_the_one_that_stands(shell: Shell) -> None:
    shell.add("Acorn")
    hold(shell)
    assert hold(shell, until="2100-06-01")["hold"]["until"] == "2100-06-01T00:00:00Z"


def test_a_hold_ends_in_the_future(shell: Shell) -> None:
    shell.add("Acorn")
    for until in ("2020-01-01", "never"):
        words = ("acorn/hubspot", "--reason", "a lawsuit", "--until", until)
        assert shell.fails("holdings", "hold", *words)[0] == 2
    for holding, code in (("acorn/stripe", 4), ("acorn", 2)):
        words = (holding, "--reason", "a lawsuit", "--until", "2100-01-01")
        assert shell.fails("holdings", "hold", *words)[0] == code
        assert shell.fails("holdings", "release", holding)[0] == code


def test_a_hold_that_is_over_is_not_shown(shell: Shell) -> None:
    customer, now = CustomerId(shell.add("Acorn")["customer"]), shell.world.now()
    over = Hold(
        customer=customer,
        source=Source("hubspot"),
        reason="a lawsuit",
        until=now - timedelta(seconds=1),
        placed_at=now - timedelta(days=1),
    )
    shell.world.holds.put(over)
    assert shell.json("holdings", "ls")[0]["hold"] is None


def test_the_audit_trail_tells_who_held_what_and_never_why(shell: Shell) -> None:
    customer = shell.add("Acorn")["customer"]
    hold(shell)
    shell.json("holdings", "release", "acorn/hubspot")
    told = {"customer": customer, "source": "hubspot", "by": shell.world.operator}
    assert audited(shell) == [("hold", told | {"until": TOLD["until"]}), ("release", told)]


def test_a_release_rings_for_every_copy_that_the_hold_blocked(shell: Shell) -> None:
    customer = shell.add("Acorn", "hubspot", "stripe")["customer"]
    hold(shell)
    tracks = shell.world.books.tracks
    for life, copy, state in (
        (a_life(customer), Copy.VAULT, CopyState.BLOCKED),
        (a_life(customer), Copy.KEYS, CopyState.DELETED_BY_US),
        (a_life(customer, "stripe"), Copy.DRIVE, CopyState.BLOCKED),
    ):
        tracks.write(a_track(copy, state, life), stamp=0)
    others = a_track(Copy.LEDGER, CopyState.BLOCKED, erasure=ErasureId("e-others"))
    tracks.write(others, stamp=0)
    shell.json("holdings", "release", "acorn/hubspot", "--dry-run")
    assert shell.messages.pull("erase_vault") == []
    for _ in range(2):  # an earlier run may have ended before it rang
        shell.json("holdings", "release", "acorn/hubspot")
        [(data, _)] = shell.messages.pull("erase_vault")
        step = {"erasure": "e-one", "source": "hubspot", "epoch": 1, "copy": "vault", "page": 0}
        assert json.loads(data) == step
    for copy in (Copy.KEYS, Copy.DRIVE, Copy.LEDGER):
        assert shell.messages.pull(f"erase_{copy.value}") == []
