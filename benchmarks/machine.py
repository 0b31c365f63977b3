"""What the figures were taken on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "backports.zstd",
    "functions-framework",
    "google-api-python-client",
    "google-cloud-storage",
    "tink",
)


def machine() -> str:
    """Processor, cores, memory, kernel; and what else kept it busy just now."""
    machine = f"{_processor()}, {os.cpu_count()} cores, {_memory_gib()} GiB, {platform.release()}"
    return f"{machine}, load {os.getloadavg()[0]:.1f} at the start"


def own_versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))
