"""Marks in Delta Lake, one row a mark, parted by week: the lakehouse's way of replacing a school's day by a predicate.

Source: delta-io.github.io, `write_deltalake`: `mode="overwrite"` with a `predicate` replaces what the predicate names.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake

_CELL = ["urn", "date", "session", "code"]


@dataclass(frozen=True, slots=True)
class DeltaFile:
    """A table of Delta Lake as the benches' FileStore. Delta knows no unsigned numbers, so bytes take two."""

    folder: Path

    def add(self, marks: pa.Table) -> None:
        """Marks of the shape MARKS, beside those that are there."""
        write_deltalake(self.folder, _with_week(marks), mode="append", partition_by=["week"])

    def replace(self, marks: pa.Table, *, urn: int, first: date, last: date) -> None:
        """These in place of all marks of the school from first to last, in one transaction."""
        weeks = sorted(set(pc.unique(_with_week(marks)["week"]).to_pylist()))
        among = ", ".join(f"'{week}'" for week in weeks)
        where = f"week IN ({among}) AND urn = {urn} AND date >= '{first}' AND date <= '{last}'"
        write_deltalake(self.folder, _with_week(marks), mode="overwrite", predicate=where)

    def cells(self) -> pa.Table:
        """How many marks `n` there are by urn, date, session and code, in that order."""
        rows = DeltaTable(self.folder).to_pyarrow_table(columns=_CELL)
        counted = rows.group_by(_CELL).aggregate([([], "count_all")]).sort_by([(one, "ascending") for one in _CELL])
        return counted.rename_columns([*_CELL, "n"])


def _with_week(marks: pa.Table) -> pa.Table:
    """The marks with the Monday of their week."""
    bytes_as_short = [pa.field(one.name, pa.int16() if one.type == pa.uint8() else one.type) for one in marks.schema]
    table = marks.cast(pa.schema(bytes_as_short))
    week = pc.cast(pc.floor_temporal(table["date"], unit="week"), pa.date32())
    return table.append_column("week", week.cast(pa.string()))
