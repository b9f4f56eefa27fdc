"""Tables of areas: the department's daily area layout, sessions by breakdown and week, and persistent absence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.tally.algebra import Level
from tallyroll.tally.areas import N_CODES, PHASES, Areas
from tallyroll.tally.definitions import ALL, MEASURES, VALUES
from tallyroll.tally.figures import MOST_CLOSED, Counts, Days, Figures, every_day, figures, open_days, weeks_in
from tallyroll.tally.layouts import AREA
from tallyroll.vocab.characteristics import BY_NAME
from tallyroll.vocab.periods import Week
from tallyroll.vocab.places import BY_OLD_CODE, COUNTRY_CODE, COUNTRY_NAME, LocalAuthority

_FEED = tuple(measure for measure in MEASURES.values() if measure.feed)
_MEASURES = tuple(measure.name for measure in _FEED)
_COUNTS_AS = np.array([[code in one.numbers for one in _FEED] for code in range(N_CODES)], dtype=np.float64)
"""Whether a code counts in a measure: a product with it adds measures up, exactly to 2^53."""

_PERSISTENT = ("num_schools", "ytd_enrolments", "pa_flag", "severe_flag")
_NUMBER = pa.int64()

Measured = npt.NDArray[np.float64]
Names = tuple[str, ...]
"""What the columns of AREA say of an area."""


def area_daily(areas: Areas, *, open_share: Fraction = MOST_CLOSED, known_schools: int | None = None) -> pa.Table:
    """The department's daily area layout: one row per date, area and phase with any possible session.

    Shape:  time, area and phase as text; `attendance_date` and `week_commencing` as dates; whole counts as int64.
    Unit:   sessions; `num_schools` are contributors with a possible session on the day, `enrolments` those on roll:
            per contributor the larger of morning and afternoon, every code but Z, with or without a mark.
    Dates on which fewer than `open_share` of the nation's `known_schools` (all contributors ever open, unless given)
    had a possible session keep their authorities' rows only; see MOST_CLOSED.
    """
    rows = _Rows(("num_schools", "enrolments", *_MEASURES))
    for names, mondays, one in _levels(areas, open_days(areas, share=open_share, known=known_schools), ALL):
        at = phase, week, day = np.nonzero(one.day_schools)
        counts = (one.day_schools[at], one.on_roll[at], one.day_cells[at] @ _COUNTS_AS)
        rows.add(names, mondays[week] + day, phase, np.zeros_like(day), counts)
    made = rows.sorted(_date)
    days = [_date(day) for day in made.times]
    weeks = [Week.of(day) for day in days]
    return pa.table(
        {
            "time_period": made.timed([str(week.year) for week in weeks], pa.string()),
            "time_identifier": made.timed([week.time_identifier for week in weeks], pa.string()),
            **made.areas,
            "attendance_date": made.timed(days, pa.date32()),
            "day_number": made.timed([day.isoweekday() for day in days], _NUMBER),
            "education_phase": made.phase,
            "week_commencing": made.timed([week.monday for week in weeks], pa.date32()),
            **made.counts,
        }
    )


def area_breakdown(
    areas: Areas, characteristic: str, *, open_share: Fraction = MOST_CLOSED, known_schools: int | None = None
) -> pa.Table:
    """Sessions by one characteristic: one row per week, area, phase and value with any possible session.

    Shape:  time, area, phase, `breakdown_topic` and `breakdown` as text; `num_schools` (contributors with a possible
            session in the cell) and every measure as int64. Unit: sessions.
    Dates on which most schools are closed count for authorities only, as in `area_daily`.
    """
    rows = _Rows(("num_schools", *_MEASURES))
    days = open_days(areas, share=open_share, known=known_schools)
    for names, mondays, one in _levels(areas, days, characteristic):
        at = phase, week, value = np.nonzero(one.week_schools)
        rows.add(names, mondays[week], phase, value, (one.week_schools[at], one.week_cells[at] @ _COUNTS_AS))
    made = rows.sorted(_label)
    labels = [_label(monday) for monday in made.times]
    time = {
        "time_period": made.timed([year for year, _ in labels], pa.string()),
        "time_identifier": made.timed([week for _, week in labels], pa.string()),
    }
    return pa.table({**time, **made.areas, **_groups(made, characteristic), **made.counts})


def area_persistent(areas: Areas, characteristic: str = ALL) -> pa.Table:
    """Persistent and severe absence: one row per window, area, phase and value with any enrolment.

    Shape:  area, phase, `breakdown_topic` and `breakdown` as text; `first` and `last` day of the window; the counts as
            int64 under the department's names: `ytd_enrolments` with a possible session, `pa_flag` of them
            persistently absent; and `severe_flag` severely. Unit: enrolments.
    """
    rows, places = _Rows(_PERSISTENT), areas.places(characteristic)
    sums: dict[Names, Counts] = {}
    for la, cells in areas.authorities.items():
        counts = np.concatenate([cells.enrolment_schools[..., None], cells.enrolments], axis=-1)[:, :, places]
        for names in _names(BY_OLD_CODE[la]):
            sums[names] = sums.get(names, 0) + counts.astype(np.int64)
    for names, one in sums.items():
        at = window, phase, value = np.nonzero(one[..., 0])
        rows.add(names, window, phase, value, [one[at]])
    made = rows.sorted(int)
    windows = [areas.windows[number] for number in made.times]
    window_of = {
        "first": made.timed([first for first, _ in windows], pa.date32()),
        "last": made.timed([last for _, last in windows], pa.date32()),
    }
    return pa.table({**made.areas, **_groups(made, characteristic), **window_of, **made.counts})


def _levels(areas: Areas, days: Days, characteristic: str) -> Iterator[tuple[Names, Counts, Figures]]:
    """Each authority with its figures and its Mondays, then regions and the nation, which have those days only."""
    mondays, places = np.array(areas.mondays, dtype=np.int64), areas.places(characteristic)
    size = {"n_weeks": len(mondays), "n_days": areas.n_days, "n_values": places.stop - places.start}
    sums: dict[Names, Figures] = {}
    for la, one in areas.authorities.items():
        weeks = weeks_in(areas, one)
        its_names, *wider = _names(BY_OLD_CODE[la])
        yield its_names, mondays[weeks], figures(one, every_day(one), places=places)
        its = figures(one, days[weeks], places=places)
        for names in wider:
            sums.setdefault(names, Figures.none(**size)).add(its, weeks=weeks)
    for names, added in sums.items():
        yield names, mondays, added


def _names(la: LocalAuthority) -> tuple[Names, Names, Names]:
    """What the columns of AREA say of an authority, of its region and of the nation; blank where a level has none."""
    nation, region = (COUNTRY_CODE, COUNTRY_NAME), (la.region.code, la.region.name)
    return (
        (Level.AUTHORITY.value, *nation, *region, la.code, la.name, la.old_code),
        (Level.REGIONAL.value, *nation, *region, "", "", ""),
        (Level.NATIONAL.value, *nation, "", "", "", "", ""),
    )


_AREA_ORDER = [AREA.index(name) for name in ("geographic_level", "region_code", "new_la_code")]


@dataclass(slots=True)
class _Rows:
    """Rows as they are gathered: of each area some times, phases, values and counts."""

    columns: tuple[str, ...]
    names: list[Names] = field(default_factory=list)
    keys: list[Counts] = field(default_factory=list)
    counted: list[Counts] = field(default_factory=list)

    def add(
        self, names: Names, time: Counts, phase: Counts, value: Counts, counts: Sequence[Counts | Measured]
    ) -> None:
        """Rows of one area."""
        self.keys.append(np.stack([np.full(len(time), len(self.names)), time, phase, value]))
        self.counted.append(np.column_stack(counts).astype(np.int64))
        self.names.append(names)

    def sorted(self, order: Callable[[int], date | int | tuple[str, str]]) -> "_Sorted":
        """The rows by time, in this order of times, then by area, phase and value."""
        area, time, phase, value = np.concatenate([np.zeros((4, 0), dtype=np.int64), *self.keys], axis=1)
        ranked = sorted(range(len(self.names)), key=lambda place: [self.names[place][at] for at in _AREA_ORDER])
        area = np.argsort(ranked)[area] if len(area) else area
        times = sorted(np.unique(time).tolist(), key=order)
        by_time = np.argsort(times)
        time = by_time[np.searchsorted(np.array(times, dtype=np.int64)[by_time], time)]
        rows = np.lexsort((value, phase, area, time))
        counts = np.concatenate([np.zeros((0, len(self.columns)), dtype=np.int64), *self.counted])[rows]
        return _Sorted(
            times=times,
            time=time[rows],
            value=value[rows],
            areas=_text(AREA, [self.names[place] for place in ranked], area[rows]),
            phase=pa.array(PHASES, pa.string()).take(pa.array(phase[rows])),
            counts={name: pa.array(counts[:, place]) for place, name in enumerate(self.columns)},
        )


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Rows in their order, as columns; `time` says which of `times` each is of."""

    times: list[int]
    time: Counts
    value: Counts
    areas: dict[str, pa.Array]
    phase: pa.Array
    counts: dict[str, pa.Array]

    def timed(self, values: Sequence[object], kind: pa.DataType) -> pa.Array:
        """A column that says something of each row's time."""
        return pa.array(values, kind).take(pa.array(self.time))


def _text(columns: Sequence[str], rows: Sequence[Names], place: Counts) -> dict[str, pa.Array]:
    """Columns of text, each row taken from one of these."""
    taken = pa.array(place)
    return {name: pa.array([row[at] for row in rows], pa.string()).take(taken) for at, name in enumerate(columns)}


def _groups(made: _Sorted, characteristic: str) -> dict[str, pa.Array]:
    """The columns that say which pupils a row is about."""
    topic = "Total" if characteristic == ALL else BY_NAME[characteristic].label
    return {
        "education_phase": made.phase,
        "breakdown_topic": pa.repeat(pa.scalar(topic), len(made.value)),
        "breakdown": pa.array(VALUES[characteristic], pa.string()).take(pa.array(made.value)),
    }


def _date(day: int) -> date:
    found: date = np.datetime64(day, "D").item()
    return found


def _label(monday: int) -> tuple[str, str]:
    """How files name a week; they stand in the order of these names."""
    week = Week.of(_date(monday))
    return str(week.year), week.time_identifier
