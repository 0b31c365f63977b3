"""What the measurement of erasing puts into the vault is there, and is gone afterwards."""

from collections.abc import Iterator

import pytest
from benchmarks.process import run_task
from benchmarks.site import Site, Tenant

from benchmarks import erase
from custody.domain.erasure import Copy

OBJECTS = 120
"""More than one batch."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with erase._site() as running:
        yield running


def in_vault(tenant: Tenant) -> int:
    return tenant.stored_bytes()["CUSTODY_VAULT_BUCKET"]


def test_an_erasure_ends_with_an_empty_vault_and_no_keyset(site: Site) -> None:
    tenant = erase._stocked(site, "ours", OBJECTS)
    assert in_vault(tenant)
    told = erase._erase(tenant, Copy.VAULT).told
    assert told["deleted"]["vault"] == OBJECTS
    assert told["deliveries"] == 2  # a round that deletes, and one that finds nothing
    assert not in_vault(tenant)
    assert "keys" not in told["settled"]  # its second look was not asked for


def test_the_bare_client_deletes_as_much(site: Site) -> None:
    tenant = erase._stocked(site, "bare", OBJECTS)
    run_task("delete", "4", settings=tenant.settings)
    assert not in_vault(tenant)


def test_each_call_counts_as_the_first_kind_that_fits(site: Site) -> None:
    tenant = erase._stocked(site, "counted", OBJECTS)
    vault = erase._bucket(tenant, "vault")
    kinds = (("storage.objects.delete", vault), ("storage.*", vault))
    with erase._counting(tenant.settings[erase.STORAGE_URL], *kinds) as found:
        run_task("delete", "1", settings=tenant.settings)
    deletes, others = found
    assert deletes == OBJECTS
    assert others >= 1  # the listing


def test_erasing_costs_calls_in_drive_and_in_storage(site: Site) -> None:
    calls = erase._calls_of_all(site, 2)
    assert set(calls) == {"Drive", *erase.PLACES}
    assert all(calls.values())
