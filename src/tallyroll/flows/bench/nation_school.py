"""One school of the synthetic nation in every layout that is raced: packed weeks, exceptions, long rows, dense bytes.

The rivals' layouts are kinder to them than their own would be: what counts is chosen beforehand, each mark carries the
number of the stretch in which its pupil's status is dated, so that a plain equi-join gives the status on the day, and
each stretch carries how many sessions its school sent.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.register.stretches import COLUMNS, FIRST, LAST, PUPIL, VALUES, to_table
from tallyroll.simulate.model import SchoolYear
from tallyroll.tally.definitions import LEAVING_YEAR, Definition
from tallyroll.vocab.characteristics import BY_NAME, MAJOR_OF_MINOR, ROLL_CHARACTERISTICS, SEX, YEAR_GROUP
from tallyroll.vocab.codes import BY_TEXT
from tallyroll.vocab.packing import SESSIONS_A_WEEK, pack
from tallyroll.vocab.periods import AcademicYear
from tallyroll.vocab.shapes import OPEN_END

Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

DAYS_A_YEAR = 366
MARKS = pa.schema([("stretch", pa.int32()), ("day", pa.int16()), ("session", pa.uint8()), ("code", pa.uint8())])
"""Marks for SQL; `day` counts from 1 September."""
STRETCHES = pa.schema(
    [
        *((name, pa.int32()) for name in ("stretch", "pupil")),
        *((name, pa.int16()) for name in ("la", "phase", "first_day", "last_day", "sessions")),
        ("latest", pa.uint8()),
        *((name, pa.uint8()) for name in BY_NAME),
    ]
)
"""One row per stretch that counts: its enrolment, sessions sent in it, whether it is the last with any, its status."""

_PLAIN = np.array([BY_TEXT[text].number for text in ("/", "\\")], dtype=np.uint8)
_YEAR_GROUP, _SEX = (VALUES + ROLL_CHARACTERISTICS.index(one) for one in (YEAR_GROUP, SEX))
_EPOCH = date(1970, 1, 1)
_NUMBER_OF = {one.name: {value.code: n for n, value in enumerate(one.values)} for one in ROLL_CHARACTERISTICS}


def day_of(day: date) -> int:
    """A day's number since 1970."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Week:
    """One school's week: its Monday since 1970 and its marks. Shape: [pupils, 10 sessions]."""

    monday: int
    marks: Bytes

    @property
    def packed(self) -> bytes:
        """As the scan side holds it."""
        return pack(self.marks)


