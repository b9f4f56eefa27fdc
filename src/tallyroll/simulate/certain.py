"""Sessions that do not ask whether a pupil came: not on roll, closed, elsewhere, unable, not required, not recorded.

Gives a block of marks in which every session still open is `UNDECIDED`. Rates are those of the week of 8 September
2025 in the department's internal feed (shares of two sessions a day per pupil), taken for the whole year.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from tallyroll.simulate.byte import BYTE, NOTHING, UNDECIDED
from tallyroll.simulate.calendars import date_array
from tallyroll.simulate.children import RECEPTION, Flags, Ints
from tallyroll.simulate.model import Marks
from tallyroll.simulate.roll import Roll
from tallyroll.simulate.seeds import Stream
from tallyroll.vocab.schools import FRIDAY, Phase, SchoolCalendar

# code: (share of sessions in per cent by phase, mean length in days, part of the school it strikes at once)
_UNABLE: dict[str, tuple[dict[Phase, float], int, float]] = {
    "Y1": ({Phase.PRIMARY: 0.003, Phase.SECONDARY: 0.015, Phase.SPECIAL: 0.392}, 1, 0.06),
    "Y2": ({Phase.PRIMARY: 0.001, Phase.SECONDARY: 0.013, Phase.SPECIAL: 0.029}, 1, 0.1),
    "Y3": ({Phase.PRIMARY: 0.012, Phase.SECONDARY: 0.027, Phase.SPECIAL: 0.150}, 2, 0.2),
    "Y5": ({Phase.PRIMARY: 0.0, Phase.SECONDARY: 0.0007, Phase.SPECIAL: 0.005}, 25, 0.0),
    "Y6": ({Phase.PRIMARY: 0.002, Phase.SECONDARY: 0.002, Phase.SPECIAL: 0.003}, 5, 0.0),
    "Y7": ({Phase.PRIMARY: 0.028, Phase.SECONDARY: 0.129, Phase.SPECIAL: 0.282}, 3, 0.0),
    "Q": ({Phase.PRIMARY: 0.001, Phase.SECONDARY: 0.004, Phase.SPECIAL: 0.041}, 15, 0.0),
}
_CLOSED_DAYS = {Phase.PRIMARY: 0.00027, Phase.SECONDARY: 0.00052, Phase.SPECIAL: 0.00018}  # Y4, per school and day
_MARKS_TRAINING_DAYS = {Phase.PRIMARY: 0.02, Phase.SECONDARY: 0.08, Phase.SPECIAL: 0.09}  # schools that enter `#`
_LATE_STARTERS = {Phase.PRIMARY: 0.02, Phase.SECONDARY: 0.003, Phase.SPECIAL: 0.009}  # `Z` until they come
_LATE_START_DAYS = 15
_MISSING = 0.003  # of marks, at random
_SILENT_SCHOOLS, _SILENT_SESSIONS = 0.06, 6  # schools that sent nothing for up to so many sessions
_STUDY_LEAVE = {Phase.PRIMARY: 0.0, Phase.SECONDARY: 0.87, Phase.SPECIAL: 0.2}  # of those who sit examinations
_EXAM_YEARS = (11, 13)
_NO_FRIDAY_AFTERNOON = 0.5  # sixth forms: pupils without a lesson then
_SETTLING_IN_DAYS = 8  # Reception has mornings only at first
_SUMMER_2 = 5


@dataclass(frozen=True, slots=True)
class Setting:
    """What the sessions of a school's year have in common for all its pupils."""

    phase: Phase
    calendar: SchoolCalendar
    days: tuple[date, ...]
    half_term: Ints  # 0 to 5, one per day
    weekday: Ints  # 0 is Monday

    @property
    def dates(self) -> npt.NDArray[np.datetime64]:
        """The days, for arithmetic."""
        return date_array(self.days)

    @property
    def open(self) -> Flags:
        """Shape: days by sessions. Whether registers were due."""
        place = {day: number for number, day in enumerate(self.days)}
        is_open = np.ones((len(self.days), 2), dtype=bool)
        is_open[[place[day] for day in self.calendar.closed if day in place]] = False
        for day, session in self.calendar.closed_sessions:
            is_open[place[day], session.number] = False
        return is_open


