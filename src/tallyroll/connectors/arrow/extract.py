"""One school's files as an extract: the permitted columns and items, and the days that were asked for."""

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.connectors.arrow.files import read_file
from tallyroll.connectors.arrow.layout import COLUMNS, ENCODED, Part
from tallyroll.governance import Door, Permit
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.items import ESSENTIAL
from tallyroll.vocab.schools import School
from tallyroll.vocab.shapes import RAW_ROLL, RAW_STATUS

NAME = "arrow"


def read_extract(
    permit: Permit, folder: Path, *, school: School, taken_at: datetime, first: date, last: date
) -> Extract:
    """Everything that the school's files hold from first to last.

    Raises: Refused when the permit does not cover it; InputProblem when a file is missing or not of the layout.
    """
    days = (first, last)
    permit.check(Door.PULL, now=taken_at, schools=(school.urn,), items=ESSENTIAL, days=days)
    items = {str(item) for item in permit.request.items}
    roll = read_file(folder / Part.ROLL.file(school.urn), part=Part.ROLL, columns={"pupil", *items})
    marks = read_file(folder / Part.MARKS.file(school.urn), part=Part.MARKS, columns=COLUMNS[Part.MARKS])
    status, named = RAW_STATUS.empty_table(), folder / Part.STATUS.file(school.urn)
    if named.exists():
        status = read_file(named, part=Part.STATUS, columns=COLUMNS[Part.STATUS])
        status = status.filter(pc.is_in(status["item"].cast(pa.string()), pa.array(sorted(items), pa.string())))
    return Extract(
        school=school,
        source=NAME,
        taken_at=taken_at,
        first=first,
        last=last,
        full=True,
        roll=_with_all(roll, RAW_ROLL),
        status=status.select(RAW_STATUS.names),
        marks=within(marks, first=first, last=last),
    )


def within(marks: pa.Table, *, first: date, last: date) -> pa.Table:
    """The marks of these days, and those whose day is blank, for screening to reject."""
    days = marks["date"].combine_chunks() if marks["date"].num_chunks != 1 else marks["date"].chunk(0)
    asked = pc.and_(
        pc.greater_equal(days.dictionary, pa.scalar(str(first))), pc.less_equal(days.dictionary, pa.scalar(str(last)))
    )
    if pc.all(asked).as_py() in (None, True):
        return marks
    return marks.filter(pc.fill_null(asked.take(days.indices), True))


def _with_all(table: pa.Table, shape: pa.Schema) -> pa.Table:
    """The table with every column of the shape; one that was not permitted or not given is null throughout."""
    nothing = pa.nulls(table.num_rows, ENCODED)
    columns = [table[name] if name in table.column_names else nothing for name in shape.names]
    return pa.table(columns, names=shape.names)
