"""Tables by characteristic: weekly attendance, and persistent and severe absence for the year to date.

Totals over phases are pooled under either method: the census gives no head counts by characteristic to weight with.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.tally.algebra import Tally
from tallyroll.tally.area_tables import area_breakdown, area_persistent
from tallyroll.tally.areas import Areas
from tallyroll.tally.definitions import ALL
from tallyroll.tally.estimate import Method, add_rates, add_totals
from tallyroll.tally.layouts import AREA, SUMS, layout_of
from tallyroll.vocab.periods import AcademicYear

_TIME = ("time_period", "time_identifier")
_GROUP = ("breakdown_topic", "breakdown")
_PHASE = "education_phase"
_ABSENCE = (("pa_perc", "pa_flag"), ("severe_perc", "severe_flag"))


def breakdowns(tally: Tally) -> frozenset[str]:
    """The characteristics by which a tally is broken down."""
    columns = (tally.cells["characteristic"], tally.persistent["characteristic"])
    return frozenset(name for column in columns for name in pc.unique(column).to_pylist()) - {ALL}


def weekly_by_characteristic(areas: Areas, characteristics: Iterable[str]) -> pa.Table:
    """Sessions and rates by week, area, phase and breakdown; the breakdown Total is all pupils.

    Shape:  one row per week, area, phase (and Total) and value; counts and rates as in the weekly table.
    """
    rows = pa.concat_tables(area_breakdown(areas, name) for name in (ALL, *characteristics))
    layout = layout_of(rows.column_names)
    counts = ["num_schools", *(name for name in layout.sums if name in SUMS)]
    rates = [(rate, numerator) for rate, numerator in layout.rates if numerator in SUMS]
    keys = [*_TIME, *AREA, *_GROUP]
    made = _with_totals(rows.select([*keys, _PHASE, *counts]), keys, counts, rates, "possible_sessions")
    return made.select([*_TIME, *AREA, _PHASE, *_GROUP, *counts, *(rate for rate, _ in rates)])


def persistent_by_characteristic(areas: Areas, characteristics: Iterable[str], *, first: date) -> pa.Table:
    """Persistent and severe absence of the year that `first` lies in, by area, phase and breakdown.

    Shape:  one row per area, phase (and Total) and value. Unit: enrolments.
    """
    rows = pa.concat_tables(area_persistent(areas, name) for name in (ALL, *characteristics))
    counts = ["num_schools", "ytd_enrolments", "pa_flag", "severe_flag"]
    keys = [*AREA, *_GROUP]
    made = _with_totals(rows.select([*keys, _PHASE, *counts]), keys, counts, _ABSENCE, "ytd_enrolments")
    for name, value in zip(_TIME, (str(AcademicYear.of(first)), "Academic year"), strict=True):
        made = made.append_column(name, pa.array([value] * made.num_rows, pa.string()))
    return made.select([*_TIME, *AREA, _PHASE, *_GROUP, *counts, *(rate for rate, _ in _ABSENCE)])


def persistent_by_area(areas: Areas) -> pa.Table:
    """Persistent absence by area and phase, as `tabulate` takes it beside the daily tallies."""
    rows = area_persistent(areas)
    columns = {"phase": rows[_PHASE]} | {name: rows[name] for name in ("geographic_level", "region_name", "la_name")}
    return pa.table(columns | {name: pc.cast(rows[name], pa.float64()) for name in ("ytd_enrolments", "pa_flag")})


def _with_totals(
    rows: pa.Table, keys: Sequence[str], counts: Sequence[str], rates: Sequence[tuple[str, str]], denominator: str
) -> pa.Table:
    for name in counts:
        rows = rows.set_column(rows.column_names.index(name), name, pc.cast(rows[name], pa.float64()))
    rows = add_rates(rows, rates, denominator=denominator)
    return add_totals(
        rows, keys=keys, phase=_PHASE, rates=rates, method=Method.POOLED, denominator=denominator
    ).sort_by([(name, "ascending") for name in (*keys, _PHASE)])
