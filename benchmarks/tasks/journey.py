"""From a push to a durable version, and beside it the bare calls: FOLDER LIFE COUNT SECRET."""

import io
import sys
import time
from pathlib import Path
from typing import Any

import functions_framework

from benchmarks.events import Request, bell, pushed
from benchmarks.process import REPOSITORY
from benchmarks.tasks.bare import Bare
from benchmarks.tasks.capture import life_of
from benchmarks.tasks.telling import tell
from custody.cloud import connect
from custody.domain.drive import SHARED_DRIVE
from custody.domain.events import DriveTouched, FilesTouched
from custody.domain.vault import FileId

FUNCTIONS = ("receive_push", "drain_changes", "capture")
WARM_UP = 3
CONTENT = b"1,growth,active\n" * 500


class Journey:
    """The three functions on the way, as applications in one process."""

    def __init__(self, folder: str, life: str, secret: str) -> None:
        self._folder = FileId(folder)
        self._life = life_of(life)
        self._secret = secret
        self._bare = Bare()
        self._clients = {name: _client(name) for name in FUNCTIONS}

    def share(self, number: int) -> FileId:
        """A new small file, as the customer's."""
        content = b"%d\n" % number + CONTENT
        name = f"export-{number}.csv"
        shared = connect().folders.upload(self._folder, name, io.BytesIO(content), len(content))
        return shared.file_id

    def travel(self, file_id: FileId) -> dict[str, float]:
        """Milliseconds in each function; what lies between them is Pub/Sub's."""
        touched = FilesTouched(life=self._life, file_ids=(file_id,))
        requests = (
            bell(self._secret),
            pushed(DriveTouched(corpus=SHARED_DRIVE)),
            pushed(touched),
        )
        return {
            name: self._call(name, request)
            for name, request in zip(FUNCTIONS, requests, strict=True)
        }

    def _call(self, name: str, request: Request) -> float:
        begun = time.perf_counter()
        answer = self._clients[name].post("/", headers=request.headers, data=request.body)
        if answer.status_code != 204:
            raise RuntimeError(f"{name} answered {answer.status_code}")
        return (time.perf_counter() - begun) * 1000

    def bare(self, file_id: FileId) -> float:
        begun = time.perf_counter()
        self._bare.copy(file_id)
        return (time.perf_counter() - begun) * 1000


def _client(name: str) -> Any:
    source: Path = REPOSITORY / "functions" / name / "main.py"
    return functions_framework.create_app(target=name, source=str(source)).test_client()


def main(folder: str, life: str, count: str, secret: str) -> None:
    journey = Journey(folder, life, secret)
    rows = []
    for number in range(int(count) + WARM_UP):
        file_id = journey.share(number)
        rows.append({**journey.travel(file_id), "bare": journey.bare(file_id)})
    tell(rows=rows[WARM_UP:])


if __name__ == "__main__":
    main(*sys.argv[1:])
