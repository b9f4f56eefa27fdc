"""What every rival's process does: read what it is asked, be timed, and print one line of JSON.

Timed is from the files on disk to the answer. Starting Python, loading the product and opening its session are told
apart as `start_s`; memory and processor time are those of the process and of all that it started.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from tallyroll.engines.rivals.processes import cpu_seconds_of, family, peak_memory_mb_of
from tallyroll.engines.rivals.question import Answer, Asked


@dataclass(frozen=True, slots=True)
class Found:
    """All that was asked for, found: its answer is reckoned when time has stopped. `laps` are seconds by part."""

    reckon: Callable[[], Answer]
    laps: Mapping[str, float] = field(default_factory=dict)


Ask = Callable[[], Answer | Found]
"""Finds what is asked from the files."""


def main(open_session: Callable[[Asked], Ask], *, product: str) -> None:
    """The whole process. `open_session` gives what is timed."""
    folder, marks, threads = sys.argv[1:4]
    start = perf_counter()
    ask = open_session(Asked(Path(folder), marks, int(threads)))
    begun, cpu = perf_counter(), _cpu_seconds()
    found = ask()
    told = {
        "start_s": begun - start,
        "wall_s": perf_counter() - begun,
        "cpu_s": _cpu_seconds() - cpu,
        "peak_mb": sum(peak_memory_mb_of(process) for process in family(os.getpid())),
        "version": version(product),
        "laps": dict(found.laps) if isinstance(found, Found) else {},
        "answer": found.reckon() if isinstance(found, Found) else found,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _cpu_seconds() -> float:
    return sum(cpu_seconds_of(process) for process in family(os.getpid()))
