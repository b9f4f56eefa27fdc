"""Figures: what counts in one area, by day and by week. Those of regions and the nation are sums over authorities.

Two rules decide what counts. Where no school has a possible session, nothing does. And dates on which most of the
nation's schools are closed count for authorities only.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

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

    def since(self, before: "Figures") -> "Figures":
        """What is new since then."""
        return Figures(*(now - then for now, then in zip(self.arrays, before.arrays, strict=True)))


def figures(one: AreaCells, days: Days, *, places: slice = slice(None), weeks: Weeks = slice(None)) -> Figures:
    """What counts of an authority in these weeks, on these days of theirs, of the breakdowns at these places."""
    cells, counts = one.cells[:, weeks], days.astype(np.int64)
    schools = one.schools[:, weeks].astype(np.int64)
    n_ways = schools.shape[3]
    has_day = (np.arange(n_ways)[:, None] >> np.arange(days.shape[1])) & 1
    day_schools = (schools[:, :, 0] @ has_day) * counts
    meets = (has_day @ counts.T > 0).T.astype(np.int64)  # [week, ways]: whether such a school is open on these days
    week_schools = np.einsum("pwvd,wd->pwv", schools[:, :, places], meets)
    week_cells = np.einsum("pwdvc,wd->pwvc", cells[:, :, :, places], counts.astype(np.int32)).astype(np.int64)
    return Figures(
        day_cells=_with_every_code(one, cells[:, :, :, 0].astype(np.int64) * (day_schools > 0)[..., None]),
        day_schools=day_schools,
        on_roll=one.on_roll[:, weeks].astype(np.int64) * (day_schools > 0),
        week_cells=_with_every_code(one, week_cells * (week_schools > 0)[..., None]),
        week_schools=week_schools,
    )


def _with_every_code(one: AreaCells, cells: Counts) -> Counts:
    """The cells with a place for each code there is, so that those of all authorities add up."""
    if len(one.codes) == N_CODES:
        return cells
    wide = np.zeros((*cells.shape[:-1], N_CODES), dtype=np.int64)
    wide[..., list(one.codes)] = cells
    return wide


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
