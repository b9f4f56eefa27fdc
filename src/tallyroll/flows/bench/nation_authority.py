"""One authority of the synthetic nation, made in a process of its own: its part of every layout."""

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tallyroll.flows.bench import nation_ground
from tallyroll.flows.bench.nation_school import MARKS, STRETCHES, MadeSchool, Week, made_school
from tallyroll.simulate.estate import Plan, PlannedSchool, plan
from tallyroll.simulate.school import school_year
from tallyroll.simulate.travel import Travellers, travellers
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.schools import PUBLISHED_PHASES, Phase
from tallyroll.vocab.shapes import SCHOOLS, SPANS, WEEKS

LARGER = 1.036
"""How much larger a school is than the simulator plans it, whose 21,292 schools come to 8.69 million enrolments."""

LONG_UP_TO = 0.1
"""The largest scale that is written as long rows too, one a mark: ten times as much would take 600 MB."""


@dataclass(frozen=True, slots=True)
class Made:
    """One authority: what goes to the scan side, and what SQL users get, numbered within the authority."""

    partition: Partition
    stretches: pa.Table
    exceptions: pa.Table
    long: pa.Table
    pupils: int
    marks: int


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of the nation, with the children who stand on two rolls."""

    plan: Plan
    children: dict[Phase, Travellers]

    def of(self, la: str) -> list[PlannedSchool]:
        """An authority's schools by URN."""
        return sorted(self.plan.of_authorities([la]), key=lambda one: one.school.urn)


@cache
def planned(scale: float, seed: int) -> Planned:
    """The plan of this scale and seed, made once in each process."""
    drawn = plan(scale=scale, seed=seed, year=nation_ground.YEAR.start)
    larger = replace(drawn, schools=tuple(replace(one, size=round(one.size * LARGER)) for one in drawn.schools))
    return Planned(larger, travellers(larger))


def authority(folder: Path, scale: float, seed: int, la: str) -> Made:
    """One authority's schools; the dense layout, which needs no numbers of the nation, is written here."""
    whole, definition = planned(scale, seed), nation_ground.definition()
    schools = whole.of(la)
    packed, dense = _Weeks(), _Weeks()
    spans, stretches, exceptions, long_rows = ([] for _ in range(4))
    n_stretches = pupils = marks = 0
    for one in schools:
        made = made_school(school_year(whole.plan, one, whole.children))
        for week in made.weeks():
            packed.add(made, week, week.packed)
            dense.add(made, week, week.marks.tobytes())
        counted = made.counted(definition)
        rows = made.stretches(counted, la=int(la), phase=PUBLISHED_PHASES.index(one.school.phase))
        spans.append(made.spans())
        stretches.append(moved(moved(rows, "stretch", by=n_stretches), "pupil", by=pupils))
        exceptions.append(moved(made.long_rows(counted, exceptions=True), "stretch", by=n_stretches))
        if scale <= LONG_UP_TO:
            long_rows.append(moved(made.long_rows(counted, exceptions=False), "stretch", by=n_stretches))
        n_stretches += len(counted)
        pupils += len(made.marks)
        marks += int(np.count_nonzero(made.marks))
    dense.write(folder / "dense" / f"{la}.parquet")
    return Made(
        Partition(la, _schools(schools), _joined(SPANS, spans), packed.tables()),
        _joined(STRETCHES, stretches),
        _joined(MARKS, exceptions),
        _joined(MARKS, long_rows),
        pupils,
        marks,
    )


class _Weeks:
    """Rows of WEEKS by the month of their Monday, in the order of schools and Mondays."""

    def __init__(self) -> None:
        self._rows: dict[np.datetime64, list[tuple[int, int, int, int, bytes]]] = defaultdict(list)

    def add(self, made: MadeSchool, week: Week, data: bytes) -> None:
        """One school's week, as bytes."""
        month = np.datetime64(week.monday, "D").astype("datetime64[M]")
        self._rows[month].append((made.urn, week.monday, 0, len(week.marks), data))

    def tables(self) -> list[pa.Table]:
        """A table a month, in order."""
        return [self._table(month) for month in sorted(self._rows)]

    def write(self, path: Path) -> None:
        """The months as row groups of one file."""
        with pq.ParquetWriter(path, WEEKS, compression="zstd", compression_level=3, use_dictionary=False) as file:
            for month in sorted(self._rows):
                file.write_table(self._table(month))

    def _table(self, month: np.datetime64) -> pa.Table:
        urn, monday, revision, n_pupils, data = zip(*self._rows[month], strict=True)
        columns = [urn, pa.array(monday, pa.int32()).view(pa.date32()), revision, n_pupils, data]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, WEEKS, strict=True)]
        return pa.table(arrays, schema=WEEKS)


def moved(table: pa.Table, name: str, *, by: int) -> pa.Table:
    """The table with a column of numbers moved on, so that they follow those of others."""
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(name), pc.add(table[name], pa.scalar(by, pa.int32())))


def _schools(planned_schools: list[PlannedSchool]) -> pa.Table:
    rows = [(one.school.urn.number, one.school.laestab.la, str(one.school.phase)) for one in planned_schools]
    arrays = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHOOLS, strict=True)]
    return pa.table(arrays, schema=SCHOOLS)


def _joined(shape: pa.Schema, tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables([shape.empty_table(), *tables]).combine_chunks()
