"""One large export from Drive to the vault, beside rclone and beside bare zstd."""

from benchmarks import exports, rivals
from benchmarks.exports import CSV, MB
from benchmarks.process import Run, run_task
from benchmarks.result import Result, ratios
from benchmarks.rivals import Rclone
from benchmarks.site import Site, Tenant, running_site

METHOD = (
    "A CSV export of 1 GiB, captured by a fresh process into a new holding each time, the start of "
    "Python included; rclone copies the same file through its compress remote over its crypt "
    "remote (compressed first, then encrypted) into a bucket of the same server. Both reach Drive "
    "through one loopback proxy that ends TLS. zstd reads from the page cache and writes to disk, "
    "on one core."
)
SIZE, QUICK_SIZE = 1 << 30, 64 << 20
ROUNDS, QUICK_ROUNDS = 3, 2
NEEDED = ("rclone", "openssl", "zstd")


def measure(*, quick: bool) -> list[Result]:
    size_bytes = QUICK_SIZE if quick else SIZE
    work = f"{size_bytes >> 20} MiB CSV, Drive to vault"
    if lacking := rivals.missing(*NEEDED):
        return [rivals.not_measured(work, "rclone compress + crypt; zstd", lacking)]
    with running_site() as site:
        source = site.tenant("source", folder=site.own_folder("source"))
        path = site.folder / "large.csv"
        exports.write(exports.history(CSV, size_bytes).content(), path)
        file_id = source.upload(path, path.name)
        rclone = Rclone(site=site, source=source.holding.folder_id)
        ours, theirs, bare, kept = [], [], [], []
        for number in range(QUICK_ROUNDS if quick else ROUNDS):
            tenant, run = _capture(site, source, file_id, number)
            ours.append(run)
            theirs.append(rclone.copy(path.name, f"rclone-{number}"))
            bare.append(rivals.zstd_full(path, site.folder / "large.zst"))
            kept.append(
                (sum(tenant.stored_bytes().values()), rclone.stored_bytes(f"rclone-{number}"))
            )
    return [*_beside_rclone(work, ours, theirs, kept), _beside_zstd(work, ours, bare)]


def _capture(site: Site, source: Tenant, file_id: str, number: int) -> tuple[Tenant, Run]:
    """Into buckets of its own: a second capture into the same ones would find nothing to do."""
    tenant = site.tenant(f"large-{number}", folder=source.holding.folder_id, tls=True)
    words = (str(tenant.life), "1", file_id)
    return tenant, run_task("capture", *words, settings=tenant.settings)


def _beside_rclone(
    work: str, ours: list[Run], theirs: list[Run], kept: list[tuple[int, int]]
) -> list[Result]:
    walls = [run.wall_seconds for run in ours], [run.wall_seconds for run in theirs]
    cpus = [run.cpu_seconds for run in ours], [run.cpu_seconds for run in theirs]
    sizes = [one for one, _ in kept], [other for _, other in kept]
    rows = (
        ("wall", walls, 0.9, "s", 1),
        ("CPU", cpus, 0.6, "s", 1),
        ("bytes", sizes, 0.9, "MB", MB),
    )
    return [
        Result(
            work=f"{work}: {what}",
            rival="rclone compress + crypt",
            unit="x",
            samples=ratios(*pair),
            at_most=goal,
            detail=f"median {unit}: ours {_median(pair[0]) / scale:.2f}, "
            f"rclone {_median(pair[1]) / scale:.2f}",
        )
        for what, pair, goal, unit, scale in rows
    ]


def _beside_zstd(work: str, ours: list[Run], bare: list[Run]) -> Result:
    walls = [run.wall_seconds for run in ours], [run.wall_seconds for run in bare]
    return Result(
        work=f"{work}: wall",
        rival="zstd -3 alone on one core",
        unit="x",
        samples=ratios(*walls),
        at_most=1.3,
        detail=f"median s: ours {_median(walls[0]):.2f}, zstd {_median(walls[1]):.2f}",
    )


def _median(values: list[float] | list[int]) -> float:
    return sorted(values)[len(values) // 2]
