"""Students as the service gives them, turned into raw roll and status tables: only what the permit names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import compress, groupby
from typing import Any

import numpy as np
import pyarrow as pa

from tallyroll.connectors.wonde import records, values
from tallyroll.connectors.wonde.days import london_day, london_days, moment
from tallyroll.connectors.wonde.marks import Ints, Numbers
from tallyroll.governance import Door, Permit
from tallyroll.vocab.items import Item
from tallyroll.vocab.shapes import OPEN_END, RAW_ROLL, RAW_STATUS

STATUS_ITEMS = (
    Item.YEAR_GROUP,
    Item.FSM,
    Item.FSM6,
    Item.PUPIL_PREMIUM,
    Item.SEN,
    Item.ETHNICITY,
    Item.LOOKED_AFTER,
    Item.PREVIOUSLY_LOOKED_AFTER,
)
ONE_DAY = timedelta(days=1)
Span = tuple[str, date, date]  # value, first, last
Stay = tuple[str, str]  # admission, leaving
Dated = tuple[str, str, str]  # a span as text; blank: the enrolment's own end
_BLANK = 0  # the number of the blank text


@dataclass(slots=True)
class Roll:
    """The students read so far. `keys` leads from the service's key of a student to the stable one."""

    items: frozenset[Item]
    keys: dict[str, str] = field(default_factory=dict)
    restored: datetime | None = None  # when last a student was restored
    n_read: int = 0
    _words: dict[Item, values.Words] = field(default_factory=lambda: {item: values.Words(item) for item in Item})
    _roll: list[pa.Table] = field(default_factory=list)
    _pupils: list[str] = field(default_factory=list)
    _texts: Numbers[str] = field(default_factory=lambda: Numbers({"": _BLANK}))
    _status: list[tuple[Ints, ...]] = field(default_factory=list)

    def table(self) -> pa.Table:
        """The enrolments."""
        return pa.concat_tables([RAW_ROLL.empty_table(), *self._roll]).combine_chunks()

    def status(self) -> pa.Table:
        """Their dated attributes: columns of text as distinct texts and numbers, as those of marks are."""
        nothing = (np.zeros(0, dtype=np.int32),) * len(RAW_STATUS)
        row, of_pupil, *rest = map(np.concatenate, zip(nothing, *self._status, strict=True))
        texts = pa.array([*self._texts], pa.string())
        columns = [
            pa.array(row),
            pa.DictionaryArray.from_arrays(pa.array(of_pupil), pa.array(self._pupils, pa.string())),
            *(pa.DictionaryArray.from_arrays(pa.array(numbers), texts) for numbers in rest),
        ]
        return pa.table(columns, names=RAW_STATUS.names)

    def add(self, permit: Permit, students: list[Any], *, now: datetime, since: date) -> None:
        """Take a page of students in. Those who left before `since` lend their key to old marks, and no more."""
        permit.check(Door.PULL, now=now, items=self.items)
        rows = list(range(self.n_read + 1, self.n_read + len(students) + 1))
        self.n_read += len(students)
        self.keys |= {str(student.id): _pupil(student) for student in students}
        moments = [moment(student.restored_at) for student in students if student.restored_at is not None]
        self.restored = max(filter(None, (self.restored, *moments)), default=None)
        leaving = self._days(students, Item.LEAVING_DATE)
        if leaving is not None and any(leaving):
            here = [not _is_before(day, since) for day in leaving]
            rows, students, leaving = (list(compress(some, here)) for some in (rows, students, leaving))
        self._take(rows, students, leaving)

    def _take(self, rows: list[int], students: list[Any], leaving: list[str] | None) -> None:
        """Turn students into rows of the two tables."""
        pupils = list(map(_pupil, students))
        admission = self._days(students, Item.ADMISSION_DATE)
        columns: list[Sequence[object] | None] = [
            rows,
            pupils,
            self._upns(students),
            self._ours(students, Item.SEX),
            admission,
            leaving,
            self._ours(students, Item.ENROLMENT_STATUS),
        ]
        self._roll.append(_table(columns, RAW_ROLL, n=len(rows)))
        nothing = [""] * len(rows)
        stays = [*zip(admission or nothing, leaving or nothing, strict=True)]
        row, pupil = np.array(rows, dtype=np.int32), np.arange(len(pupils), dtype=np.int32) + len(self._pupils)
        self._pupils += pupils
        for item in STATUS_ITEMS:
            if item in self.items:
                place, value, first, last = self._status_of(item, students, stays)
                named = np.full(len(place), self._texts[str(item)], dtype=np.int32)
                self._status.append((row[place], pupil[place], named, value, first, last))

    def _upns(self, students: list[Any]) -> list[str] | None:
        if Item.UPN not in self.items:
            return None
        return [str(upn or "").strip() for upn in records.column(students, Item.UPN)]

    def _ours(self, students: list[Any], item: Item) -> list[str] | None:
        """An item in our words; None outside the permit."""
        words = self._words[item]
        return list(map(words.__getitem__, records.column(students, item))) if item in self.items else None

    def _days(self, students: list[Any], item: Item) -> list[str] | None:
        """An item that is a date, as ISO text; None outside the permit."""
        return london_days(records.column(students, item)) if item in self.items else None

    def _status_of(self, item: Item, students: list[Any], stays: list[Stay]) -> tuple[Ints, Ints, Ints, Ints]:
        """Student's place, and the numbers of value, first and last day of one attribute, by place.

        Dated where the source gives readable dates, else for the whole enrolment.
        """
        values = self._texts.of(self._ours(students, item) or [], n=len(students))
        parts: list[tuple[int, ...]] = []
        for student, given in records.ranges(students, item):
            if spans := _spans(given, item):
                dated = [tuple(map(self._texts.__getitem__, one)) for one in _dated(stays[student], spans)]
                whole = len(dated) == 1 and dated[0][1:] == (_BLANK, _BLANK)
                values[student] = dated[0][0] if whole else _BLANK
                parts += [] if whole else [(student, *one) for one in dated]
        places = np.flatnonzero(values != _BLANK).astype(np.int32)
        rows = np.zeros((len(places) + len(parts), 4), dtype=np.int32)
        rows[: len(places), 0], rows[: len(places), 1] = places, values[places]
        if parts:
            rows[len(places) :] = parts
            rows = rows[np.argsort(rows[:, 0], kind="stable")]
        place, value, first, last = rows.T
        return place, value, first, last


