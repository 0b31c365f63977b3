"""Many small files from Drive to the vault, beside rclone and beside the bare client calls."""

import random

from benchmarks import exports, rivals
from benchmarks.calls import MANY, calls_per_file
from benchmarks.exports import CSV
from benchmarks.process import Run, run_task
from benchmarks.result import Result, ratios
from benchmarks.rivals import Rclone
from benchmarks.site import Site, Tenant, running_site
from custody.domain.vault import FileId

METHOD = (
    "CSV exports of 4 to 64 kB, captured by one fresh process in messages of 50 files, the start "
    "of Python included; rclone copies the same folder with its pacer set to 1 ms and a burst of "
    "1000, both through the proxy that ends TLS. The bare calls read each file from Drive and "
    "create one object with Google's clients, with as many threads; the start of Python does not "
    "count on either side there. Calls are counted by the servers: what 50 files in a message cost "
    "more than 10."
)
FILES, QUICK_FILES = 2000, 100
ROUNDS, QUICK_ROUNDS = 3, 1
SIZES = (4_000, 64_000)
THREADS = 1
"""A function instance handles one delivery at a time."""


def measure(*, quick: bool) -> list[Result]:
    with running_site() as site:
        source = site.tenant("source", folder=site.own_folder("source"))
        files = _share(site, source, QUICK_FILES if quick else FILES)
        rounds = QUICK_ROUNDS if quick else ROUNDS
        return [
            *_beside_rclone(site, source, files, rounds),
            _beside_bare(site, source, files, rounds),
            *_calls(site, source, files[:MANY]),
        ]


def _share(site: Site, source: Tenant, count: int) -> list[FileId]:
    """Distinct exports in one folder."""
    chance, path = random.Random(7), site.folder / "small.csv"
    rows = b"".join(exports.history(CSV, SIZES[1] * 40).content())
    file_ids = []
    for number in range(count):
        size = chance.randint(*SIZES)
        start = chance.randrange(len(rows) - size)
        path.write_bytes(b"%d\n" % number + rows[start : start + size])
        file_ids.append(source.upload(path, f"export-{number}.csv"))
    return file_ids


def _capture(site: Site, source: Tenant, files: list[FileId], name: str, *, tls: bool) -> Run:
    tenant = site.tenant(name, folder=source.holding.folder_id, tls=tls)
    words = (str(tenant.life), str(THREADS), *files)
    return run_task("capture", *words, settings=tenant.settings)


def _beside_rclone(site: Site, source: Tenant, files: list[FileId], rounds: int) -> list[Result]:
    work, rival = f"{len(files)} files of 4-64 kB, Drive to vault", "rclone compress + crypt"
    if lacking := rivals.missing("rclone", "openssl"):
        return [rivals.not_measured(work, rival, lacking)]
    rclone = Rclone(site=site, source=source.holding.folder_id)
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(_capture(site, source, files, f"small-{number}", tls=True))
        theirs.append(rclone.copy("", f"rclone-{number}"))
    walls = [run.wall_seconds for run in ours], [run.wall_seconds for run in theirs]
    peaks = [run.peak_mib for run in ours], [run.peak_mib for run in theirs]
    return [
        Result(
            work=f"{work}: {what}",
            rival=rival,
            unit="x",
            samples=ratios(*pair),
            at_most=goal,
            detail=f"{unit}: ours {_listed(pair[0])}; rclone {_listed(pair[1])}",
        )
        for what, pair, goal, unit in (("wall", walls, 1.0, "s"), ("memory", peaks, 0.4, "MiB"))
    ]


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.1f}" for value in values)


def _beside_bare(site: Site, source: Tenant, files: list[FileId], rounds: int) -> Result:
    ours, theirs = [], []
    for number in range(rounds):
        run = _capture(site, source, files, f"plain-{number}", tls=False)
        ours.append(run.told["seconds"])
        tenant = site.tenant(f"bare-{number}", folder=source.holding.folder_id)
        bare = run_task("bare", str(THREADS), *files, settings=tenant.settings)
        theirs.append(bare.told["seconds"])
    return Result(
        work=f"{len(files)} files of 4-64 kB: files/s",
        rival="bare client calls",
        unit="x",
        samples=ratios(theirs, ours),
        at_least=0.6,
        detail=f"files/s: ours {len(files) / min(ours):.0f}, bare {len(files) / min(theirs):.0f} "
        f"at {THREADS} thread",
    )


def _calls(site: Site, source: Tenant, files: list[FileId]) -> list[Result]:
    calls = calls_per_file(site, source, files)
    return [
        Result(
            work=f"calls to {name} for a new file, beyond the batch's",
            rival="itself",
            unit="calls",
            samples=(calls[name.lower()],),
            at_most=goal,
        )
        for name, goal in (("Drive", 2.0), ("storage", 3.0))
    ]
