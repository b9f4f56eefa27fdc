"""The two tables that a synthetic school's system holds about its pupils: who they are, and what is dated."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.simulate.calendars import date_array, first_of_september
from tallyroll.simulate.children import FORENAMES, RECEPTION, SURNAMES, Children, Flags, Ints
from tallyroll.simulate.model import PUPILS, STATUS
from tallyroll.simulate.roll import STILL_HERE, Roll
from tallyroll.simulate.seeds import Stream
from tallyroll.simulate.tables import Floats
from tallyroll.simulate.travel import Days
from tallyroll.vocab.characteristics import (
    ETHNICITY_MINOR,
    FSM,
    FSM6,
    LOOKED_AFTER,
    PREVIOUSLY_LOOKED_AFTER,
    PUPIL_PREMIUM,
    SEN,
    YEAR_GROUP,
)
from tallyroll.vocab.identifiers import Urn

_DATED = (YEAR_GROUP, FSM, FSM6, PUPIL_PREMIUM, SEN, ETHNICITY_MINOR, LOOKED_AFTER, PREVIOUSLY_LOOKED_AFTER)
_ITEMS = pa.array([item.name for item in _DATED])
_LABELS = pa.array([value.code for item in _DATED for value in item.values])
_LABEL_START = np.cumsum([0, *(len(item.values) for item in _DATED[:-1])])  # where each item's values begin
_SEXES, _FORENAMES, _SURNAMES = pa.array(["F", "M"]), pa.array(FORENAMES), pa.array(SURNAMES)

# Shares of pupils whose status changes within the year: plausible, nothing is published.
_GAINS_MEALS, _LOSES_MEALS = 0.012, 0.02
_GAINS_SUPPORT, _GAINS_PLAN = 0.012, 0.03
_CARE_CHANGES = 0.2


def pupils(roll: Roll, *, urn: Urn, year: int) -> pa.Table:
    """The school's pupils, in roll order."""
    child = roll.child
    keys = pc.add(pa.scalar(urn.number * 100_000, pa.int64()), pa.array(np.arange(len(roll))))
    born = first_of_september(year - 5 - child.year) + child.birth
    columns = [
        pc.binary_join_element_wise(pa.scalar("A"), keys.cast(pa.string()), ""),
        roll.upn,
        _FORENAMES.take(pa.array(child.forename)),
        _SURNAMES.take(pa.array(child.surname)),
        pa.array(born),
        _SEXES.take(pa.array(child.male.astype(np.int64))),
        pa.array(roll.admission),
        pa.array(roll.last),
        pa.array(roll.status),
    ]
    return pa.table(columns, schema=PUPILS)


def status(roll: Roll, *, days: tuple[date, ...], rng: Stream) -> pa.Table:
    """The dated attributes of the school's pupils. An attribute that nobody recorded has no row."""
    stays = (roll.admission <= np.datetime64(days[0])) & np.isnat(roll.last)  # nothing changes in a short stay
    parts = [
        _rows(place, *values, days=date_array(days), rng=rng)
        for place, values in enumerate(_values(roll.child, stays, rng.random((3, len(roll)))))
    ]
    place, item, value, first, last = (np.concatenate(column) for column in zip(*parts, strict=True))
    labels = _LABELS.take(pa.array(_LABEL_START[item] + value))
    columns = [pa.array(place, pa.int32()), _ITEMS.take(pa.array(item)), labels, pa.array(first), pa.array(last)]
    return pa.table(columns, schema=STATUS)


def _values(child: Children, stays: Flags, draw: Floats) -> list[tuple[Ints, Ints]]:
    """For each item the values at the start and at the end of the year."""
    fsm, sen, care = child.fsm, child.sen, _yes_no(child.looked_after)
    fsm_after = np.where(stays & (fsm == 1) & (draw[0] < _GAINS_MEALS), 2, fsm)
    fsm_after = np.where(stays & (fsm == 2) & (draw[0] < _LOSES_MEALS), 1, fsm_after)
    more = ((sen == 1) & (draw[1] < _GAINS_SUPPORT)) | ((sen == 2) & (draw[1] < _GAINS_PLAN))
    changes = stays & child.looked_after & (draw[2] < _CARE_CHANGES)
    begins = changes & (draw[2] < _CARE_CHANGES / 2)
    ever_fsm = child.fsm6 | (fsm_after == 2)
    school_age = (child.year >= RECEPTION) & (child.year < 12)
    fsm6 = np.where(fsm == 0, 0, _yes_no(ever_fsm))
    premium = _yes_no(school_age & (ever_fsm | child.looked_after | child.previously_looked_after))
    before = _yes_no(child.previously_looked_after)
    return [
        (child.shown + 3, child.shown + 3),
        (fsm, fsm_after),
        (fsm6, fsm6),
        (premium, premium),
        (sen, sen + (stays & more)),
        (child.ethnicity, child.ethnicity),
        (np.where(begins, 1, care), np.where(changes & ~begins, 1, care)),
        (before, before),
    ]


def _yes_no(flags: Flags) -> Ints:
    return 1 + flags.astype(np.int64)


_Rows = tuple[Ints, Ints, Ints, Days, Days]


def _rows(item: int, before: Ints, after: Ints, *, days: Days, rng: Stream) -> _Rows:
    """One attribute: a row per pupil, and a second one from the day it changes."""
    changed, known = np.flatnonzero(before != after), np.flatnonzero(before)
    day = rng.choice(days[10:-10], len(changed))
    end = np.full(len(before), STILL_HERE, dtype="datetime64[D]")
    end[changed] = day - 1
    place = np.concatenate([known, changed])
    first = np.concatenate([np.full(len(known), STILL_HERE, dtype="datetime64[D]"), day])
    last = np.concatenate([end[known], np.full(len(changed), STILL_HERE, dtype="datetime64[D]")])
    return place, np.full(len(place), item), np.concatenate([before[known], after[changed]]), first, last
