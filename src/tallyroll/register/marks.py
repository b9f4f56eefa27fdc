"""Screening of marks: the hot path. Each distinct date, key, session and code is judged once; the rest is numpy."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from tallyroll.register.roll import AFTER, BEFORE, NOBODY, Enrolments, Presence
from tallyroll.register.sieve import Bools, Column, Ints, Sieve
from tallyroll.register.words import (
    BLANK,
    OPEN_END_DAY,
    UNREADABLE,
    date_of,
    day_number,
    read_code,
    read_day,
    read_session,
    shown_code,
    shown_day,
    shown_session,
)
from tallyroll.vocab.codes import BY_TEXT, CODES, NOTHING_RECEIVED
from tallyroll.vocab.periods import Session
from tallyroll.vocab.schools import FRIDAY, SchoolCalendar

_VALID_FROM = np.array([day_number(date.min), *(day_number(code.valid_from) for code in CODES)])
_VALID_TO = np.array([OPEN_END_DAY, *(day_number(code.valid_to) if code.valid_to else OPEN_END_DAY for code in CODES)])
_HALVES = ("morning", "afternoon")
_CLOSURE, _MORNING, _AFTERNOON = (BY_TEXT[text].number for text in ("#", "/", "\\"))
_EXPECTED_HALF = np.full(len(CODES) + 1, -1)
_EXPECTED_HALF[[_MORNING, _AFTERNOON]] = 0, 1


@dataclass(frozen=True)
class Period:
    """The days that were asked for, today, and what the calendar says of each session."""

    first: date
    last: date
    today: date
    calendar: SchoolCalendar

    @property
    def start(self) -> int:
        """The number of the first day."""
        return day_number(self.first)

    @property
    def n_days(self) -> int:
        """How many days there are, both ends counted."""
        return (self.last - self.first).days + 1

    @cached_property
    def dates(self) -> list[date]:
        """Every day of it."""
        return [date_of(self.start + n) for n in range(self.n_days)]

    @cached_property
    def open(self) -> Bools:
        """Whether the school is open, by day and session."""
        is_open = self.calendar.is_open
        answers = [[is_open(day, Session.AM), is_open(day, Session.PM)] for day in self.dates]
        return np.array(answers, dtype=np.bool_).reshape(self.n_days, 2)

    @cached_property
    def weekday(self) -> Bools:
        """Whether a day is Monday to Friday."""
        return np.array([day.weekday() <= FRIDAY for day in self.dates], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Marks that passed: the pupil's place, the day's place in the period, session, code; one for each session."""

    pupil: Ints
    day: Ints
    session: Ints
    code: Ints


class _Columns:
    """The columns of a table of marks as numbers, with what a message may show of them."""

    def __init__(self, marks: pa.Table, *, enrolments: Enrolments, period: Period) -> None:
        self.pupil, self.date, self.session, self.code = (
            Column(marks, name) for name in ("pupil", "date", "session", "code")
        )
        self._period = period
        days = self.date.judged(read_day)
        self.days_read = days
        self.within = (days >= period.start) & (days < period.start + period.n_days)
        self.day = np.where(self.within, days - period.start, 0)[self.date.index]
        places = enrolments.places(self.pupil)
        self.place = np.where(places < 0, len(enrolments.keys), places)[self.pupil.index]
        self.sessions_read = self.session.judged(read_session)
        self.half = np.maximum(self.sessions_read, 0)[self.session.index]
        self.codes_read = self.code.judged(read_code)
        self.number = np.maximum(self.codes_read, NOTHING_RECEIVED)[self.code.index]

    def when(self, row: int) -> str:
        """How a message about a row begins: its day and session, as far as they can be read and are harmless."""
        number = int(self.days_read[self.date.index[row]])
        day = shown_day(number, first=self._period.first, last=self._period.last)
        session = int(self.sessions_read[self.session.index[row]])
        half = f", {_HALVES[session]}" if session >= 0 else ""
        return f"On {day}{half}:" if day else ""

    def show_session(self, row: int) -> str:
        """The session of a row, if harmless."""
        return shown_session(self.session.values[self.session.index[row]])

    def show_code(self, row: int) -> str:
        """The code of a row, if harmless."""
        return shown_code(self.code.values[self.code.index[row]])


