"""Making a synthetic England: planning, rolls, marks and files; at two sizes, for the plan costs the same."""

from itertools import count
from pathlib import Path

import numpy as np

from tallyroll.flows.bench.ground import make_england
from tallyroll.flows.bench.measuring import Line, Outcome, Work, interleave
from tallyroll.simulate import England
from tallyroll.vocab.progress import Advance

SIZES, RUNS = (50, 150), 3


def simulate(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Marks of whole school years made and written, a second."""
    works = {f"{size} schools": _maker(folder / str(size), size * scale) for size in SIZES}
    times = interleave(works, runs=runs, advance=advance)
    lines = []
    for size, (name, its) in zip(SIZES, times.items(), strict=True):
        made = England.open(folder / str(size) / "0" / "england")
        lines.append(Line(name, _marks(made), "marks", its))
    return Outcome(tuple(lines))


def _maker(folder: Path, schools: float) -> Work:
    """A work that makes the same England again, each time somewhere else."""
    turns = count()
    return lambda: len(make_england(folder / str(next(turns)), schools=schools).schools)


def _marks(england: England) -> int:
    return sum(int(np.count_nonzero(england.school_year(school.urn).final)) for school in england.schools)
