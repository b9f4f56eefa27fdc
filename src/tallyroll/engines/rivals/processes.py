"""What other processes took: memory and processor time, and which ones they started."""

import os
from collections.abc import Iterator
from pathlib import Path


def peak_memory_mb_of(process: int) -> float:
    """The most memory that another process has held at once; 0 where the system does not tell."""
    return kilobytes(Path(f"/proc/{process}/status"), "VmHWM:") / 1024


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


def kilobytes(file: Path, name: str) -> int:
    """A figure of one of the kernel's tables; 0 where there is none."""
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
