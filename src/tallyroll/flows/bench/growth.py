"""Growth: the national year at a hundredth, a tenth and the whole of a scale: what is fixed, and what a pupil costs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tallyroll.engines.rivals import apart
from tallyroll.engines.rivals.apart import Told
from tallyroll.flows.bench.measuring import Goal, Line, Outcome
from tallyroll.flows.bench.nation import Nation, make_nation
from tallyroll.flows.bench.national_year import OURS, OURS_RUN, Contestant, race, ratio, share, times_of
from tallyroll.vocab.progress import Advance

RUNS = 3
PARTS = (0.01, 0.1, 1.0)
RIVAL = "DuckDB"
CONTESTANTS = (Contestant(OURS, OURS_RUN), Contestant(RIVAL, "duckdb"))
TIMES_TIME, TIMES_MEMORY = 10.0, 2.0  # at most so much more for ten times the pupils


def growth(scale: float, *, folder: Path, keep: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Seconds and megabytes of ours and of DuckDB as the nation grows."""
    apart.check_installed(["duckdb"])
    nations = [make_nation(keep, scale=scale * part, advance=advance) for part in PARTS]
    told = [race(nation, CONTESTANTS, runs=runs, advance=advance) for nation in nations]
    lines = [
        Line(f"{name}, {share(nation.facts.scale)}", nation.facts.marks, "marks", times_of(its))
        for nation, one in zip(nations, told, strict=True)
        for name, its in one.items()
    ]
    ratios = [
        ratio(OURS, RIVAL, one, at=f", {share(nation.facts.scale)}") for nation, one in zip(nations, told, strict=True)
    ]  # fmt: skip
    tenth, whole = told[-2][OURS], told[-1][OURS]
    goals = (
        Goal(
            f"times that {TIMES_TIME:g} times the time of a tenth hold the whole",
            1,
            TIMES_TIME * times_of(tenth).wall / times_of(whole).wall,
        ),
        Goal(
            f"times that {TIMES_MEMORY:g} times the memory of a tenth hold the whole",
            1,
            TIMES_MEMORY * _peak(tenth) / _peak(whole),
        ),
    )
    sizes = {
        f"peak MB: {name}, {share(nation.facts.scale)}": _peak(its)
        for nation, one in zip(nations, told, strict=True)
        for name, its in one.items()
    }
    for name in (OURS, RIVAL):
        sizes |= fitted(name, nations, told)
    return Outcome(tuple(lines), tuple(ratios), goals, sizes)


def fitted(name: str, nations: Sequence[Nation], told: Sequence[Mapping[str, Sequence[Told]]]) -> dict[str, float]:
    """The line through the medians by least squares: seconds for nobody, and for each million pupils more."""
    millions = [nation.facts.pupils / 1e6 for nation in nations]
    slope, fixed = np.polyfit(millions, [times_of(one[name]).wall for one in told], 1)
    return {f"s, whatever the size: {name}": float(fixed), f"s a million pupils: {name}": float(slope)}


def _peak(told: Sequence[Told]) -> float:
    return max(one.peak_mb for one in told)
