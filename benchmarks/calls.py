"""Counts calls where they arrive: a server's own faults, armed to do nothing, count their hits."""

import requests

from benchmarks.process import run_task
from benchmarks.site import Site, Tenant
from custody.domain.vault import FileId

CALLS_IN_BATCH = 2
"""Each file costs so many of the calls inside Drive's one batch: its metadata, its revisions."""
FEW, MANY = 10, 50


def calls_per_file(site: Site, source: Tenant, file_ids: list[FileId]) -> dict[str, float]:
    """What each file of a message adds; what a message costs whatever its size drops out."""
    counts = [_counted(site, source, file_ids[:count]) for count in (FEW, MANY)]
    added = {name: (counts[1][name] - counts[0][name]) / (MANY - FEW) for name in counts[0]}
    return {"drive": added["drive"] - CALLS_IN_BATCH, "storage": added["storage"]}


def _counted(site: Site, source: Tenant, file_ids: list[FileId]) -> dict[str, int]:
    """The calls of one message of so many files that are new."""
    tenant = site.tenant(f"calls-{len(file_ids)}", folder=source.holding.folder_id)
    servers = {
        "drive": site.settings["CUSTODY_DRIVE_ENDPOINT"],
        "storage": site.settings["STORAGE_EMULATOR_HOST"],
    }
    counter = {"method": "*", "times": None, "delay_seconds": 0}
    for url in servers.values():
        requests.post(f"{url}/_faults", json=counter, timeout=10).raise_for_status()
    run_task("capture", str(tenant.life), "1", *file_ids, settings=tenant.settings)
    return {name: _hits(url) for name, url in servers.items()}


def _hits(url: str) -> int:
    rules = requests.get(f"{url}/_faults", timeout=10).json()
    requests.delete(f"{url}/_faults", timeout=10).raise_for_status()
    return int(rules[0]["hits"])