def undecided(setting: Setting, roll: Roll, *, rng: Stream) -> Marks:
    """A block of marks: 0 where none was made, a code where one was certain, else `UNDECIDED`."""
    marks = np.full((len(roll), len(setting.days), 2), UNDECIDED, dtype=np.uint8)
    _not_required(marks, setting, roll, rng)
    _study_leave(marks, setting, roll, rng)
    _unable(marks, setting, rng)
    _elsewhere(marks, setting, roll)
    _late_starters(marks, setting, roll, rng)
    _closures(marks, setting, rng)
    _not_sent(marks, setting, rng)
    gone = np.where(np.isnat(roll.last), np.datetime64("9999-12-31"), roll.last)
    here = (setting.dates >= roll.admission[:, None]) & (setting.dates <= gone[:, None])
    marks[~here] = NOTHING
    return marks


def _not_required(marks: Marks, setting: Setting, roll: Roll, rng: Stream) -> None:
    """`X`: only for those not of compulsory school age."""
    year = roll.child.year
    nursery = year < RECEPTION
    mornings_only = nursery & (rng.random(len(roll)) < 0.5)
    marks[mornings_only, :, 1] = BYTE["X"]
    marks[nursery & ~mornings_only, :, 0] = BYTE["X"]
    marks[year == RECEPTION, :_SETTLING_IN_DAYS, 1] = BYTE["X"]
    sixth = np.flatnonzero((year >= 12) & (rng.random(len(roll)) < _NO_FRIDAY_AFTERNOON))
    marks[np.ix_(sixth, np.flatnonzero(setting.weekday == FRIDAY), np.array([1]))] = BYTE["X"]


def _study_leave(marks: Marks, setting: Setting, roll: Roll, rng: Stream) -> None:
    """`S` after the last half-term holiday. The published figures leave these weeks of year 11 out."""
    candidates = np.isin(roll.child.shown, _EXAM_YEARS)
    pupils = np.flatnonzero(candidates & (rng.random(len(roll)) < _STUDY_LEAVE[setting.phase]))
    marks[np.ix_(pupils, np.flatnonzero(setting.half_term == _SUMMER_2))] = BYTE["S"]


def _unable(marks: Marks, setting: Setting, rng: Stream) -> None:
    pupils, days, _ = marks.shape
    for code, (shares, length, part) in _UNABLE.items():
        struck = max(1, round(part * pupils))
        events = rng.poisson(shares[setting.phase] / 100 * pupils * days / (struck * length))
        for start, first in zip(rng.integers(0, days, events), rng.integers(0, pupils, events), strict=True):
            who = (first + np.arange(struck)) % pupils
            marks[who, start : start + 1 + rng.poisson(length - 1)] = BYTE[code]


def _elsewhere(marks: Marks, setting: Setting, roll: Roll) -> None:
    """`D`: the weekdays on which a child on two registers is at the other school."""
    for place in np.flatnonzero(roll.away):
        marks[place, (roll.away[place] >> setting.weekday) & 1 == 1] = BYTE["D"]


def _late_starters(marks: Marks, setting: Setting, roll: Roll, rng: Stream) -> None:
    """`Z`: enrolled from September, not yet on the admission register when term began."""
    new = roll.admission == np.datetime64(f"{setting.days[0].year}-09-01")
    share = _LATE_STARTERS[setting.phase] / max(new.mean(), 0.05)
    late = np.flatnonzero(new & (roll.away == 0) & (rng.random(len(roll)) < share))
    for place, days in zip(late, rng.integers(3, _LATE_START_DAYS + 1, len(late)), strict=True):
        marks[place, :days] = BYTE["Z"]


def _closures(marks: Marks, setting: Setting, rng: Stream) -> None:
    marks[:, rng.random(len(setting.days)) < _CLOSED_DAYS[setting.phase]] = BYTE["Y4"]
    closed = ~setting.open
    marks[:, closed] = BYTE["#"] if rng.random() < _MARKS_TRAINING_DAYS[setting.phase] else NOTHING


def _not_sent(marks: Marks, setting: Setting, rng: Stream) -> None:
    flat = marks.reshape(-1)
    flat[rng.integers(0, flat.size, rng.poisson(_MISSING * flat.size))] = NOTHING
    if rng.random() < _SILENT_SCHOOLS:
        start = rng.integers(0, 2 * len(setting.days))
        lost = start + np.arange(rng.integers(1, _SILENT_SESSIONS + 1))
        marks.reshape(len(marks), -1)[:, lost[lost < 2 * len(setting.days)]] = NOTHING
