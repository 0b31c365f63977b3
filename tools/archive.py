"""Builds the one source archive of all functions: the same bytes from the same sources.

`python -m tools.archive [FILE]`. Files are stored and not compressed, in the order of their names,
with one date and one mode: the bytes depend on nothing but the sources.
"""

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import googleapiclient

ROOT = Path(__file__).parents[1]
FILE = ROOT / "build" / "archive.zip"
LARGEST_BYTES = 2_000_000
PEOPLES = ("cli", "console")
"""Parts of the package that people use, and no function does."""
DOCUMENTS = ("drive.v3.json",)
"""The discovery documents in use, of more than 600 that Google's client brings."""
DOCUMENTS_THERE = "shared/custody/adapters/documents"
DATE = (1980, 1, 1, 0, 0, 0)


def files() -> dict[str, Path]:
    """What goes in: the name there, and the file here."""
    found = {path.relative_to(ROOT).as_posix(): path for path in _sources()}
    documents = Path(googleapiclient.__path__[0]) / "discovery_cache" / "documents"
    found |= {f"{DOCUMENTS_THERE}/{name}": documents / name for name in DOCUMENTS}
    found["requirements.txt"] = ROOT / "requirements.functions.lock"
    return found


def _sources() -> Iterator[Path]:
    yield from ROOT.glob("functions/*/main.py")
    package = ROOT / "shared" / "custody"
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] not in PEOPLES:
            yield path


def build(file: Path) -> str:
    """Writes the archive; its digest comes back. ValueError for one that is too large."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as archive:
        for name, path in sorted(files().items()):
            archive.writestr(_entry(name), path.read_bytes())
    if file.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"{file} has {file.stat().st_size} bytes, more than {LARGEST_BYTES}")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATE)
    entry.create_system = 3  # Unix, wherever it is built
    entry.external_attr = 0o100644 << 16
    return entry


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else FILE
    sys.stdout.write(f"{build(target)} {target} {target.stat().st_size} bytes\n")
