"""The two tables that a synthetic school's system holds about its pupils: who they are, and what is dated."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.simulate.children import FORENAMES, SURNAMES, Flags, Ints
from tallyroll.simulate.model import PUPILS, STATUS
from tallyroll.simulate.roll import STILL_HERE, Days, Roll
from tallyroll.simulate.seeds import Stream
from tallyroll.vocab.characteristics import ETHNICITY_MINOR, SEN
from tallyroll.vocab.identifiers import Urn

_YEARS = pa.array(["N1", "N2", "R", *map(str, range(1, 15)), "X"])  # at place: the year group plus two
_YES_NO = pa.array(["", "N", "Y"])
_SEN = pa.array([value.code for value in SEN.values])
_ETHNICITIES = pa.array([value.code for value in ETHNICITY_MINOR.values])

# Shares of pupils whose status changes within the year: plausible, nothing is published.
_GAINS_MEALS, _LOSES_MEALS = 0.012, 0.02
_GAINS_SUPPORT, _GAINS_PLAN = 0.012, 0.03
_CARE_CHANGES = 0.2


def pupils(roll: Roll, *, urn: Urn, year: int) -> pa.Table:
    """The school's pupils, in roll order."""
    child = roll.child
    keys = pc.add(pa.scalar(urn.number * 100_000, pa.int64()), pa.array(np.arange(len(roll))))
    born = np.array([f"{one}-09-01" for one in year - 5 - child.year], dtype="datetime64[D]") + child.birth
    columns = [
        pc.binary_join_element_wise(pa.scalar("A"), keys.cast(pa.string()), ""),
        roll.upn,
        pa.array(FORENAMES).take(pa.array(child.forename)),
        pa.array(SURNAMES).take(pa.array(child.surname)),
        pa.array(born),
        pa.array(["F", "M"]).take(pa.array(child.male.astype(np.int64))),
        pa.array(roll.admission),
        pa.array(roll.last),
        pa.array(roll.status),
    ]
    return pa.table(columns, schema=PUPILS)


def status(roll: Roll, *, days: tuple[date, ...], rng: Stream) -> pa.Table:
    """The dated attributes of the school's pupils. An attribute that nobody recorded has no row."""
    child = roll.child
    school_days = np.array(days, dtype="datetime64[D]")

    def dated(item: str, values: Ints, labels: pa.Array, after: Ints | None = None) -> pa.Table:
        return _item(item, values, values if after is None else after, labels, days=school_days, rng=rng)

    draw = rng.random((3, len(roll)))
    draw[:, (roll.admission > school_days[0]) | ~np.isnat(roll.last)] = 1.0  # nothing changes in a short stay
    fsm, sen, care = child.fsm, child.sen, _yes_no(child.looked_after)
    fsm_after = np.where((fsm == 1) & (draw[0] < _GAINS_MEALS), 2, fsm)
    fsm_after = np.where((fsm == 2) & (draw[0] < _LOSES_MEALS), 1, fsm_after)
    sen_after = sen + ((sen == 1) & (draw[1] < _GAINS_SUPPORT)) + ((sen == 2) & (draw[1] < _GAINS_PLAN))
    changes = child.looked_after & (draw[2] < _CARE_CHANGES)
    begins = changes & (draw[2] < _CARE_CHANGES / 2)
    ever_fsm = child.fsm6 | (fsm_after == 2)
    school_age = (child.year >= 0) & (child.year < 12)
    premium = school_age & (ever_fsm | child.looked_after | child.previously_looked_after)
    return pa.concat_tables(
        [
            dated("year_group", child.shown + 2, _YEARS),
            dated("fsm", fsm, _YES_NO, fsm_after),
            dated("fsm6", np.where(fsm == 0, 0, _yes_no(ever_fsm)), _YES_NO),
            dated("pupil_premium", _yes_no(premium), _YES_NO),
            dated("sen", sen, _SEN, sen_after),
            dated("ethnicity_minor", child.ethnicity, _ETHNICITIES),
            dated("looked_after", np.where(begins, 1, care), _YES_NO, np.where(changes & ~begins, 1, care)),
            dated("previously_looked_after", _yes_no(child.previously_looked_after), _YES_NO),
        ]
    )


def _yes_no(flags: Flags) -> Ints:
    return 1 + flags.astype(np.int64)


def _item(item: str, before: Ints, after: Ints, labels: pa.Array, *, days: Days, rng: Stream) -> pa.Table:
    """One attribute: a row per pupil, and a second one from the day it changes."""
    changed = np.flatnonzero(before != after)
    day = rng.choice(days[10:-10], len(changed))
    known = np.flatnonzero((before > 0) | (labels[0].as_py() != ""))
    end = np.full(len(before), STILL_HERE, dtype="datetime64[D]")
    end[changed] = day - 1
    place = np.concatenate([known, changed])
    first = np.concatenate([np.full(len(known), STILL_HERE, dtype="datetime64[D]"), day])
    last = np.concatenate([end[known], np.full(len(changed), STILL_HERE, dtype="datetime64[D]")])
    values = labels.take(pa.array(np.concatenate([before[known], after[changed]])))
    columns = [pa.array(place, pa.int32()), pa.repeat(item, len(place)), values, pa.array(first), pa.array(last)]
    return pa.table(columns, schema=STATUS)
