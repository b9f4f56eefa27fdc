"""Pages in which some rows are not as agreed: every other row is taken as ever."""

import json

import msgspec
import pytest

from tallyroll.connectors.wonde import records
from tallyroll.connectors.wonde.misfits import Rows
from tallyroll.connectors.wonde.records import DateRange, Mark, Page, Wrapped
from tallyroll.vocab.items import Item

MARKS = Rows(msgspec.json.Decoder(Page[Mark]), keys=("student",))
STUDENTS = Rows(records.student_pages(frozenset(Item)), keys=("id", "upi"))
GOOD = {"date": "2026-09-07", "session": "AM", "student": "A1", "attendance_code": "C1"}


def page(*rows):
    return json.dumps({"data": rows, "meta": {"pagination": {"more": True, "next": "there"}}}).encode()


def facts(mark):
    return (mark.date, mark.session, mark.student, mark.attendance_code)


@pytest.mark.parametrize(
    ("fault", "read"),
    [
        ({"session": 1}, ("2026-09-07", "?", "A1", "C1")),
        ({"session": None}, ("2026-09-07", None, "A1", "C1")),
        ({"session": ["AM"]}, ("2026-09-07", "?", "A1", "C1")),
        ({"date": 20260907}, ("?", "AM", "A1", "C1")),
        ({"date": {"date": 7}}, ("?", "AM", "A1", "C1")),
        ({"attendance_code": 9}, ("2026-09-07", "AM", "A1", 9)),
        ({"attendance_code": 1.5}, ("2026-09-07", "AM", "A1", "?")),
        ({"attendance_code": {"data": 5}}, ("2026-09-07", "AM", "A1", "?")),
        ({"student": True}, ("2026-09-07", "AM", "", "C1")),
        ({"student": True, "session": 2}, ("2026-09-07", "?", "", "C1")),
    ],
)
def test_a_mark_that_does_not_fit_keeps_what_fits_and_its_place(fault, read):
    found = MARKS.decode(page(*[GOOD] * 300, {**GOOD, **fault}, *[GOOD] * 199))
    expected = [("2026-09-07", "AM", "A1", "C1")] * 500
    expected[300] = read
    assert [facts(mark) for mark in found.data] == expected
    assert found.meta.pagination.next == "there"


@pytest.mark.parametrize("row", [None, 5, "mark", [], {}, {"date": "2026-09-07"}])
def test_a_row_that_is_no_mark_at_all_names_nobody(row):
    found = MARKS.decode(page(row, GOOD))
    assert found.data[0].student == ""
    assert found.data[0].attendance_code == "?"  # not blank: among changes that would take a mark away
    assert facts(found.data[1]) == ("2026-09-07", "AM", "A1", "C1")


def test_a_single_mark_that_does_not_fit_is_still_a_page_of_marks():
    assert MARKS.decode(page({**GOOD, "session": 1})).data[0].session == "?"


@pytest.mark.parametrize(
    "answer",
    [
        b'{"data": [{"id": {"not": "agreed"}}]}',
        b'{"data": [5, null]}',
        b'{"data": {"0": {}}}',
        b'{"rows": []}',
        b"[]",
        b'{"data": [{"session": 1, "date": null, "student": null, "attendance_code": null}], "meta": 5}',
    ],
)
def test_a_page_of_another_frame_is_refused(answer):
    for rows in (MARKS, STUDENTS):
        with pytest.raises(msgspec.ValidationError):
            rows.decode(answer)


def test_half_an_answer_is_refused():
    with pytest.raises(msgspec.DecodeError):
        MARKS.decode(page({**GOOD, "session": 1}, GOOD)[:-40])


def test_an_included_record_is_read_beside_a_fault():
    found = MARKS.decode(page({**GOOD, "session": 1, "student": {"data": {"id": "A1"}}}))
    assert isinstance(found.data[0].student, Wrapped)
    assert found.data[0].student.data.id == "A1"


def student(**fields):
    return {"id": "A1", "upi": "u1", "gender": "F", **fields}


def test_a_student_s_field_that_does_not_fit_is_for_screening_to_judge():
    details = {"data": {"upn": 7, "admission_date": [], "leaving_date": {"date": 1}}}
    ranges = {"data": [{"start_date": 5, "end_date": None}, {"start_date": "2026-09-01"}]}
    found = STUDENTS.decode(page(student(), student(gender={}, education_details=details, fsm_date_ranges=ranges)))
    assert found.data[0].gender == "F"
    bad = found.data[1]
    assert (bad.id, bad.upi, bad.gender) == ("A1", "u1", "?")
    inner = bad.education_details.data
    assert (inner.upn, inner.admission_date, inner.leaving_date) == (7, "?", "?")
    assert bad.fsm_date_ranges.data == [DateRange("?"), DateRange("2026-09-01")]


@pytest.mark.parametrize("fault", [{"id": None}, {"upi": []}, {"education_details": 5}])
def test_a_student_who_cannot_be_told_is_nobody(fault):
    found = STUDENTS.decode(page(student(), student(**fault)))
    assert [(one.id, one.upi) for one in found.data] == [("A1", "u1"), ("", "")]
