"""Events: in which week each stretch of the roll begins and ceases to cover whole weeks, school by school."""

from typing import NamedTuple

import numpy as np

from tallyroll.engines.kernel.compiled import compiled, within
from tallyroll.engines.kernel.rolls import Ints, Roll

WEEK, THURSDAY, TO_FRIDAY = 7, 3, 4  # 1970-01-01, day 0, was a Thursday
COMES, GOES, PARTLY = 0, 1, 2


class Events(NamedTuple):
    """Stretches by school and week (the key is school * n_weeks + week); week 0 begins on `monday`.

    A stretch comes in the first week that it covers from Monday to Friday, goes in the first that it covers no
    longer, and is partly there in a week of which it covers some school days only. Of each kind of event, `starts`
    says where those of a key begin among `stretches` (and `rows`, the pupils whose stretches they are).
    """

    monday: int
    n_weeks: int
    starts: Ints  # [kind, key and one]
    stretches: Ints  # [kind, place]
    rows: Ints  # [kind, place]


def events(roll: Roll, *, first: int, last: int) -> Events:
    """The events of a roll over the weeks that hold these days (days since 1970)."""
    monday = monday_of(first)
    n_weeks = (monday_of(last) - monday) // WEEK + 1
    n_keys, most = (len(roll.row_at) - 1) * n_weeks, 2 * len(roll.first)  # a stretch is partly in two weeks at most
    starts = np.zeros((3, n_keys + 2), dtype=np.int32)
    stretches, rows = np.zeros((3, most), dtype=np.int32), np.zeros((3, most), dtype=np.int32)
    _gather(roll, monday, n_weeks, False, starts, stretches, rows)
    np.cumsum(starts, axis=1, out=starts)
    _gather(roll, monday, n_weeks, True, starts, stretches, rows)
    return Events(monday, n_weeks, starts, stretches, rows)


def monday_of(day: int) -> int:
    """The Monday of the week that holds this day."""
    return day - (day + THURSDAY) % WEEK


@compiled
def _gather(roll: Roll, monday: int, n_weeks: int, placing: bool, starts: Ints, stretches: Ints, rows: Ints) -> None:
    """Sort by counting: first how many events each key has, two places on; then where they go, one place on."""
    for school in range(len(roll.row_at) - 1):
        for row in range(roll.row_at[school], roll.row_at[school + 1]):
            for stretch in range(roll.stretch_at[row], roll.stretch_at[row + 1]):
                begins = max(roll.first[stretch] - monday, 0)
                ends = min(roll.last[stretch] - monday, WEEK * n_weeks - 1)
                if begins > ends:
                    continue
                key = school * n_weeks
                comes, goes = -((-begins) // WEEK), (ends - TO_FRIDAY) // WEEK + 1
                if comes < goes:
                    _put(COMES, key + comes, stretch, row, placing, starts, stretches, rows)
                    if goes < n_weeks:
                        _put(GOES, key + goes, stretch, row, placing, starts, stretches, rows)
                if _is_partly(begins, ends, begins // WEEK):
                    _put(PARTLY, key + begins // WEEK, stretch, row, placing, starts, stretches, rows)
                if ends // WEEK > begins // WEEK and _is_partly(begins, ends, ends // WEEK):
                    _put(PARTLY, key + ends // WEEK, stretch, row, placing, starts, stretches, rows)


@within
def _is_partly(begins: int, ends: int, week: int) -> bool:
    """Whether these days hold some school days of the week, and not all."""
    monday, friday = WEEK * week, WEEK * week + TO_FRIDAY
    return begins <= friday and ends >= monday and not (begins <= monday and ends >= friday)


@within
def _put(kind: int, key: int, stretch: int, row: int, placing: bool, starts: Ints, stretches: Ints, rows: Ints) -> None:
    if placing:
        place = starts[kind, key + 1]
        stretches[kind, place] = stretch
        rows[kind, place] = row
        starts[kind, key + 1] += 1
    else:
        starts[kind, key + 2] += 1
