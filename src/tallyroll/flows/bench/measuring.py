"""Measuring: works that take turns, their times, and how they compare. Wall time and processor time stand side by side.

On a machine that others use too, wall time says how long one waits, processor time what the work costs; only the
second can be trusted. Ratios are taken within a round, where both works met the same neighbours.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    """Seconds of wall and of processor time of each run of a work, and the answer that all runs gave."""

    wall_s: tuple[float, ...]
    cpu_s: tuple[float, ...]
    answer: object = None

    @property
    def wall(self) -> float:
        """The median of wall time."""
        return median(self.wall_s)

    @property
    def cpu(self) -> float:
        """The median of processor time."""
        return median(self.cpu_s)


@dataclass(frozen=True, slots=True)
class Line:
    """One work in the table: so many units a run, and the times of its runs."""

    name: str
    n: int
    unit: str
    times: Times

    @property
    def per_second(self) -> float:
        """Units a second of wall time."""
        return self.n / self.times.wall

    @property
    def per_cpu_second(self) -> float:
        """Units a second of one core."""
        return self.n / self.times.cpu

    def facts(self) -> dict[str, object]:
        """The line for a program."""
        return {
            "name": self.name,
            "n": self.n,
            "unit": self.unit,
            "runs": len(self.times.wall_s),
            "wall_s": spread(self.times.wall_s),
            "cpu_s": spread(self.times.cpu_s),
            "per_second": self.per_second,
            "per_cpu_second": self.per_cpu_second,
        }


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the cost of ours the rival's is, round by round; above 1 ours is cheaper."""

    name: str
    of_wall: tuple[float, ...]
    of_cpu: tuple[float, ...]

    @property
    def wall(self) -> float:
        """The median ratio of wall times."""
        return median(self.of_wall)

    @property
    def cpu(self) -> float:
        """The median ratio of processor times."""
        return median(self.of_cpu)

    def facts(self) -> dict[str, object]:
        """The ratio for a program."""
        return {"name": self.name, "wall": spread(self.of_wall), "cpu": spread(self.of_cpu)}


@dataclass(frozen=True, slots=True)
class Goal:
    """What the design asks for at least, and what was measured."""

    what: str
    hold_to: float
    measured: float

    @property
    def held(self) -> bool:
        """Whether it is held."""
        return self.measured >= self.hold_to

    def facts(self) -> dict[str, object]:
        """The goal for a program."""
        return {"what": self.what, "hold_to": self.hold_to, "measured": self.measured, "held": self.held}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a bench found; `sizes` are further numbers that it counted or measured, by name."""

    lines: tuple[Line, ...]
    ratios: tuple[Ratio, ...] = ()
    goals: tuple[Goal, ...] = ()
    sizes: Mapping[str, float] = field(default_factory=dict)

    def facts(self) -> dict[str, object]:
        """The outcome for a program."""
        return {
            "lines": [line.facts() for line in self.lines],
            "ratios": [ratio.facts() for ratio in self.ratios],
            "goals": [goal.facts() for goal in self.goals],
            "sizes": dict(self.sizes),
        }


def interleave(works: Mapping[str, Work], *, runs: int, advance: Advance) -> dict[str, Times]:
    """Each work's times: once to warm up, then in rounds in which all take their turn, every other round backwards.

    Raises: VerificationProblem when a work answers otherwise than the time before.
    """
    answers = {name: work() for name, work in works.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    with _collector_at_rest():
        for turn in range(runs):
            for name in list(works)[:: -1 if turn % 2 else 1]:
                gc.collect()
                spent, answer = timed(works[name])
                times[name].append(spent)
                if answer != answers[name]:
                    raise VerificationProblem(f"{name} answers otherwise than before.", mend="Report a bug.")
            advance(turn + 1, runs)
    return {name: times_of(found, answers[name]) for name, found in times.items()}


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """What the bench itself holds is not looked at: it would slow a work that makes many objects."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def timed(work: Work) -> tuple[tuple[float, float], object]:
    """The seconds of wall and of processor time that the work took, and its answer."""
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
