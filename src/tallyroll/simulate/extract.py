"""A synthetic school's rows as an extract, without a wire: for history that an earlier collection left behind."""

from collections.abc import Collection
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tallyroll.simulate.model import SchoolYear
from tallyroll.vocab.codes import CODES
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.items import Item
from tallyroll.vocab.periods import Session
from tallyroll.vocab.shapes import RAW_MARKS, RAW_ROLL, RAW_STATUS

_CODES = pa.array(["", *(code.text for code in CODES)])
_SESSIONS = pa.array([str(session) for session in Session])


def extract_of(year: SchoolYear, *, items: Collection[Item], first: date, last: date, taken_at: datetime) -> Extract:
    """These items, as the school's system shows them from first to last at the end of `last`."""
    return Extract(
        school=year.school,
        source="simulated",
        taken_at=taken_at,
        first=first,
        last=last,
        full=True,
        roll=_roll(year, items),
        status=_status(year, items),
        marks=_marks(year, first, last),
    )


def _numbered(columns: dict[str, pa.Array], shape: pa.Schema) -> pa.Table:
    n = len(next(iter(columns.values())))
    return pa.table({"row": pa.array(range(1, n + 1), pa.int32()), **columns}).select(shape.names).cast(shape)


def _roll(year: SchoolYear, items: Collection[Item]) -> pa.Table:
    pupils = year.pupils
    blank = pa.nulls(len(pupils), pa.string())
    dates = {
        "admission_date": pc.strftime(pupils["admission"], format="%Y-%m-%d"),
        "leaving_date": pc.strftime(pupils["leaving"], format="%Y-%m-%d"),
    }
    same = {name: pupils[name] for name in ("pupil", "upn", "sex", "enrolment_status")}
    columns = {name: column if name in items else blank for name, column in {**same, **dates}.items()}
    return _numbered(columns, RAW_ROLL)


def _status(year: SchoolYear, items: Collection[Item]) -> pa.Table:
    status = year.status.filter(pc.is_in(year.status["item"], value_set=pa.array(sorted(items), pa.string())))
    dates = {name: pc.strftime(status[name], format="%Y-%m-%d") for name in ("first", "last")}
    pupil = year.pupils["pupil"].take(status["place"])
    return _numbered({"pupil": pupil, "item": status["item"], "value": status["value"], **dates}, RAW_STATUS)


def _marks(year: SchoolYear, first: date, last: date) -> pa.Table:
    shown = year.marks_at(last)
    days = np.array(year.days, dtype="datetime64[D]")
    shown[:, (days < np.datetime64(first)) | (days > np.datetime64(last)), :] = 0
    place, day, session = np.nonzero(shown)
    columns = {
        "pupil": year.pupils["pupil"].take(pa.array(place)),
        "date": pc.strftime(pa.array(days), format="%Y-%m-%d").take(pa.array(day)),
        "session": _SESSIONS.take(pa.array(session)),
        "code": _CODES.take(pa.array(shown[place, day, session])),
    }
    return _numbered(columns, RAW_MARKS)
