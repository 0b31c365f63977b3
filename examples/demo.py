"""The main job on one machine: exports arrive in Drive, are captured, change, and come back.

Runs the real commands against a local cloud of its own and believes only what it reads back.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

EXPORTS = Path(__file__).parent / "exports"
CUSTODY = [sys.executable, "-m", "custody.cli"]
CUSTOMERS = {"acorn": "Acorn", "birch": "Birch"}
PATIENCE_SECONDS = 60
T = TypeVar("T")


class Demo:
    """One local cloud, and the command line pointed at it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = {**os.environ, **environment}

    def custody(self, *words: str) -> Any:
        """What one command answers, as JSON."""
        done = subprocess.run(
            [*CUSTODY, *words, "--format", "json"],
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"custody {' '.join(words)} failed:\n{done.stderr}")
        return json.loads(done.stdout)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def local_cloud(folder: Path) -> Iterator[Demo]:
    """`custody up` in a folder of its own, stopped at the end."""
    ready = folder / "ready.json"
    with (folder / "log.jsonl").open("w") as log:
        process = subprocess.Popen(
            [*CUSTODY, "up", "--data", str(folder / "data"), "--ready-file", str(ready)],
            stdout=log,
            stderr=log,
            env={**os.environ, "XDG_CACHE_HOME": str(folder)},
        )
        try:
            wait_for(lambda: ready.exists() or process.poll() is not None, "the local cloud")
            if process.poll() is not None:
                sys.exit("custody up ended early:\n" + (folder / "log.jsonl").read_text())
            yield Demo(json.loads(ready.read_text())["env"])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=PATIENCE_SECONDS)


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """What `look` finds, once it finds something."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    sys.exit(f"waited {PATIENCE_SECONDS} s for {what}: it never came")


def files_of(folder: Path) -> dict[str, list[Path]]:
    """Export files by source."""
    sources = sorted(path for path in folder.iterdir() if path.is_dir())
    return {source.name: sorted(source.iterdir()) for source in sources}


def share(demo: Demo, slug: str, folder: Path) -> int:
    """Puts a customer's exports into Drive, as the customer would; how many."""
    count = 0
    for source, paths in files_of(folder).items():
        put = demo.custody("files", "put", *map(str, paths), "--to", f"{slug}/{source}")
        count += len(put)
    return count


def captured(demo: Demo, slug: str, count: int) -> Callable[[], list[dict[str, Any]] | None]:
    """A look at a customer's versions that finds something once there are so many."""

    def look() -> list[dict[str, Any]] | None:
        versions = [row for row in demo.custody("backups", "ls", slug) if row["captured"]]
        return versions if len(versions) >= count else None

    return look


def newest(slug: str) -> dict[str, bytes]:
    """What each file should say in the end: the second day's state where there is one."""
    first, second = EXPORTS / slug, EXPORTS / "changes" / slug
    return {
        f"{source}/{path.name}": later.read_bytes() if later.exists() else path.read_bytes()
        for source, paths in files_of(first).items()
        for path in paths
        for later in [second / source / path.name]
    }


def restore(demo: Demo, slug: str, folder: Path) -> tuple[int, int]:
    """Restores a customer's files and compares them byte for byte: (restored, mismatches)."""
    restored = mismatches = 0
    for source in files_of(EXPORTS / slug):
        target = folder / slug / source
        answer = demo.custody("backups", "restore", f"{slug}/{source}", "--to", str(target))
        mismatches += answer["mismatches"]
    for name, content in newest(slug).items():
        back = folder / slug / name
        same = back.exists() and back.read_bytes() == content
        restored, mismatches = restored + same, mismatches + (not same)
    return restored, mismatches


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="custody-demo-") as name:
        folder = Path(name)
        say("Starting a local cloud: Drive, Cloud Storage, Pub/Sub and custody's functions.")
        with local_cloud(folder) as demo:
            print(json.dumps(story(demo, folder)))


def story(demo: Demo, folder: Path) -> dict[str, int]:
    """Everything in order; what was read back."""
    totals = {"files": 0, "versions": 0, "restored": 0, "mismatches": 0}
    for slug, display in CUSTOMERS.items():
        sources = [word for source in files_of(EXPORTS / slug) for word in ("--source", source)]
        demo.custody("customers", "add", display, *sources)
        say(f"{display} is registered; each of its sources has a Drive folder and keys.")
    for slug in CUSTOMERS:
        versions = follow(demo, slug)
        totals["files"] += len({row["file_id"] for row in versions})
        totals["versions"] += len(versions)
        report(versions)
        checked = demo.custody("backups", "verify", slug)
        say(f"  read back and checked: {checked['ok']} of {checked['checked']} versions are whole.")
        restored, mismatches = restore(demo, slug, folder / "restored")
        totals["restored"] += restored
        totals["mismatches"] += mismatches + checked["bad"]
        say(f"  restored {restored} files; {mismatches} differ from what was shared.")
    return totals


def follow(demo: Demo, slug: str) -> list[dict[str, Any]]:
    """A first day of exports, a second day of changes, each captured by push."""
    first = share(demo, slug, EXPORTS / slug)
    say(f"{slug} shared {first} exports in Drive.")
    begun = time.monotonic()
    wait_for(captured(demo, slug, first), f"{first} versions")
    say(f"  Drive rang; {first} versions are encrypted in the vault {since(begun)}.")
    second = share(demo, slug, EXPORTS / "changes" / slug)
    say(f"{slug} shared new states of {second} of them.")
    begun = time.monotonic()
    versions = wait_for(captured(demo, slug, first + second), f"{first + second} versions")
    say(f"  {second} more versions {since(begun)}.")
    return versions


def since(begun: float) -> str:
    return f"{time.monotonic() - begun:.1f} s after the last upload"


def report(versions: list[dict[str, Any]]) -> None:
    size = sum(row["size_bytes"] for row in versions)
    stored = sum(row["stored_bytes"] for row in versions)
    deltas = sum(row["kind"] == "delta" for row in versions)
    say(f"  {len(versions)} versions, {deltas} of them deltas: {size:,} bytes kept in {stored:,}.")


if __name__ == "__main__":
    main()
