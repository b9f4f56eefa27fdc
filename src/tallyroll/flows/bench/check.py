"""Checking a release: one data file of some 100 MB against the department's open data standard."""

from pathlib import Path

import pyarrow as pa

from tallyroll import disclosure, release, tally
from tallyroll.flows.bench import area_files
from tallyroll.flows.bench.ground import NOW, SEED
from tallyroll.flows.bench.measuring import Line, Outcome, interleave
from tallyroll.flows.bench.tabulate import PROFILE
from tallyroll.tally import Method
from tallyroll.vocab.errors import VerificationProblem
from tallyroll.vocab.progress import Advance

YEARS, RUNS = (2024, 2025), 3
NAME = "attendance_daily"


def check(scale: float, *, folder: Path, advance: Advance, runs: int = RUNS) -> Outcome:
    """Bytes and rows a second of `release check`, every check reached."""
    made = folder / "release"
    n_rows = _write(made, n_days=max(1, round(area_files.DAYS_IN_YEAR * scale)))
    name = "release check"
    times = interleave({name: lambda: _checked(made)}, runs=runs, advance=advance)[name]
    n_bytes = (made / f"{NAME}.csv").stat().st_size
    return Outcome((Line(name, n_bytes, "bytes", times), Line(f"{name}, by row", n_rows, "rows", times)))


def _write(made: Path, *, n_days: int) -> int:
    """A release of one table: the daily tables of some years, one below the other. Gives its rows."""
    daily = []
    for year in YEARS:
        days = area_files.school_days(year, n_days)
        raw = area_files.tallies(days, seed=SEED + year)
        tables = tally.tabulate(raw, area_files.headcounts(), method=Method.POOLED, first=days[0], last=days[-1])
        daily.append(tables.daily)
    protected = disclosure.protect({NAME: pa.concat_tables(daily)}, profile=PROFILE, last=days[-1])
    (table,) = release.write(protected, made, method=Method.POOLED, created_at=NOW)
    return table.rows


def _checked(made: Path) -> int:
    """How many checks passed or warned; VerificationProblem when one failed, for then others did not run."""
    (report,) = release.check(made).files
    if not report.passed:
        raise VerificationProblem(f"The bench's own file fails: {report.faults[0].message}", mend="Report a bug.")
    return len(report.results)
