"""Erasing a holding: beside bare batched deletes, call by call, and whatever its size."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import requests

from benchmarks.process import FailedError, Run, run_task
from benchmarks.result import Result, ratios
from benchmarks.site import Site, Tenant, running_site
from custody.domain import names
from custody.domain.erasure import Copy
from custody.domain.vault import FileId, RevisionId
from localcloud.clock import Clock
from localcloud.storage.store import Store, the_bucket
from localcloud.storage.writing import Draft, create

METHOD = (
    "A fresh process takes a request on and delivers the steps as Pub/Sub would, on the real "
    "adapters: first until the keyset is gone, then the whole vault copy, with pages written down, "
    "deleted and looked at by the witness, and a second round that finds nothing, without a "
    "quiescence to wait for. Each object is a version of a few bytes of a file of its own, whose "
    "index promises it; the server's own code put them there. The bare client lists names and "
    "generations and deletes them meanwhile in batches of 100, with 1 and with 4 threads: the "
    "faster counts. The start of Python does not count on either side. The servers keep their "
    "state in memory: on a disk each delete waits for it, which hides what a client costs. Calls "
    "are counted by the servers; those of a file are what erasing 50 in every copy takes beyond "
    "10, and those of a holding what then is left."
)
OBJECTS, QUICK_OBJECTS = 10_000, 1_000
SIZES, QUICK_SIZES = (1_000, 10_000, 100_000), (1_000, 10_000)
SMALL = 100
ROUNDS, QUICK_ROUNDS = 5, 3
LONG_ROUNDS, QUICK_LONG_ROUNDS = 3, 1
SHORT_ROUNDS, QUICK_SHORT_ROUNDS = 15, 3
"""A tenth of a second scatters most."""
THREADS = (1, 4)
FEW, MANY = 10, 50
FLAT = 1.2
MEMORY = Path("/dev/shm")
PLACES = ("vault", "keys", "ledger", "audit")
STORAGE_URL, DRIVE_URL = "STORAGE_EMULATOR_HOST", "CUSTODY_DRIVE_ENDPOINT"


def measure(*, quick: bool) -> list[Result]:
    objects, rounds = (QUICK_OBJECTS, QUICK_ROUNDS) if quick else (OBJECTS, ROUNDS)
    sizes, long_rounds = (QUICK_SIZES, QUICK_LONG_ROUNDS) if quick else (SIZES, LONG_ROUNDS)
    short_rounds = QUICK_SHORT_ROUNDS if quick else SHORT_ROUNDS
    return [
        _beside_bare(objects, rounds),
        _deletes(objects),
        *_growth(sizes, long_rounds),
        _unreadable(objects, short_rounds),
        *_costs(),
    ]


@contextmanager
def _site() -> Iterator[Site]:
    """One whose servers wait for no disk, where the machine has a folder in memory."""
    before = tempfile.tempdir
    tempfile.tempdir = str(MEMORY) if MEMORY.is_dir() else before
    try:
        with running_site() as site:
            yield site
    finally:
        tempfile.tempdir = before


def _stocked(site: Site, name: str, count: int) -> Tenant:
    """One with so many versions, put there as the server puts them, in one transaction."""
    tenant = site.tenant(name)
    life, store = tenant.life, Store(site.folder / "storage", Clock(), tenant.settings[STORAGE_URL])
    with closing(store), store.transaction() as tables:
        vault = the_bucket(tables, _bucket(tenant, "vault"))
        ledger = the_bucket(tables, _bucket(tenant, "ledger"))
        told, nothing = {"metadata": {"custody-versions": "1"}}, store.contents.store([])
        for number in range(count):
            file_id, revision = FileId(f"1file{number:028}"), RevisionId(f"0B{number:040}")
            version = names.version_name(life, file_id, revision)
            content = store.contents.store([b"%d" % number])
            create(store, tables, vault, Draft(name=version, fields={}, content=content), {})
            index = names.index_name(life, file_id)
            create(store, tables, ledger, Draft(name=index, fields=told, content=nothing), {})
        tables.has_dropped = True  # writes the log into the database, or the next call had to
    return tenant


def _erase(tenant: Tenant, *copies: Copy) -> Run:
    """Makes the holding unreadable, and these copies empty."""
    settings = tenant.settings | {"CUSTODY_QUIESCENCE_SECONDS": "0"}
    run = run_task("erase", str(tenant.life), *copies, settings=settings)
    if not set(copies) <= set(run.told["settled"]) or not run.told["deleted"]["keys"]:
        raise FailedError(f"not all of it was erased:\n{run.output}")
    return run


def _listed(values: Sequence[float], digits: int) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)


# Beside bare deletes.


def _beside_bare(objects: int, rounds: int) -> Result:
    ours: list[float] = []
    bare: dict[int, list[float]] = {threads: [] for threads in THREADS}
    for _ in range(rounds):
        with _site() as site:
            tenant = _stocked(site, "ours", objects)
            rivals = {threads: _stocked(site, f"bare-{threads}", objects) for threads in THREADS}
            ours.append(_erase(tenant, Copy.VAULT).told["seconds"])
            for threads, rival in rivals.items():
                run = run_task("delete", str(threads), settings=rival.settings)
                bare[threads].append(run.told["seconds"])
    listed = [f"{_listed(taken, 1)} with {threads} threads" for threads, taken in bare.items()]
    return Result(
        work=f"{objects:,} objects erased and verified: wall",
        rival="bare batched deletes",
        unit="x",
        samples=ratios(ours, [min(pair) for pair in zip(*bare.values(), strict=True)]),
        at_most=1.3,
        detail=f"s: ours {_listed(ours, 1)}; bare {'; '.join(listed)}",
    )


# Call by call.

Kind = tuple[str, str]
"""A pattern for methods, and a word of the address."""


@contextmanager
def _counting(url: str, *kinds: Kind) -> Iterator[list[int]]:
    """How many calls a server meets meanwhile; each counts as the first kind that fits it."""
    found: list[int] = []
    for method, word in kinds:
        counter = {"method": method, "match": word, "times": None, "delay_seconds": 0}
        requests.post(f"{url}/_faults", json=counter, timeout=10).raise_for_status()
    yield found
    found += [int(rule["hits"]) for rule in requests.get(f"{url}/_faults", timeout=10).json()]
    requests.delete(f"{url}/_faults", timeout=10).raise_for_status()


def _deletes(objects: int) -> Result:
    with _site() as site:
        tenant = _stocked(site, "calls", objects)
        vault, ledger = _bucket(tenant, "vault"), _bucket(tenant, "ledger")
        kinds = (
            ("storage.objects.delete", vault),
            ("storage.objects.list", vault),
            ("storage.*", vault),
            ("storage.*", ledger),
        )
        with _counting(tenant.settings[STORAGE_URL], *kinds) as found:
            _erase(tenant, Copy.VAULT)
    deletes, pages, others, ledgers = found
    return Result(
        work="calls to delete an object of the vault",
        rival="itself",
        unit="calls",
        samples=(deletes / objects,),
        at_most=1.0,
        detail=f"{objects:,} objects: {deletes} deletes in batches of 100, {pages} listing pages "
        f"and {others} other calls to the vault, {ledgers} to the ledger",
    )


def _costs() -> list[Result]:
    """What a file costs, and what a holding does however many it has."""
    with running_site() as site:
        few, many = (_calls_of_all(site, count) for count in (FEW, MANY))
    a_file = {place: (many[place] - few[place]) / (MANY - FEW) for place in few}
    beyond = {place: few[place] - FEW * a_file[place] for place in few}
    return [
        *_rows("a file erased in every copy", a_file),
        *_rows("an erased holding, beyond its files", beyond),
    ]


def _rows(what: str, calls: dict[str, float]) -> list[Result]:
    in_drive, stored = calls["Drive"], {one: calls[one] for one in PLACES}
    split = ", ".join(f"{count:.0f} to the {place}" for place, count in stored.items())
    services = {"Drive": (in_drive, ""), "storage": (sum(stored.values()), split)}
    return [
        Result(
            work=f"calls to {service} for {what}",
            rival="itself",
            unit="calls",
            samples=(count,),
            detail=detail,
        )
        for service, (count, detail) in services.items()
    ]


def _calls_of_all(site: Site, files: int) -> dict[str, int]:
    """The calls that erase so many captured files from wherever they are."""
    tenant = site.tenant(f"files-{files}")
    path = site.folder / "small.csv"
    path.write_bytes(b"id,plan\n" + b"1,growth\n" * 1000)
    shared = [tenant.upload(path, f"export-{number}.csv") for number in range(files)]
    run_task("capture", str(tenant.life), "1", *shared, settings=tenant.settings)
    buckets = [("storage.*", _bucket(tenant, place)) for place in PLACES]
    drive, storage = (tenant.settings[one] for one in (DRIVE_URL, STORAGE_URL))
    with _counting(drive, ("drive.*", "")) as in_drive, _counting(storage, *buckets) as stored:
        _erase(tenant, *Copy)
    return {"Drive": in_drive[0], **dict(zip(PLACES, stored, strict=True))}


def _bucket(tenant: Tenant, place: str) -> str:
    return tenant.settings[f"CUSTODY_{place.upper()}_BUCKET"]


# Whatever its size.


def _growth(sizes: Sequence[int], rounds: int) -> list[Result]:
    """The last sizes differ tenfold: what an erasure costs whatever its size hides no growth."""
    runs: dict[int, list[Run]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            with _site() as site:
                runs[size].append(_erase(_stocked(site, "growth", size), Copy.VAULT))
    each = {size: [run.told["seconds"] / size * 1e6 for run in runs[size]] for size in sizes}
    peaks = {size: [run.told["peak_mib"] for run in runs[size]] for size in sizes}
    least, before, most = sizes[0], sizes[-2], sizes[-1]
    return [
        Result(
            work=f"time for an object, {most:,} to erase",
            rival=f"{before:,} to erase",
            unit="x",
            samples=ratios(each[most], each[before]),
            at_most=FLAT,
            detail=f"microseconds an object: {_by_size(each)}",
        ),
        Result(
            work=f"peak memory, {most:,} objects to erase",
            rival=f"{least:,} to erase",
            unit="x",
            samples=ratios(peaks[most], peaks[least]),
            at_most=FLAT,
            detail=f"MiB: {_by_size(peaks)}",
        ),
    ]


def _by_size(figures: dict[int, list[float]]) -> str:
    return "; ".join(f"{_listed(found, 0)} at {size:,}" for size, found in figures.items())


def _unreadable(objects: int, rounds: int) -> Result:
    taken: dict[int, list[float]] = {SMALL: [], objects: []}
    with _site() as site:
        for number in range(rounds):
            for size, milliseconds in taken.items():
                run = _erase(_stocked(site, f"unreadable-{size}-{number}", size))
                milliseconds.append(run.told["unreadable_seconds"] * 1000)
    return Result(
        work=f"request received to unreadable, {objects:,} objects",
        rival=f"{SMALL} objects",
        unit="x",
        samples=ratios(taken[objects], taken[SMALL]),
        at_most=FLAT,
        detail=f"ms: {_by_size(taken)}",
    )
