"""Tabulating: a national year of daily area tallies, from CSV to the department's three files."""

from itertools import count
from pathlib import Path

from pyarrow import csv

from tallyroll import tally
from tallyroll.flows import centre
from tallyroll.flows.bench import area_files
from tallyroll.flows.bench.ground import NOW, SEED
from tallyroll.flows.bench.measuring import Line, Outcome, interleave
from tallyroll.tally import Method
from tallyroll.vocab.progress import Advance

YEAR, RUNS = 2025, 5
PROFILE = "dfe-single-school"


def tabulate(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Rows of area tallies a second: read, made into tables, and the whole command, which also protects and writes."""
    days = area_files.school_days(YEAR, max(1, round(area_files.DAYS_IN_YEAR * scale)))
    raw, census = folder / "raw.csv", folder / "headcounts.csv"
    csv.write_csv(area_files.tallies(days, seed=SEED), raw)
    csv.write_csv(area_files.headcounts(), census)
    rows, heads = tally.read_tallies(raw), tally.read_headcounts(census)
    turns = count()

    def tables() -> int:
        made = tally.tabulate(rows, heads, method=Method.POOLED, first=days[0], last=days[-1])
        return sum(table.num_rows for table in (made.daily, made.weekly, made.ytd))

    def whole() -> int:
        made = centre.tabulate(
            raw,
            census,
            method=Method.POOLED,
            first=days[0],
            last=days[-1],
            out=folder / f"made-{next(turns)}",
            persistent=None,
            profile=PROFILE,
            now=NOW,
        )
        return sum(table.rows for table in made)

    works = {"read": lambda: tally.read_tallies(raw).num_rows, "tables": tables, "read, protected, written": whole}
    times = interleave(works, runs=runs, advance=advance)
    lines = tuple(Line(name, rows.num_rows, "rows", its) for name, its in times.items())
    return Outcome(lines, sizes={"days": len(days), "bytes": raw.stat().st_size, "rows_made": tables()})
