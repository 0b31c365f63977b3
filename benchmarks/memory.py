"""How much memory a capture takes, whatever the size of the file."""

from pathlib import Path

from benchmarks import exports
from benchmarks.exports import CSV, MB
from benchmarks.process import FailedError, run_task
from benchmarks.result import Result
from benchmarks.site import Tenant, running_site
from custody.domain.vault import FileId, Version

METHOD = (
    "Peak resident memory (VmHWM) of a fresh process that captures one version. The large exports "
    "are 25 MB of CSV rows repeated under numbered headings, put into the local Drive as files; "
    "each next version is that of the next day, against a chain of bases on the vault."
)
SIZES = (50 * MB, 500 * MB, 5000 * MB)
QUICK_SIZES = (10 * MB, 50 * MB)
BLOCK_BYTES = 25 * MB
VERSIONS = 4
"""The fourth of a series has two links: it is rebuilt from a base that is itself a delta."""
GOAL_MIB = 150
FLAT = 1.2
"""What counts as flat: the allocator's own scatter is about a tenth."""


def measure(*, quick: bool) -> list[Result]:
    peaks = {size: _peaks(size) for size in (QUICK_SIZES if quick else SIZES)}
    highest = [max(found) for found in peaks.values()]
    detail = "; ".join(
        f"{size // MB} MB: {', '.join(f'{peak:.0f}' for peak in found)}"
        for size, found in peaks.items()
    )
    span = f"{min(peaks) // MB} MB to {max(peaks) // MB} MB"
    return [
        Result(
            work=f"peak memory of a capture, {span}",
            rival="itself",
            unit="MiB",
            samples=(max(highest),),
            at_most=GOAL_MIB,
            detail=f"MiB of versions 1 to {VERSIONS}: {detail}",
        ),
        Result(
            work="peak memory, largest file to smallest",
            rival="itself",
            unit="x",
            samples=(highest[-1] / highest[0],),
            at_most=FLAT,
        ),
    ]


def _peaks(size_bytes: int) -> list[float]:
    """One figure for each version of a file of that size."""
    with running_site() as site:
        tenant = site.tenant("memory")
        history, path = exports.history(CSV, min(size_bytes, BLOCK_BYTES)), site.folder / "e.csv"
        peaks = []
        for _ in range(VERSIONS):
            exports.write(exports.repeated(b"".join(history.content()), size_bytes), path)
            file_id, peak = _capture(tenant, path)
            peaks.append(peak)
            history.pass_a_day()
        _require_chain(tenant, file_id)
    return peaks


def _capture(tenant: Tenant, path: Path) -> tuple[FileId, float]:
    file_id = tenant.upload(path, path.name)
    words = (str(tenant.life), "1", file_id)
    return file_id, run_task("capture", *words, settings=tenant.settings).told["peak_mib"]


def _require_chain(tenant: Tenant, file_id: FileId) -> None:
    sealer = tenant.cloud.keys.unwrap(tenant.life)
    seen = tenant.cloud.index.read(tenant.life, file_id, sealer=sealer)
    versions: tuple[Version, ...] = seen.value.versions
    if len(versions) != VERSIONS or versions[-1].depth < 2:
        raise FailedError("no chain of bases came about: the figures would say nothing")
