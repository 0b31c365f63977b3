"""`custody holdings`: listing, and opening the next epoch."""

from custody.domain.vault import CustomerId, HoldingEpoch, Source

from .conftest import Shell


def close(shell: Shell, customer: str, source: str) -> None:
    """What an erasure does first."""
    holding = shell.world.registry.holding(CustomerId(customer), Source(source))
    shell.world.fences.close(holding.life)


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
