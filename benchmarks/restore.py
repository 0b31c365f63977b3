"""Restoring: a whole source on both cores, and one version by the length of its chain."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import exports, rivals
from benchmarks.exports import CSV, MB
from benchmarks.process import FailedError, Run, run_task
from benchmarks.result import Result, ratios
from benchmarks.site import Site, Tenant, running_site
from custody.domain.vault import FileId, Version

METHOD = (
    "A whole source is restored by the same steps as 'custody backups restore': from the keyset "
    "over the index to the last verified byte in a file; the start of Python (about 0.3 s) does "
    "not count. zstd -d expands full copies from a local disk, two at a time on two cores, without "
    "network, key or checksum; the store that we read from runs on the same two cores. The exports "
    "with history are captured once a day for 16 days, so that the newest needs four others."
)
ROUNDS, QUICK_ROUNDS = 5, 2
LARGE_BYTES = 50 * MB
SECONDS_A_LINK = 0.12
"""What the goal grants for each link of 50 MB, on one core."""
CORES = 2
PEAK_MIB = 256
NUMBERS = {0: 0, 8: 1, 12: 2, 14: 3, 15: 4}
"""Places in a series, and how many links lead from each to the full version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One holding, and full copies of its newest state as zstd makes them."""

    tenant: Tenant
    copies: Path
    links: int
    size_bytes: int

    @property
    def files(self) -> int:
        return len(list(self.copies.iterdir()))


@dataclass(slots=True, kw_only=True)
class Rounds:
    """Ours and theirs, one after the other."""

    ours: list[Run]
    theirs: list[Run]


def measure(*, quick: bool) -> list[Result]:
    if lacking := rivals.missing("zstd"):
        return [rivals.not_measured("restore of a whole source", "zstd -d", lacking)]
    with running_site() as site:
        many = _many_files(site, 20 if quick else 200)
        large, versions = _large_files(site, 5 * MB if quick else LARGE_BYTES)
        rounds = QUICK_ROUNDS if quick else ROUNDS
        return [
            *_whole(site, many, f"{many.files} files of 1 MB", rounds),
            *_whole(site, large, f"{large.files} exports of {large.size_bytes // MB} MB", rounds),
            *_by_links(site, large, versions, rounds),
        ]


def _many_files(site: Site, count: int) -> Source:
    source = Source(
        tenant=site.tenant("many"), copies=_folder(site, "many"), links=0, size_bytes=MB
    )
    history, path = exports.history(CSV, MB), site.folder / "export.csv"
    file_ids = []
    for number in range(count):
        exports.write(history.content(), path)
        history.pass_a_day()
        file_ids.append(_keep(source, path, f"{number:03}.csv"))
    _capture(source.tenant, file_ids)
    return source


def _large_files(site: Site, size_bytes: int) -> tuple[Source, tuple[Version, ...]]:
    """Four exports with a history, and the versions of one of them."""
    source = Source(
        tenant=site.tenant("large"),
        copies=_folder(site, "large"),
        links=NUMBERS[max(NUMBERS)],
        size_bytes=size_bytes,
    )
    histories = [exports.history(CSV, size_bytes) for _ in range(2 * CORES)]
    path = site.folder / "export.csv"
    for _ in range(max(NUMBERS) + 1):
        file_ids = []
        for number, history in enumerate(histories):
            exports.write(history.content(), path)
            history.pass_a_day()
            file_ids.append(_keep(source, path, f"{number}.csv"))
        _capture(source.tenant, file_ids)
    sealer = source.tenant.cloud.keys.unwrap(source.tenant.life)
    index = source.tenant.cloud.index
    return source, index.read(source.tenant.life, file_ids[0], sealer=sealer).value.versions


def _folder(site: Site, name: str) -> Path:
    folder = site.folder / f"{name}-copies"
    folder.mkdir()
    return folder


def _keep(source: Source, path: Path, name: str) -> FileId:
    rivals.zstd_full(path, source.copies / f"{name}.zst")
    return source.tenant.upload(path, name)


def _capture(tenant: Tenant, file_ids: list[FileId]) -> None:
    run_task("capture", str(tenant.life), "1", *file_ids, settings=tenant.settings)


def _whole(site: Site, source: Source, what: str, count: int) -> list[Result]:
    rounds = Rounds(ours=[], theirs=[])
    for _ in range(count):
        restored, plain = (_emptied(site.folder / name) for name in ("restored", "plain"))
        words = (str(source.tenant.life), str(restored))
        rounds.ours.append(run_task("restore_source", *words, settings=source.tenant.settings))
        rounds.theirs.append(rivals.unzstd_all(source.copies, plain, CORES))
        _require_same(restored, plain)
    return [_wall(source, rounds, what), _memory(rounds, what)]


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _require_same(restored: Path, plain: Path) -> None:
    ours, theirs = (
        {path.name: path.read_bytes() for path in folder.iterdir()} for folder in (restored, plain)
    )
    if ours != theirs:
        raise FailedError("what was restored is not what was captured")


def _wall(source: Source, rounds: Rounds, what: str) -> Result:
    """Of small files the calls decide, for which no goal was set; of large ones zstd does."""
    seconds = [run.told["seconds"] for run in rounds.ours]
    theirs = [run.wall_seconds for run in rounds.theirs]
    links = source.links * source.files * source.size_bytes / LARGE_BYTES
    granted = 1.5 * median(theirs) + SECONDS_A_LINK * links / CORES
    busy = median(run.told["cpu_seconds"] / run.told["seconds"] for run in rounds.ours)
    detail = (
        f"median s: ours {median(seconds):.2f}, zstd {median(theirs):.2f}; "
        f"{busy:.2f} cores busy with ours, the store's not counted"
    )
    if source.links == 0:
        return Result(
            work=f"restore of a whole source, {what}: wall",
            rival=f"zstd -d of full copies on {CORES} cores",
            unit="x",
            samples=ratios(seconds, theirs),
            detail=detail,
        )
    return Result(
        work=f"restore of a whole source, {what} ({source.links} links): wall",
        rival=f"1.5 x zstd -d on {CORES} cores + {SECONDS_A_LINK} s a link of 50 MB a core",
        unit="s",
        samples=tuple(seconds),
        at_most=granted,
        detail=detail,
    )


def _memory(rounds: Rounds, what: str) -> Result:
    return Result(
        work=f"restore of a whole source, {what}: peak memory",
        rival="itself",
        unit="MiB",
        samples=tuple(run.peak_mib for run in rounds.ours),
        at_most=PEAK_MIB,
    )


def _by_links(
    site: Site, source: Source, versions: tuple[Version, ...], count: int
) -> list[Result]:
    """The same export on days that are one more link away each."""
    copy = next(source.copies.iterdir())
    theirs = [rivals.unzstd(copy, site.folder / "one").wall_seconds for _ in range(count)]
    found = {version.depth: version for version in versions if version.number in NUMBERS}
    return [_links(site, source, found[depth], theirs) for depth in sorted(found)]


def _links(site: Site, source: Source, version: Version, theirs: list[float]) -> Result:
    words = (str(source.tenant.life), version.name, str(site.folder / "one"))
    runs = [run_task("restore", *words, settings=source.tenant.settings).told for _ in theirs]
    links = version.depth * version.size_bytes / LARGE_BYTES
    return Result(
        work=f"restore of one version, {version.size_bytes // MB} MB, {version.depth} links",
        rival=f"1.5 x zstd -d of a full copy + {SECONDS_A_LINK} s a link of 50 MB",
        unit="s",
        samples=tuple(told["seconds"] for told in runs),
        at_most=1.5 * median(theirs) + SECONDS_A_LINK * links,
        detail=f"zstd -d takes {median(theirs):.3f} s",
    )
