"""The machine that a bench ran on: what it is, what else it was doing, and how much memory a process has held."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

from tallyroll.engines.rivals.processes import kilobytes

LIBRARIES = ("aiohttp", "duckdb", "msgspec", "numba", "numpy", "pyarrow", "pydantic", "zstandard")
RIVALS = ("chdb", "datafusion", "deltalake", "earthmover", "orjson", "pandas", "polars", "pyspark")
"""Products that are raced and not needed otherwise; they need not be there."""

_STATUS = Path("/proc/self/status")
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Machine:
    """What ran the bench. `load` is the mean number of running processes over 1, 5 and 15 minutes."""

    processor: str
    cpus: int
    memory_mb: int
    system: str
    python: str
    libraries: dict[str, str]
    load: tuple[float, float, float]

    def facts(self) -> dict[str, object]:
        """The same for a program."""
        return asdict(self)


def look() -> Machine:
    """This machine, now."""
    return Machine(
        processor=_processor(),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_mb=kilobytes(_MEMORY, "MemTotal:") // 1024,
        system=platform.platform(terse=True),
        python=platform.python_version(),
        libraries=dict(_versions()),
        load=os.getloadavg(),
    )


def peak_memory_mb() -> float:
    """The most memory that this process has held at once.

    Of Linux we ask the kernel's own figure: after `exec` the one of getrusage still counts the parent's memory.
    """
    if peak := kilobytes(_STATUS, "VmHWM:"):
        return peak / 1024
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _versions() -> Iterator[tuple[str, str]]:
    """The versions of what is installed."""
    for name in (*LIBRARIES, *RIVALS):
        with suppress(PackageNotFoundError):
            yield name, version(name)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
