"""The other programs: whether this machine has them, which versions, and how they are run."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import Run, run
from benchmarks.result import Result
from benchmarks.site import Site

PACKAGES = {
    "zstd": "zstd",
    "restic": "restic",
    "borg": "borgbackup",
    "rclone": "rclone",
    "openssl": "openssl",
}
_VERSION = {"restic": "version", "rclone": "version", "openssl": "version"}
LEVEL = "-3"
LONG = "--long=27"


def missing(*programs: str) -> list[str]:
    return [program for program in programs if shutil.which(program) is None]


def not_measured(work: str, rival: str, programs: list[str]) -> Result:
    """The row of a rival that is not here: said, never left out."""
    packages = " ".join(PACKAGES[program] for program in programs)
    detail = f"{', '.join(programs)} missing: apt-get install {packages}"
    print(f"!!! {work}: {detail}")
    return Result(work=work, rival=rival, unit="x", detail=detail)


def versions() -> dict[str, str]:
    """The first line that each says of itself."""
    return {program: _version(program) for program in PACKAGES}


def _version(program: str) -> str:
    if missing(program):
        return "missing"
    asked = _VERSION.get(program, "--version")
    said = subprocess.run([program, asked], check=True, capture_output=True, text=True).stdout
    return said.splitlines()[0].strip("* ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restic:
    """A repository on the local disk, which spares restic all network."""

    repository: Path
    compression: str

    def init(self) -> None:
        self._run("init")

    def backup(self, path: Path) -> Run:
        return self._run("backup", str(path))

    def stored_bytes(self) -> int:
        return folder_bytes(self.repository)

    def _run(self, *words: str) -> Run:
        options = ["--compression", self.compression, "--repo", str(self.repository)]
        cache = ["--cache-dir", f"{self.repository}.cache"]
        command = ["restic", *options, *cache, *words]
        return run(command, {"RESTIC_PASSWORD": "benchmark"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Borg:
    """A repository with chunks of about 4 KiB, which suit scattered changes best."""

    repository: Path

    def init(self) -> None:
        self._run("init", "--encryption", "repokey", str(self.repository))

    def backup(self, path: Path, name: str) -> Run:
        options = ["--compression", "zstd,3", "--chunker-params", "10,16,12,4095"]
        return self._run("create", *options, f"{self.repository}::{name}", str(path))

    def stored_bytes(self) -> int:
        return folder_bytes(self.repository)

    def _run(self, *words: str) -> Run:
        base = f"{self.repository}.base"
        return run(["borg", *words], {"BORG_PASSPHRASE": "benchmark", "BORG_BASE_DIR": base})


def zstd_full(path: Path, target: Path) -> Run:
    """On one core: zstd by default reads and writes in threads of their own."""
    return run(["zstd", LEVEL, "--single-thread", "-q", "-f", str(path), "-o", str(target)])


def zstd_delta(path: Path, base: Path, target: Path) -> Run:
    patch = f"--patch-from={base}"
    return run(["zstd", LEVEL, LONG, patch, "-q", "-f", str(path), "-o", str(target)])


def unzstd(path: Path, target: Path) -> Run:
    return run(["zstd", "-d", "-q", "-f", str(path), "-o", str(target)])


def unzstd_all(copies: Path, folder: Path, at_once: int) -> Run:
    """Every copy of a folder, so many at a time: what both cores can do without us."""
    each = f"xargs -0 -n 4 -P {at_once} zstd -d -q -f --output-dir-flat {folder}"
    return run(["sh", "-c", f"find {copies} -name '*.zst' -print0 | {each}"])


RCLONE = """
[source]
type = drive
scope = drive.readonly
client_id = bench
client_secret = bench
token = {{"access_token":"{identity}","token_type":"Bearer","expiry":"2099-01-01T00:00:00Z"}}
root_folder_id = {folder}

[storage]
type = google cloud storage
anonymous = true
endpoint = {storage}/storage/v1/
bucket_policy_only = true

[sealed]
type = crypt
remote = storage:{bucket}
password = {password}

[target]
type = compress
remote = sealed:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rclone:
    """Drive to Cloud Storage, compressed and then encrypted, at rclone's own best settings."""

    site: Site
    source: str
    """The id of the Drive folder to copy from."""
    transfers: int = 4

    def copy(self, name: str, bucket: str) -> Run:
        """A file, or all for an empty name, into a bucket that is made for it."""
        self.site.bucket(bucket)
        config = self.site.folder / f"{bucket}.conf"
        config.write_text(self._config(bucket))
        command = ["rclone", "--config", str(config), "--ca-cert", str(self.site.front.certificate)]
        tuned = ["--drive-pacer-min-sleep", "1ms", "--drive-pacer-burst", "1000"]
        work = ["--transfers", str(self.transfers), "copy", f"source:{name}", "target:"]
        proxy = {"HTTPS_PROXY": f"http://127.0.0.1:{self.site.front.port}"}
        return run([*command, *tuned, *work], proxy)

    def stored_bytes(self, bucket: str) -> int:
        return sum(blob.size for blob in self.site.bucket(bucket).list_blobs(versions=True))

    def _config(self, bucket: str) -> str:
        settings = self.site.settings
        obscured = run(["rclone", "obscure", "benchmark"]).output.strip()
        return RCLONE.format(
            identity=settings["CUSTODY_SUBJECT"],
            folder=self.source,
            storage=settings["STORAGE_EMULATOR_HOST"],
            bucket=bucket,
            password=obscured,
        )


def folder_bytes(folder: Path) -> int:
    """The sizes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
