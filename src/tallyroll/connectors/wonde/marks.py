"""Marks as the service gives them, turned page by page into columns, so that no more than a page is held as objects."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.connectors.wonde.days import london_day, moment
from tallyroll.connectors.wonde.records import Day, Mark, Wrapped
from tallyroll.governance import Door, Permit
from tallyroll.vocab.items import Item
from tallyroll.vocab.shapes import RAW_MARKS

ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True)
class Marks:
    """The marks read so far, of the days from `first` to `last`; keys of the service in place of pupils and codes."""

    first: date
    last: date
    n_read: int = 0
    ahead: datetime | None = None  # when the earliest change was made to a mark of a later day, which we may not take
    ahead_unknown: bool = False  # such a mark came without saying when
    _parts: list[pa.Table] = field(default_factory=list)

    def add(self, permit: Permit, page: list[Mark], *, now: datetime) -> None:
        """Take one page of marks in; those of days outside the permit are left behind here."""
        permit.check(Door.PULL, now=now, items=(Item.PUPIL, Item.MARK), days=(self.first, self.last))
        rows = list(range(self.n_read + 1, self.n_read + len(page) + 1))
        self.n_read += len(page)
        days = {stamp: london_day(stamp) for stamp in {mark.date for mark in page}}  # a page has few different ones
        outside = {stamp for stamp, day in days.items() if self._is_outside(day)}
        if outside:
            self._look_ahead([mark for mark in page if mark.date in outside and days[mark.date] > str(self.last)])
            rows = [row for row, mark in zip(rows, page, strict=True) if mark.date not in outside]
            page = [mark for mark in page if mark.date not in outside]
        self._parts.append(_columns(rows, page, days))

    def _is_outside(self, day: str) -> bool:
        """Whether a day is one that we may not take; text that is no day is for screening to reject."""
        return bool(ISO_DAY.fullmatch(day)) and not str(self.first) <= day <= str(self.last)

    def _look_ahead(self, later: list[Mark]) -> None:
        """Remember when marks of later days were entered: the next delta has to reach back so far."""
        for mark in later:
            changed = moment(mark.updated_at)
            if changed is None:
                self.ahead_unknown = True
            elif self.ahead is None or changed < self.ahead:
                self.ahead = changed

    def table(self, *, pupils: dict[str, str], codes: dict[str, str]) -> pa.Table:
        """The marks under stable keys and with the codes' texts; keys that lead nowhere stay as they came."""
        whole = pa.concat_tables([RAW_MARKS.empty_table(), *self._parts]).combine_chunks()
        whole = whole.set_column(1, RAW_MARKS.field("pupil"), _translated(whole["pupil"], pupils))
        return whole.set_column(4, RAW_MARKS.field("code"), _translated(whole["code"], codes))


def _columns(rows: list[int], page: list[Mark], days: dict[Day, str]) -> pa.Table:
    columns = [
        pa.array(rows, pa.int32()),
        _texts([mark.student for mark in page]),
        pa.array([days[mark.date] for mark in page], pa.string()),
        pa.array([(mark.session or "").upper() for mark in page], pa.string()),
        _texts([mark.attendance_code for mark in page]),
    ]
    return pa.table(columns, schema=RAW_MARKS)


def _texts(keys: list[str | int | Wrapped | None]) -> pa.Array:
    """Keys as text, whether they came as text, as numbers, or inside an included record (then its code, if any)."""
    try:
        return pc.fill_null(pa.array(keys, pa.string()), "")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array([_text(key) for key in keys], pa.string())


def _text(key: str | int | Wrapped | None) -> str:
    if isinstance(key, Wrapped):
        return "" if key.data is None else str(key.data.code or key.data.id)
    return "" if key is None else str(key)


def _translated(column: pa.ChunkedArray, words: dict[str, str]) -> pa.ChunkedArray:
    """The column with each key replaced by its word; keys without one stay."""
    keys, texts = pa.array(list(words), pa.string()), pa.array(list(words.values()), pa.string())
    return pc.coalesce(pc.take(texts, pc.index_in(column, keys)), column)
