"""Tabulation: from daily area tallies to the department's three tables, by day, by week and for the year to date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.tally.estimate import NO_SKIP, Method, add_rates, add_totals
from tallyroll.tally.exceptions import without_holidays, without_strikes
from tallyroll.tally.layouts import AREA, HEADCOUNTS, MEANS, Layout, layout_of
from tallyroll.vocab.errors import InputProblem
from tallyroll.vocab.periods import AcademicYear, Week

PERSISTENT = (("pa_perc", "pa_flag"),)
_LEVELS = ("National", "Regional", "Local authority")
_TIME = ("time_period", "time_identifier")


@dataclass(frozen=True, slots=True)
class Tables:
    """The three tables. Counts of days are whole numbers; means of days and rates are not; null: not known."""

    daily: pa.Table
    weekly: pa.Table
    ytd: pa.Table


def tabulate(
    tallies: pa.Table,
    headcounts: pa.Table,
    *,
    method: Method,
    first: date,
    last: date,
    persistent: pa.Table | None = None,
) -> Tables:
    """The daily, weekly and year-to-date tables of the days from first to last.

    Session counts are added over days; numbers of schools and enrolments are averaged over the days present; rates are
    divided once, after adding. `tallies` and `headcounts` are of the shapes that `reading` gives.
    Raises: InputProblem when no day lies in the window or the window spans two academic years.
    Source: domain rules of the published files, see docs/explanation/estimation.md.
    """
    if method is Method.POOLED and "school_type" in tallies.column_names:  # renamed in the same month as the method
        tallies = tallies.rename_columns({"school_type": "education_phase"})
    layout = layout_of(tallies.column_names)
    tallies = tallies.select([*AREA, "attendance_date", layout.phase, *layout.counts])
    days = _in_window(without_holidays(tallies), first, last)
    days = _with_headcounts(days, headcounts, layout.phase)
    daily = _by(without_strikes(days), [*_TIME, *AREA, "attendance_date"], layout, method)
    weekly = _by(days, [*_TIME, *AREA], layout, method)
    ytd = _by(_as_year(days, first), [*_TIME, *AREA], layout, method)
    if persistent is not None:
        ytd = _with_persistent(ytd, persistent, layout.phase, method)
    return Tables(
        _laid_out(daily, layout, [*_TIME, *AREA, "attendance_date"], []),
        _laid_out(weekly, layout, [*_TIME, *AREA], []),
        _laid_out(ytd, layout, ["time_period", *AREA], ["time_identifier"]),
    )


def _in_window(tallies: pa.Table, first: date, last: date) -> pa.Table:
    """The rows of the window, each with the ISO year and week it is published under."""
    if AcademicYear.of(first) != AcademicYear.of(last):
        raise InputProblem(
            f"{first} to {last} spans two academic years.", mend="A year to date starts and ends within one."
        )
    day = tallies["attendance_date"]
    rows = tallies.filter(pc.and_(pc.greater_equal(day, pa.scalar(first)), pc.less_equal(day, pa.scalar(last))))
    if not rows.num_rows:
        have = pc.min_max(day)
        raise InputProblem(
            f"No row lies between {first} and {last}.", mend=f"The file holds {have['min']} to {have['max']}."
        )
    distinct = pc.unique(rows["attendance_date"])
    weeks = [Week.of(one) for one in distinct.to_pylist()]
    place = pc.index_in(rows["attendance_date"], value_set=distinct).combine_chunks()
    rows = _as_floats(rows)
    rows = rows.append_column("time_period", pa.array([str(week.year) for week in weeks]).take(place))
    return rows.append_column("time_identifier", pa.array([week.time_identifier for week in weeks]).take(place))


def _as_floats(rows: pa.Table) -> pa.Table:
    """Counts as float64, exact to 2^53, so that nothing is ever divided as integers."""
    fields = [field.with_type(pa.float64()) if pa.types.is_integer(field.type) else field for field in rows.schema]
    return rows.cast(pa.schema(fields))


def _as_year(days: pa.Table, first: date) -> pa.Table:
    for name, value in zip(_TIME, (str(AcademicYear.of(first)), "Academic year"), strict=True):
        column = pa.array([value] * days.num_rows, pa.string())
        days = days.set_column(days.column_names.index(name), name, column)
    return days


def _with_headcounts(days: pa.Table, headcounts: pa.Table, phase: str) -> pa.Table:
    """Each row with its area's census head counts; null where the census has none for the area and phase.

    Joined by names, as the department does: its two files have no code in common at every level.
    """
    counts = headcounts.rename_columns({"phase": phase}) if phase != "phase" else headcounts
    return days.join(counts, keys=["geographic_level", "region_name", "la_name", phase], join_type="left outer")


def _by(days: pa.Table, keys: Sequence[str], layout: Layout, method: Method) -> pa.Table:
    """The table of one kind of window: phases with their rates, and Total rows."""
    means = [*MEANS, *HEADCOUNTS]
    grouped = days.group_by([*keys, layout.phase], use_threads=False)
    made = grouped.aggregate(
        [(name, "mean", NO_SKIP) for name in means] + [(name, "sum", NO_SKIP) for name in layout.sums]
    )
    made = made.rename_columns({f"{name}_mean": name for name in means} | {f"{name}_sum": name for name in layout.sums})
    phases = add_rates(made, layout.rates)
    return add_totals(phases, keys=keys, phase=layout.phase, rates=layout.rates, method=method)


def _with_persistent(ytd: pa.Table, persistent: pa.Table, phase: str, method: Method) -> pa.Table:
    """The year to date with `pa_perc`: enrolments persistently absent, in percent of enrolments."""
    keys = ["geographic_level", "region_name", "la_name"]
    weights = ytd.select([*keys, phase, "total_enrolments"]).rename_columns({phase: "phase"})
    phases = persistent.join(weights, keys=[*keys, "phase"], join_type="inner")
    phases = add_rates(phases, PERSISTENT, denominator="ytd_enrolments")
    rows = add_totals(phases, keys=keys, phase="phase", rates=PERSISTENT, method=method, denominator="ytd_enrolments")
    rates = rows.select([*keys, "phase", "pa_perc"]).rename_columns({"phase": phase})
    return ytd.join(rates, keys=[*keys, phase], join_type="left outer")


def _laid_out(table: pa.Table, layout: Layout, before: Sequence[str], after: Sequence[str]) -> pa.Table:
    """The columns in the department's order, the rows by time, level, area and phase."""
    rates = [name for name, _ in layout.rates] + (["pa_perc"] if "pa_perc" in table.column_names else [])
    columns = [*before, layout.phase, *layout.counts, *HEADCOUNTS, *rates, *after]
    level = pc.index_in(table["geographic_level"], value_set=pa.array(_LEVELS))
    dates = ["attendance_date"] if "attendance_date" in table.column_names else []
    order = ["time_period", "week", *dates, "level", "region_code", "new_la_code", layout.phase]
    week = pc.utf8_lpad(table["time_identifier"], 16)  # Week 9 before Week 10
    sortable = table.append_column("level", level).append_column("week", week)
    return sortable.sort_by([(name, "ascending") for name in order]).select(columns)
