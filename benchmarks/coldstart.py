"""From a fresh interpreter to the first event handled, for each function."""

import json
from pathlib import Path

from benchmarks.events import Request, bell, pushed
from benchmarks.process import REPOSITORY, run_task
from benchmarks.result import Result, ratios
from benchmarks.site import Site, Tenant, running_site
from benchmarks.tasks.erase import request_of
from custody.domain.drain_changes import Cursor
from custody.domain.drive import SHARED_DRIVE
from custody.domain.erasure import Copy
from custody.domain.events import (
    DeletionRequested,
    DriveTouched,
    ErasureStep,
    FilesTouched,
    TimerRang,
)
from custody.domain.request_erasure import erasure_id
from custody.domain.vault import FileId

METHOD = (
    "Wall time of a fresh interpreter with bytecode at hand that makes the function's application "
    "with functions-framework and answers one real event with it, against the local servers: a "
    "change to drain, a new file to capture, channels to open, a holding to compare, a request to "
    "take on, a vault to erase. Round after round, with hello world (functions-framework alone) "
    "first in each."
)
ROUNDS, QUICK_ROUNDS = 9, 3
GOALS = {
    "receive_push": 2.0,
    "drain_changes": 3.0,
    "capture": 2.5,
    "renew_watches": 3.0,
    "reconcile": 3.0,
    "request_erasure": 3.0,
    "erase": 2.5,
}


def measure(*, quick: bool) -> list[Result]:
    seconds: dict[str, list[float]] = {name: [] for name in ("hello", *GOALS)}
    with running_site() as site:
        _round(site, "warm-up")  # writes the bytecode
        for number in range(QUICK_ROUNDS if quick else ROUNDS):
            for name, taken in _round(site, f"round-{number}").items():
                seconds[name].append(taken)
    return [_result(name, seconds) for name in GOALS]


def _round(site: Site, tenants_name: str) -> dict[str, float]:
    """Every function once, each with something to do; erasing comes last."""
    tenant = site.tenant(tenants_name)
    cursor = Cursor(token=tenant.cloud.feed.start(SHARED_DRIVE), moved_at=tenant.cloud.now())
    tenant.cloud.cursors.move(SHARED_DRIVE, cursor, stamp=0)
    requests = _requests(site, tenant, _new_file(site, tenant))
    seconds = {name: _start(name, request, tenant) for name, request in requests.items()}
    return seconds | _erasing(tenant)


def _erasing(tenant: Tenant) -> dict[str, float]:
    """A request, and the vault: it waits for the keys, which do not count."""
    request = request_of(tenant.life)
    taken_on, _, erased = (
        _start("request_erasure", pushed(request), tenant),
        _start("erase", _step(request, Copy.KEYS), tenant),
        _start("erase", _step(request, Copy.VAULT), tenant),
    )
    return {"request_erasure": taken_on, "erase": erased}


def _step(request: DeletionRequested, copy: Copy) -> Request:
    erasure, (source,) = erasure_id(request.request_id), request.sources
    return pushed(ErasureStep(erasure=erasure, source=source, epoch=1, copy=copy, page=0))


def _new_file(site: Site, tenant: Tenant) -> FileId:
    path = site.folder / "small.csv"
    path.write_bytes(b"id,plan\n" + b"1,growth\n" * 1000)
    return tenant.upload(path, path.name)


def _requests(site: Site, tenant: Tenant, file_id: FileId) -> dict[str, Request]:
    return {
        "hello": Request(headers={}, body=""),
        "receive_push": bell(site.settings["CUSTODY_PUSH_SECRET"]),
        "drain_changes": pushed(DriveTouched(corpus=SHARED_DRIVE)),
        "reconcile": pushed(TimerRang(timer="reconcile")),
        "capture": pushed(FilesTouched(life=tenant.life, file_ids=(file_id,))),
        "renew_watches": pushed(TimerRang(timer="renew_watches")),
    }


def _start(name: str, request: Request, tenant: Tenant) -> float:
    words = (name, str(_source(name)), json.dumps(request.headers), request.body)
    return run_task("first_event", *words, settings=tenant.settings).wall_seconds


def _source(name: str) -> Path:
    if name == "hello":
        return REPOSITORY / "benchmarks" / "tasks" / "hello.py"
    return REPOSITORY / "functions" / name / "main.py"


def _result(name: str, seconds: dict[str, list[float]]) -> Result:
    return Result(
        work=f"cold start of {name}",
        rival="functions-framework hello world",
        unit="x",
        samples=ratios(seconds[name], seconds["hello"]),
        at_most=GOALS[name],
        detail=f"best of {len(seconds[name])}: {min(seconds[name]) * 1000:.0f} ms, "
        f"hello world {min(seconds['hello']) * 1000:.0f} ms",
    )