@dataclass(frozen=True, slots=True)
class MadeSchool:
    """A school's year as numbers: stretches of its roll, marks and which sessions were sent, by day since 1 September.

    Shape: `roll` as `register.stretches`; `marks` [pupils, days of the year, 2 sessions]; `sent` [days, 2].
    """

    urn: int
    start: int
    roll: Ints
    marks: Bytes
    sent: npt.NDArray[np.bool_]

    def spans(self) -> pa.Table:
        """The roll as the scan side holds it."""
        return to_table(self.roll, urn=self.urn)

    def weeks(self) -> list[Week]:
        """The weeks in which anything was sent."""
        lead = (self.start + 3) % 7  # days since a Monday
        padded = np.zeros((len(self.marks), -(-(DAYS_A_YEAR + lead) // 7) * 7, 2), dtype=np.uint8)
        padded[:, lead : lead + DAYS_A_YEAR] = self.marks
        by_week = padded.reshape(len(self.marks), -1, 7, 2)[:, :, :5].reshape(len(self.marks), -1, SESSIONS_A_WEEK)
        sent = np.flatnonzero(by_week.any(axis=(0, 2)))
        return [Week(self.start - lead + 7 * int(week), by_week[:, week]) for week in sent]

    def counted(self, definition: Definition) -> Ints:
        """The stretches that count, in the order of pupils and days, those of the leaving year until it leaves."""
        groups = np.array(sorted(definition.population.year_groups))
        roll = self.roll[np.isin(self.roll[:, _YEAR_GROUP], groups)].copy()
        roll[:, FIRST] = np.maximum(roll[:, FIRST] - self.start, 0)
        roll[:, LAST] = np.minimum(roll[:, LAST] - self.start, DAYS_A_YEAR - 1)
        away = day_of(definition.population.year_11_away(self.urn)[0]) - self.start
        leaving = roll[:, _YEAR_GROUP] == LEAVING_YEAR
        roll[leaving, LAST] = np.minimum(roll[leaving, LAST], away - 1)
        return roll[roll[:, FIRST] <= roll[:, LAST]]

    def stretches(self, counted: Ints, *, la: int, phase: int) -> pa.Table:
        """These stretches for SQL, stretches and pupils numbered within the school."""
        before = np.concatenate([[0], np.cumsum(self.sent.sum(axis=1))])
        sessions = before[counted[:, LAST] + 1] - before[counted[:, FIRST]]
        pupil, active = counted[:, PUPIL], np.flatnonzero(sessions)
        latest = np.zeros(len(counted), dtype=np.uint8)
        latest[active[np.append(np.diff(pupil[active]) != 0, True)[: len(active)]]] = 1
        status = {name: counted[:, place] for place, name in enumerate(COLUMNS) if place >= VALUES}
        status["ethnicity_major"] = np.array(MAJOR_OF_MINOR)[status["ethnicity_minor"]]
        columns = {
            "stretch": np.arange(len(counted)),
            "pupil": pupil,
            "la": np.full(len(counted), la),
            "phase": np.full(len(counted), phase),
            "first_day": counted[:, FIRST],
            "last_day": counted[:, LAST],
            "sessions": sessions,
            "latest": latest,
            **status,
        }
        return _table(columns, STRETCHES)

    def long_rows(self, counted: Ints, *, exceptions: bool) -> pa.Table:
        """A row for each session sent within these stretches; `exceptions`: but for plain presence."""
        wanted = self.sent & ~((self.marks == _PLAIN[0]) | (self.marks == _PLAIN[1])) if exceptions else self.sent
        pupil, day, session = np.nonzero(np.broadcast_to(wanted, self.marks.shape))
        starts = counted[:, PUPIL].astype(np.int64) * DAYS_A_YEAR + counted[:, FIRST]
        stretch = np.searchsorted(starts, pupil * DAYS_A_YEAR + day, side="right") - 1
        held = (stretch >= 0) & (counted[stretch, PUPIL] == pupil) & (counted[stretch, LAST] >= day)
        pupil, day, session, stretch = (column[held] for column in (pupil, day, session, stretch))
        code = self.marks[pupil, day, session]
        return _table({"stretch": stretch, "day": day, "session": session, "code": code}, MARKS)


def made_school(year: SchoolYear) -> MadeSchool:
    """The numbers of a synthetic school's year, all marks settled."""
    start = day_of(AcademicYear.of(year.days[0]).first)
    marks = np.zeros((len(year.pupils), DAYS_A_YEAR, 2), dtype=np.uint8)
    marks[:, [day_of(day) - start for day in year.days]] = year.final
    return MadeSchool(year.school.urn.number, start, _roll(year, start=start), marks, np.any(marks, axis=0))


def _roll(year: SchoolYear, *, start: int) -> Ints:
    """The roll: a stretch a pupil, and one more from each day on which a status changed."""
    n = len(year.pupils)
    admission, leaving = (year.pupils[name].cast(pa.int32()).to_numpy() for name in ("admission", "leaving"))
    first = np.maximum(admission, start)
    last = np.where(np.isnan(leaving), day_of(OPEN_END), np.nan_to_num(leaving))
    values, changes = _status(year, n)
    place = np.concatenate([np.arange(n), *(each.place for each in changes)])
    day = np.concatenate([first, *(each.day for each in changes)])
    place, day = np.unique(np.stack([place, day]), axis=1).astype(np.int32)
    roll = np.zeros((len(place), len(COLUMNS)), dtype=np.int32)
    roll[:, PUPIL], roll[:, FIRST] = place, day
    same = np.append(place[1:] == place[:-1], False)
    roll[:, LAST] = np.where(same, np.roll(day, -1) - 1, last[place])
    roll[:, VALUES:] = values[place]
    for one in changes:
        since = np.full(n, day_of(OPEN_END))
        since[one.place] = one.day
        new = np.zeros(n, dtype=np.int32)
        new[one.place] = one.value
        roll[:, VALUES + one.column] = np.where(day >= since[place], new[place], roll[:, VALUES + one.column])
    return roll[roll[:, FIRST] <= roll[:, LAST]]


@dataclass(frozen=True, slots=True)
class _Change:
    """From which day on which pupils have which other value in a column."""

    column: int
    place: Ints
    day: Ints
    value: Ints


def _status(year: SchoolYear, n: int) -> tuple[Ints, list[_Change]]:
    """Each pupil's status at first, and what changes in the year; each item of a pupil changes once at most."""
    values = np.zeros((n, len(ROLL_CHARACTERISTICS)), dtype=np.int32)
    values[:, _SEX - VALUES] = [_NUMBER_OF[SEX.name][sex] for sex in year.pupils["sex"].to_pylist()]
    items, texts = (year.status[name].combine_chunks().dictionary_encode() for name in ("item", "value"))
    item, place = items.indices.to_numpy(), year.status["place"].to_numpy()
    day = year.status["first"].cast(pa.int32()).to_numpy(zero_copy_only=False)
    changes = []
    for number, name in enumerate(items.dictionary.to_pylist()):
        column = next(i for i, one in enumerate(ROLL_CHARACTERISTICS) if one.name == name)
        numbers = np.array([_NUMBER_OF[name].get(text, 0) for text in texts.dictionary.to_pylist()], dtype=np.int32)
        value = numbers[texts.indices.to_numpy()]
        at_first, later = (item == number) & np.isnan(day), (item == number) & ~np.isnan(day)
        values[place[at_first], column] = value[at_first]
        if later.any():
            changes.append(_Change(column, place[later], day[later].astype(np.int32), value[later]))
    return values, changes


def _table(columns: dict[str, npt.NDArray[np.integer]], shape: pa.Schema) -> pa.Table:
    arrays = [pa.array(columns[one.name].astype(one.type.to_pandas_dtype())) for one in shape]
    return pa.table(arrays, schema=shape)
