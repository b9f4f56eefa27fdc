"""Small lakes: registers laid out as `tallyroll store export --layout weeks` lays them out."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tallyroll.flows.bench.nation_school import made_school
from tallyroll.simulate import England
from tallyroll.vocab.packing import unpack
from tallyroll.vocab.partitions import Partition
from tallyroll.vocab.shapes import MARKS, SCHOOLS, Register


def write_lake(folder: Path, partitions: Iterable[Partition]) -> Path:
    """The partitions as a lake, a file a month."""
    for one in partitions:
        roll = one.spans.rename_columns({"first": "first_date", "last": "last_date"})
        _write(folder / "schools" / f"la={one.la}", [one.schools.select(["urn", "phase"])])
        _write(folder / "roll" / f"la={one.la}", [roll])
        _write(folder / "weeks" / f"la={one.la}", one.weeks)
    return folder


def _write(folder: Path, tables: Iterable[pa.Table]) -> None:
    folder.mkdir(parents=True)
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"part-{number:02d}.parquet")


def register_of(england: England, *, first: date, last: date) -> Register:
    """All schools of a synthetic England over some days, as they settled; a session has rows for the whole roll."""
    schools, spans, marks = [], [], []
    for school in england.schools:
        made = made_school(england.school_year(school.urn))
        schools.append({"urn": made.urn, "la": school.laestab.la, "phase": str(school.phase)})
        spans.append(made.spans())
        for week in made.weeks():
            block = unpack(week.packed, n_pupils=len(week.marks))
            for session in np.flatnonzero(np.any(block, axis=0)).tolist():
                day = date.fromordinal(date(1970, 1, 1).toordinal() + week.monday + session // 2)
                if first <= day <= last:
                    marks.append(_session(made.urn, day, session % 2, block[:, session]))
    return Register(pa.Table.from_pylist(schools, SCHOOLS), pa.concat_tables(spans), pa.concat_tables(marks))


def _session(urn: int, day: date, session: int, codes: npt.NDArray[np.uint8]) -> pa.Table:
    n = len(codes)
    columns = [[urn] * n, range(n), [day] * n, [session] * n, codes]
    return pa.table([pa.array(one, field.type) for one, field in zip(columns, MARKS, strict=True)], MARKS)
