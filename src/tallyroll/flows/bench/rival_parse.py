"""The rival of `parse`: the same checks on the same bytes, as one would write them with pydantic and numpy.

It knows one form of each field, the one in the bytes; the connector knows every form that was ever seen. So the rival
does a little less, and tells nobody what was wrong with a mark that does not stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, TypeAdapter

from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.periods import Session, days_between
from tallyroll.vocab.schools import FRIDAY, SchoolCalendar

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class _Stamp(BaseModel):
    date: datetime
    timezone: str


class _Mark(BaseModel):
    date: _Stamp
    session: Literal["AM", "PM"]
    student: str
    attendance_code: str
    updated_at: _Stamp


class _Page(BaseModel):
    data: list[_Mark]


_PAGES = TypeAdapter(_Page)
_CLOSURE = BY_TEXT["#"].number  # the one code that may stand on a closed weekday


@dataclass(frozen=True, slots=True)
class Judge:
    """What one school's marks are judged by: pupils, codes, open sessions and the roll, all by number."""

    first: date
    place_of: Mapping[str, int]
    code_of: Mapping[str, int]
    open: Bools  # by day and session
    weekday: Bools  # by day
    on_roll: Bools  # by pupil and day

    @classmethod
    def of(
        cls,
        *,
        pupils: Mapping[str, str],
        codes: Mapping[str, str],
        keys: Sequence[str],
        spans: pa.Table,
        calendar: SchoolCalendar,
        days: tuple[date, date],
    ) -> "Judge":
        """The judge of a school with this roll, over these days."""
        places = {key: place for place, key in enumerate(keys)}
        every = days_between(*days)
        on_roll = np.zeros((len(keys), len(every)), dtype=np.bool_)
        for place, first, last in zip(*(spans[name].to_pylist() for name in ("pupil", "first", "last")), strict=True):
            on_roll[place, max((first - days[0]).days, 0) : max((last - days[0]).days + 1, 0)] = True
        return cls(
            first=days[0],
            place_of={key: places[pupil] for key, pupil in pupils.items() if pupil in places},
            code_of={key: BY_TEXT[text].number for key, text in codes.items() if text in BY_TEXT},
            open=np.array([[calendar.is_open(day, session) for session in Session] for day in every]),
            weekday=np.array([day.weekday() <= FRIDAY for day in every]),
            on_roll=on_roll,
        )


def n_records(page: bytes) -> int:
    """How many typed records the page holds."""
    return len(_PAGES.validate_json(page).data)


def checked(pages: Sequence[bytes], judge: Judge) -> tuple[Ints, Ints, Ints]:
    """The marks that stand: the day's place in the period, session, code."""
    marks = [mark for page in pages for mark in _PAGES.validate_json(page).data]
    days = _days(marks, judge.first)
    halves = np.array([mark.session == "PM" for mark in marks], dtype=np.int64)
    places = np.array([judge.place_of.get(mark.student, -1) for mark in marks], dtype=np.int64)
    codes = np.array([judge.code_of.get(mark.attendance_code, 0) for mark in marks], dtype=np.int64)
    good = (places >= 0) & (codes > 0) & (days >= 0) & (days < len(judge.open))
    held = judge.open[days[good], halves[good]] | (codes[good] == _CLOSURE) & judge.weekday[days[good]]
    good[good] &= held & judge.on_roll[places[good], days[good]]
    rows = np.flatnonzero(good)
    slots = (places[rows] * len(judge.open) + days[rows]) * 2 + halves[rows]
    last = np.full(int(slots.max(initial=-1)) + 1, -1)
    last[slots] = rows  # of repeated places numpy leaves the last
    stand = last[last >= 0]
    return days[stand], halves[stand], codes[stand]


def _days(marks: Sequence[_Mark], first: date) -> Ints:
    """The place of each mark's day, in London time; each moment is turned once."""
    turned: dict[tuple[datetime, str], int] = {}
    places = []
    for mark in marks:
        key = mark.date.date, mark.date.timezone
        if key not in turned:
            local = key[0].replace(tzinfo=ZoneInfo(key[1])).astimezone(LONDON).date()
            turned[key] = (local - first) // timedelta(days=1)
        places.append(turned[key])
    return np.array(places, dtype=np.int64)
