"""The rivals of `parse`: the same checks on the same bytes, as one would write them with pydantic or orjson, and numpy.

They know one form of each field, the one in the bytes; the connector knows every form that was ever seen. So rivals do
a little less, and tell nobody what was wrong with a mark that does not stand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, TypeAdapter

from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.periods import Session, days_between
from tallyroll.vocab.schools import FRIDAY, SchoolCalendar

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Record = tuple[datetime, str, str, str, str]  # day, time zone, session, student, code
Read = Callable[[bytes], list[Record]]


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


def records_of_pydantic(page: bytes) -> list[Record]:
    """The fields that are judged of every record of a page, once all of it has the types of the models."""
    found = _PAGES.validate_json(page).data
    return [(mark.date.date, mark.date.timezone, mark.session, mark.student, mark.attendance_code) for mark in found]


def records_of_orjson() -> Read:
    """The same by orjson, with each type looked at in a loop. UsageProblem where it is not installed."""
    try:
        orjson = import_module("orjson")
    except ImportError:
        raise UsageProblem("The bench needs orjson.", mend="Run: make bench") from None
    turned: dict[str, datetime] = {}

    def records(page: bytes) -> list[Record]:
        found: list[Record] = []
        for mark in orjson.loads(page)["data"]:
            stamp, changed = mark["date"], mark["updated_at"]
            day, zone, session = stamp["date"], stamp["timezone"], mark["session"]
            student, code = mark["student"], mark["attendance_code"]
            for text in (day, zone, session, student, code, changed["date"], changed["timezone"]):
                if type(text) is not str:
                    raise TypeError("A field is not text.")
            if session not in ("AM", "PM"):
                raise ValueError("A session is neither AM nor PM.")
            for text in (day, changed["date"]):
                if text not in turned:
                    turned[text] = datetime.fromisoformat(text)
            found.append((turned[day], zone, session, student, code))
        return found

    return records


def checked(pages: Sequence[bytes], judge: Judge, *, read: Read) -> tuple[Ints, Ints, Ints]:
    """The marks that stand: the day's place in the period, session, code."""
    marks = [mark for page in pages for mark in read(page)]
    days = _days(marks, judge.first)
    halves = np.array([session == "PM" for _, _, session, _, _ in marks], dtype=np.int64)
    places = np.array([judge.place_of.get(student, -1) for _, _, _, student, _ in marks], dtype=np.int64)
    codes = np.array([judge.code_of.get(code, 0) for _, _, _, _, code in marks], dtype=np.int64)
    good = (places >= 0) & (codes > 0) & (days >= 0) & (days < len(judge.open))
    held = judge.open[days[good], halves[good]] | (codes[good] == _CLOSURE) & judge.weekday[days[good]]
    good[good] &= held & judge.on_roll[places[good], days[good]]
    rows = np.flatnonzero(good)
    slots = (places[rows] * len(judge.open) + days[rows]) * 2 + halves[rows]
    last = np.full(int(slots.max(initial=-1)) + 1, -1)
    last[slots] = rows  # of repeated places numpy leaves the last
    stand = last[last >= 0]
    return days[stand], halves[stand], codes[stand]


def _days(marks: Sequence[Record], first: date) -> Ints:
    """The place of each mark's day, in London time; each moment is turned once."""
    turned: dict[tuple[datetime, str], int] = {}
    places = []
    for day, zone, *_ in marks:
        key = day, zone
        if key not in turned:
            local = day.replace(tzinfo=ZoneInfo(zone)).astimezone(LONDON).date()
            turned[key] = (local - first) // timedelta(days=1)
        places.append(turned[key])
    return np.array(places, dtype=np.int64)
