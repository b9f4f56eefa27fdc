"""Summing: an authority's counts added to an area's, day by day and week by week, where they count."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tallyroll.engines.kernel.compiled import Whole, compiled
from tallyroll.engines.kernel.rolls import Ints

# fmt: off
Longs = npt.NDArray[np.int64]


class Sums(NamedTuple):
    """What counts in an area; a week's place is the second axis of each."""

    day_cells: Longs  # [phase, week, day, code]: all pupils
    day_schools: Longs  # [phase, week, day]
    on_roll: Longs  # [phase, week, day]
    week_cells: Longs  # [phase, week, value, code]
    week_schools: Longs  # [phase, week, value]


@compiled
def add_counts(
    cells: Ints,
    schools: npt.NDArray[np.integer],
    on_roll: Ints,
    codes: Ints,
    weeks: Ints,
    days: npt.NDArray[np.bool_],
    first_value: int,
    sums: Sums,
    places: Ints,
) -> None:
    """Add these weeks of an authority, on the days that count, to the area's weeks at these places.

    Takes: cells[phase, week, day, value, code], of which `codes` names the last axis; schools[phase, week, value, days
           open as bits]; on_roll[phase, week, day]; days[turn, day]. The area's values begin with `first_value`.
    Where no school has a possible session nothing counts: see tally.figures.
    """
    day_cells, day_schools, day_on_roll, week_cells, week_schools = sums
    n_phases, _, n_days, _, n_codes = cells.shape
    for turn in range(len(weeks)):
        week, place = weeks[turn], places[turn]
        counts: Whole = 0
        for day in range(n_days):
            counts |= np.int64(days[turn, day]) << day
        for phase in range(n_phases):
            for day in range(n_days):
                n_open = np.int64(0)
                if (counts >> day) & 1:
                    for ways in range(schools.shape[3]):
                        n_open += np.int64(schools[phase, week, 0, ways]) * ((ways >> day) & 1)
                if n_open:
                    day_schools[phase, place, day] += n_open
                    day_on_roll[phase, place, day] += on_roll[phase, week, day]
                    for code in range(n_codes):
                        day_cells[phase, place, day, codes[code]] += cells[phase, week, day, 0, code]
            for value in range(week_schools.shape[2]):
                n_schools = np.int64(0)
                for ways in range(schools.shape[3]):
                    if ways & counts:
                        n_schools += np.int64(schools[phase, week, first_value + value, ways])
                if not n_schools:
                    continue
                week_schools[phase, place, value] += n_schools
                for day in range(n_days):
                    if (counts >> day) & 1:
                        for code in range(n_codes):
                            n = cells[phase, week, day, first_value + value, code]
                            week_cells[phase, place, value, codes[code]] += n


@compiled
def take_codes(cells: Ints, weeks: Ints, codes: Ints, taken: Ints) -> None:
    """Copy cells[phase, week, day, value, code] of these weeks and codes, as numpy does ten times slower."""
    for phase in range(cells.shape[0]):
        for place in range(len(weeks)):
            for day in range(cells.shape[2]):
                for value in range(taken.shape[3]):
                    for code in range(len(codes)):
                        taken[phase, place, day, value, code] = cells[phase, weeks[place], day, value, codes[code]]
