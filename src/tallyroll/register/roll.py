"""Screening of the roll: who is enrolled, and from when to when."""

from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tallyroll.register.sieve import Bools, Column, Ints, Sieve
from tallyroll.register.stretches import FIRST, LAST, PUPIL, Stretches
from tallyroll.register.words import (
    BLANK,
    OPEN_END_DAY,
    PLACE_OF,
    UNKNOWN_VALUE,
    UNREADABLE,
    read_day,
    read_value,
)
from tallyroll.vocab.identifiers import is_upn

Presence = npt.NDArray[np.int8]
ON_ROLL, BEFORE, AFTER, NOBODY = 0, 1, 2, 3  # whether a pupil is on the roll on a day


@dataclass(frozen=True)
class Enrolments:
    """Enrolments that passed: the pupil's place in `keys`, days, sex and the row of the source."""

    keys: tuple[str, ...]
    pupil: Ints
    first: Ints
    last: Ints
    sex: Ints
    row: Ints

    @cached_property
    def place_of(self) -> dict[str, int]:
        """The place of a key."""
        return {key: place for place, key in enumerate(self.keys)}

    def places(self, column: Column) -> Ints:
        """For each distinct value of a column of keys the pupil's place; -1 where nobody has that key."""
        places = map(self.place_of.get, column.values, repeat(-1))
        return np.fromiter(places, dtype=np.int64, count=len(column.values))

    def presence(self, *, first: int, n_days: int) -> Presence:
        """Whether each pupil is on the roll on each day: a row for each place, and a last one for nobody."""
        days = np.arange(first, first + n_days)
        state = np.full((len(self.keys) + 1, n_days), NOBODY, dtype=np.int8)
        if len(self.pupil) == 0:
            return state
        order = np.argsort(self.pupil, kind="stable")
        pupils, starts = np.unique(self.pupil[order], return_index=True)
        here = (self.first[order, None] <= days) & (days <= self.last[order, None])
        on = np.logical_or.reduceat(here, starts, axis=0)
        admitted = np.minimum.reduceat(self.first[order], starts)
        off = np.where(days < admitted[:, None], BEFORE, AFTER)
        state[pupils] = np.where(on, ON_ROLL, off)
        return state

    def joined_by(self, keys: tuple[str, ...], stretches: Stretches) -> "Enrolments":
        """These and the stretches of other pupils, who were known before; their `row` is -1."""
        more = len(stretches)
        return Enrolments(
            keys=(*self.keys, *keys),
            pupil=np.r_[self.pupil, stretches[:, PUPIL] + len(self.keys)].astype(np.int64),
            first=np.r_[self.first, stretches[:, FIRST]].astype(np.int64),
            last=np.r_[self.last, stretches[:, LAST]].astype(np.int64),
            sex=np.r_[self.sex, np.zeros(more, dtype=np.int64)],
            row=np.r_[self.row, np.full(more, -1)],
        )


def screen_roll(roll: pa.Table, *, year_start: int) -> tuple[Enrolments, Sieve]:
    """The enrolments of a roll, and what was found. A pupil without an admission date counts from `year_start`."""
    sieve = Sieve(roll.column("row"))
    pupil, admission, leaving = (Column(roll, name) for name in ("pupil", "admission_date", "leaving_date"))
    admitted, left = admission.judged(read_day)[admission.index], leaving.judged(read_day)[leaving.index]
    sieve.reject("roll_pupil_blank", pupil.blank()[pupil.index], field="pupil")
    sieve.reject("roll_admission_unreadable", admitted == UNREADABLE, field="admission_date")
    sieve.reject("roll_leaving_unreadable", left == UNREADABLE, field="leaving_date")
    last = np.where(left == BLANK, OPEN_END_DAY, left)
    first = np.where(admitted == BLANK, np.minimum(year_start, last), admitted)
    sieve.reject("roll_dates_reversed", last < first, field="leaving_date")
    sieve.reject("roll_overlap", _overlapping(pupil.index, first, last, good=sieve.good))
    sieve.remark("roll_admission_blank", admitted == BLANK, field="admission_date")
    sex = _sex(roll, sieve)
    _remark_status(roll, sieve)
    _remark_upn(roll, pupil.index, sieve)
    row = roll.column("row").fill_null(-1).to_numpy().astype(np.int64)
    good = np.flatnonzero(sieve.good)
    keys, places = _keys(pupil, good)
    return Enrolments(keys, places, first[good], last[good], sex[good], row[good]), sieve


def _overlapping(pupil: Ints, first: Ints, last: Ints, *, good: Bools) -> Bools:
    """Rows that overlap a later row of the same pupil. Only pupils with several rows are looked at one by one."""
    lost = np.zeros(len(pupil), dtype=np.bool_)
    several = np.bincount(pupil[good], minlength=1) > 1
    rows = np.flatnonzero(good & several[np.minimum(pupil, len(several) - 1)])
    taken: dict[int, list[tuple[int, int]]] = {}
    for row in rows[::-1].tolist():
        spans = taken.setdefault(int(pupil[row]), [])
        if any(first[row] <= end and start <= last[row] for start, end in spans):
            lost[row] = True
        else:
            spans.append((int(first[row]), int(last[row])))
    return lost


def _sex(roll: pa.Table, sieve: Sieve) -> Ints:
    sex = Column(roll, "sex")
    values = sex.judged(lambda text: read_value(PLACE_OF["sex"], text))[sex.index]
    sieve.remark("roll_sex_unknown", values == UNKNOWN_VALUE, field="sex")
    return np.where(values == UNKNOWN_VALUE, 0, values)


def _remark_status(roll: pa.Table, sieve: Sieve) -> None:
    status = Column(roll, "enrolment_status")
    strange = status.judged(lambda text: text.strip().upper() not in ("", "C", "M", "S", "G")).astype(np.bool_)
    sieve.remark("roll_status_unknown", strange[status.index], field="enrolment_status")


def _remark_upn(roll: pa.Table, pupil: Ints, sieve: Sieve) -> None:
    """UPNs are looked at and never kept. A column without any was not permitted, or is not in the source."""
    upn = Column(roll, "upn")
    texts = [text.strip() for text in upn.values]
    blank = np.array([not text for text in texts], dtype=np.bool_)
    if blank.all():
        return
    possible = np.array([is_upn(text) for text in texts], dtype=np.bool_)
    temporary = possible & np.array([text[-1:].isalpha() for text in texts], dtype=np.bool_)
    sieve.remark("upn_blank", blank[upn.index], field="upn")
    sieve.remark("upn_impossible", (~blank & ~possible)[upn.index], field="upn")
    sieve.remark("upn_temporary", temporary[upn.index], field="upn")
    good = np.flatnonzero(sieve.good)
    pairs = np.unique(np.stack([upn.index[good], pupil[good]]), axis=1)
    shared = np.bincount(pairs[0], minlength=len(texts)) > 1
    sieve.remark("upn_duplicate", (shared & ~blank)[upn.index], field="upn")


def _keys(pupil: Column, rows: Ints) -> tuple[tuple[str, ...], Ints]:
    """The keys of these rows in order of their first appearance, and each row's place among them."""
    values, places = np.unique(pupil.index[rows], return_inverse=True)
    return tuple(pupil.values[value] for value in values.tolist()), places
