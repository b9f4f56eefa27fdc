"""Attendance ETL against earthmover: rows of a file to a line of JSON each, and to counts by school and week.

The input has the shape of earthmover's own large example: a row for each day, school, session and student with whether
they attended and for how long, 10,000 rows a school. Both give the same lines. Ours checks every cell of every row and
says by row what does not stand; earthmover checks nothing, but maps columns and fills any template that it is told.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from tallyroll.engines.rivals import apart
from tallyroll.engines.rivals.apart import Told
from tallyroll.flows.bench.ground import SEED
from tallyroll.flows.bench.measuring import Goal, Line, Outcome, Ratio, agree
from tallyroll.flows.bench.national_year import ratio, times_of
from tallyroll.vocab.periods import AcademicYear, days_between
from tallyroll.vocab.progress import Advance
from tallyroll.vocab.schools import FRIDAY

ROWS, ROWS_A_SCHOOL, RUNS = 1_000_000, 10_000, 3
OURS, RIVAL = "Tallyroll", "earthmover"
OUTPUTS = ("events", "weeks")
TIMES_FASTER, MEGABYTES = 10.0, 1024.0
_YEAR = AcademicYear(2025)


def etl(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Rows a second of both, for both outputs."""
    apart.check_installed([RIVAL])
    n = max(round(ROWS * scale), 1)
    write_attendance(folder / "attendance.tsv", n=n)
    told: dict[str, list[Told]] = {f"{output}, {name}": [] for output in OUTPUTS for name in (OURS, RIVAL)}
    for turn in range(runs):
        for name in list(told)[:: -1 if turn % 2 else 1]:
            output, who = name.split(", ")
            rival = "tallyroll.flows.bench.race_etl" if who == OURS else RIVAL
            told[name].append(apart.run(rival, folder=folder, marks=output))
        advance(turn + 1, runs)
    ratios = {output: _ratio(told, output) for output in OUTPUTS}
    peak = max(one.peak_mb for output in OUTPUTS for one in told[f"{output}, {OURS}"])
    return Outcome(
        tuple(Line(name, n, "rows", times_of(its)) for name, its in told.items()),
        tuple(ratios.values()),
        (
            *(Goal(f"times faster than earthmover, {one}", TIMES_FASTER, its.wall) for one, its in ratios.items()),
            Goal("times that 1 GiB holds the peak memory", 1, MEGABYTES / peak),
        ),
        {f"peak MB: {name}": max(one.peak_mb for one in its) for name, its in told.items()}
        | {f"starting s: {name}": its[0].start_s for name, its in told.items()},
    )  # fmt: skip


def _ratio(told: dict[str, list[Told]], output: str) -> Ratio:
    ours, rival = f"{output}, {OURS}", f"{output}, {RIVAL}"
    agree({name: times_of(told[name]) for name in (ours, rival)})
    return ratio(ours, rival, told)


def write_attendance(path: Path, *, n: int) -> None:
    """So many rows, sorted by nothing, as an export of many schools comes."""
    random = np.random.default_rng(SEED)
    days = [str(day) for day in days_between(_YEAR.first, _YEAR.last) if day.weekday() <= FRIDAY]
    columns = {
        "day": pa.array(days).take(pa.array(random.integers(0, len(days), n))),
        "school_id": random.integers(1, max(n // ROWS_A_SCHOOL, 1) + 1, n),
        "session": random.integers(1, 21, n),
        "student_id": random.integers(1, max(n // 10, 1) + 1, n),
        "attended": pa.array(["FALSE", "TRUE"]).take(pa.array((random.random(n) < 0.995).astype(np.int8))),
        "duration": random.integers(1, 62, n) * 30,
    }
    arrow_csv.write_csv(pa.table(columns), path, arrow_csv.WriteOptions(delimiter="\t", quoting_style="none"))
