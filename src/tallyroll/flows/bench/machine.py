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
        memory_mb=_kilobytes(_MEMORY, "MemTotal:") // 1024,
        system=platform.platform(terse=True),
        python=platform.python_version(),
        libraries=dict(_versions()),
        load=os.getloadavg(),
    )


def peak_memory_mb() -> float:
    """The most memory that this process has held at once.

    Of Linux we ask the kernel's own figure: after `exec` the one of getrusage still counts the parent's memory.
    """
    if peak := _kilobytes(_STATUS, "VmHWM:"):
        return peak / 1024
    peak = getrusage(RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def peak_memory_mb_of(process: int) -> float:
    """The most memory that another process has held at once; 0 where the system does not tell."""
    return _kilobytes(Path(f"/proc/{process}/status"), "VmHWM:") / 1024


def family(process: int) -> Iterator[int]:
    """The process, and all that it and its children have started and that still run."""
    yield process
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = listed.read_text(encoding="ascii").split()
        except OSError:
            continue  # the thread has ended meanwhile
        for child in children:
            yield from family(int(child))


def cpu_seconds_of(process: int) -> float:
    """Processor time of another process so far; 0 where the system does not tell."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    user, system = int(after_name[11]), int(after_name[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


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


def _kilobytes(file: Path, name: str) -> int:
    """A figure of one of the kernel's tables; 0 where there is none."""
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
