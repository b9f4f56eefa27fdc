"""Counts as rows: what the kernel counts of an authority as a table that any tool can add up, and back again.

Every row is an addend: rows of several authorities that agree in everything but `la` and `n` are those of a region.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.engines.counts import AuthorityCounts
from tallyroll.engines.plan import Plan
from tallyroll.vocab.packing import SESSIONS_A_WEEK


class Figure(StrEnum):
    """What a row counts, and what its `date` and `code` then are."""

    RECEIVED = "received"  # school-weeks of which anything came; date: the Monday
    MARKS = "marks"  # date: the day; code: the number of the attendance code
    ON_ROLL = "on_roll"  # pupils, per school the more of morning and afternoon; date: the day
    SCHOOLS = "schools"  # date: the Monday; code: the days with a possible session, as bits, Monday lowest
    ENROLMENTS = "enrolments"  # with a possible session; code: 0 all, then by share of absence, in the plan's order
    ENROLMENT_SCHOOLS = "enrolment_schools"  # schools with such an enrolment


COUNTS = pa.schema(
    [
        ("figure", pa.string()),
        ("la", pa.string()),
        ("phase", pa.string()),
        ("date", pa.date32()),
        ("characteristic", pa.string()),
        ("value", pa.int16()),
        ("code", pa.int16()),
        ("n", pa.int64()),
    ]
)
"""One row per count that is not 0. What a figure has no word for is null. Unit: by figure."""

_Numbers = npt.NDArray[np.integer]
_SCHOOL_DAYS = SESSIONS_A_WEEK // 2
_DAYS_OPEN = 1 << _SCHOOL_DAYS  # ways to be open on the days of a week


def rows_of(counts: AuthorityCounts, *, la: str, phases: Sequence[str], received: Mapping[int, int]) -> pa.Table:
    """The counts as rows; `received` are the school-weeks that came, by the Monday (days since 1970)."""
    names = _Names(la, phases, counts.values)
    mondays, codes = np.array(counts.mondays, dtype=np.int32), np.array(counts.codes, dtype=np.int16)
    came = np.array([received[monday] for monday in counts.mondays], dtype=np.int64)
    marks, on_roll, schools = (np.nonzero(one) for one in (counts.cells, counts.on_roll, counts.schools))
    shares, some = np.nonzero(counts.enrolments), np.nonzero(counts.enrolment_schools)
    return pa.concat_tables(
        [
            names.rows(Figure.RECEIVED, came, date=mondays),
            names.rows(
                Figure.MARKS,
                counts.cells[marks],
                phase=marks[0],
                date=mondays[marks[1]] + marks[2],
                place=marks[3],
                code=codes[marks[4]],
            ),
            names.rows(
                Figure.ON_ROLL, counts.on_roll[on_roll], phase=on_roll[0], date=mondays[on_roll[1]] + on_roll[2]
            ),
            names.rows(
                Figure.SCHOOLS,
                counts.schools[schools],
                phase=schools[0],
                date=mondays[schools[1]],
                place=schools[2],
                code=schools[3],
            ),
            names.rows(Figure.ENROLMENTS, counts.enrolments[shares], phase=shares[0], place=shares[1], code=shares[2]),
            names.rows(Figure.ENROLMENT_SCHOOLS, counts.enrolment_schools[some], phase=some[0], place=some[1]),
        ]
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """What the numbers of counts stand for."""

    la: str
    phases: Sequence[str]
    values: Sequence[tuple[str, int]]

    def rows(
        self,
        figure: Figure,
        n: _Numbers,
        *,
        phase: _Numbers | None = None,
        date: _Numbers | None = None,
        place: _Numbers | None = None,
        code: _Numbers | None = None,
    ) -> pa.Table:
        """So many rows of a figure, named."""
        names, values = zip(*self.values, strict=True)
        columns = {
            "figure": pa.repeat(pa.scalar(str(figure)), len(n)),
            "la": pa.repeat(pa.scalar(self.la), len(n)),
            "phase": None if phase is None else pa.array(self.phases, pa.string()).take(pa.array(phase)),
            "date": None if date is None else pa.array(date.astype(np.int32)).view(pa.date32()),
            "characteristic": None if place is None else pa.array(names, pa.string()).take(pa.array(place)),
            "value": None if place is None else pa.array(np.array(values, dtype=np.int16)[place]),
            "code": None if code is None else pa.array(code.astype(np.int16)),
            "n": pa.array(n.astype(np.int64)),
        }
        given = {name: pa.nulls(len(n)) if column is None else column for name, column in columns.items()}
        return pa.table(given).cast(COUNTS)


def counts_of(rows: pa.Table, plan: Plan, *, phases: Sequence[str]) -> AuthorityCounts:
    """The counts that these rows of one authority say."""
    values = (("all", 0), *((one.name, value) for one in plan.breakdowns for value in range(one.n_values)))
    of = {figure: _numbers(rows.filter(pc.field("figure") == figure), values, phases) for figure in Figure}
    mondays = np.sort(of[Figure.RECEIVED].date)
    codes = np.unique(of[Figure.MARKS].code)
    n_phases, n_weeks, n_values = len(phases), len(mondays), len(values)
    cells = np.zeros((n_phases, n_weeks, _SCHOOL_DAYS, n_values, len(codes)), dtype=np.int32)
    on_roll = np.zeros((n_phases, n_weeks, _SCHOOL_DAYS), dtype=np.int32)
    schools = np.zeros((n_phases, n_weeks, n_values, _DAYS_OPEN), dtype=np.uint16)
    enrolments = np.zeros((n_phases, n_values, 1 + len(plan.thresholds)), dtype=np.int32)
    enrolment_schools = np.zeros((n_phases, n_values), dtype=np.int32)
    one = of[Figure.MARKS]
    week = _week(one.date, mondays)
    cells[one.phase, week, one.date - mondays[week], one.place, np.searchsorted(codes, one.code)] = one.n
    one = of[Figure.ON_ROLL]
    week = _week(one.date, mondays)
    on_roll[one.phase, week, one.date - mondays[week]] = one.n
    one = of[Figure.SCHOOLS]
    schools[one.phase, _week(one.date, mondays), one.place, one.code] = one.n
    one = of[Figure.ENROLMENTS]
    enrolments[one.phase, one.place, one.code] = one.n
    one = of[Figure.ENROLMENT_SCHOOLS]
    enrolment_schools[one.phase, one.place] = one.n
    weeks, seen = tuple(mondays.tolist()), tuple(codes.tolist())
    return AuthorityCounts(weeks, values, seen, cells, schools, on_roll, enrolments, enrolment_schools)


def _week(date: _Numbers, mondays: _Numbers) -> _Numbers:
    """The place of the week in which each of these days lies."""
    return np.searchsorted(mondays, date, side="right") - 1


@dataclass(frozen=True, slots=True)
class _Rows:
    """Columns of rows as numbers; -1 where a row has none."""

    phase: _Numbers
    date: _Numbers
    place: _Numbers
    code: _Numbers
    n: _Numbers


def _numbers(rows: pa.Table, values: Sequence[tuple[str, int]], phases: Sequence[str]) -> _Rows:
    of_place = pa.array([f"{name} {value}" for name, value in values])
    place = pc.binary_join_element_wise(rows["characteristic"], rows["value"].cast(pa.string()), " ")
    columns = [
        pc.index_in(rows["phase"], value_set=pa.array(phases, pa.string())),
        rows["date"].cast(pa.int32()),
        pc.index_in(place, value_set=of_place),
        rows["code"],
        rows["n"],
    ]
    return _Rows(*(column.cast(pa.int64()).fill_null(-1).to_numpy() for column in columns))
