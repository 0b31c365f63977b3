"""Lists both sides and captures what no event brought: lost pushes, cursors, vanished files."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from custody.domain import names
from custody.domain.drive import DriveFile
from custody.domain.events import TimerRang, in_events
from custody.domain.reconcile import plan_reconcile
from custody.domain.vault import Holding, HoldingState
from custody.ports import Drive, Fences, Index, Publisher, Registry, Vault
from custody.steps.scope import Scope

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """One run over all open holdings, in the order of their names."""

    drive: Drive
    vault: Vault
    registry: Registry
    fences: Fences
    index: Index
    publisher: Publisher
    clock: Callable[[], datetime]
    deadline: datetime


def reconcile(run: Reconcile, after: str | None = None) -> int:
    """How many files differed. Out of time, it rings for itself to go on after the last holding."""
    found = 0
    for holding in sorted(run.registry.holdings(), key=_key):
        if after and _key(holding) <= after:
            continue
        if run.clock() >= run.deadline and after != _key(holding):
            run.publisher.publish([TimerRang(timer="reconcile", after=after)])
            return found
        found += _reconcile_holding(run, holding)
        after = _key(holding)
    return found


def _key(holding: Holding) -> str:
    return f"{holding.life.customer}/{holding.life.source}"


def _reconcile_holding(run: Reconcile, holding: Holding) -> int:
    if holding.state is not HoldingState.OPEN or run.fences.closed(holding.life):
        return 0
    files = plan_reconcile(
        shown=_shown(run, holding),
        stored=(names.parse_version_name(name)[1:] for name in run.vault.names(holding.life)),
        indexed=run.index.files(holding.life),
    )
    if files:
        run.publisher.publish(in_events(holding.life, files))
        life = holding.life
        log.warning(
            "reconcile_mismatch", files=len(files), customer=life.customer, source=life.source
        )
    return len(files)


def _shown(run: Reconcile, holding: Holding) -> Iterable[DriveFile]:
    return Scope(run.drive, [holding]).files_below(holding.folder_id)
