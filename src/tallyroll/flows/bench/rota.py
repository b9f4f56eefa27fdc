"""The rota of a nation: what 22,000 schools cost to enrol, claim, end and show, and how stale their data gets in a day.

The first is measured in a real rota, in a file. The second is arithmetic: every school's moments by the schedule, a
queue that is served at the rate to which the design holds a collector, and each school's age looked at every five
minutes of the hours. Peak memory is that of a process of its own that enrols, claims and shows.
"""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from tallyroll.connectors.interface import SchoolState, SourceSchool
from tallyroll.flows.bench.machine import peak_memory_mb
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, timed, times_of
from tallyroll.flows.rota.board import board
from tallyroll.flows.rota.collector import BATCH, EVERY
from tallyroll.flows.rota.interface import Collector, Limits, Planned, Pull
from tallyroll.flows.rota.local import LocalRota
from tallyroll.flows.rota.schedule import Hours, moment_of, pulls_of
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.identifiers import Laestab, Urn
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import Phase, School, SchoolCalendar, Term

SCHOOLS, RUNS = 22_000, 3
RATE = 30.0  # schools a second: what the design holds a collector to
PULLS_A_DAY = (2, 4, 6)
DAY = date(2026, 11, 20)
SOURCE, ME = "bench", Collector("bench", "bench 1")
LIMITS = Limits(at_once=SCHOOLS)
LOOK = timedelta(minutes=5)
_TERM = SchoolCalendar((Term("Autumn", date(2026, 9, 1), date(2026, 12, 18), date(2026, 10, 26), date(2026, 10, 30)),))


def rota_bench(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Schools a second of each step of a rota, its memory, and the staleness of days with more and fewer pulls."""
    n, n_ended = max(1, round(SCHOOLS * scale)), max(1, round(SCHOOLS * scale / 10))
    steps: dict[str, list[tuple[float, float]]] = {"enrolled": [], "claimed and ended": [], "on the board": []}
    for turn in range(runs):
        pull = _pulls(DAY + timedelta(days=7 * turn), 1)[0]
        with_rota = LocalRota(folder / "rota.sqlite")
        planned = list(_planned(n, pull))
        steps["enrolled"].append(timed(lambda: with_rota.enrol(SOURCE, planned, pull=pull, now=pull.opens))[0])  # noqa: B023 - called at once
        steps["claimed and ended"].append(timed(lambda: _end_some(with_rota, pull, n_ended))[0])  # noqa: B023 - called at once
        steps["on the board"].append(timed(lambda: _show(with_rota, pull, n))[0])  # noqa: B023 - called at once
        with_rota.close()
        advance(turn + 1, runs)
    counts = {"enrolled": n, "claimed and ended": n_ended, "on the board": n}
    lines = tuple(Line(name, counts[name], "schools", times_of(found)) for name, found in steps.items())
    sizes = {"peak memory of the rota, MB": _peak_of(folder / "apart.sqlite", n)}
    for a_day in PULLS_A_DAY:
        found = staleness(n, a_day=a_day, rate=RATE * scale)
        sizes |= {f"staleness, {a_day} pulls a day, {name}, h": hours for name, hours in found.items()}
    ended = lines[1]
    goals = (Goal("claims and ends a second, as often as a collector needs", RATE, ended.per_second),)
    return Outcome(lines, goals=goals, sizes=sizes)


def _pulls(day: date, a_day: int) -> tuple[Pull, ...]:
    return pulls_of(day, hours=Hours(), a_day=a_day)


def _planned(n: int, pull: Pull) -> Iterator[Planned]:
    """So many synthetic schools with the moments of their turns."""
    for number in range(n):
        urn = Urn(100_000 + number)
        school = School(urn, Laestab("201", f"{number % 9000 + 1000}"), f"School {number}", Phase.PRIMARY)
        yield Planned(SourceSchool(f"B{number}", school, SchoolState.APPROVED), moment_of(urn, pull))


def _end_some(rota: LocalRota, pull: Pull, n: int) -> None:
    """Claim so many schools in batches, and end each as kept."""
    now, left = pull.closes - timedelta(minutes=1), n
    while left:
        claims = rota.claim(SOURCE, pull, ME, at_most=min(BATCH, left), limits=LIMITS, now=now)
        kept = sum(rota.done(SOURCE, claim, latest_week=DAY, now=now) for claim in claims)
        if not kept:
            raise VerificationProblem("The rota gave no school.", mend="Report a bug.")
        left -= kept


def _show(rota: LocalRota, pull: Pull, n: int) -> None:
    shown = board(
        rota.lines(SOURCE, now=pull.closes),
        pull=pull,
        source=SOURCE,
        calendar_of=lambda school: _TERM,
        silent_days=3,
        now=pull.closes,
    )
    if len(shown.rows) != n:
        raise VerificationProblem("The board does not show every school.", mend="Report a bug.")


def _peak_of(path: Path, n: int) -> float:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as apart:
        return apart.submit(_memory, path, n).result()


def _memory(path: Path, n: int) -> float:
    """The peak of this process, once it has enrolled, claimed and shown so many schools."""
    pull, rota = _pulls(DAY, 1)[0], LocalRota(path)
    rota.enrol(SOURCE, list(_planned(n, pull)), pull=pull, now=pull.opens)
    _end_some(rota, pull, min(n, BATCH))
    _show(rota, pull, n)
    rota.close()
    return peak_memory_mb()


def staleness(n: int, *, a_day: int, rate: float) -> dict[str, float]:
    """Hours since a school was last kept, over a day's hours: half of the schools and 95 in 100 are fresher.

    A day before it fills the rota, so that its first pull meets the evening before; what it is once every school was
    kept that day stands apart. A school is claimed at the first look after its moment, at most a minute later, and
    waits until those before it are served, `rate` a second.
    """
    pulls = [*_pulls(DAY - timedelta(days=1), a_day), *_pulls(DAY, a_day)]
    kept = np.stack([_kept_s(n, pull, rate) for pull in pulls])
    looks = np.arange(pulls[a_day].opens.timestamp(), pulls[-1].closes.timestamp(), LOOK.total_seconds())
    ages = np.stack([look - np.where(kept <= look, kept, -np.inf).max(axis=0) for look in looks]) / 3600
    settled = ages[looks >= kept[a_day].max()]
    return {
        "median": float(np.quantile(ages, 0.5)),
        "p95": float(np.quantile(ages, 0.95)),
        "p95 once the day's first pull is done": float(np.quantile(settled, 0.95)),
    }


def _kept_s(n: int, pull: Pull, rate: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """When each school of a pull is kept, in seconds since 1970: served in the order of their moments."""
    due = np.array([moment_of(Urn(100_000 + number), pull).timestamp() for number in range(n)])
    order, each = np.argsort(due), 1 / rate
    claimed = np.ceil((due[order] - pull.opens.timestamp()) / EVERY.total_seconds()) * EVERY.total_seconds()
    waits = np.maximum.accumulate(claimed - each * np.arange(n)) + each * np.arange(1, n + 1)
    kept = np.empty(n)
    kept[order] = pull.opens.timestamp() + waits
    return kept
