"""Marks in every form that could not be ruled out, as columns."""

from datetime import date, timedelta

import msgspec
from tests.lib.mis import FIRST, evening, permit_at

from tallyroll.connectors.wonde.marks import Marks
from tallyroll.connectors.wonde.records import Mark, Page

NOW = evening(FIRST + timedelta(days=30))
LAST = FIRST + timedelta(days=1)
PERMIT = permit_at(NOW, urns=[100001], last=LAST)
STAMP = {"date": "2026-09-07 00:00:00.000000", "timezone_type": 3, "timezone": "Europe/London"}


def read(*rows) -> Marks:
    """These rows, given on one page each."""
    marks = Marks(FIRST, LAST)
    for row in rows:
        page = msgspec.json.encode({"data": [row], "meta": []})
        marks.add(PERMIT, msgspec.json.decode(page, type=Page[Mark]).data, now=NOW)
    return marks


def row(**fields):
    return {"id": "M1", "date": STAMP, "session": "AM", "student": "A1", "attendance_code": "C1", **fields}


def table(*rows):
    given = read(*rows).table(pupils={"A1": "upi-1", "17": "upi-17"}, codes={"C1": "/", "9": "I"})
    return [tuple(r.values()) for r in given.to_pylist()]


def test_keys_may_be_text_numbers_or_included_records():
    assert table(
        row(),
        row(student=17, attendance_code=9),
        row(student={"data": {"id": "A1", "forename": "Canary"}}, attendance_code={"data": {"id": "C1", "code": "/"}}),
        row(attendance_code={"data": {"id": "C1"}}),
    ) == [
        (1, "upi-1", "2026-09-07", "AM", "/"),
        (2, "upi-17", "2026-09-07", "AM", "I"),
        (3, "upi-1", "2026-09-07", "AM", "/"),
        (4, "upi-1", "2026-09-07", "AM", "/"),
    ]


def test_what_leads_nowhere_stays_for_screening_to_reject():
    assert table(row(student="A99", attendance_code="C99"), row(student=None, attendance_code=None, session=None)) == [
        (1, "A99", "2026-09-07", "AM", "C99"),
        (2, "", "2026-09-07", "", ""),
    ]


def test_day_that_cannot_be_read_stays_and_days_outside_go():
    assert [r[2] for r in table(row(date="7 Sep"), row(date=None), row(date="2026-09-09"), row(date="2026-09-06"))] == [
        "7 Sep",
        "",
    ]


def test_session_is_written_in_capitals():
    assert [r[3] for r in table(row(session="pm"))] == ["PM"]


def test_earliest_change_to_a_mark_of_a_later_day_is_remembered():
    early, late = ({**STAMP, "date": f"2026-09-0{n} 10:00:00"} for n in (2, 3))
    ahead = str(LAST + timedelta(days=1))
    marks = read(row(date=ahead, updated_at=late), row(date=ahead, updated_at=early), row(updated_at=None))
    assert marks.ahead is not None
    assert marks.ahead.date() == date(2026, 9, 2)
    assert not marks.ahead_unknown
    assert read(row(date=ahead, updated_at=None)).ahead_unknown
