"""Counts over a synthetic England for comparison with the published figures, with plain numpy and nothing shared.

Population as published: enrolments in year groups 1 to 11 and X, year 11 without the second half of the summer term,
from the second week of term to the second Friday of July. Enrolments without a possible session are left out.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from tallyroll.simulate.byte import BYTE
from tallyroll.simulate.calendars import half_terms, monday_from
from tallyroll.simulate.children import Flags, Ints
from tallyroll.simulate.england import England
from tallyroll.simulate.model import Marks, SchoolYear
from tallyroll.vocab.codes import ABSENT, POSSIBLE, numbers_in
from tallyroll.vocab.schools import FRIDAY

CHARACTERISTICS = ("sex", "fsm", "sen", "year_group")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_COUNTED_YEARS = [*map(str, range(1, 12)), "X"]
_STUDY_LEAVE = 5  # the half-term, counted from 0
_WIDTH = 64  # more than the highest code

Key = tuple[str, str]


def _of_codes(numbers: frozenset[int]) -> Flags:
    return np.isin(np.arange(_WIDTH), list(numbers))


_ABSENT, _POSSIBLE = _of_codes(numbers_in(*ABSENT)), _of_codes(numbers_in(*POSSIBLE))


@dataclass(slots=True)
class Counts:
    """What is added up: `marks` by the byte of their code, `pupils` in all, persistently and severely absent."""

    marks: Ints = field(default_factory=lambda: np.zeros(_WIDTH, dtype=np.int64))
    pupils: Ints = field(default_factory=lambda: np.zeros(3, dtype=np.int64))

    def add(self, marks: Ints, pupils: Ints) -> None:
        """Add other counts to these."""
        self.marks += marks
        self.pupils += pupils

    def rate(self, codes: tuple[str, ...]) -> float:
        """These codes as per cent of possible sessions."""
        return _per_cent(self.marks[[BYTE[code] for code in codes]].sum(), self.marks[_POSSIBLE].sum())

    @property
    def absence(self) -> float:
        """Overall absence as per cent of possible sessions."""
        return _per_cent(self.marks[_ABSENT].sum(), self.marks[_POSSIBLE].sum())

    @property
    def persistent(self) -> float:
        """Persistent absence as per cent of enrolments."""
        return _per_cent(self.pupils[1], self.pupils[0])

    @property
    def severe(self) -> float:
        """Severe absence as per cent of enrolments."""
        return _per_cent(self.pupils[2], self.pupils[0])


def _per_cent(part: np.int64, whole: np.int64) -> float:
    return 100 * float(part) / max(float(whole), 1.0)


Table = dict[Key, Counts]
"""Counts by breakdown and value: `("phase", "Primary")`, `("fsm", "Y")`, `("weekday", "Friday")` …"""


def window(year: int) -> tuple[date, date]:
    """The first and last day that a published year holds: 8 September 2025 to 10 July 2026."""
    july = date(year + 1, 7, 12)
    return monday_from(date(year, 9, 2)), july - timedelta(days=(july.weekday() - FRIDAY) % 7)


def count(england: England) -> Table:
    """Counts over every school of an England."""
    table: Table = {}
    for school in england.schools:
        _add_school(table, england.school_year(school.urn))
    return table


def _add_school(table: Table, year: SchoolYear) -> None:
    values = characteristics(year)
    marks = published_marks(year, values["year_group"])
    by_pupil = _by_pupil(marks)
    possible, absent = by_pupil[:, _POSSIBLE].sum(axis=1), by_pupil[:, _ABSENT].sum(axis=1)
    counted = possible > 0
    pupils = np.stack([counted, counted & (10 * absent >= possible), counted & (2 * absent >= possible)], axis=1)
    everyone = by_pupil.sum(axis=0), pupils.sum(axis=0)
    for key in (("phase", str(year.school.phase)), ("phase", "Total"), ("region", year.school.la.region.name)):
        table.setdefault(key, Counts()).add(*everyone)
    for name, column in values.items():
        for value in np.unique(column):
            some = column == value
            table.setdefault((name, str(value)), Counts()).add(by_pupil[some].sum(axis=0), pupils[some].sum(axis=0))
    weekday = np.array([day.weekday() for day in year.days])
    for number, name in enumerate(WEEKDAYS):
        of_day = np.bincount(marks[:, weekday == number].reshape(-1), minlength=_WIDTH)
        table.setdefault(("weekday", name), Counts()).add(of_day, np.zeros(3, dtype=np.int64))


def _by_pupil(marks: Marks) -> Ints:
    """Shape: pupils by codes."""
    rows = np.arange(len(marks), dtype=np.int64)[:, None] * _WIDTH
    return np.bincount((rows + marks.reshape(len(marks), -1)).reshape(-1), minlength=len(marks) * _WIDTH).reshape(
        -1, _WIDTH
    )


def characteristics(year: SchoolYear) -> dict[str, npt.NDArray[np.str_]]:
    """The first value of each pupil's characteristics in the year; blank where none is recorded."""
    found = {name: np.full(len(year.pupils), "", dtype="U4") for name in CHARACTERISTICS}
    found["sex"][:] = year.pupils["sex"].to_numpy(zero_copy_only=False)
    place, item, value = (year.status[name].to_numpy(zero_copy_only=False) for name in ("place", "item", "value"))
    for name in CHARACTERISTICS[1:]:
        rows = np.flatnonzero(item == name)[::-1]  # later rows first, so that the first of a pupil stays
        found[name][place[rows]] = value[rows]
    return found


def published_marks(year: SchoolYear, year_group: npt.NDArray[np.str_]) -> Marks:
    """The final marks of the published population and window; 0 everywhere else."""
    first, last = window(year.days[0].year)
    half_term = half_terms(year.calendar.terms, year.days)
    days = np.array([first <= day <= last for day in year.days])
    marks = np.where(days[None, :, None], year.final, 0).astype(np.uint8)
    marks[~np.isin(year_group, _COUNTED_YEARS)] = 0
    marks[np.ix_(year_group == "11", half_term == _STUDY_LEAVE)] = 0
    return marks
