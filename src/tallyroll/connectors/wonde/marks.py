"""Marks as the service gives them, turned page by page into columns, so that no more than a page is held as objects.

The marks of a school name few different pupils, days, sessions and codes. Each gets a number when it is first seen, and
a column stays numbers and distinct texts (Arrow's dictionary) until screening has judged each text once: text for every
row, made here and taken apart there, was two fifths of the time.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.connectors.wonde.days import london_day, moment
from tallyroll.connectors.wonde.misfits import Rows
from tallyroll.connectors.wonde.records import Day, Mark, Page, PlainMark, Stamp, Wrapped
from tallyroll.governance import Door, Permit
from tallyroll.vocab.clock import LONDON
from tallyroll.vocab.items import Item
from tallyroll.vocab.shapes import RAW_MARKS

PAGES = Rows(msgspec.json.Decoder(Page[Mark]), keys=("student",), plain=msgspec.json.Decoder(Page[PlainMark]))
"""What parses pages of marks: all of one kind, plain where the whole page is."""

_DAY = msgspec.json.Decoder(Day)
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")

Ints = npt.NDArray[np.int32]
Key = str | int | None
AnyMark = Mark | PlainMark
T = TypeVar("T")

_DATE_OF, _DATE_TEXT_OF, _SESSION_OF, _STUDENT_OF, _CODE_OF = map(
    attrgetter, ("date", "date.date", "session", "student", "attendance_code")
)
_LONDON = LONDON.key


class Numbers(dict[T, int], Generic[T]):
    """The number of each key, given when it is first asked for: iterating gives the keys by their numbers."""

    def __missing__(self, key: T) -> int:
        number = self[key] = len(self)
        return number

    def of(self, keys: Iterable[T], *, n: int) -> Ints:
        """The numbers of n keys. Raises TypeError when one is a record, which has no hash."""
        number: Callable[[T], int] = self.__getitem__
        return np.fromiter(map(number, keys), dtype=np.int32, count=n)


@dataclass(slots=True)
class Marks:
    """The marks read so far, of the days from `first` to `last`; keys of the service in place of pupils and codes."""

    first: date
    last: date
    n_read: int = 0
    ahead: datetime | None = None  # when the earliest change was made to a mark of a later day, which we may not take
    ahead_unknown: bool = False  # such a mark came without saying when
    _students: Numbers[Key] = field(default_factory=Numbers)
    _days: Numbers[str] = field(default_factory=Numbers)
    _sessions: Numbers[Key] = field(default_factory=Numbers)
    _codes: Numbers[Key] = field(default_factory=Numbers)
    _parts: list[tuple[Ints, ...]] = field(default_factory=list)

    def add(self, permit: Permit, page: list[AnyMark], *, now: datetime) -> None:
        """Take one page of marks in; those of days outside the permit are left behind here."""
        permit.check(Door.PULL, now=now, items=(Item.PUPIL, Item.MARK), days=(self.first, self.last))
        rows = np.arange(self.n_read + 1, self.n_read + len(page) + 1, dtype=np.int32)
        self.n_read += len(page)
        days = self._numbered_days(page)
        is_outside = [self._is_outside(day) for day in self._days]
        if any(is_outside):
            outside = np.array(is_outside)[days]
            later = np.array([day > str(self.last) for day in self._days])[days]
            self._look_ahead(_some(page, outside & later))
            rows, days, page = rows[~outside], days[~outside], _some(page, ~outside)
        students, codes = _keyed(self._students, _STUDENT_OF, page), _keyed(self._codes, _CODE_OF, page)
        sessions = self._sessions.of(map(_SESSION_OF, page), n=len(page))
        self._parts.append((rows, students, days, sessions, codes))

    def _numbered_days(self, page: list[AnyMark]) -> Ints:
        """The numbers of the marks' days in London; each date as it is written is turned once."""
        dates = Numbers[Any]()
        if page and type(page[0]) is PlainMark:
            place = dates.of(map(_DATE_TEXT_OF, page), n=len(page))
            turned = [london_day(Stamp(text, _LONDON)) for text in dates]
        else:
            place = dates.of(map(_DATE_OF, page), n=len(page))
            turned = [london_day(day) for day in dates]
        return self._days.of(turned, n=len(turned))[place]

    def _is_outside(self, day: str) -> bool:
        """Whether a day is one that we may not take; text that is no day is for screening to reject."""
        return bool(ISO_DAY.fullmatch(day)) and not str(self.first) <= day <= str(self.last)

    def _look_ahead(self, later: list[AnyMark]) -> None:
        """Remember when marks of later days were entered: the next delta has to reach back so far."""
        for mark in later:
            changed = _changed(mark)
            if changed is None:
                self.ahead_unknown = True
            elif self.ahead is None or changed < self.ahead:
                self.ahead = changed

    def table(self, *, pupils: dict[str, str], codes: dict[str, str]) -> pa.Table:
        """The marks under stable keys and with the codes' texts; keys that lead nowhere stay as they came."""
        nothing = (np.zeros(0, dtype=np.int32),) * len(RAW_MARKS)
        rows, of_student, of_day, of_session, of_code = map(np.concatenate, zip(nothing, *self._parts, strict=True))
        columns = [
            pa.array(rows),
            _column([pupils.get(key, key) for key in _texts(self._students)], of_student),
            _column([*self._days], of_day),
            _column([session.upper() for session in _texts(self._sessions)], of_session),
            _column([codes.get(key, key) for key in _texts(self._codes)], of_code),
        ]
        return pa.table(columns, names=RAW_MARKS.names)


def _keyed(numbers: Numbers[Key], of: Callable[[AnyMark], Any], page: list[AnyMark]) -> Ints:
    """The numbers of one field of every mark; an included record goes by the text that stands for it."""
    try:
        return numbers.of(map(of, page), n=len(page))
    except TypeError:
        return numbers.of((_text(of(mark)) for mark in page), n=len(page))


def _changed(mark: AnyMark) -> datetime | None:
    """When a mark was last changed; None where the source does not say, or not in a form that we know."""
    try:
        return moment(_DAY.decode(mark.updated_at))
    except msgspec.MsgspecError:
        return None


def _some(page: list[AnyMark], chosen: npt.NDArray[np.bool_]) -> list[AnyMark]:
    return [page[place] for place in np.flatnonzero(chosen).tolist()]


def _column(texts: Sequence[str], numbers: Ints) -> pa.Array:
    """A column of text from its texts and the number of each row's."""
    return pa.DictionaryArray.from_arrays(pa.array(numbers), pa.array(texts, pa.string()))


def _texts(keys: Iterable[Key]) -> list[str]:
    return [key if type(key) is str else _text(key) for key in keys]


def _text(key: Key | Wrapped) -> str:
    """A key as text, whether it came as text, as a number, or inside an included record (then its code, if any)."""
    if isinstance(key, Wrapped):
        return "" if key.data is None else str(key.data.code or key.data.id)
    return "" if key is None else str(key)
