"""The shapes of tables that pass between rooms: column names, types, and what a row is.

Raw shapes hold text as it came, with the row it came from; nothing is judged yet. The other shapes hold numbers
that a check has passed. A table's type is its shape, checked on the way in and out of a room by `conform`.
"""

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from tallyroll.vocab.characteristics import ROLL_CHARACTERISTICS
from tallyroll.vocab.errors import VerificationProblem

OPEN_END = date(9999, 12, 31)
"""The last day of a span that has not ended."""

_text = pa.string()

RAW_ROLL = pa.schema(
    [
        ("row", pa.int32()),
        ("pupil", _text),  # the source's stable key of the enrolment
        ("upn", _text),
        ("sex", _text),
        ("admission_date", _text),
        ("leaving_date", _text),
        ("enrolment_status", _text),  # C current, M main, S subsidiary, G guest; blank: current
    ]
)
"""One row per enrolment as the source gave it. Columns outside the permit are null."""

RAW_STATUS = pa.schema(
    [
        ("row", pa.int32()),
        ("pupil", _text),
        ("item", _text),
        ("value", _text),
        ("first", _text),
        ("last", _text),
    ]
)
"""One row per dated attribute of an enrolment; `item` names a characteristic; blank dates: the whole enrolment."""

RAW_MARKS = pa.schema([("row", pa.int32()), ("pupil", _text), ("date", _text), ("session", _text), ("code", _text)])
"""One row per mark as the source gave it; `code` is the code's text, never an id of the source."""

SPANS = pa.schema(
    [
        ("urn", pa.int32()),
        ("pupil", pa.int32()),  # the pupil's number in this school's roll, given once, never reused
        ("first", pa.date32()),
        ("last", pa.date32()),
        *((characteristic.name, pa.uint8()) for characteristic in ROLL_CHARACTERISTICS),
    ]
)
"""One row per stretch of an enrolment in which nothing changes; stretches of a pupil do not overlap."""

MARKS = pa.schema(
    [
        ("urn", pa.int32()),
        ("pupil", pa.int32()),
        ("date", pa.date32()),
        ("session", pa.uint8()),  # 0 morning, 1 afternoon
        ("code", pa.uint8()),  # number of an attendance code; 0: nothing received
    ]
)
"""Dense: one row per pupil and session in which the school sent anything at all."""

WEEKS = pa.schema(
    [
        ("urn", pa.int32()),
        ("monday", pa.date32()),
        ("revision", pa.int64()),  # the school's revision that the week is of
        ("n_pupils", pa.int32()),  # how many pupils, by number in the school's roll, the marks reach
        ("marks", pa.binary()),  # see vocab.packing
    ]
)
"""One row per school and week of which anything came: the scan side of the store."""

SCHOOLS = pa.schema([("urn", pa.int32()), ("la", _text), ("phase", _text)])
"""One row per school; `la` is the old three-digit code."""

CELLS = pa.schema(
    [
        ("contributor", pa.int32()),  # the school that counted
        ("revision", pa.int64()),  # newest wins, per contributor and date
        ("la", _text),
        ("phase", _text),
        ("date", pa.date32()),
        ("session", pa.uint8()),
        ("characteristic", _text),  # `all`, or a characteristic's name
        ("value", pa.uint8()),  # 0 for `all`
        ("code", pa.uint8()),
        ("n", pa.int64()),
    ]
)
"""One row per cell of a tally. Unit: marks (one pupil, one session). Code 0 counts pupils on roll without a mark."""

ENROLMENTS = pa.schema(
    [
        ("contributor", pa.int32()),
        ("revision", pa.int64()),
        ("la", _text),
        ("phase", _text),
        ("first", pa.date32()),
        ("last", pa.date32()),
        ("characteristic", _text),
        ("value", pa.uint8()),
        ("enrolments", pa.int64()),
        ("persistent", pa.int64()),
        ("severe", pa.int64()),
    ]
)
"""One row per cell of persistent and severe absence. Unit: enrolments with at least one possible session."""


@dataclass(frozen=True, slots=True)
class Register:
    """Rolls and marks of some schools over some days: what `count` counts."""

    schools: pa.Table
    spans: pa.Table
    marks: pa.Table


def conform(table: pa.Table, shape: pa.Schema, *, name: str) -> pa.Table:
    """The same table, once its columns and types are exactly the shape's; VerificationProblem otherwise."""
    if table.schema.equals(shape):
        return table
    raise VerificationProblem(
        f"The table {name} has not the shape that this room takes.",
        mend=f"Expected {shape.names}, got {table.schema.names}; types must agree too.",
    )
