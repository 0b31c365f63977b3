"""The main job on one machine: exports arrive in Drive, are captured, come back, and are erased.

In between, all that Google has of one customer is destroyed, and comes back from off-site.

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
ERASED = ("acorn", "stripe")
"""The customer and source that are erased in the end."""
DESTROYED = "birch"
"""The customer whose versions vanish from the vault."""
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

    def destroy(self, versions: set[str]) -> int:
        """Deletes objects of the vault behind custody's back; how many."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        client = storage.Client(
            project="demo",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self._environment["STORAGE_EMULATOR_HOST"]},
        )
        bucket = client.bucket(self._environment["CUSTODY_VAULT_BUCKET"])
        bucket.delete_blobs([bucket.blob(name) for name in sorted(versions)])
        return len(versions)


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


def newest(slug: str, source: str, path: Path) -> bytes:
    """What a file should say in the end: the second day's state where there is one."""
    later = EXPORTS / "changes" / slug / source / path.name
    return (later if later.exists() else path).read_bytes()


def restore(
    demo: Demo, slug: str, folder: Path, sources: dict[str, list[Path]], *options: str
) -> tuple[int, int]:
    """Restores files of a customer and compares them byte for byte: (restored, mismatches)."""
    restored = mismatches = 0
    for source, paths in sources.items():
        target = folder / slug / source
        answer = demo.custody(
            "backups", "restore", f"{slug}/{source}", "--to", str(target), *options
        )
        mismatches += answer["mismatches"]
        for path in paths:
            back = target / path.name
            same = back.exists() and back.read_bytes() == newest(slug, source, path)
            restored, mismatches = restored + same, mismatches + (not same)
    return restored, mismatches


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="custody-demo-") as name:
        folder = Path(name)
        say("Starting a local cloud: Drive, Cloud Storage, Pub/Sub, S3 and custody's functions.")
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
        restored, mismatches = restore(demo, slug, folder / "restored", files_of(EXPORTS / slug))
        totals["restored"] += restored
        totals["mismatches"] += mismatches + checked["bad"]
        say(f"  restored {restored} files; {mismatches} differ from what was shared.")
    totals["mismatches"] += survive(demo, folder)
    return totals | erase(demo, folder)


def survive(demo: Demo, folder: Path) -> int:
    """The vault loses a customer; how many files do not come back from off-site."""
    slug = DESTROYED
    versions = demo.custody("backups", "ls", slug)
    wait_for(lambda: all_in(demo, slug, "offsite"), f"all versions of {slug} off-site")
    gone = demo.destroy({row["version"] for row in versions})
    say(f"An accident: all {gone} versions of {slug} vanish from the vault in Cloud Storage.")
    sources = files_of(EXPORTS / slug)
    restored, mismatches = restore(demo, slug, folder / "offsite", sources, "--from", "offsite")
    say(f"  restored {restored} files from off-site, in S3; {mismatches} differ.")
    demo.custody("reconcile", "run")
    wait_for(lambda: all_in(demo, slug, "vault"), "the vault to be whole")
    checked = demo.custody("backups", "verify", slug)
    say(f"  reconcile had them put back: {checked['ok']} of {checked['checked']} are whole again.")
    return mismatches + int(checked["bad"])


def all_in(demo: Demo, slug: str, copy: str) -> bool:
    """Whether a copy has every version of a customer."""
    return all(copy in row["copies"] for row in demo.custody("backups", "ls", slug))


def erase(demo: Demo, folder: Path) -> dict[str, int]:
    """One source of one customer goes from every copy; what is left of it, and of all else."""
    slug, source = ERASED
    plan = demo.custody("erasures", "plan", slug, "--source", source)
    objects = ", ".join(f"{one['objects']} in {one['copy']}" for one in plan["copies"])
    say(f"{slug} asks to delete {source}. The plan: {objects}.")
    begun = time.monotonic()
    done = demo.custody("erasures", "apply", plan["plan"], "--yes", "--wait")
    say(
        f"  {done['state']} after {time.monotonic() - begun:.1f} s; each copy, as another look saw:"
    )
    shown = demo.custody("erasures", "show", done["erasure"])
    for copy in shown["copies"]:
        say(f"    {copy['copy']:<7} {copy['deleted']:>3} deleted  {copy['state']}")
    check_receipt(demo, folder, done["erasure"])
    left = demo.custody("backups", "ls", f"{slug}/{source}")
    say(f"  versions of {slug}/{source} that are left: {len(left)}.")
    mismatches = check_the_others(demo, folder)
    deleted = sum(one["deleted"] for one in shown["copies"] if one["copy"] == "vault")
    return {"erased": deleted, "remaining": len(left) + mismatches}


def check_receipt(demo: Demo, folder: Path, erasure: str) -> None:
    """As the customer's auditor does: with the public keys alone, and none of our settings."""
    receipt, keys = folder / "receipt.jws", folder / "keys.json"
    receipt.write_text(demo.custody("receipts", "get", erasure)["jws"])
    keys.write_text(json.dumps(demo.custody("receipts", "keys")))
    auditor = Demo(environment={})
    checked = auditor.custody("receipts", "verify", str(receipt), "--jwks", str(keys))
    say(f"  the receipt of {checked['erasure']} verifies offline: {checked['valid']}.")


def check_the_others(demo: Demo, folder: Path) -> int:
    """How many files of all other sources no longer come back byte for byte."""
    restored = mismatches = 0
    for slug in CUSTOMERS:
        sources = files_of(EXPORTS / slug)
        if slug == ERASED[0]:
            sources.pop(ERASED[1])
        same, different = restore(demo, slug, folder / "after", sources)
        restored, mismatches = restored + same, mismatches + different
    say(f"  all other sources: {restored} files come back byte for byte, {mismatches} do not.")
    return mismatches


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
