"""Whole files: what cannot be read is refused in one message that says what, where and how to mend it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lib.builders import CLOCK, permit
from tests.lib.csvfolders import FIRST, LAST, MARKS, PUPILS, SCHOOLS, folder, generic, pull, schools_of, told

from tallyroll.connectors.csvfile import connector
from tallyroll.connectors.csvfile.faults import FAULTS, SHOWN_EACH, FileProblem
from tallyroll.vocab.errors import InputProblem, Refused, UsageProblem
from tallyroll.vocab.findings import Severity
from tallyroll.vocab.items import ESSENTIAL, Item


def refused(place: Path, **settings: str) -> FileProblem:
    with pytest.raises(FileProblem) as caught:
        pull(place, **settings)
    assert caught.value.what
    assert caught.value.where
    assert caught.value.mend
    return caught.value


@pytest.mark.parametrize(
    ("marks", "check", "says"),
    [
        (b"", "csv_empty", "empty"),
        (b"\xef\xbb\xbf\r\n", "csv_empty", "empty"),
        (b"pupil,date,session,code\n", "csv_no_rows", "no rows"),
        (b"pupil,date,session,code\n,,,\n\n", "csv_no_rows", "no rows"),
        (b"PK\x03\x04rest", "csv_workbook", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "csv_workbook", "Excel workbook"),
        (b"\xff\xfep\0u\0", "csv_encoding", "UTF-16"),
        ("pupil,date,session,code\np1,x,AM,/\n".encode("utf-16-le"), "csv_encoding", "UTF-16"),
        (MARKS.encode() + b"p\xe9,2026-09-07,AM,/\n", "csv_encoding", "line 5 holds other bytes from its byte 2 on"),
        (b"pupil,date,session,c\xf4de\np1,x,AM,/\n", "csv_encoding", "line 1 holds other bytes from its byte 21 on"),
        (b"pupil,day,sesion,code\np1,x,AM,/\n", "csv_column_missing", "date, session (it has 'sesion')"),
        (b"pupil,date,session,code,code\np1,x,AM,/,/\n", "csv_column_twice", "code twice"),
    ],
)
def test_file_that_cannot_be_read_says_why(tmp_path: Path, marks: bytes, check: str, says: str) -> None:
    problem = refused(generic(tmp_path, marks=marks), dialect="generic")
    assert problem.check == check
    assert says in str(problem)
    assert problem.where == "marks.csv"


def test_all_headers_are_judged_before_anything_is_said(tmp_path: Path) -> None:
    problem = refused(generic(tmp_path, pupils="pupil\np1\n", marks="pupil,date,session\np1,x,AM\n"))
    assert "code" in problem.what
    assert "pupils.csv: Row 1 lacks admission_date, leaving_date" in problem.what


def test_file_without_a_header_is_refused_and_nothing_of_row_one_is_shown(tmp_path: Path) -> None:
    problem = refused(generic(tmp_path, marks="pupi,dates,cession,cody\n"), dialect="generic")
    assert "does not look like a header" in problem.what
    assert not [cell for cell in ("pupi,", "dates", "cession", "cody") if cell in str(problem)]


def test_file_without_a_pupil_of_the_school_is_refused_for_it_would_empty_the_roll(tmp_path: Path) -> None:
    schools = SCHOOLS + "100002,2012002,Other,Primary\n"
    pupils = "urn,pupil,admission_date,leaving_date\n100002,p1,2022-09-01,\n"
    marks = "urn,pupil,date,session,code\n100001,p1,2026-09-07,AM,/\n"
    assert refused(generic(tmp_path, schools=schools, pupils=pupils, marks=marks)).check == "csv_no_pupils"


@pytest.mark.parametrize(
    ("schools", "says"),
    [
        ("12345,2012001,A,Primary", "row 2: urn is not six digits."),
        ("100001,20120,A,Primary", "laestab is not three digits and four digits."),
        ("100001,9992001,A,Primary", "'999' is not the code of a local authority."),
        ("100001,2012001,A,College", "phase is not one of Primary"),
        ("100001,2012001,,Primary", "name is blank."),
        ("100001,2012001,A,Primary\n100001,2012001,A,Primary", "row 3: urn 100001 stands twice."),
        ("1,2,,3", "row 2: urn is not six digits. laestab is not three digits and four digits."),
    ],
)
def test_faults_of_schools_are_listed_by_row(tmp_path: Path, schools: str, says: str) -> None:
    place = generic(tmp_path, schools=f"urn,laestab,name,phase\n{schools}\n")
    with pytest.raises(FileProblem) as caught:
        schools_of({"folder": str(place)})
    assert says in caught.value.what
    assert caught.value.check == "csv_school_wrong"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "needs the setting folder"),
        ({"folder": "x", "colour": "red"}, "does not know the setting colour"),
        ({"folder": "x", "dialect": "sims"}, "no dialect 'sims'"),
    ],
)
def test_settings_are_checked_at_once(settings: dict[str, str], says: str) -> None:
    with pytest.raises(UsageProblem, match=says):
        connector(settings)


def test_folder_that_is_not_there_or_holds_no_csv_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no such folder"):
        schools_of({"folder": str(tmp_path / "nowhere")})
    with pytest.raises(UsageProblem, match="no CSV file"):
        schools_of({"folder": str(tmp_path)})


def test_missing_file_is_named_with_the_files_seen(tmp_path: Path) -> None:
    problem = refused(folder(tmp_path, {"marks.csv": MARKS, "schools.csv": SCHOOLS}))
    assert problem.check == "csv_file_missing"
    assert "no pupils.csv; it holds marks.csv, schools.csv" in problem.what


def test_folder_of_two_dialects_is_ambiguous(tmp_path: Path) -> None:
    arbor = "STUDENT_ID,DATE,PERIOD,MARK_CODE\n1,2026-09-07,AM,/\n"
    place = generic(tmp_path)
    folder(place, {"attendancesession.csv": arbor})
    problem = refused(place)
    assert problem.check == "csv_dialect_ambiguous"
    assert "generic, arbor or bromcom" in problem.mend


def test_two_files_that_could_each_be_the_marks_are_ambiguous(tmp_path: Path) -> None:
    place = folder(tmp_path, {"a.csv": MARKS, "b.csv": MARKS, "pupils.csv": PUPILS, "schools.csv": SCHOOLS})
    assert refused(place).check == "csv_file_ambiguous"


def test_folder_of_no_known_dialect_says_so(tmp_path: Path) -> None:
    assert refused(folder(tmp_path, {"a.csv": "x,y\n1,2\n"})).check == "csv_dialect_unknown"


def test_file_under_another_name_is_known_by_its_columns(tmp_path: Path) -> None:
    place = folder(tmp_path, {"autumn.csv": MARKS, "pupils.csv": PUPILS, "schools.csv": SCHOOLS})
    assert pull(place).marks.num_rows == 3


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separator_is_recognised_used_and_said(tmp_path: Path, separator: str) -> None:
    extract = pull(generic(tmp_path, marks=MARKS.replace(",", separator)))
    assert extract.marks.num_rows == 3
    assert ("csv_delimiter", None, "") in told(extract.findings)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_byte_order_mark_and_any_line_end_are_read(tmp_path: Path, end: str) -> None:
    extract = pull(generic(tmp_path, marks=b"\xef\xbb\xbf" + MARKS.replace("\n", end).encode()))
    assert extract.marks.column("row").to_pylist() == [2, 3, 4]
    assert not [finding for finding in extract.findings if finding.place == "marks.csv"]


def test_many_rejected_rows_are_told_singly_to_a_hundred_and_then_once(tmp_path: Path) -> None:
    extract = pull(generic(tmp_path, marks=MARKS + "p1,2026-09-07,AM\n" * 250))
    few = [finding for finding in extract.findings if finding.check == "csv_fields_few_mark_row"]
    assert [finding.row for finding in few] == list(range(5, 5 + SHOWN_EACH + 1))
    assert [finding.n_rows for finding in few] == [1] * SHOWN_EACH + [150]
    assert sum(finding.n_rows for finding in few) == 250


def test_permit_that_does_not_cover_the_essential_items_is_refused_at_the_gate(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        pull(generic(tmp_path), items=ESSENTIAL - {Item.MARK})


def test_every_check_explains_itself() -> None:
    assert all(name.startswith("csv_") and fault.message and fault.mend for name, fault in FAULTS.items())
    assert all(fault.severity in Severity for fault in FAULTS.values())


def test_source_of_unknown_school_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputProblem):
        pull(generic(tmp_path, schools="urn,laestab,name,phase\n"))


def test_permit_for_one_school_cannot_be_used_for_another_by_its_id(tmp_path: Path) -> None:
    schools = SCHOOLS + "100002,2012002,Other,Primary\n"
    pupils = "urn,pupil,admission_date,leaving_date\n100001,ours,2022-09-01,\n100002,theirs,2022-09-01,\n"
    marks = "urn,pupil,date,session,code\n100001,ours,2026-09-07,AM,/\n"
    place = generic(tmp_path, schools=schools, pupils=pupils, marks=marks)
    ours, theirs = schools_of({"folder": str(place)})
    disguised = replace(ours, id=theirs.id)
    allowed = permit(schools=[ours.school.urn], first=FIRST, last=LAST)
    source = connector({"folder": str(place)})
    extract = asyncio.run(source.pull(allowed, disguised, clock=CLOCK, first=FIRST, last=LAST))
    assert extract.roll.column("pupil").to_pylist() == ["ours"]
