"""Students as the service gives them, turned into raw roll and status tables: only what the permit names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

import pyarrow as pa

from tallyroll.connectors.wonde import records, values
from tallyroll.connectors.wonde.days import london_day, moment
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
Dated = tuple[str, str, str]  # the same as text; blank: the enrolment's own end


@dataclass(slots=True)
class Roll:
    """The students read so far. `keys` leads from the service's key of a student to the stable one."""

    items: frozenset[Item]
    keys: dict[str, str] = field(default_factory=dict)
    restored: datetime | None = None  # when last a student was restored
    n_read: int = 0
    _roll: list[tuple[int, str, str | None, str | None, str | None, str | None, str | None]] = field(
        default_factory=list
    )
    _status: list[tuple[int, str, str, str, str, str]] = field(default_factory=list)

    def table(self) -> pa.Table:
        """The enrolments."""
        return _table(self._roll, RAW_ROLL)

    def status(self) -> pa.Table:
        """Their dated attributes."""
        return _table(self._status, RAW_STATUS)

    def add(self, permit: Permit, students: Iterable[Any], *, now: datetime, since: date) -> None:
        """Take a page of students in. Those who left before `since` lend their key to old marks, and no more."""
        permit.check(Door.PULL, now=now, items=self.items)
        for student in students:
            self.n_read += 1
            key, pupil = str(student.id), str(student.upi or student.id)
            self.keys[key] = pupil
            restored = moment(student.restored_at)
            self.restored = max(filter(None, (self.restored, restored)), default=None)
            if not self._left_before(student, since):
                self._roll.append((self.n_read, pupil, *self._columns(student)))
                self._status.extend((self.n_read, pupil, *row) for row in self._status_of(student))

    def _left_before(self, student: Any, since: date) -> bool:
        leaving = _iso(self._day(student, Item.LEAVING_DATE) or "")
        return leaving is not None and leaving < since

    def _columns(self, student: Any) -> tuple[str | None, str | None, str | None, str | None, str | None]:
        """UPN, sex, admission, leaving, enrolment status; None outside the permit."""
        return (
            str(records.value(student, Item.UPN) or "").strip() if Item.UPN in self.items else None,
            self._ours(student, Item.SEX),
            self._day(student, Item.ADMISSION_DATE),
            self._day(student, Item.LEAVING_DATE),
            self._ours(student, Item.ENROLMENT_STATUS),
        )

    def _ours(self, student: Any, item: Item) -> str | None:
        return values.ours(item, records.value(student, item)) if item in self.items else None

    def _day(self, student: Any, item: Item) -> str | None:
        return london_day(records.value(student, item)) if item in self.items else None

    def _status_of(self, student: Any) -> Iterator[tuple[str, str, str, str]]:
        """Item, value, first and last day of each attribute that the source knows."""
        stay = (
            _iso(self._day(student, Item.ADMISSION_DATE) or "") or date.min,
            _iso(self._day(student, Item.LEAVING_DATE) or "") or OPEN_END,
        )
        for item in STATUS_ITEMS:
            if item not in self.items:
                continue
            spans = _spans(records.ranges(student, item), item)
            undated = [(self._ours(student, item) or "", "", "")]
            for value, first, last in _dated(stay, spans) if spans else undated:
                if value:
                    yield str(item), value, first, last


def _table(rows: list[Any], shape: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in shape)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, shape.types, strict=True)], schema=shape)


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


def _dated(stay: tuple[date, date], spans: list[Span]) -> Iterator[Dated]:
    """The enrolment cut where the value turns; outside every span the answer is no."""
    admission, leaving = stay
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
