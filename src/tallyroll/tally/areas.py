"""Areas: tallies added up into the department's daily area layout, and into breakdowns by characteristic.

Authorities are sums of contributors; regions and the nation are sums of authorities, those with one school included.
Only published phases appear; alternative provision and nurseries stay in the cells.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.tally import windows
from tallyroll.tally.algebra import Level, Tally, check_authorities, window_of
from tallyroll.tally.definitions import ALL, MEASURES, NOT_ON_ROLL, VALUES, Measure
from tallyroll.tally.layouts import AREA
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.periods import Week
from tallyroll.vocab.places import BY_OLD_CODE, COUNTRY_CODE, COUNTRY_NAME
from tallyroll.vocab.schools import PUBLISHED_PHASES

MOST_CLOSED = Fraction(1, 2)
"""Below this share of schools open in the nation, a date has no regional or national row.

Inferred, since the department publishes no threshold: dates with 13% of secondary schools open were dropped, dates
with 75% kept, for every region alike, while authorities keep their rows (half-terms 2024 and 2025).
"""

_FEED = tuple(measure for measure in MEASURES.values() if measure.feed)
_ON_ROLL = Measure("enrolments", "On roll", ("", *(code.text for code in CODES if code.text != NOT_ON_ROLL)))
_LEVELS = (Level.AUTHORITY, Level.REGIONAL, Level.NATIONAL)


def area_daily(tally: Tally, *, open_share: Fraction = MOST_CLOSED, known_schools: int | None = None) -> pa.Table:
    """The tally in the department's daily area layout: one row per date, area and phase with any possible session.

    Shape:  time, area and phase as text; `attendance_date` and `week_commencing` as dates; whole counts as int64.
    Unit:   sessions; `num_schools` are contributors with a possible session on the day, `enrolments` those on roll:
            per contributor the larger of morning and afternoon, every code but Z, with or without a mark.
    Dates on which fewer than `open_share` of the nation's `known_schools` (all contributors of the tally, unless
    given) had a possible session keep their authorities' rows only; see MOST_CLOSED.
    """
    cells = _published(tally.cells, ALL)
    by_day = ["la", "phase", "date"]
    sums = _measured(cells, by_day, _FEED)
    rows = sums.join(_schools_by_day(cells), keys=by_day).filter(pc.field("num_schools") > 0)
    counts = ["num_schools", "enrolments", *(measure.name for measure in _FEED)]
    wide = rows.filter(pc.is_in(rows["date"], value_set=_open_dates(tally, open_share, known_schools)))
    areas = pa.concat_tables(
        _laid_out(rows if level is Level.AUTHORITY else wide, level, ["date"], counts) for level in _LEVELS
    )
    areas = _with_days(areas)
    time = ["time_period", "time_identifier"]
    day = ["attendance_date", "day_number", "education_phase", "week_commencing"]
    order = ["attendance_date", "geographic_level", "region_code", "new_la_code", "education_phase"]
    return areas.select([*time, *AREA, *day, *counts]).sort_by([(name, "ascending") for name in order])


def area_breakdown(
    tally: Tally,
    characteristic: str,
    *,
    window: windows.Window = windows.week,
    open_share: Fraction = MOST_CLOSED,
    known_schools: int | None = None,
) -> pa.Table:
    """Sessions by one characteristic: one row per window, area, phase and value with any possible session.

    Shape:  time, area, phase, `breakdown_topic` and `breakdown` as text; `num_schools` (contributors with a possible
            session in the cell) and every measure as int64. Unit: sessions.
    Dates on which most schools are closed count for authorities only, as in `area_daily`.
    """
    cells = _published(tally.cells, characteristic)
    cells = cells.append_column("window", window_of(cells, window)).filter(pc.is_valid(pc.field("window")))
    wide = cells.filter(pc.is_in(cells["date"], value_set=_open_dates(tally, open_share, known_schools)))
    keys = ["window", "value"]
    counts = ["num_schools", *(measure.name for measure in _FEED)]
    tables = []
    for level in _LEVELS:
        of_level = cells if level is Level.AUTHORITY else wide
        by = ["la", "phase", *keys]
        schools = _schools(_measured(of_level, ["contributor", *by], [MEASURES["possible_sessions"]]), by)
        rows = _measured(of_level, by, _FEED).join(schools, keys=by).filter(pc.field("num_schools") > 0)
        tables.append(_laid_out(rows, level, keys, counts))
    return _with_breakdown(_with_time(pa.concat_tables(tables), "window"), characteristic, counts)


def area_persistent(tally: Tally, characteristic: str = ALL) -> pa.Table:
    """Persistent and severe absence: one row per window, area, phase and value with any enrolment.

    Shape:  area, phase, `breakdown_topic` and `breakdown` as text; `first` and `last` day of the window; the counts as
            int64 under the department's names: `ytd_enrolments` with a possible session, `pa_flag` of them
            persistently absent; and `severe_flag` severely. Unit: enrolments.
    """
    rows = _published(tally.persistent, characteristic).filter(pc.field("enrolments") > 0)
    keys = ["first", "last", "value"]
    names = {"num_schools": 1, "ytd_enrolments": "enrolments", "pa_flag": "persistent", "severe_flag": "severe"}
    ones = pa.repeat(pa.scalar(1, pa.int64()), rows.num_rows)
    columns = {new: ones if old == 1 else rows[old] for new, old in names.items()}
    rows = pa.table({**{name: rows[name] for name in ("la", "phase", *keys)}, **columns})
    areas = pa.concat_tables(_laid_out(rows, level, keys, list(names)) for level in _LEVELS)
    return _with_breakdown(areas, characteristic, [*keys[:2], *names])


def _published(table: pa.Table, characteristic: str) -> pa.Table:
    """The rows of one breakdown and of the published phases, their authorities checked."""
    phases = pa.array([str(phase) for phase in PUBLISHED_PHASES])
    mine = pc.equal(table["characteristic"], characteristic)
    rows = table.filter(pc.and_(mine, pc.is_in(table["phase"], value_set=phases)))
    check_authorities(pc.unique(rows["la"]).to_pylist())
    return rows


def _measured(cells: pa.Table, keys: Sequence[str], measures: Iterable[Measure]) -> pa.Table:
    """Each measure's sessions, added up by the keys."""
    by_code = cells.group_by([*keys, "code"]).aggregate([("n", "sum")])
    columns = {name: by_code[name] for name in keys}
    for measure in measures:
        counts = pa.array([number in measure.numbers for number in range(len(CODES) + 1)])
        columns[measure.name] = pc.if_else(counts.take(by_code["code"]), by_code["n_sum"], 0)
    return _added(pa.table(columns), keys)