def screen_marks(
    marks: pa.Table, *, enrolments: Enrolments, presence: Presence, period: Period, full: bool
) -> tuple[Sessions, Sieve]:
    """The marks that stand, one for each pupil and session, and what was found."""
    columns = _Columns(marks, enrolments=enrolments, period=period)
    sieve = Sieve(marks.column("row"), lead=columns.when)
    _reject_unreadable(columns, sieve, full=full)
    _reject_days(columns, sieve, period)
    _reject_strangers(columns, sieve, presence)
    _reject_doubles(columns, sieve, period)
    _remark_codes(columns, sieve, period)
    rows = np.flatnonzero(sieve.good)
    return Sessions(columns.place[rows], columns.day[rows], columns.half[rows], columns.number[rows]), sieve


def _reject_unreadable(columns: _Columns, sieve: Sieve, *, full: bool) -> None:
    for field, column in (("pupil", columns.pupil), ("date", columns.date), ("session", columns.session)):
        sieve.reject_values("mark_blank", column, column.blank(), field=field)
    if full:  # among changes, a mark without a code is one that was taken away
        sieve.reject_values("mark_blank", columns.code, columns.codes_read == BLANK, field="code")
    sieve.reject_values("mark_date_unreadable", columns.date, columns.days_read == UNREADABLE, field="date")
    session_unread = columns.sessions_read == UNREADABLE
    sieve.reject_values(
        "mark_session_unknown", columns.session, session_unread, field="session", show=columns.show_session
    )
    code_unread = columns.codes_read == UNREADABLE
    sieve.reject_values("mark_code_unknown", columns.code, code_unread, field="code", show=columns.show_code)


def _reject_days(columns: _Columns, sieve: Sieve, period: Period) -> None:
    future = columns.days_read > day_number(period.today)
    sieve.reject_values("mark_in_future", columns.date, future, field="date")
    sieve.reject_values("mark_outside_period", columns.date, ~columns.within, field="date")
    session_closed = ~period.open[columns.day, columns.half]
    if not session_closed.any():
        return  # so no day is closed either
    closure = (columns.number == _CLOSURE) & period.weekday[columns.day]
    day_closed = ~np.any(period.open, axis=1)[columns.day]
    sieve.reject("mark_on_closed_day", day_closed & ~closure, field="date")
    sieve.reject("mark_in_closed_session", session_closed & ~closure, field="session")


def _reject_strangers(columns: _Columns, sieve: Sieve, presence: Presence) -> None:
    state = presence[columns.place, columns.day]
    if not state.any():
        return  # everybody is on the roll
    sieve.reject("mark_not_on_roll", state == NOBODY, field="pupil")
    sieve.reject("mark_before_admission", state == BEFORE, field="date")
    sieve.reject("mark_after_leaving", state == AFTER, field="date")


def _reject_doubles(columns: _Columns, sieve: Sieve, period: Period) -> None:
    """Of several good rows for one session the last stands."""
    rows = np.flatnonzero(sieve.good)
    slot = (columns.place[rows] * period.n_days + columns.day[rows]) * 2 + columns.half[rows]
    if len(rows) == 0 or np.bincount(slot).max() == 1:
        return
    last = np.full(int(slot.max()) + 1, -1)
    last[slot] = rows  # of repeated places numpy leaves the last
    standing = last[slot]
    beaten = standing != rows
    equal = columns.number[standing] == columns.number[rows]
    for name, rejected in (("mark_duplicate", rows[beaten & equal]), ("mark_conflicting", rows[beaten & ~equal])):
        failing = np.zeros(sieve.received, dtype=np.bool_)
        failing[rejected] = True
        sieve.reject(name, failing)


def _remark_codes(columns: _Columns, sieve: Sieve, period: Period) -> None:
    day = columns.day + period.start
    sieve.remark("mark_code_withdrawn", day > _VALID_TO[columns.number], field="code", show=columns.show_code)
    sieve.remark("mark_code_not_yet", day < _VALID_FROM[columns.number], field="code", show=columns.show_code)
    expected = _EXPECTED_HALF[columns.number]
    sieve.remark("mark_wrong_half", (expected >= 0) & (expected != columns.half), field="session")
    sieve.remark("mark_withdrawn", columns.number == NOTHING_RECEIVED, field="code")
