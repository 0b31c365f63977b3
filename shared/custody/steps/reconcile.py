"""Lists both sides and captures what no event brought: lost pushes, cursors, vanished files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from custody.domain import names
from custody.domain.drive import DriveFile
from custody.domain.events import TimerRang, in_events
from custody.domain.reconcile import plan_reconcile
from custody.domain.vault import (
    FileHistory,
    FileId,
    Holding,
    HoldingEpoch,
    HoldingState,
    ObjectName,
)
from custody.errors import ConflictError, CustodyError, NotFoundError, RetryableError
from custody.ports import Drive, Fences, Index, Keys, Publisher, Registry, Vault
from custody.steps.scope import Scope

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """One run over all open holdings, in the order of their names."""

    drive: Drive
    vault: Vault
    keys: Keys
    registry: Registry
    fences: Fences
    index: Index
    publisher: Publisher
    clock: Callable[[], datetime]
    deadline: datetime


def reconcile(run: Reconcile, after: str | None = None) -> int:
    """How many files differed. Out of time, it rings for itself to go on after the last holding.

    A holding that cannot be reconciled does not keep the others waiting: the first error that may
    pass by itself is raised in the end, others are for whoever is alerted.
    """
    found = 0
    failed: RetryableError | None = None
    for holding in sorted(run.registry.holdings(), key=_key):
        if after and _key(holding) <= after:
            continue
        if run.clock() >= run.deadline:
            run.publisher.publish([TimerRang(timer="reconcile", after=after)])
            break
        try:
            found += _reconcile_holding(run, holding)
        except CustodyError as error:
            failed = failed or (error if isinstance(error, RetryableError) else None)
            log.error("reconcile_failed", error=type(error).__name__, **_ids(holding.life))
        after = _key(holding)
    if failed:
        raise failed
    return found


def _key(holding: Holding) -> str:
    return f"{holding.life.customer}/{holding.life.source}"


def _reconcile_holding(run: Reconcile, holding: Holding) -> int:
    life = holding.life
    if holding.state is not HoldingState.OPEN or run.fences.closed(life):
        return 0
    stored = {name: names.parse_version_name(name)[1:] for name in run.vault.names(life)}
    indexed = set(run.index.files(life))
    _rebuild(run, life, {name: one[0] for name, one in stored.items() if one[0] not in indexed})
    files = plan_reconcile(shown=_shown(run, holding), stored=stored.values(), indexed=indexed)
    if files:
        run.publisher.publish(in_events(life, files))
        log.warning("reconcile_mismatch", files=len(files), **_ids(life))
    return len(files)


def _rebuild(run: Reconcile, life: HoldingEpoch, forgotten: dict[ObjectName, FileId]) -> None:
    """Reads from the vault what the index lost: also versions that Drive no longer has."""
    if not forgotten:
        return
    sealer = run.keys.unwrap(life)
    for file_id in sorted(set(forgotten.values())):
        history = FileHistory(life=life, file_id=file_id)
        for name in (name for name, owner in forgotten.items() if owner == file_id):
            history = history.with_version(run.vault.version(name, sealer=sealer))
        try:
            run.index.write(history, stamp=0, sealer=sealer)
        except ConflictError:
            log.info("version_skipped", reason="captured meanwhile", file_id=file_id)
    log.warning("index_rebuilt", files=len(set(forgotten.values())), **_ids(life))


def _shown(run: Reconcile, holding: Holding) -> list[DriveFile]:
    """What lies below the folder. A folder that is gone shows nothing, which proves nothing."""
    try:
        return list(Scope(run.drive, [holding]).files_below(holding.folder_id))
    except NotFoundError:
        log.error("source_lost", file_id=holding.folder_id, **_ids(holding.life))
        return []


def _ids(life: HoldingEpoch) -> dict[str, str | int]:
    return {"customer": life.customer, "source": life.source, "epoch": life.epoch}
