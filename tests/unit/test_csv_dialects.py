"""Dialects: what each layout's columns become, and that nothing else is read."""

from datetime import date
from pathlib import Path

import pytest
from tests.lib.builders import permit
from tests.lib.csvfolders import MARKS, PUPILS, SCHOOLS, folder, generic, pull, schools_of, told

from tallyroll.connectors.csvfile.faults import FileProblem, Report, Stage
from tallyroll.connectors.csvfile.generic import PUPILS as PUPILS_SHEET
from tallyroll.connectors.csvfile.opening import open_sheet
from tallyroll.connectors.csvfile.reading import read_parts
from tallyroll.connectors.interface import SchoolState, names, open_connector
from tallyroll.vocab.errors import UsageProblem
from tallyroll.vocab.extracts import Extract
from tallyroll.vocab.identifiers import Urn
from tallyroll.vocab.items import ESSENTIAL, Item
from tallyroll.vocab.schools import Phase

FACTS = {"urn": "100001", "laestab": "201/2001", "name": "Synthetic", "phase": "Primary"}


def marks_of(extract: Extract) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in extract.marks.to_pylist()]


def status_of(extract: Extract) -> set[tuple[object, ...]]:
    return {(row["row"], row["pupil"], row["item"], row["value"]) for row in extract.status.to_pylist()}


def test_connector_is_installed_as_a_plugin(tmp_path: Path) -> None:
    assert "csv" in names()
    assert open_connector("csv", {"folder": str(tmp_path)}).name == "csv"


def test_schools_of_a_folder_are_approved(tmp_path: Path) -> None:
    schools = SCHOOLS + "100002,201/2002,Special School,SP\n"
    found = schools_of({"folder": str(generic(tmp_path, schools=schools))})
    assert [one.id for one in found] == ["100001", "100002"]
    assert {one.state for one in found} == {SchoolState.APPROVED}
    assert [one.school.phase for one in found] == [Phase.PRIMARY, Phase.SPECIAL]


def test_generic_folder_becomes_raw_rows_with_their_place(tmp_path: Path) -> None:
    pupils = (
        "UPN,Pupil,Surname,Admission date,Leaving date,Sex,Year group,FSM\n"
        "A1,p1,Secret,01/09/2022,,girl,Year 3,yes\n"
        "A2,p2,Secret,2022-09-01,2026-10-16,M,R,\n"
    )
    status = "pupil,item,value,first,last\np2,FSM,no,01/09/2026,2026-10-31\np2,sen,SEN Support,,\n"
    extract = pull(generic(tmp_path, pupils=pupils, status=status))
    assert [tuple(row.values()) for row in extract.roll.to_pylist()] == [
        (2, "p1", "A1", "F", "2022-09-01", "", None),
        (3, "p2", "A2", "M", "2022-09-01", "2026-10-16", None),
    ]
    assert [tuple(row.values()) for row in extract.status.slice(0, 3).to_pylist()] == [
        (2, "p1", "fsm", "Y", None, None),
        (2, "p1", "year_group", "3", None, None),
        (3, "p2", "year_group", "R", None, None),
    ]
    assert [tuple(row.values()) for row in extract.status.slice(3).to_pylist()] == [
        (2, "p2", "fsm", "N", "2026-09-01", "2026-10-31"),
        (3, "p2", "sen", "K", "", ""),
    ]
    assert marks_of(extract) == [
        (2, "p1", "2026-09-07", "AM", "/"),
        (3, "p1", "2026-09-07", "PM", "\\"),
        (4, "p2", "2026-09-07", "AM", "I"),
    ]
    assert (extract.full, extract.source, extract.school.urn) == (True, "csv", Urn(100001))
    assert "Secret" not in str(extract)


def test_column_that_is_not_permitted_is_never_read(tmp_path: Path) -> None:
    pupils = "pupil,admission_date,leaving_date,upn,fsm,surname\np1,2022-09-01,,A1,yes,Secret\n"
    place = generic(tmp_path, pupils=pupils, status="pupil,item,value\np1,sen,K\n")
    extract = pull(place, items=ESSENTIAL)
    assert extract.roll.column("upn").null_count == 1
    assert extract.status.num_rows == 0
    assert ("csv_item_unasked", 2, "item") in told(extract.findings)
    opened = open_sheet(place / "pupils.csv", sheet=PUPILS_SHEET)
    allowed = permit(schools=[Urn(100001)], items=ESSENTIAL)
    (part,) = read_parts(allowed, opened, report=Report("pupils.csv", Stage.ROLL))
    assert set(part.columns) == {"pupil", "admission_date", "leaving_date"}


