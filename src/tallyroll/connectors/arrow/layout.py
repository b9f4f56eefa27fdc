"""The closed world of the files: which columns each has and of which types. Whatever else a file holds is refused."""

from collections.abc import Mapping
from enum import StrEnum

import pyarrow as pa

TEXT, DAY, NUMBER = pa.string(), pa.date32(), pa.int32()
ENCODED = pa.dictionary(NUMBER, TEXT)
"""Text whose distinct values stand once, as screening takes it."""


class Part(StrEnum):
    """A file of the folder; the parts of a school have its URN before them."""

    SCHOOLS = "schools"
    ROLL = "roll"
    STATUS = "status"
    MARKS = "marks"

    def file(self, urn: object = "") -> str:
        """The name of this part's file."""
        return f"{urn}.{self}.arrow" if urn else f"{self}.arrow"


COLUMNS: Mapping[Part, Mapping[str, pa.DataType]] = {
    Part.SCHOOLS: {"urn": NUMBER, "laestab": TEXT, "name": TEXT, "phase": TEXT},
    Part.ROLL: {
        "pupil": TEXT,
        "upn": TEXT,
        "sex": TEXT,
        "admission_date": DAY,
        "leaving_date": DAY,
        "enrolment_status": TEXT,
    },
    Part.STATUS: {"pupil": TEXT, "item": TEXT, "value": TEXT, "first": DAY, "last": DAY},
    Part.MARKS: {"pupil": TEXT, "date": DAY, "session": TEXT, "code": TEXT},
}
"""The columns of each file, in order."""

MAY_LACK: Mapping[Part, frozenset[str]] = {
    Part.SCHOOLS: frozenset(),
    Part.ROLL: frozenset({"upn", "sex", "enrolment_status"}),
    Part.STATUS: frozenset(),
    Part.MARKS: frozenset(),
}
"""Columns that a file may leave out."""


def faults(part: Part, shape: pa.Schema) -> list[str]:
    """What about a file's columns is not as agreed: one sentence for each column."""
    agreed, names = COLUMNS[part], shape.names
    found = [f"column '{name}' is missing." for name in agreed if name not in names and name not in MAY_LACK[part]]
    for name in dict.fromkeys(names):
        if name not in agreed:
            found.append(f"column {names.index(name) + 1} is not of this layout.")  # its name may be anybody's
        elif names.count(name) > 1:
            found.append(f"column '{name}' stands {names.count(name)} times.")
        elif not _is_of(shape.field(name).type, agreed[name]):
            found.append(f"column '{name}' must be {_word(agreed[name])}.")
    return found


def _is_of(given: pa.DataType, agreed: pa.DataType) -> bool:
    """Whether a column has the type agreed; text may also come as a dictionary with whole numbers for indices."""
    if agreed == TEXT and pa.types.is_dictionary(given):
        return bool(given.value_type == TEXT)
    return bool(given == agreed)


def _word(agreed: pa.DataType) -> str:
    return "string, or dictionary of string" if agreed == TEXT else str(agreed).replace("[day]", "")