def _pupil(student: Any) -> str:
    """The stable key of a student; the key of the enrolment where the source has no other."""
    return str(student.upi or student.id)


def _table(columns: Sequence[Sequence[object] | None], shape: pa.Schema, *, n: int) -> pa.Table:
    """A table of these columns; a column outside the permit is null throughout."""
    arrays = [
        pa.nulls(n, kind) if column is None else pa.array(column, kind)
        for column, kind in zip(columns, shape.types, strict=True)
    ]
    return pa.table(arrays, schema=shape)


def _is_before(text: str, day: date) -> bool:
    found = _iso(text) if text else None
    return found is not None and found < day


@lru_cache(maxsize=65_536)  # a school's dates are few, and most are the first day of some school year
def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _spans(ranges: list[records.DateRange], item: Item) -> list[Span]:
    """When the item held; nothing where any of it cannot be read, so that the undated value stands."""
    found: list[Span] = []
    for given in ranges:
        first, end = _iso(london_day(given.start_date)), london_day(given.end_date)
        last = _iso(end) if end else OPEN_END
        value = values.ours(item, given.sen_status) if item is Item.SEN else "Y"
        if first is None or last is None or not value:
            return []
        found.append((value, first, last))
    return found


def _dated(stay: Stay, spans: list[Span]) -> Iterator[Dated]:
    """The enrolment cut where the value turns; outside every span the answer is no."""
    admission, leaving = _iso(stay[0]) or date.min, _iso(stay[1]) or OPEN_END
    if len(spans) == 1 and spans[0][1] <= admission and leaving <= spans[0][2]:  # by far the most
        yield spans[0][0], "", ""
        return
    turns = {admission, *(first for _, first, _ in spans), *(last + ONE_DAY for _, _, last in spans if last < OPEN_END)}
    starts = sorted(day for day in turns if admission <= day <= leaving)
    for value, stretch in groupby(starts, key=lambda day: _value_on(day, spans)):
        first = next(stretch)
        following = next((day for day in starts if day > first and _value_on(day, spans) != value), None)
        yield (
            value,
            "" if first == admission else str(first),
            "" if following is None else str(following - ONE_DAY),
        )


def _value_on(day: date, spans: list[Span]) -> str:
    """The value of the span that holds that day; of several, the one that began last."""
    holding = [(first, value) for value, first, last in spans if first <= day <= last]
    return max(holding)[1] if holding else "N"