def test_items_without_a_column_are_named_once(tmp_path: Path) -> None:
    extract = pull(generic(tmp_path), items=[*ESSENTIAL, Item.FSM, Item.UPN])
    assert told(extract.findings) == {("csv_column_absent", None, "fsm, upn")}


def test_shared_files_are_parted_by_urn(tmp_path: Path) -> None:
    schools = SCHOOLS + "100002,2012002,Other,Primary\n"
    pupils = "urn,pupil,admission_date,leaving_date\n100001,p1,2022-09-01,\n100002,p1,2022-09-01,\n"
    marks = (
        "urn,pupil,date,session,code\n"
        "100001,p1,2026-09-07,AM,/\n"
        "100002,p1,2026-09-07,AM,I\n"
        "100002,p1,2026-09-07\n"
        "100003,p1,2026-09-07,AM,/\n"
        ",p1,2026-09-07,AM,/\n"
    )
    place = generic(tmp_path, schools=schools, pupils=pupils, marks=marks)
    ours, other = pull(place, school=0, items=ESSENTIAL), pull(place, school=1, items=ESSENTIAL)
    assert marks_of(ours) == [(2, "p1", "2026-09-07", "AM", "/")]
    assert marks_of(other) == [(3, "p1", "2026-09-07", "AM", "I")]
    nobodys = {("csv_school_unknown_mark_row", 5, "urn"), ("csv_school_unknown_mark_row", 6, "urn")}
    assert told(ours.findings) == nobodys
    assert told(other.findings) == nobodys | {("csv_fields_few_mark_row", 4, "")}


def test_several_schools_need_a_urn_on_every_row(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="several schools"):
        pull(generic(tmp_path, schools=SCHOOLS + "100002,2012002,Other,Primary\n"))


def test_marks_of_other_days_of_these_years_are_left_out_and_the_rest_screened(tmp_path: Path) -> None:
    days = (
        "2025-09-01",
        "2026-09-30",
        "2026-10-01",
        "2026-10-31",
        "2026-11-01",
        "2027-08-31",
        "2024-09-01",
        "2062-01-01",
    )
    marks = "pupil,date,session,code\n" + "".join(f"p1,{day},AM,/\n" for day in days)
    extract = pull(generic(tmp_path, marks=marks), first=date(2026, 10, 1), last=date(2026, 10, 31), items=ESSENTIAL)
    assert extract.marks.column("date").to_pylist() == ["2026-10-01", "2026-10-31", "2024-09-01", "2062-01-01"]
    (outside,) = extract.findings
    assert (outside.check, outside.row, outside.n_rows) == ("csv_outside_period", 2, 4)


def test_folder_without_a_mark_of_these_days_says_so(tmp_path: Path) -> None:
    extract = pull(generic(tmp_path), first=date(2026, 10, 1), last=date(2026, 10, 31))
    assert extract.marks.num_rows == 0
    assert ("csv_no_marks", None, "") in told(extract.findings)


ARBOR_STUDENTS = (
    "STUDENT_ID,UPN,LEGAL_LAST_NAME,DATE_OF_BIRTH,GENDER,SEX,ETHNICITY,CURRENT_YEAR_GROUP,CURRENT_SEN_STATUS,"
    "FSM,EVER_6_FSM,PUPIL_PREMIUM_RECIPIENT,IN_CARE\n"
    "7,A1,Secret,2015-01-01,X,Male,Indian,Year 6,SEN Support,true,false,1,0\n"
)
ARBOR_MARKS = (
    "ATTENDANCE_ROLL_CALL_RECORD_ID,STUDENT_ID,STUDENT_UNIQUE_ID,DATE,PERIOD,RAW_MARK,MARK_CODE,MINUTES_LATE\n"
    "1,7,u7,2026-09-07 00:00:00,AM,x,/,\n"
    "2,7,u7,2026-09-07 00:00:00,PM,x,L,4\n"
)


def test_arbor_export_is_recognised_and_read(tmp_path: Path) -> None:
    place = folder(tmp_path, {"attendancesession.csv": ARBOR_MARKS, "students.csv": ARBOR_STUDENTS})
    extract = pull(place, **FACTS)
    assert marks_of(extract) == [(2, "7", "2026-09-07", "AM", "/"), (3, "7", "2026-09-07", "PM", "L")]
    (roll,) = extract.roll.to_pylist()
    assert (roll["pupil"], roll["upn"], roll["sex"], roll["admission_date"]) == ("7", "A1", "M", None)
    assert {(item, value) for _, _, item, value in status_of(extract)} == {
        ("ethnicity_minor", "AIND"),
        ("year_group", "6"),
        ("sen", "K"),
        ("fsm", "Y"),
        ("fsm6", "N"),
        ("pupil_premium", "Y"),
        ("looked_after", "N"),
    }
    assert "Secret" not in str(extract)


