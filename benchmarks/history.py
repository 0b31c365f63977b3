"""30 daily versions of one export: what they cost to keep, to add and to restore."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import exports, rivals
from benchmarks.exports import CSV, JSONL, MB, Format
from benchmarks.process import FailedError, Run, run_task
from benchmarks.result import Result, ratios
from benchmarks.rivals import Borg, Restic
from benchmarks.site import Site, Tenant, running_site
from custody.domain.vault import FileId, Version

METHOD = (
    "Each day's export becomes a revision in Drive and is captured by a fresh process; bytes are "
    "all objects of the holding's three buckets (vault, keyset, ledger with index). CPU is that of "
    "the whole client process, start included. restic and borg write to a local disk, without any "
    "network. Restoring counts from the first call to the last verified byte in a file; the start "
    "of Python (about 0.3 s) does not count."
)
RESTORES = 5
SECONDS_A_LINK = 0.12
"""What the goal grants for each link of 50 MB."""
LINK_BYTES = 50 * MB
NEEDED = ("restic", "zstd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where one format's files, repositories and copies lie."""

    path: Path
    form: Format

    @property
    def today(self) -> Path:
        return self.path / f"export.{self.form.name.lower()}"

    @property
    def yesterday(self) -> Path:
        return self.path / "yesterday"

    @property
    def full(self) -> Path:
        """zstd's full copy of today."""
        return self.path / "full.zst"

    @property
    def delta(self) -> Path:
        return self.path / "delta.zst"


@dataclass(slots=True, kw_only=True)
class Costs:
    """What the days so far took."""

    ours: list[Run] = field(default_factory=list)
    restic: list[Run] = field(default_factory=list)
    raw_bytes: int = 0
    full_bytes: int = 0
    chain_bytes: int = 0


def measure(*, quick: bool) -> list[Result]:
    if lacking := rivals.missing(*NEEDED):
        return [rivals.not_measured("30-day history", "restic; zstd chain", lacking)]
    days, size_bytes = (6, 5 * MB) if quick else (30, 50 * MB)
    results = []
    for form in (CSV, JSONL):
        with running_site() as site:
            results += _measure_format(site, form, days, size_bytes)
    return results


def _measure_format(site: Site, form: Format, days: int, size_bytes: int) -> list[Result]:
    folder = Folder(path=site.folder, form=form)
    tenant = site.tenant(form.name.lower())
    restic = Restic(repository=site.folder / "restic", compression="max")
    borg = Borg(repository=site.folder / "borg")
    history, costs = exports.history(form, size_bytes), Costs()
    restic.init()
    if has_borg := not rivals.missing("borg"):
        borg.init()
    for day in range(days):
        costs.raw_bytes += exports.write(history.content(), folder.today)
        file_id = _keep(tenant, folder, costs)
        costs.restic.append(restic.backup(folder.today))
        if has_borg:
            borg.backup(folder.today, str(day))
        _zstd(folder, costs, first=day == 0)
        history.pass_a_day()
        folder.today.replace(folder.yesterday)
    versions = _versions(tenant, file_id)
    others = {"restic": restic.stored_bytes(), "borg": borg.stored_bytes() if has_borg else None}
    return [
        *_bytes_kept(form, tenant, costs, others),
        _links(form, versions),
        _cpu(form, costs),
        _restored(form, tenant, folder, versions[-1]),
    ]


def _keep(tenant: Tenant, folder: Folder, costs: Costs) -> FileId:
    file_id = tenant.upload(folder.today, folder.today.name)
    costs.ours.append(run_task("capture", str(tenant.life), "1", file_id, settings=tenant.settings))
    return file_id


def _zstd(folder: Folder, costs: Costs, *, first: bool) -> None:
    """A full copy of each day; and the chain, which begins with a full copy."""
    rivals.zstd_full(folder.today, folder.full)
    costs.full_bytes += folder.full.stat().st_size
    if first:
        costs.chain_bytes += folder.full.stat().st_size
    else:
        rivals.zstd_delta(folder.today, folder.yesterday, folder.delta)
        costs.chain_bytes += folder.delta.stat().st_size


