"""Figures: what counts in one area, by day and by week. Those of regions and the nation are sums over authorities.

Two rules decide what counts. Where no school has a possible session, nothing does. And dates on which most of the
nation's schools are closed count for authorities only.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from tallyroll.engines.kernel.summing import Sums, add_counts
from tallyroll.tally.areas import N_CODES, PHASES, AreaCells, Areas

Counts = npt.NDArray[np.int64]
Weeks = npt.NDArray[np.int64] | slice
Days = npt.NDArray[np.bool_]
"""Which days count. Shape: [week, day]."""

MOST_CLOSED = Fraction(1, 2)
"""Below this share of schools open in the nation, a date has no regional or national row.

Inferred, since the department publishes no threshold: dates with 13% of secondary schools open were dropped, dates
with 75% kept, for every region alike, while authorities keep their rows (half-terms 2024 and 2025).
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What counts in an area over some weeks.

    day_cells[phase, week, day, code], day_schools and on_roll[phase, week, day]: all pupils, by the day.
    week_cells[phase, week, value, code], week_schools[phase, week, value]: by breakdown and week.
    """

    day_cells: Counts
    day_schools: Counts
    on_roll: Counts
    week_cells: Counts
    week_schools: Counts

    @classmethod
    def none(cls, *, n_weeks: int, n_days: int, n_values: int) -> "Figures":
        """Nothing yet."""
        by_day, by_week = (len(PHASES), n_weeks, n_days), (len(PHASES), n_weeks, n_values)
        shapes = ((*by_day, N_CODES), by_day, by_day, (*by_week, N_CODES), by_week)
        return cls(*(np.zeros(shape, dtype=np.int64) for shape in shapes))

    @property
    def arrays(self) -> tuple[Counts, ...]:
        """All of it; the second axis of each is the week."""
        return (self.day_cells, self.day_schools, self.on_roll, self.week_cells, self.week_schools)

    def add(self, other: "Figures", *, weeks: Weeks) -> None:
        """Add those of another area, whose weeks are these of ours."""
        for mine, theirs in zip(self.arrays, other.arrays, strict=True):
            mine[:, weeks] += theirs

    def add_counts(self, one: AreaCells, days: Days, *, weeks: Weeks, places: Weeks, first_value: int = 0) -> None:
        """Add these weeks of an authority, on these days of theirs, to the weeks at these places."""
        codes, its, ours = (np.asarray(each, dtype=np.int32) for each in (one.codes, weeks, places))
        add_counts(one.cells, one.schools, one.on_roll, codes, its, days, first_value, Sums(*self.arrays), ours)

    def since(self, before: "Figures") -> "Figures":
        """What is new since then."""
        return Figures(*(now - then for now, then in zip(self.arrays, before.arrays, strict=True)))


def figures(one: AreaCells, days: Days, *, places: slice = slice(None), weeks: Weeks = slice(None)) -> Figures:
    """What counts of an authority in these weeks, on these days of theirs, of the breakdowns at these places."""
    first, last, _ = places.indices(one.cells.shape[3])
    made = Figures.none(n_weeks=len(days), n_days=days.shape[1], n_values=max(0, last - first))
    made.add_counts(one, days, weeks=np.arange(len(one.mondays))[weeks], places=np.arange(len(days)), first_value=first)
    return made


def every_day(one: AreaCells) -> Days:
    """All days of an authority's weeks."""
    return np.ones((len(one.mondays), one.cells.shape[2]), dtype=np.bool_)


def weeks_in(areas: Areas, one: AreaCells) -> npt.NDArray[np.int64]:
    """Where an authority's weeks lie among those of all."""
    return np.searchsorted(areas.mondays, one.mondays)


def n_open(one: AreaCells, weeks: Weeks = slice(None)) -> Counts:
    """An authority's schools with a possible session. Shape: [week, day]."""
    by_days = one.schools[:, weeks, 0].sum(axis=0, dtype=np.int64)
    n_days = one.cells.shape[2]
    counts: Counts = by_days @ ((np.arange(1 << n_days)[:, None] >> np.arange(n_days)) & 1)
    return counts


def enough(opened: Counts, *, share: Fraction, known: int) -> Days:
    """Where enough of the known schools are open."""
    days: Days = opened * share.denominator >= share.numerator * known
    return days


def open_days(areas: Areas, *, share: Fraction = MOST_CLOSED, known: int | None = None) -> Days:
    """The days on which enough schools are open for regions and the nation to have rows, of `areas.mondays`."""
    opened = np.zeros((len(areas.mondays), areas.n_days), dtype=np.int64)
    for one in areas.authorities.values():
        opened[weeks_in(areas, one)] += n_open(one)
    return enough(opened, share=share, known=areas.schools_open if known is None else known)
