"""What an extract changes of what was known: rolls and weeks of marks, as numbers in and numbers out.

What an extract says of the roll:
- A pupil whom it names is as it says, from 1 September of its school year on. Earlier school years stay as they were
  known: this year's year group was not last year's.
- In a full extract, a known pupil whom it does not name has left the roll before its first day.
- A removed pupil is on no day of the new roll. Marks kept before stay where they are, uncounted, so that they count
  again if the source restores the pupil.

What it says of marks: a full extract replaces every session from its first to its last day; changes replace the
sessions that they name. Other days of the same week stay.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tallyroll.register.blocks import DAYS, SESSIONS, Marks
from tallyroll.register.sieve import Ints
from tallyroll.register.stretches import PUPIL, Stretches, are_among, joined, since, until
from tallyroll.register.words import day_number
from tallyroll.vocab.periods import AcademicYear

_WEEK, _THURSDAY = 7, 3  # 1970-01-01, day 0, was a Thursday


@dataclass(frozen=True, slots=True)
class Said:
    """Marks that an extract gives: pupil's number, day number, session, code; and the days it replaces whole."""

    pupil: Ints
    day: Ints
    session: Ints
    code: Ints
    replaced: tuple[int, int] | None

    def mondays(self) -> list[int]:
        """The weeks that it has anything to say of."""
        if self.replaced is None:
            return [int(monday) for monday in np.unique(_mondays(self.day))]
        first, last = self.replaced
        return list(range(monday_of(first), last + 1, _WEEK))


def monday_of(day: int) -> int:
    """The number of the Monday of this day's week."""
    return day - (day + _THURSDAY) % _WEEK


def _mondays(day: Ints) -> Ints:
    return day - (day + _THURSDAY) % _WEEK


def merged_roll(
    known: Stretches, given: Stretches, *, removed: Ints, year_start: int, left_before: int | None
) -> Stretches:
    """The roll after an extract that gives these stretches; `left_before` is a full extract's first day."""
    known = known[~are_among(known[:, PUPIL], removed)]
    named = are_among(known[:, PUPIL], given[:, PUPIL])
    others = known[~named] if left_before is None else until(known[~named], left_before - 1)
    earlier = until(known[named], year_start - 1)
    had_earlier = are_among(given[:, PUPIL], earlier[:, PUPIL])
    later = since(given[had_earlier], year_start)
    return joined(np.concatenate([others, earlier, later, given[~had_earlier]]))


def by_year(roll: Stretches, *, years: range) -> dict[int, Stretches]:
    """The roll cut at 31 August into a part for each academic year; the first and the last reach out for ever."""
    parts = {}
    for start in years:
        year, part = AcademicYear(start), roll
        if start != years[0]:
            part = since(part, day_number(year.first))
        if start != years[-1]:
            part = until(part, day_number(year.last))
        parts[start] = part
    return parts


def merged_weeks(known: Mapping[int, Marks], said: Said) -> Iterator[tuple[int, Marks]]:
    """Each week that the extract speaks of, by the number of its Monday, as it is now."""
    mondays = said.mondays()
    week_of = _mondays(said.day)
    order = np.argsort(week_of, kind="stable")
    starts = np.searchsorted(week_of[order], mondays)
    ends = np.searchsorted(week_of[order], mondays, side="right")
    for monday, start, end in zip(mondays, starts.tolist(), ends.tolist(), strict=True):
        yield monday, _merged_week(known.get(monday), said, monday=monday, rows=order[start:end])


def _merged_week(known: Marks | None, said: Said, *, monday: int, rows: Ints) -> Marks:
    n_known = 0 if known is None else len(known)
    week = np.zeros((max(n_known, int(said.pupil[rows].max(initial=-1)) + 1), DAYS, SESSIONS), dtype=np.uint8)
    if known is not None:
        week[:n_known] = known
    if said.replaced is not None:
        first, last = said.replaced
        week[:, max(first - monday, 0) : max(last - monday + 1, 0)] = 0
    week[said.pupil[rows], said.day[rows] - monday, said.session[rows]] = said.code[rows]
    return week
