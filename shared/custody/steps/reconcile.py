"""Lists all sides and brings them level: what no event captured, what no event copied off-site.

It repairs what is missing by ringing for whoever may write it, reports what is extra, and deletes
nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from custody.domain import names
from custody.domain.capture import Findings, learned
from custody.domain.drive import DriveFile
from custody.domain.events import TimerRang, in_events, version_stored
from custody.domain.reconcile import Places, compare, plan_reconcile
from custody.domain.vault import (
    FileId,
    Holding,
    HoldingEpoch,
    HoldingState,
    ObjectName,
    RevisionId,
    Summary,
    ids,
)
from custody.errors import ConflictError, CustodyError, RetryableError
from custody.ports import (
    Drive,
    Fences,
    Index,
    Keys,
    Marks,
    Publisher,
    Quarantine,
    Registry,
    Shelf,
    Signer,
    Vault,
)
from custody.steps.books import Books
from custody.steps.chase import Chase, chase
from custody.steps.scope import Scope

log = structlog.get_logger()

VOUCH_EVERY = timedelta(days=1)
REMIND_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """One run over all open holdings, in the order of their names."""

    drive: Drive
    vault: Vault
    vault_shelf: Shelf
    offsite_shelf: Shelf
    marks: Marks
    keys: Keys
    registry: Registry
    fences: Fences
    index: Index
    publisher: Publisher
    quarantine: Quarantine
    books: Books
    signer: Signer
    clock: Callable[[], datetime]
    deadline: datetime


def reconcile(run: Reconcile, after: str | None = None) -> int:
    """How many files differed. Out of time, it rings for itself to go on after the last holding.

    A holding that cannot be reconciled does not keep the others waiting: the first error that may
    pass by itself is raised in the end, others are for whoever is alerted.
    """
    found = 0
    failed = None if after else _chase(run)
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
            log.error("reconcile_failed", error=type(error).__name__, **ids(holding.life))
        after = _key(holding)
    if failed:
        raise failed
    return found


def _chase(run: Reconcile) -> RetryableError | None:
    """Erasures that stand still come first, and what is wrong with them keeps nobody waiting."""
    now = run.clock()
    try:
        chase(Chase(books=run.books, now=now))
        _vouch(run, now)
        _remind(run, now)
    except CustodyError as error:
        log.error("reconcile_failed", error=type(error).__name__)
        return error if isinstance(error, RetryableError) else None
    return None


def _vouch(run: Reconcile, now: datetime) -> None:
    """Once a day: whoever cuts off the end of an audit stream afterwards is found out."""
    signed_at = run.books.audit.signed_at()
    if signed_at is None or now - signed_at >= VOUCH_EVERY:
        run.books.audit.sign_heads(run.signer, now)


def _remind(run: Reconcile, now: datetime) -> None:
    """What waits for a person for longer than a day, and has not expired."""
    waiting = sum(
        one.seen_at + REMIND_AFTER <= now < one.expires_at for one in run.quarantine.all()
    )
    if waiting:
        log.warning("quarantine_waiting", entries=waiting)


def _key(holding: Holding) -> str:
    return f"{holding.life.customer}/{holding.life.source}"


def _reconcile_holding(run: Reconcile, holding: Holding) -> int:
    life = holding.life
    if holding.state is not HoldingState.OPEN or run.fences.closed(life):
        return 0
    places = _look(run, life)
    stored = {name: names.parse_version_name(name)[1:] for name in places.kept_in_vault}
    known = run.index.files(life)
    _level(run, life, places, known)
    _catch_up(run, life, _behind(stored, known), places.marked)
    files = plan_reconcile(shown=_shown(run, holding), stored=stored.values(), known=known)
    if files:
        run.publisher.publish(in_events(life, files))
        log.warning("reconcile_mismatch", files=len(files), **ids(life))
    return len(files)


def _look(run: Reconcile, life: HoldingEpoch) -> Places:
    """What lies where. While the off-site copies cannot be listed, nothing is said of them."""
    vault = {one.name: one.stored_at for one in run.vault_shelf.all(life)}
    marked = run.marks.all(life)
    try:
        offsite = frozenset(one.name for one in run.offsite_shelf.all(life))
    except RetryableError as error:
        log.error("offsite_behind", reason=str(error), **ids(life))
        offsite = None
    return Places(vault=vault, offsite=offsite, marked=marked)


def _level(
    run: Reconcile, life: HoldingEpoch, places: Places, known: dict[FileId, Summary]
) -> None:
    """Rings for what one place lacks and the other has, and tells what neither has."""
    found = compare(places, known, now=run.clock())
    if found.missing:
        run.publisher.publish([version_stored(name) for name in found.missing])
    if found.behind:
        age = round(found.behind_for.total_seconds())
        log.error("offsite_behind", versions=found.behind, age_seconds=age, **ids(life))
    lost = _lost_for_good(run, life) if found.lost else 0
    if lost or found.extra:
        log.error("reconcile_mismatch", lost=lost, extra=found.extra, **ids(life))


def _lost_for_good(run: Reconcile, life: HoldingEpoch) -> int:
    """One listing proves no absence (T7): retention or a capture may have written between two."""
    known = run.index.files(life)
    return compare(_look(run, life), known, now=run.clock()).lost


Stored = dict[ObjectName, tuple[FileId, RevisionId]]


def _behind(stored: Stored, known: dict[FileId, Summary]) -> dict[FileId, list[ObjectName]]:
    """The files of which the vault has more versions than the index knows."""
    by_file: defaultdict[FileId, list[ObjectName]] = defaultdict(list)
    for name, (file_id, _) in stored.items():
        by_file[file_id].append(name)
    counts = {file_id: summary.versions for file_id, summary in known.items()}
    return {one: found for one, found in by_file.items() if len(found) > counts.get(one, 0)}


def _catch_up(
    run: Reconcile,
    life: HoldingEpoch,
    behind: dict[FileId, list[ObjectName]],
    marked: Iterable[ObjectName],
) -> None:
    """Reads from the vault what the index lacks: also versions that Drive no longer has.

    What retention let go is known by its marks, or Drive's old revisions would be captured again.
    """
    if not behind:
        return
    sealer = run.keys.unwrap(life)
    for file_id, found in behind.items():
        seen = run.index.read(life, file_id, sealer=sealer)
        versions = tuple(run.vault.version(name, sealer=sealer) for name in found)
        run.publisher.publish([version_stored(name) for name in found])
        pruned = seen.value.with_pruned(_revisions(marked, file_id))
        history = learned(pruned, Findings(versions=versions))
        try:
            run.index.write(history, stamp=seen.stamp, sealer=sealer)
        except ConflictError:
            log.info("version_skipped", reason="captured meanwhile", file_id=file_id)
    log.warning("index_rebuilt", files=len(behind), **ids(life))


def _revisions(marked: Iterable[ObjectName], file_id: FileId) -> list[RevisionId]:
    parsed = (names.parse_version_name(name)[1:] for name in sorted(marked))
    return [revision for of, revision in parsed if of == file_id]


def _shown(run: Reconcile, holding: Holding) -> Iterator[DriveFile]:
    return Scope(run.drive, [holding]).files_below(holding.folder_id)