def test_arbor_raw_mark_stands_in_where_there_is_no_mark_code(tmp_path: Path) -> None:
    marks = "STUDENT_ID,DATE,PERIOD,RAW_MARK\n7,2026-09-07,AM,I\n"
    extract = pull(folder(tmp_path, {"attendancesession.csv": marks, "students.csv": ARBOR_STUDENTS}), **FACTS)
    assert marks_of(extract) == [(2, "7", "2026-09-07", "AM", "I")]


def test_arbor_key_is_the_one_that_both_files_have(tmp_path: Path) -> None:
    students = "STUDENT_UNIQUE_ID,CURRENT_YEAR_GROUP\nu7,Year 6\n"
    extract = pull(folder(tmp_path, {"attendancesession.csv": ARBOR_MARKS, "students.csv": students}), **FACTS)
    assert set(extract.marks.column("pupil").to_pylist()) == {"u7"}


def test_arbor_export_of_several_schools_needs_an_application_id(tmp_path: Path) -> None:
    marks = "APPLICATION_ID,STUDENT_ID,DATE,PERIOD,MARK_CODE\na,7,2026-09-07,AM,/\nb,8,2026-09-07,AM,I\n"
    students = "APPLICATION_ID,STUDENT_ID,CURRENT_YEAR_GROUP\na,7,Year 6\nb,8,Year 6\n"
    place = folder(tmp_path, {"attendancesession.csv": marks, "students.csv": students})
    with pytest.raises(FileProblem, match="more than one school"):
        pull(place, **FACTS)
    assert marks_of(pull(place, application_id="b", **FACTS)) == [(3, "8", "2026-09-07", "AM", "I")]


def test_arbor_folder_needs_the_school_in_the_settings(tmp_path: Path) -> None:
    place = folder(tmp_path, {"attendancesession.csv": ARBOR_MARKS, "students.csv": ARBOR_STUDENTS})
    with pytest.raises(UsageProblem, match="lack urn, laestab, name, phase"):
        pull(place)


BROMCOM_SCHOOLS = (
    "schoolID,schoolName,establishmentNumber,uniqueReferenceNumber,leaNumber\n1,Synthetic,2001,100001,201\n"
)
BROMCOM_MARKS = (
    "attendanceID,studentID,mark,markSubcode,markMeaningName,calendarName,calendarStartDate,attendanceComment\n"
    "1,p1,/,,Present,AM,2026-09-07T00:00:00,Secret\n"
    "2,p1,Y,1,Unable,PM,2026-09-07T00:00:00,Secret\n"
    "3,p2,I,9,Ill,AM,2026-09-07T00:00:00,Secret\n"
)


def test_bromcom_export_is_recognised_and_read_with_a_roll_of_ours(tmp_path: Path) -> None:
    files = {"Attendances.csv": BROMCOM_MARKS, "Schools.csv": BROMCOM_SCHOOLS, "pupils.csv": PUPILS}
    extract = pull(folder(tmp_path, files), phase="Primary")
    assert marks_of(extract) == [(2, "p1", "2026-09-07", "AM", "/"), (4, "p2", "2026-09-07", "AM", "I")]
    assert ("csv_subcode_mark_row", 3, "marksubcode") in told(extract.findings)
    assert str(extract.school.laestab) == "2012001"
    assert "Secret" not in str(extract)


def test_bromcom_phase_comes_from_the_settings(tmp_path: Path) -> None:
    files = {"Attendances.csv": BROMCOM_MARKS, "Schools.csv": BROMCOM_SCHOOLS, "pupils.csv": PUPILS}
    with pytest.raises(FileProblem, match="phase is not one of"):
        pull(folder(tmp_path, files))


def test_facts_in_files_and_settings_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="so do the settings urn"):
        pull(generic(tmp_path), urn="100002")


def test_generic_folder_without_schools_takes_the_settings(tmp_path: Path) -> None:
    place = folder(tmp_path, {"pupils.csv": PUPILS, "marks.csv": MARKS})
    assert pull(place, **FACTS).school.name == "Synthetic"


def test_dates_written_in_two_ways_are_read_and_said(tmp_path: Path) -> None:
    marks = MARKS + "p2,07/09/2026,PM,I\n"
    extract = pull(generic(tmp_path, marks=marks), items=ESSENTIAL)
    assert marks_of(extract)[-1] == (5, "p2", "2026-09-07", "PM", "I")
    (mixed,) = extract.findings
    assert (mixed.check, mixed.row, mixed.n_rows, mixed.field) == ("csv_dates_mixed", 5, 1, "date")
