"""Measuring: works that take turns, their times, and how they compare. Wall time and processor time stand side by side.

On a machine that others use too, wall time says how long one waits, processor time what the work costs; only the
second can be trusted. Ratios are taken within a round, where both works met the same neighbours.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter

from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.progress import Advance

Work = Callable[[], object]
"""A piece of work; what it gives is its answer, by which rivals are held to have done the same."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long each run of a work took, and the answer that all of them gave."""

    wall_s: tuple[float, ...]
    cpu_s: tuple[float, ...]
    answer: object = None


@dataclass(frozen=True, slots=True)
class Line:
    """One work in the table: so many units a run, and the times of its runs."""

    name: str
    n: int
    unit: str
    times: Times

    def facts(self) -> dict[str, object]:
        """The line for a program: times in seconds, rates in units a second of wall and of processor time."""
        wall, cpu = self.times.wall_s, self.times.cpu_s
        return {
            "name": self.name,
            "n": self.n,
            "unit": self.unit,
            "runs": len(wall),
            "wall_s": spread(wall),
            "cpu_s": spread(cpu),
            "per_second": self.n / median(wall),
            "per_cpu_second": self.n / median(cpu),
        }


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the cost of `ours` its rival costs: above 1 ours is cheaper. One value a round."""

    name: str
    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def facts(self) -> dict[str, object]:
        """The ratio for a program."""
        return {"name": self.name, "wall": spread(self.wall), "cpu": spread(self.cpu)}


@dataclass(frozen=True, slots=True)
class Goal:
    """What design.md asks for, and what was measured."""

    what: str
    hold_to: float
    measured: float

    @property
    def met(self) -> bool:
        """Whether it is held."""
        return self.measured >= self.hold_to

    def facts(self) -> dict[str, object]:
        """The goal for a program."""
        return {"what": self.what, "hold_to": self.hold_to, "measured": self.measured, "met": self.met}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a bench found. `facts` are further measured numbers, by name."""

    lines: tuple[Line, ...]
    ratios: tuple[Ratio, ...] = ()
    goals: tuple[Goal, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)


def interleave(works: Mapping[str, Work], *, runs: int, advance: Advance) -> dict[str, Times]:
    """Each work's times: once to warm up, then in rounds in which all take their turn, every other round backwards.

    Raises: VerificationProblem when a work answers otherwise than the time before.
    """
    answers = {name: work() for name, work in works.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for turn in range(runs):
        for name in list(works)[:: -1 if turn % 2 else 1]:
            spent, answer = timed(works[name])
            times[name].append(spent)
            if answer != answers[name]:
                raise VerificationProblem(f"The bench of {name} answers otherwise than before.", mend="Report a bug.")
        advance(turn + 1, runs)
    return {name: times_of(found, answers[name]) for name, found in times.items()}


def timed(work: Work) -> tuple[tuple[float, float], object]:
    """The seconds of wall and of processor time that the work took, and its answer."""
    gc.collect()
    cpu, wall = cpu_seconds(), perf_counter()
    answer = work()
    return (perf_counter() - wall, cpu_seconds() - cpu), answer


def times_of(runs: Sequence[tuple[float, float]], answer: object = None) -> Times:
    """The times of these runs, each a pair of wall and processor seconds."""
    return Times(tuple(wall for wall, _ in runs), tuple(cpu for _, cpu in runs), answer)


def cpu_seconds() -> float:
    """Processor time of this process so far, all threads, user and system."""
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def agree(times: Mapping[str, Times]) -> None:
    """Returns when all works gave one answer: only then may their times be compared."""
    for (one, its), (other, others) in pairwise(times.items()):
        if its.answer != others.answer:
            raise VerificationProblem(f"{one} and {other} did not do the same work.", mend="Report a bug.")


def compare(ours: str, rival: str, times: Mapping[str, Times]) -> Ratio:
    """How many times our cost the rival's is, round by round."""
    own, its = times[ours], times[rival]
    return Ratio(f"{rival} / {ours}", _quotients(its.wall_s, own.wall_s), _quotients(its.cpu_s, own.cpu_s))


def _quotients(above: Sequence[float], below: Sequence[float]) -> tuple[float, ...]:
    return tuple(one / other for one, other in zip(above, below, strict=True))


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least, greatest, and the value that 95 in 100 do not exceed."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"median": median(ordered), "min": ordered[0], "max": ordered[-1], "p95": p95}