def _added(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The rows with the same keys added up."""
    counts = [name for name in table.column_names if name not in keys]
    sums = table.group_by(list(keys)).aggregate([(name, "sum") for name in counts])
    return sums.rename_columns({f"{name}_sum": name for name in counts})


def _schools(possible: pa.Table, keys: Sequence[str]) -> pa.Table:
    """How many contributors have a possible session, by the keys."""
    is_open = pc.greater(possible["possible_sessions"], 0).cast(pa.int64())
    return _added(possible.select(list(keys)).append_column("num_schools", is_open), keys)


def _schools_by_day(cells: pa.Table) -> pa.Table:
    """`num_schools` and `enrolments` by authority, phase and date."""
    keys = ["contributor", "la", "phase", "date"]
    sessions = _measured(cells, [*keys, "session"], [MEASURES["possible_sessions"], _ON_ROLL])
    days = sessions.group_by(keys).aggregate([("possible_sessions", "sum"), ("enrolments", "max")])
    days = days.rename_columns({"possible_sessions_sum": "possible_sessions", "enrolments_max": "enrolments"})
    by = keys[1:]
    return _schools(days, by).join(_added(days.select([*by, "enrolments"]), by), keys=by)


def _open_dates(tally: Tally, open_share: Fraction, known_schools: int | None) -> pa.Array:
    """The dates on which enough of the nation's schools were open for regions and the nation to be published."""
    cells = _published(tally.cells, ALL)
    sessions = _measured(cells, ["date", "contributor"], [MEASURES["possible_sessions"]])
    pairs = sessions.filter(pc.field("possible_sessions") > 0)
    known = pc.count_distinct(pairs["contributor"]).as_py() if known_schools is None else known_schools
    by_date = pairs.group_by("date").aggregate([("contributor", "count")])
    least = open_share.numerator * known
    enough = pc.greater_equal(pc.multiply(by_date["contributor_count"], open_share.denominator), least)
    return by_date.filter(enough)["date"].combine_chunks()


def _laid_out(rows: pa.Table, level: Level, keys: Sequence[str], counts: Sequence[str]) -> pa.Table:
    """Rows of authorities added up to a level, with the columns that name its areas."""
    known = pc.unique(rows["la"])
    names = [_area(code, level) for code in known.to_pylist()]
    place = pc.index_in(rows["la"], value_set=known)
    columns = {name: pa.array([each[i] for each in names], pa.string()).take(place) for i, name in enumerate(AREA)}
    columns |= {"education_phase": rows["phase"], **{name: rows[name] for name in (*keys, *counts)}}
    return _added(pa.table(columns), [*AREA, "education_phase", *keys])


def _area(old_code: str, level: Level) -> tuple[str, ...]:
    """The area columns of a row to which an authority belongs at this level; blank where the level has none."""
    la = BY_OLD_CODE[old_code]
    region = ("", "") if level is Level.NATIONAL else (la.region.code, la.region.name)
    authority = (la.code, la.name, la.old_code) if level is Level.AUTHORITY else ("", "", "")
    return (level.value, COUNTRY_CODE, COUNTRY_NAME, *region, *authority)


def _with_days(areas: pa.Table) -> pa.Table:
    """Rows by `date` with the columns that the daily layout says dates in."""
    known = pc.unique(areas["date"])
    days = known.to_pylist()
    weeks = [Week.of(day) for day in days]
    place = pc.index_in(areas["date"], value_set=known)
    columns = {
        "time_period": pa.array([str(week.year) for week in weeks], pa.string()),
        "time_identifier": pa.array([week.time_identifier for week in weeks], pa.string()),
        "day_number": pa.array([day.isoweekday() for day in days], pa.int64()),
        "week_commencing": pa.array([week.monday for week in weeks], pa.date32()),
    }
    for name, values in columns.items():
        areas = areas.append_column(name, values.take(place))
    return areas.rename_columns({"date": "attendance_date"})


def _with_time(areas: pa.Table, column: str) -> pa.Table:
    """Rows by window with the window's label parted into `time_period` and `time_identifier`."""
    known = pc.unique(areas[column])
    parts = [label.partition(" ") for label in known.to_pylist()]
    place = pc.index_in(areas[column], value_set=known)
    for name, values in (("time_period", [p[0] for p in parts]), ("time_identifier", [p[2] for p in parts])):
        areas = areas.append_column(name, pa.array(values, pa.string()).take(place))
    return areas


def _with_breakdown(areas: pa.Table, characteristic: str, counts: Sequence[str]) -> pa.Table:
    """Rows by `value` with its labels, in the order of time, area, phase and value."""
    time = [name for name in ("time_period", "time_identifier") if name in areas.column_names]
    topic = "Total" if characteristic == ALL else BY_NAME[characteristic].label
    areas = areas.append_column("breakdown_topic", pa.array([topic] * areas.num_rows, pa.string()))
    areas = areas.append_column("breakdown", pa.array(VALUES[characteristic]).take(areas["value"]))
    when = [*time, *(name for name in ("first", "last") if name in areas.column_names)]
    order = [*when, "geographic_level", "region_code", "new_la_code", "education_phase", "value"]
    areas = areas.sort_by([(name, "ascending") for name in order])
    return areas.select([*time, *AREA, "education_phase", "breakdown_topic", "breakdown", *counts])
