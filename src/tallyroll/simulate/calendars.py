"""School calendars: three terms a year with half-terms that differ between authorities, bank holidays, INSET days.

The rules give the usual dates of 2025/26 and 2026/27 and sensible ones for any year: 195 weekdays of term, of which a
school closes five for training, which leaves the 190 days that maintained schools must open.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt

from tallyroll.simulate.seeds import Stream, stream
from tallyroll.vocab.periods import Session, days_between
from tallyroll.vocab.places import BY_OLD_CODE
from tallyroll.vocab.schools import FRIDAY, SchoolCalendar, Term

TERM_WEEKDAYS = 195
INSET_DAYS = 5
WEEK = timedelta(days=7)
_EAST_MIDLANDS = "E12000004"  # where most schools break up a week early in October


def easter(year: int) -> date:
    """Easter Sunday. Source: the anonymous Gregorian rule, as printed by Butcher in 1876."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """The bank holidays that can fall in a term of the academic year that starts in `year`."""
    spring = year + 1
    sunday = easter(spring)
    may = monday_from(date(spring, 5, 1))
    late_may = monday_from(date(spring, 5, 25))
    return frozenset({sunday - timedelta(days=2), sunday + timedelta(days=1), may, late_may})


def monday_from(day: date) -> date:
    """The first Monday on or after a day."""
    return day + timedelta(days=-day.weekday() % 7)


def _friday_to(day: date) -> date:
    return day - timedelta(days=(day.weekday() - FRIDAY) % 7)


@dataclass(frozen=True, slots=True)
class _Habits:
    """How many weeks an authority's half-terms lie off the usual ones."""

    october: int = 0
    february: int = 0


def _habits(seed: int, la: str) -> _Habits:
    draw = stream(seed, "terms", int(la)).random(2)
    early = 0.65 if BY_OLD_CODE[la].region.code == _EAST_MIDLANDS else 0.18
    october = -1 if draw[0] < early else -2 if draw[0] > 0.97 else 0
    february = -1 if draw[1] < 0.08 else 1 if draw[1] > 0.92 else 0
    return _Habits(october, february)


@cache
def terms_of(year: int, *, la: str, seed: int) -> tuple[Term, Term, Term]:
    """The three terms of an authority's schools."""
    return _terms(year, _habits(seed, la))


@cache
def usual_terms(year: int) -> tuple[Term, Term, Term]:
    """The three terms that most of England keeps."""
    return _terms(year, _Habits())


def _terms(year: int, habits: _Habits) -> tuple[Term, Term, Term]:
    spring = year + 1
    start = date(year, 9, 1)
    start += timedelta(days=(0, 0, 0, 0, 0, 2, 1)[start.weekday()])
    october = monday_from(date(year, 10, 22)) + habits.october * WEEK
    february = monday_from(date(spring, 2, 12)) + habits.february * WEEK
    break_up = monday_from(date(spring, 3, 29))
    if easter(spring) > date(spring, 4, 12):
        break_up = easter(spring) - timedelta(days=13)
    may = monday_from(date(spring, 5, 25))
    autumn = Term("Autumn", start, _friday_to(date(year, 12, 22)), october, october + timedelta(days=4))
    january = monday_from(date(spring, 1, 4))
    before = max(day for day in days_between(january, break_up) if day < break_up and _teaches(day, year))
    lent = Term("Spring", january, before, february, february + timedelta(days=4))
    summer = Term("Summer", break_up + 2 * WEEK, date(spring, 7, 31), may, may + timedelta(days=4))
    last = term_days((autumn, lent, summer), year)[:TERM_WEEKDAYS][-1]
    return autumn, lent, Term("Summer", summer.first, last, may, may + timedelta(days=4))


def _teaches(day: date, year: int) -> bool:
    return day.weekday() <= FRIDAY and day not in bank_holidays(year)


@cache
def term_days(terms: tuple[Term, ...], year: int) -> tuple[date, ...]:
    """Every weekday of term that is no bank holiday."""
    days = days_between(terms[0].first, terms[-1].last)
    return tuple(day for day in days if _teaches(day, year) and any(term.holds(day) for term in terms))


def school_calendar(terms: tuple[Term, ...], *, year: int, rng: Stream) -> SchoolCalendar:
    """One school's calendar: its terms, five training days at the ends of half-terms, perhaps an early finish."""
    days = term_days(terms, year)
    edges = _half_term_edges(terms, days)
    chosen = rng.choice(len(edges), size=INSET_DAYS - 1, replace=False)
    inset = {days[0], *(edges[place] for place in chosen)}
    last_days = [max(day for day in days if term.holds(day) and day not in inset) for term in terms]
    early = {(day, Session.PM) for day in last_days if rng.random() < 0.1}
    return SchoolCalendar(terms, frozenset(inset | bank_holidays(year)), frozenset(early))


@cache
def _half_term_edges(terms: tuple[Term, ...], days: tuple[date, ...]) -> tuple[date, ...]:
    """The first and last day of every half-term, and the second day of the year: where training days are put."""
    halves = [(t.first, t.half_term_first) for t in terms] + [(t.half_term_last, t.last) for t in terms]
    edges = {day for low, high in halves for day in _ends([day for day in days if low <= day <= high])}
    return tuple(sorted((edges | {days[1]}) - {days[0], days[-1]}))


def _ends(days: list[date]) -> tuple[date, date]:
    return days[0], days[-1]


@cache
def half_terms(terms: tuple[Term, ...], days: tuple[date, ...]) -> npt.NDArray[np.int64]:
    """The half-term (0 to 5) of each day."""
    calendar = SchoolCalendar(terms)
    numbers = np.array([(calendar.half_term(day) or 1) - 1 for day in days])
    numbers.flags.writeable = False
    return numbers


@cache
def date_array(days: tuple[date, ...]) -> npt.NDArray[np.datetime64]:
    """The days, for arithmetic."""
    dates = np.array(days, dtype="datetime64[D]")
    dates.flags.writeable = False
    return dates


def first_of_september(years: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """1 September of each year."""
    months: npt.NDArray[np.datetime64] = (12 * (years - 1970) + 8).astype("datetime64[M]")
    return months.astype("datetime64[D]")