def _versions(tenant: Tenant, file_id: FileId) -> tuple[Version, ...]:
    sealer = tenant.cloud.keys.unwrap(tenant.life)
    return tenant.cloud.index.read(tenant.life, file_id, sealer=sealer).value.versions


def _bytes_kept(
    form: Format, tenant: Tenant, costs: Costs, others: dict[str, int | None]
) -> list[Result]:
    buckets = tenant.stored_bytes()
    ours, restic = sum(buckets.values()), others["restic"] or 0
    parts = ", ".join(
        f"{name.split('_')[1].lower()} {size / MB:.2f}" for name, size in buckets.items()
    )
    borg = others["borg"]
    picture = (
        f"MB: raw {costs.raw_bytes / MB:.0f}, ours {ours / MB:.2f} ({parts}), "
        f"restic max {restic / MB:.1f}, zstd chain {costs.chain_bytes / MB:.2f}, "
        f"full copies zstd -3 {costs.full_bytes / MB:.1f}, "
        + (f"borg with 4 KiB chunks {borg / MB:.1f}" if borg else "borg NOT MEASURED: missing")
    )
    work = f"history, {form.name}: bytes kept"
    return [
        Result(
            work=work,
            rival="restic --compression max",
            unit="x",
            samples=(ours / restic,),
            at_most=0.10,
            detail=picture,
        ),
        Result(
            work=work,
            rival="zstd --patch-from chain",
            unit="x",
            samples=(ours / costs.chain_bytes,),
            at_most=2.0,
            detail="zstd -3 --long=27, one full copy and a delta a day",
        ),
    ]


def _links(form: Format, versions: tuple[Version, ...]) -> Result:
    return Result(
        work=f"history, {form.name}: longest chain",
        rival="itself",
        unit="links",
        samples=(max(version.depth for version in versions),),
        at_most=5,
        detail=f"{len(versions)} versions, "
        f"{sum(version.kind == 'full' for version in versions)} of them full",
    )


def _cpu(form: Format, costs: Costs) -> Result:
    ours = [run.cpu_seconds for run in costs.ours]
    restic = [run.cpu_seconds for run in costs.restic]
    warm = sorted(run.told["cpu_seconds"] for run in costs.ours)[len(ours) // 2]
    return Result(
        work=f"history, {form.name}: CPU to add a version",
        rival="restic --compression max",
        unit="x",
        samples=ratios(ours, restic),
        at_most=1.0,
        detail=f"median s: ours {sorted(ours)[len(ours) // 2]:.2f} "
        f"({warm:.2f} without the start of Python), "
        f"restic {sorted(restic)[len(restic) // 2]:.2f}",
    )


def _restored(form: Format, tenant: Tenant, folder: Folder, latest: Version) -> Result:
    target, plain = folder.path / "restored", folder.path / "plain"
    words = (str(tenant.life), latest.name, str(target))
    ours, theirs = [], []
    for _ in range(RESTORES):
        ours.append(run_task("restore", *words, settings=tenant.settings).told["seconds"])
        theirs.append(rivals.unzstd(folder.full, plain).wall_seconds)
    if not target.read_bytes() == plain.read_bytes() == folder.yesterday.read_bytes():
        raise FailedError("the restored version is not what was captured")
    links = latest.depth * latest.size_bytes / LINK_BYTES
    granted = 1.5 * sorted(theirs)[RESTORES // 2] + SECONDS_A_LINK * links
    return Result(
        work=f"history, {form.name}: restore the last version ({latest.depth} links)",
        rival=f"1.5 x zstd -d of a full copy + {SECONDS_A_LINK} s a link of 50 MB",
        unit="s",
        samples=tuple(ours),
        at_most=granted,
        detail=f"zstd -d takes {sorted(theirs)[RESTORES // 2]:.3f} s",
    )
