"""Marks as the service gives them, turned page by page into columns, so that no more than a page is held as objects.

The marks of a school name few different pupils, days, sessions and codes. Each gets a number when it is first seen; a
column is kept as numbers, and each text is looked at once: a third of the time that columns of text took.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from typing import Any, cast

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.connectors.wonde.days import london_days, moment
from tallyroll.connectors.wonde.records import Day, Mark, Wrapped
from tallyroll.governance import Door, Permit
from tallyroll.vocab.items import Item
from tallyroll.vocab.shapes import RAW_MARKS

_DAY = msgspec.json.Decoder(Day)
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")

Ints = npt.NDArray[np.int32]
Key = str | int | None


class Numbers(dict[Key, int]):
    """The number of each key, given in the order of coming: iterating gives the keys by their numbers."""

    def of(self, keys: Sequence[Key | Wrapped]) -> Ints:
        """The numbers of these keys; an included record goes by the text that stands for it."""
        try:
            distinct = dict.fromkeys(cast("Sequence[Key]", keys))  # a record has no hash: TypeError
        except TypeError:
            return self.of([_text(key) for key in keys])
        new = [key for key in distinct if key not in self]
        self.update(zip(new, count(len(self))))
        number: Callable[[Any], int] = self.__getitem__  # Any: by now no key is a record
        return np.fromiter(map(number, keys), dtype=np.int32, count=len(keys))


@dataclass(slots=True)
class Marks:
    """The marks read so far, of the days from `first` to `last`; keys of the service in place of pupils and codes."""

    first: date
    last: date
    n_read: int = 0
    ahead: datetime | None = None  # when the earliest change was made to a mark of a later day, which we may not take
    ahead_unknown: bool = False  # such a mark came without saying when
    _students: Numbers = field(default_factory=Numbers)
    _days: Numbers = field(default_factory=Numbers)
    _sessions: Numbers = field(default_factory=Numbers)
    _codes: Numbers = field(default_factory=Numbers)
    _parts: list[tuple[Ints, ...]] = field(default_factory=list)

    def add(self, permit: Permit, page: list[Mark], *, now: datetime) -> None:
        """Take one page of marks in; those of days outside the permit are left behind here."""
        permit.check(Door.PULL, now=now, items=(Item.PUPIL, Item.MARK), days=(self.first, self.last))
        rows = np.arange(self.n_read + 1, self.n_read + len(page) + 1, dtype=np.int32)
        self.n_read += len(page)
        days = self._days.of(london_days([mark.date for mark in page]))
        outside = np.array([self._is_outside(day) for day in _texts(self._days)], dtype=np.bool_)[days]
        if outside.any():
            later = np.array([day > str(self.last) for day in _texts(self._days)], dtype=np.bool_)[days]
            self._look_ahead(_some(page, outside & later))
            rows, days, page = rows[~outside], days[~outside], _some(page, ~outside)
        students = self._students.of([mark.student for mark in page])
        sessions = self._sessions.of([mark.session for mark in page])
        codes = self._codes.of([mark.attendance_code for mark in page])
        self._parts.append((rows, students, days, sessions, codes))

    def _is_outside(self, day: str) -> bool:
        """Whether a day is one that we may not take; text that is no day is for screening to reject."""
        return bool(ISO_DAY.fullmatch(day)) and not str(self.first) <= day <= str(self.last)

    def _look_ahead(self, later: list[Mark]) -> None:
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
            _column(_texts(self._days), of_day),
            _column([session.upper() for session in _texts(self._sessions)], of_session),
            _column([codes.get(key, key) for key in _texts(self._codes)], of_code),
        ]
        return pa.table(columns, schema=RAW_MARKS)


def _changed(mark: Mark) -> datetime | None:
    """When a mark was last changed; None where the source does not say, or not in a form that we know."""
    try:
        return moment(_DAY.decode(mark.updated_at))
    except msgspec.MsgspecError:
        return None


def _some(page: list[Mark], chosen: npt.NDArray[np.bool_]) -> list[Mark]:
    return [page[place] for place in np.flatnonzero(chosen).tolist()]


def _column(texts: Sequence[str], numbers: Ints) -> pa.Array:
    """A column of text from its distinct texts and the number of each row's."""
    return pa.array(texts, pa.string()).take(pa.array(numbers))


def _texts(keys: Iterable[Key]) -> list[str]:
    return [key if type(key) is str else _text(key) for key in keys]


def _text(key: Key | Wrapped) -> str:
    """A key as text, whether it came as text, as a number, or inside an included record (then its code, if any)."""
    if isinstance(key, Wrapped):
        return "" if key.data is None else str(key.data.code or key.data.id)
    return "" if key is None else str(key)
